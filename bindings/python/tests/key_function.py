# SPDX-License-Identifier: Apache-2.0
"""The function of Documentation/keys.md in plain Python: keys from texts and a secret."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PRIME = 2**61 - 1
CATEGORY, NUMBER, CAMPAIGN = 1, 2, 3


@dataclass(frozen=True)
class Secret:
    """Four words of 64 bits."""

    words: tuple[int, ...]

    @classmethod
    def of(cls, releases: Path) -> Secret:
        """Return the secret of a directory of releases."""
        text = (releases / "SECRET").read_text().strip()
        assert len(text) == 64
        return cls(tuple(int(text[start : start + 16], 16) for start in range(0, 64, 16)))

    def feature_key(self, field: str, value: str) -> int:
        """Return the key of a category."""
        *whole, rest = _pieces(value.encode(), with_end=True)
        return _mix(self._polynomial(CATEGORY, field.encode(), [*whole, rest + b"\1"]))

    def number_key(self, field: str) -> int:
        """Return the key of a number."""
        return _mix(self._polynomial(NUMBER, field.encode(), []))

    def campaign_key(self, campaign: str) -> int:
        """Return the key of a campaign."""
        return _mix(self._polynomial(CAMPAIGN, campaign.encode(), []))

    def cross_key(self, first: int, second: int) -> int:
        """Return the key of a cross."""
        _, smaller, larger, constant = (word & PRIME for word in self.words)
        return _mix((min(first, second) * smaller + max(first, second) * larger + constant) % PRIME)

    def _polynomial(self, kind: int, text: bytes, more: list[bytes]) -> int:
        found = 4 * len(text) + kind
        for piece in [*_pieces(text), *more]:
            found = (found * (self.words[0] & PRIME) + int.from_bytes(piece, "little")) % PRIME
        return found


#: The secret of models outside a directory of releases: the first fractional bits of pi.
STANDARD = Secret((0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89))


def _pieces(text: bytes, *, with_end: bool = False) -> list[bytes]:
    """Cut a text into pieces of seven bytes; with ``with_end`` the last piece is shorter, even if empty."""
    return [text[start : start + 7] for start in range(0, len(text) + with_end, 7)]


def _mix(number: int) -> int:
    """Return a bijection of 61 bits."""
    number ^= number >> 32
    number = number * 0xD6E8FEB86659FD93 & PRIME
    number ^= number >> 29
    number = number * 0xFF51AFD7ED558CCD & PRIME
    return number ^ number >> 32
