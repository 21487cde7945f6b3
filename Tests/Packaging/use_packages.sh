#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the packages, uses each of them as its users do, and removes them:
#
#     use_packages.sh PACKAGES SOURCES MODELS GDB...
#
# SOURCES holds shortest.c and CMakeLists.txt. GDB is a command that debugs the program that follows. Each program's
# output follows a line that names it.
set -eu
cd /tmp
packages=$1 sources=$2 models=$3
shift 3
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive PYTHONDONTWRITEBYTECODE=1
dpkg --install "$packages"/*.deb >install.log 2>&1 || { cat install.log; exit 1; }

echo == command
valuation --version
echo == pkg-config
gcc "$sources/shortest.c" $(pkg-config --cflags --libs valuation) -o shared
./shared "$models"
echo == static
gcc "$sources/shortest.c" -static $(pkg-config --cflags --libs --static valuation) -o static
./static "$models"
cmake -S "$sources" -B built "-DPROGRAMS=$sources" >cmake.log 2>&1 && cmake --build built >>cmake.log 2>&1 || { cat cmake.log; exit 1; }
echo == cmake
built/shared "$models"
echo == cmake-static
built/static "$models"
echo == gdb
"$@" ./shared "$models" 2>&1 || true
echo == files
dpkg --listfiles libvaluation1 libvaluation-dev valuation libvaluation1-dbgsym

dpkg --purge libvaluation1-dbgsym libvaluation-dev valuation libvaluation1 >remove.log 2>&1 || { cat remove.log; exit 1; }
echo == left
ldconfig -p | grep valuation || true
