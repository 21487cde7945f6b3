#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes sure that Debian packages are installed: requirements.sh PACKAGE...
# Installs the missing ones if it may (as root or through sudo), otherwise prints the command to run.
set -eu

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "This is not Debian or Ubuntu: install the equivalents of $* yourself; nothing is checked." >&2
    echo "jansson and zlib are linked in: their static archives are needed, too, or VALUATION_SHARED=1 (Package.swift)." >&2
    exit 0
fi

missing=""
for package in "$@"; do
    if [ "$package" = python3-venv ] && python3 -c 'import ensurepip, venv' >/dev/null 2>&1; then
        continue
    fi
    if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
        missing="$missing $package"
    fi
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root="sudo"
    else
        echo "Packages are missing. Run: sudo apt-get update && sudo apt-get install -y$missing" >&2
        exit 1
    fi
fi
echo "==> Installing$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# shellcheck disable=SC2086 # a list of packages
if ! { $as_root apt-get update && $as_root apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -5 "$log" >&2
    echo "apt-get failed. Run by hand: sudo apt-get update && sudo apt-get install -y$missing" >&2
    exit 1
fi
rm -f "$log"
