"""How Mexican Spanish says a word: two spellings of one sound are the same word. Standard library only."""

from __future__ import annotations

import re

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
    ("m(?=[bpf])|m$", "n"),
)
_COMPILED = tuple((re.compile(pattern), sounded) for pattern, sounded in _SOUNDS)
_RUN = re.compile(r"(.)\1+")


def sound(word: str) -> str:
    """Return how Mexican Spanish says a folded word: the same for ``"sirkulasion"`` and ``"circulacion"``."""
    word = word.replace("ch", "C")
    for pattern, sounded in _COMPILED:
        word = pattern.sub(sounded, word)
    return _RUN.sub(r"\1", word)
