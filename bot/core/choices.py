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
    r"^(?:(?:quiero|escojo|elijo|pongo|prefiero|seria|marco|el|la|lo|opcion|numero|num|por|favor|es)\s+)*"
    r"(?:no?\s+(?=\d+$))?"  # "No. 2"; before anything else "no" says no: "no la segunda", "no quiero la 2"
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
    whole = _labelled(folded, options)
    if whole is not None:
        return whole
    core = _LEAD.sub("", _TRAIL.sub("", folded))
    index = _index(core, len(options))
    if index is not None:
        return options[index]
    return _labelled(core, options) if len(core) > 2 else None


def _labelled(folded: str, options: Sequence[OpenOption]) -> OpenOption | None:
    matching = [option for option in options if folded and _fold(option.label) == folded]
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
