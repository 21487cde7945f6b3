#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes sure that a Swift toolchain is on PATH, and is new enough.
set -eu

if ! command -v swift >/dev/null 2>&1; then
    echo "Swift is missing: install a 6.3 toolchain (https://www.swift.org/install/linux/) and put it on PATH." >&2
    exit 1
fi
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -1)
if [ -n "$version" ] && [ "${version% *}" -lt 6 -o \( "${version% *}" -eq 6 -a "${version#* }" -lt 3 \) ]; then
    echo "Swift ${version% *}.${version#* } is too old: install 6.3 or newer (https://www.swift.org/install/linux/)." >&2
    exit 1
fi
