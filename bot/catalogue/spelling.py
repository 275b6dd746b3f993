"""Spelling: a word that nobody here knows becomes the known word that sounds the same, or is one slip away.

Known are the words of the cards, of the examples of ``data/nlu`` and of the places: none of them is ever changed, so
what was written right is read as it is. Slips (a letter too many, too few, wrong, or two exchanged) are found by
symmetric deletion: each word is listed under itself without one of its letters, and so is the unknown word. A word that
runs several known ones together is parted. Standard library only.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from functools import lru_cache
from math import log10
from pathlib import Path

from bot.catalogue.places import Places
from bot.catalogue.sounds import sound
from bot.catalogue.text import normalise, stem

__all__ = ["Speller", "corrected", "default_speller", "sound"]

_ROOT = Path(__file__).resolve().parents[2]
_SHORTEST, _LONGEST = 4, 40
_OFTEN = 3
"""Times that a word must have been written to stand in for another: a rare one may be a slip itself."""
_VERY_OFTEN = 30
"""Times from which on a short word stands in for a shorter one ("acat", "sacr")."""
_SHORTEST_SLIP = 5
_SHORTEST_WELL_FORMED = 7
"""Letters from which a word that looks like Spanish is taken for a slip: "hallar" is no "hablar"."""
_RARELY, _FAR_OFTENER = 8, 15
"""A known word that is so rare beside another of the same sound is a misspelling that an example has on purpose."""
_SHORTEST_JOINED, _LONGEST_JOINED = 6, 30
_SMALL = frozenset(
    ["al", "con", "de", "del", "el", "en", "la", "las", "lo", "los", "me", "mi", "mis", "no", "por", "que", "se", "su",
     "sus", "te", "tu", "un", "una", "ya"]
)  # fmt: skip
_NEIGHBOURS = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl",
    "p": "o", "a": "qsz", "s": "awdx", "d": "esfc", "f": "rdgv", "g": "tfhb", "h": "gyjn", "j": "hukm", "k": "jil",
    "l": "ko", "z": "asx", "x": "zsdc", "c": "xdfv", "v": "cfgb", "b": "vghn", "n": "bhjm", "m": "njk",
}  # fmt: skip
"""Keys beside each key."""
_COUNTS = 0.15
"""What ten times as many occurrences are worth, in slips."""


class Speller:
    """Corrects words by a vocabulary."""

    def __init__(self, texts: Iterable[str], names: Iterable[str] = (), known: Iterable[str] = ()) -> None:
        """Learn the words of normalised ``texts``; the commoner one wins.

        ``names``: places that may be misspelled, folded; ``known``: more words that are right as they are.
        """
        counts = Counter(word for text in texts for word in text.split() if word.isalpha())
        self._places = frozenset(word for name in (*names, *known) for word in name.split() if word.isalpha())
        for word in sorted(self._places):
            counts.setdefault(word, 0)
        for word in sorted({word for name in names for word in name.split() if word.isalpha()}):
            counts[word] = max(counts[word], _OFTEN)
        self._counts = counts
        self._by_sound: dict[str, str] = {}
        self._by_deletion: dict[str, tuple[str, ...]] = {}
        shapes: Counter[str] = Counter()
        for word, count in counts.most_common():
            if len(word) >= _SHORTEST:
                self._by_sound.setdefault(sound(word), word)
            if count >= (_OFTEN if len(word) >= _SHORTEST_SLIP else _VERY_OFTEN) and _SHORTEST <= len(word) <= _LONGEST:
                shapes.update(_shape(word))
                for shorter in _deletions(word):
                    self._by_deletion[shorter] = (*self._by_deletion.get(shorter, ()), word)
        self._shapes = frozenset(part for part, count in shapes.items() if count > 1)

    def correct(self, normalised: str, known: Container[str] = frozenset()) -> str:
        """Return a normalised text with its misspelled words corrected. ``known``: more words that are right."""
        return " ".join(
            word if word in known and word not in self._counts else self.word(word)
            for word in self._joined(normalised.split())
        )

    def knows(self, word: str) -> bool:
        """Say whether a folded word is one that was learned."""
        return word in self._counts

    def well_formed(self, word: str) -> bool:
        """Say whether a folded word looks like one: its parts are those of words that were learned."""
        return all(part in self._shapes for part in _shape(word))

    def _joined(self, words: Sequence[str]) -> Iterator[str]:
        """Yield the words, those that a recogniser parted as one ("pasa porte", "pre dial")."""
        at = 0
        while at < len(words):
            pair = words[at : at + 2]
            whole = "".join(pair)
            if (
                len(pair) > 1
                and len(whole) >= _SHORTEST_JOINED
                and min(map(len, pair)) > 2
                and self._counts[whole] >= _VERY_OFTEN
                and min(self._counts[part] for part in pair) < _OFTEN
            ):
                at += 2
                yield whole
            else:
                at += 1
                yield pair[0]

    def word(self, word: str) -> str:
        """Return what a folded word was meant to be: itself when it is known, or when nothing is like it."""
        if not _SHORTEST <= len(word) <= _LONGEST or not word.isalpha():
            return word
        heard = self._by_sound.get(sound(word))
        if word in self._counts:
            count = self._counts[word]
            rare = count <= _RARELY and word not in self._places
            return heard if heard and rare and self._counts[heard] >= _FAR_OFTENER * count else word
        return heard or self._slip(word) or self._parted(word) or word

    def _slip(self, word: str) -> str | None:
        well_formed = self.well_formed(word)
        if well_formed and len(word) < _SHORTEST_WELL_FORMED:
            return None
        found = {near for shorter in _deletions(word) for near in self._by_deletion.get(shorter, ())}
        ranked = []
        for near in found:
            if well_formed and near[0] != word[0]:  # "renunciar" is no "denunciar"
                continue
            cost = _cost(word, near)  # another form of the word is read as the same anyway: nothing else is meant
            if cost is not None and not (well_formed and near[:-1] == word[:-1]):
                ranked.append((cost - _COUNTS * log10(self._counts[near] or 1), near))
        best = min(ranked)[1] if ranked else None
        return None if best is None or stem(best) == stem(word) else best

    def _parted(self, word: str) -> str | None:
        """Return the fewest known words that a long word is made of ("actadenacimiento")."""
        if not _SHORTEST_JOINED <= len(word) <= _LONGEST_JOINED:
            return None
        best: list[tuple[str, ...] | None] = [(), *[None] * len(word)]
        for end in range(2, len(word) + 1):
            for start in range(max(0, end - 20), end - 1):
                before, part = best[start], word[start:end]
                if before is None or not (part in _SMALL or (len(part) > 3 and self._counts[part] >= _OFTEN)):
                    continue
                if best[end] is None or len(before) + 1 < len(best[end] or ()):
                    best[end] = (*before, part)
        parts = best[len(word)] or ()
        if len(parts) < 2 or all(len(part) <= 3 for part in parts):
            return None
        if len(parts) == 2 and all(part in self._shapes for part in _shape(word)):  # "consigue" is no "con sigue"
            return None
        return " ".join(parts)


def _deletions(word: str) -> Iterator[str]:
    yield word
    for at in range(len(word)):
        if not at or word[at] != word[at - 1]:
            yield word[:at] + word[at + 1 :]


def _shape(word: str) -> Iterator[str]:
    """Yield the letters of a word three by three, its ends marked: what a word of the language is made of."""
    marked = f" {word} "
    return (marked[at : at + 3] for at in range(len(marked) - 2))


def _cost(word: str, near: str) -> float | None:
    """Return how unlikely a slip turned ``near`` into ``word``, None when it takes more than one slip."""
    start = next((at for at, (a, b) in enumerate(zip(word, near, strict=False)) if a != b), min(len(word), len(near)))
    a, b = word[start:], near[start:]
    first = 0.5 if start == 0 else 0.0  # the first letter is seldom wrong
    if a[1:] == b:
        return 1.0 + first
    if a == b[1:]:
        return 0.9 + first
    if len(a) == len(b) and a[2:] == b[2:] and a[:2] == b[1::-1]:
        return 0.8 + first
    if a[1:] == b[1:] and len(word) >= _SHORTEST_SLIP:
        return (1.0 if a[0] in _NEIGHBOURS.get(b[0], "") else 1.2) + first
    return None


_KEY = re.compile(r"^[ -]*[a-z_]+:(?: |$)|^.*://.*$", re.MULTILINE)
_MARKS = re.compile("[\u0300-\u036f]")
_LETTERS = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=1)
def default_speller() -> Speller:
    """Return the speller of the project's own cards, examples and places.

    The files' text is read, not their structure: all of it is words that somebody wrote on purpose.
    """
    data = _ROOT / "data"
    files = sorted(
        path for pattern in ("procedures/*.yml", "life_events/*.yml", "nlu/*/*.yml") for path in data.glob(pattern)
    )
    texts = (" ".join(_LETTERS.findall(_plain(path.read_text(encoding="utf-8")))) for path in files)
    places = Places.load(data / "places")
    return Speller(texts, places.well_known, places.aliases)


def _plain(text: str) -> str:
    return _MARKS.sub("", unicodedata.normalize("NFKD", _KEY.sub("", text).lower()))


def corrected(text: str) -> str:
    """Return a text with its misspelled words corrected and all else, case and signs included, as it was.

    What the classifier of intents reads, in the engine and in ``ventanilla understand`` alike.
    """
    return _LETTERS.sub(lambda found: _kept(found[0]), text)


@lru_cache(maxsize=1 << 14)
def _kept(written: str) -> str:
    folded = normalise(written)
    word = default_speller().word(folded)
    return written if word == folded else word
