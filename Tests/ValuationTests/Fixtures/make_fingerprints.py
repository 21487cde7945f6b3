# SPDX-License-Identifier: Apache-2.0
"""Writes fingerprints.bin: the fingerprints of 10,234 texts of 0 to 300 bytes, by Google's FarmHash through pyfarmhash.

    pip install pyfarmhash==0.5.1 && python make_fingerprints.py

The file does not hold the texts: text number n has n % 301 bytes, drawn from SplitMix64 with the seed n; the first half
of them are any bytes, the others printable ASCII. FingerprintTests.swift draws the same ones. The file holds one
little-endian 64-bit number for each text, in the order of n.
"""

import pathlib
import struct

import farmhash

LENGTHS = 301
TEXTS_OF_EACH_LENGTH = 34
MASK = (1 << 64) - 1


def text(number: int) -> bytes:
    """The text of a number."""
    state = number
    is_printable = number // LENGTHS >= TEXTS_OF_EACH_LENGTH // 2
    drawn = bytearray()
    for _ in range(number % LENGTHS):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        mixed = state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
        byte = (mixed ^ (mixed >> 31)) >> 56
        drawn.append(32 + byte % 95 if is_printable else byte)
    return bytes(drawn)


def main() -> None:
    fingerprints = (farmhash.fingerprint64(text(number)) for number in range(LENGTHS * TEXTS_OF_EACH_LENGTH))
    path = pathlib.Path(__file__).with_name("fingerprints.bin")
    path.write_bytes(b"".join(struct.pack("<Q", fingerprint) for fingerprint in fingerprints))


if __name__ == "__main__":
    main()
