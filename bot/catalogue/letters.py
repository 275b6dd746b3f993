"""Acronyms said letter by letter, as a recogniser writes what a caller says: "erre efe ce", "i ene e", "c u r p".

Which acronyms there are is read from the cards (names and aliases in capitals) and from the places' everyday names; the
names of the letters are the language's. Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from bot.catalogue.sounds import sound

_ROOT = Path(__file__).resolve().parents[2]

# Names of letters, folded, and what each may stand for. "cu" is a letter, and also how "ce u" is run together.
_NAMES: dict[str, tuple[str, ...]] = {
    "be": ("b",), "ve": ("v", "b"), "ce": ("c", "s"), "se": ("c", "s"), "de": ("d",), "efe": ("f",), "ge": ("g",),
    "je": ("g",), "hache": ("h",), "ache": ("h",), "y": ("i", "y"), "jota": ("j",), "ka": ("k",), "ca": ("k",),
    "ele": ("l",), "eme": ("m",), "ene": ("n",), "pe": ("p",), "cu": ("cu", "q"), "ku": ("cu", "q"), "qu": ("cu", "q"),
    "erre": ("r",), "ere": ("r",), "ese": ("s",), "ece": ("s",), "te": ("t",), "uve": ("v",), "equis": ("x",),
    "ye": ("y",), "zeta": ("z", "s"), "seta": ("z", "s"),
}  # fmt: skip
# Names that nothing else is called: one of them at least must be there, or every letter stands alone.
_TELLING = frozenset(
    ("efe", "hache", "ache", "jota", "eme", "ene", "pe", "cu", "ku", "erre", "ere", "uve", "equis", "zeta", "ce", "ge")
)
_SAID = {
    "a": "a", "b": "be", "c": "ce", "d": "de", "e": "e", "f": "efe", "g": "ge", "h": "ache", "i": "i", "j": "jota",
    "k": "ka", "l": "ele", "m": "eme", "n": "ene", "o": "o", "p": "pe", "q": "cu", "r": "erre", "s": "ese", "t": "te",
    "u": "u", "v": "ve", "x": "equis", "y": "ye", "z": "zeta",
}  # fmt: skip
_SHORTEST, _LONGEST_NAME = 3, 6
_CAPITALS = re.compile(r"(?<![^\W_])[A-ZÑ]{3,9}(?![^\W_])")
_PARTS = 3
_LONGEST_PART = 4
_WORDS_THEMSELVES = frozenset(("am", "de", "do", "el", "i", "la", "me", "no", "se", "so", "un", "una", "us", "vi"))
"""No acronym begins with one of these alone: "no me", "i va"."""
_RUN_TOGETHER = ("ene", "ese", "efe", "eme", "ele", "ere", "erre", "ache")
"""Letters with which a word begins that is two of them run together ("enese ese")."""
_ARTICLES = frozenset({"el", "la", "del", "al"})


class Acronyms:
    """Joins the letters of known acronyms."""

    def __init__(self, names: Iterable[str]) -> None:
        """``names``: acronyms, in any case, of ASCII letters."""
        known = {name.lower() for name in names}
        self._by_letter: dict[str, list[str]] = {}
        for name in sorted(known, key=lambda each: (-len(each), each)):
            self._by_letter.setdefault(name[0], []).append(name)
        self._known = frozenset(name for name in known if len(name) >= _SHORTEST)
        spelled = ("".join(_SAID.get(letter, letter) for letter in name) for name in sorted(known))
        by_sound = dict(zip((sound(each) for each in spelled), sorted(known), strict=True))
        # what a word sounds like takes longer than all else, and words come again
        self._heard: Callable[[str], str] = lru_cache(maxsize=1 << 14)(lambda word: by_sound.get(sound(word)) or word)

    def join(self, words: Sequence[str]) -> list[str]:
        """Return folded words with each spelled acronym as one word, the longest that fits."""
        joined: list[str] = []
        at = 0
        while at < len(words):
            name, end = self._at(words, at)
            joined.append(name)
            at = end
        return joined

    def _at(self, words: Sequence[str], at: int) -> tuple[str, int]:
        word = words[at]
        if len(word) <= _LONGEST_NAME:
            spelling = at + 1 < len(words) and _letters(words[at + 1])
            for letters in _letters(word) if spelling else ():
                for name in self._by_letter.get(letters[0], ()):
                    end = _match(words, at, name)
                    if end and _meant(words[at:end], words[at - 1] if at else ""):
                        return name, end
        else:
            return self._heard(word), at + 1
        return self._in_parts(words, at) or (word, at + 1)

    def _in_parts(self, words: Sequence[str], at: int) -> tuple[str, int] | None:
        """Return the acronym that was written in two or three parts ("in e"), or whose letters ran together."""
        word = words[at]
        run = len(word) > _SHORTEST and word.startswith(_RUN_TOGETHER)
        if not run and (len(word) > _LONGEST_PART or word in _WORDS_THEMSELVES):
            return None
        for end in range(at + 2, min(at + _PARTS, len(words)) + 1):
            joined = "".join(words[at:end])
            if run and (heard := self._heard(joined)) != joined:
                return heard, end
            if not run and joined in self._known and all(len(part) <= _LONGEST_PART for part in words[at:end]):
                return joined, end
        return None


def _letters(word: str) -> tuple[str, ...]:
    return _NAMES.get(word, (word,) if len(word) == 1 else ())


def _match(words: Sequence[str], at: int, rest: str) -> int:
    """Return where the letters of ``rest`` end when they are said from ``at`` on, else 0."""
    if not rest:
        return at
    for letters in _letters(words[at]) if at < len(words) else ():
        if rest.startswith(letters) and (end := _match(words, at + 1, rest[len(letters) :])):
            return end
    # "a efe o ere": the last e is heard as part of the name before it
    return at if rest == "e" and at and len(words[at - 1]) > 1 and words[at - 1].endswith("e") else 0


def _meant(said: Sequence[str], before: str) -> bool:
    if len(said) < 2 or (len(said) == 2 and len(said[0]) == len(said[1]) == 1):
        return False
    if all(len(word) == 1 for word in said) or len(said) > _SHORTEST:
        return True
    return before in _ARTICLES or any(word in _TELLING for word in said)


@lru_cache(maxsize=1)
def default_acronyms() -> Acronyms:
    """Return the acronyms of the project's cards and places; the files' text is read, not their structure."""
    found: set[str] = {"DF"}
    for path in sorted((_ROOT / "data" / "procedures").glob("*.yml")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.partition(":")[2].isupper() and not line.lstrip(" -").isupper():  # shouted questions
                found.update(_CAPITALS.findall(line))
    aliases = (_ROOT / "data" / "places" / "aliases.csv").read_text(encoding="utf-8").splitlines()
    found.update(name for line in aliases if _CAPITALS.fullmatch(name := line.partition(",")[0]))
    return Acronyms(name for name in found if name.isascii())
