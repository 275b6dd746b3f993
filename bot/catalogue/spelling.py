"""Spelling by ear: a word that no card and no place knows becomes the known word that sounds the same.

Standard library only. Slips of other kinds (a missing or a wrong letter) are left to the search's character features:
correcting them by edit distance took "pegando" for "pagando" and cost more than it brought (docs/understanding.md).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_SHORTEST = 4
_SOUNDS = (
    (r"h(?!u[eioa])", ""),
    (r"^hu(?=[eioa])|^gu(?=[ao])", "w"),
    (r"qu(?=[ei])", "k"),
    (r"gu(?=[ei])", "G"),
    (r"g(?=[ei])", "j"),
    (r"c(?=[ei])|z|x", "s"),
    (r"[cq]", "k"),
    ("v", "b"),
    ("ll", "y"),
    ("y$", "i"),
    ("m(?=[bp])", "n"),
)
_COMPILED = tuple((re.compile(pattern), sounded) for pattern, sounded in _SOUNDS)
_RUN = re.compile(r"(.)\1+")


def sound(word: str) -> str:
    """Return how Mexican Spanish says a folded word: the same for ``"sirkulasion"`` and ``"circulacion"``."""
    word = word.replace("ch", "C")
    for pattern, sounded in _COMPILED:
        word = pattern.sub(sounded, word)
    return _RUN.sub(r"\1", word)


class Speller:
    """Corrects words by a vocabulary."""

    def __init__(self, texts: Iterable[str], names: Iterable[str] = ()) -> None:
        """``texts``: normalised phrases, the commonest of whose words wins a sound; ``names``: places, folded."""
        counts = Counter(word for text in texts for word in text.split() if word.isalpha())
        for name in names:
            counts.update({word: 0 for word in name.split() if word not in counts})
        self._known = frozenset(counts)
        self._by_sound: dict[str, str] = {}
        for word, _ in counts.most_common():
            if len(word) >= _SHORTEST:
                self._by_sound.setdefault(sound(word), word)

    def correct(self, normalised: str) -> str:
        """Return a normalised text with the words corrected that are known by ear only."""
        return " ".join(self._word(word) for word in normalised.split())

    def _word(self, word: str) -> str:
        if word in self._known or not _SHORTEST <= len(word) <= 40:
            return word
        return self._by_sound.get(sound(word), word)
