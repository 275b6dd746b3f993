"""Which open option a person picked: by digit, number word, ordinal or the option's own words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class OpenOption:
    """An option that is still open, as it was shown: ``label`` is what the person read or heard."""

    id: str
    label: str


_CARDINALS = ("uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez")
_ORDINALS = ("primer", "segund", "tercer", "cuart", "quint", "sext", "septim", "octav", "noven", "decim")
_LEAD = re.compile(
    r"^(?:(?:quiero|escojo|elijo|pongo|prefiero|seria|marco|el|la|los|las|lo|opcion|numero|num|no|n|por|favor|es)\s+)+"
)
_TRAIL = re.compile(r"(?:\s+(?:por favor|porfa|porfavor|plis|gracias|opcion|numero))+$")


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.lower())
    kept = (c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))
    return " ".join("".join(kept).split())


def pick(text: str, options: Sequence[OpenOption]) -> OpenOption | None:
    """Return the option that ``text`` picks, or None when it says something else (never a guess).

    ``"2"``, ``"2)"``, ``"opción dos"``, ``"la segunda"``, ``"el último"`` and an option's whole label pick;
    a sentence that merely holds a number does not.
    """
    if not options:
        return None
    folded = _fold(text)
    for option in options:
        if folded and folded == _fold(option.label):
            return option
    core = _TRAIL.sub("", _LEAD.sub("", folded))
    index = _index(core, len(options))
    if index is not None:
        return options[index]
    matching = [option for option in options if core and len(core) > 2 and _fold(option.label) == core]
    return matching[0] if len(matching) == 1 else None


def _index(core: str, count: int) -> int | None:
    if re.fullmatch(r"\d{1,2}", core):
        number = int(core)
        return number - 1 if 1 <= number <= count else None
    if core in ("ultimo", "ultima"):
        return count - 1
    if core in ("un", "una"):
        core = "uno"
    for index in range(min(count, len(_CARDINALS))):
        if core == _CARDINALS[index] or re.fullmatch(_ORDINALS[index] + "[oa]?", core):
            return index
    return None
