"""What a carrier's own word for where a parcel is means here, as the merchant's settings tell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from domain.errors import UnknownSetting
from domain.shipping.model import Mishap, ParcelState

Meaning = tuple[ParcelState, Mishap | None]

#: The words that a carrier may use without anybody telling what they mean.
OURS: Mapping[str, Meaning] = {
    **{state.value: (state, None) for state in ParcelState},
    **{mishap.value: (ParcelState.DELIVERY_FAILED, mishap) for mishap in Mishap},
}
_UNKNOWN: Meaning = (ParcelState.UNKNOWN, None)
_MOST = 100


def read(text: str) -> list[str]:
    """Read `DLV=delivered, EX7=lost` into its parts.

    Raises:
        UnknownSetting: a part is no word and one of ours.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    found = [re.fullmatch(r"([^=]{1,60}?)\s*=\s*([a-z_]+)", part) for part in parts]
    if not 0 < len(parts) <= _MOST or not all(one and one[2] in OURS for one in found):
        raise UnknownSetting(
            f"“{text[:40]}” does not say what a carrier's words mean. Write each with one of "
            f"{', '.join(OURS)}, as in DLV=delivered, EX7=lost."
        )
    return [f"{one[1]}={one[2]}" for one in found if one]


def meaning(said: str, told: Sequence[str]) -> Meaning:
    """Return what a word means, by what was `told` first; one that nobody knows is UNKNOWN."""
    words = dict(part.rsplit("=", 1) for part in told)
    folded = {word.casefold(): ours for word, ours in words.items()}
    word = said.strip().casefold()
    return OURS.get(folded.get(word, word), _UNKNOWN)
