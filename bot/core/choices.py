"""Which open option a person picked: by digit, number word, ordinal, place in the list or the option's own words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True)
class OpenOption:
    """An option that is still open, as it was shown: ``label`` is what the person read or heard."""

    id: str
    label: str


_CARDINALS = ("uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez")
_ORDINALS = ("primer", "segund", "tercer", "cuart", "quint", "sext", "septim", "octav", "noven", "decim")
_ORDINAL_SIGN = re.compile(r"(\d{1,2}) ?(?:ra|ro|da|do|er|era|ero|ta|to|ma|mo|va|vo|na|no|a|o)")
_LEAD = re.compile(
    r"^(?:(?:pues|bueno|este|ok|okay|mire|quiero|quisiera|escojo|elijo|pongo|prefiero|seria|marco|me interesa|dame|deme"
    r"|digame|mandeme|con|el|la|lo|de|del|opcion|opc|numero|num|nro|numeral|inciso|punto|por favor|por|favor|es)\s+)*"
    r"(?:no?\s+(?=\d+$))?"  # "No. 2"; before anything else "no" says no: "no la segunda", "no quiero la 2"
)
_TRAIL = re.compile(
    r"(?:\s+(?:por favor|por fa|porfa|porfavor|plis|gracias|opcion|numero|esta bien|esa|ese|quiero|senor|senorita))+$"
)
_FIRST = frozenset(("arriba", "de arriba", "mas arriba", "hasta arriba", "principio", "inicio"))
_LAST = frozenset(("ultimo", "ultima", "abajo", "de abajo", "mas abajo", "hasta abajo", "final", "al final"))
_MIDDLE = frozenset(("en medio", "enmedio", "medio", "de en medio", "de enmedio", "del medio", "centro", "del centro"))
_THAT = frozenset(("ese", "esa", "eso", "este", "esta", "esto", "ese mero", "esa mera", "ese mismo", "esa misma"))
_LONGEST_PICK = 80
"""Characters of an answer that is compared with the options' words; a pick is not longer, and a sentence is no pick."""
_ALIKE = 0.82
"""Likeness from which a misspelled word counts: "conduzir" for "conducir", not "casamiento" for "nacimiento"."""
_SHORTEST_LABEL = 5
_SMALL = frozenset("a al con de del el en la las lo los mi o para por su un una y".split())  # noqa: SIM905
_POINTING = re.compile(r"^(?:(?:quiero|escojo|elijo|prefiero)\s+)?(?:el|la|lo|los|las|ese|esa)\s+(?:de|del|que)\b")


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.lower())
    kept = (c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))
    return " ".join("".join(kept).split())


def pick(text: str, options: Sequence[OpenOption]) -> OpenOption | None:
    """Return the option that ``text`` picks, or None when it says something else (never a guess).

    ``"2)"``, ``"opción dos"``, ``"la segunda"``, ``"la 1ra"``, ``"el último"``, ``"el de arriba"``, an option's
    whole label (a slip allowed) and "la del pasaporte" pick; a sentence that merely holds a number does not.
    """
    if not options:
        return None
    folded = _fold(text[: 4 * _LONGEST_PICK])
    whole = _labelled(folded, options)
    if whole is not None:
        return whole
    core = _LEAD.sub("", _TRAIL.sub("", folded))
    index = _index(core, len(options))
    if index is not None:
        return options[index]
    if folded in _THAT or core in _THAT:
        return options[0] if len(options) == 1 else None
    if len(core) <= 2 or len(folded) > _LONGEST_PICK:
        return None
    return _labelled(core, options) or _pointed(folded, core, options) or _misspelled(core, options)


def _labelled(folded: str, options: Sequence[OpenOption]) -> OpenOption | None:
    return _only([option for option in options if folded and _fold(option.label) == folded])


def _only(matching: Sequence[OpenOption]) -> OpenOption | None:
    return matching[0] if len(matching) == 1 else None


def _index(core: str, count: int) -> int | None:
    if re.fullmatch(r"\d{1,2}", core) or (signed := _ORDINAL_SIGN.fullmatch(core)):
        number = int(core) if core.isdecimal() else int(signed[1]) if signed else 0
        return number - 1 if 1 <= number <= count else None
    if core in _LAST:
        return count - 1
    if core in _FIRST:
        return 0
    if core in _MIDDLE:
        return count // 2 if count % 2 else None
    if core in ("un", "una"):
        core = "uno"
    for index in range(min(count, len(_CARDINALS))):
        if core == _CARDINALS[index] or re.fullmatch(_ORDINALS[index] + "[oa]?", core):
            return index
    return None


def _pointed(folded: str, core: str, options: Sequence[OpenOption]) -> OpenOption | None:
    """Return the only option with all the words of "la del pasaporte"."""
    if not _POINTING.match(folded):
        return None
    said = _words(core)
    return _only([option for option in options if said and said <= _words(_fold(option.label))])


def _words(folded: str) -> frozenset[str]:
    # one form for "acta" and "actas"
    return frozenset(word.rstrip("s") if len(word) > 3 else word for word in folded.split() if word not in _SMALL)


def _misspelled(core: str, options: Sequence[OpenOption]) -> OpenOption | None:
    """Return the only option all of whose words were written, in order, with a slip or two."""
    said = [word for word in core.split() if word not in _SMALL]
    return _only([option for option in options if _alike(said, _fold(option.label))])


def _alike(said: Sequence[str], label: str) -> bool:
    words = [word for word in label.split() if word not in _SMALL]
    if len(said) != len(words) or sum(map(len, words)) < _SHORTEST_LABEL or any(c.isdigit() for c in label):
        return False
    return all(_slip(one, other) for one, other in zip(said, words, strict=True))


def _slip(one: str, other: str) -> bool:
    if one == other:
        return True
    if min(len(one), len(other)) < _SHORTEST_LABEL:
        return one[0] == other[0] and len(one) == len(other) > 2 and sum(map(str.__ne__, one, other)) == 1
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= _ALIKE
