"""Slips of the hand and of the ear, made up: the decision is fitted on texts written as badly as people write."""

from __future__ import annotations

import random

_NEIGHBOURS = {
    "a": "sq", "s": "ad", "d": "sf", "e": "wr", "r": "et", "i": "uo", "o": "ip", "n": "bm", "t": "ry", "c": "xv",
    "l": "k", "u": "yi", "p": "o", "m": "n",
}  # fmt: skip
_BY_EAR = (
    ("v", "b"), ("b", "v"), ("s", "z"), ("ci", "si"), ("ce", "se"), ("z", "s"), ("h", ""), ("ll", "y"), ("y", "ll"),
    ("ge", "je"), ("gi", "ji"), ("qu", "k"), ("cu", "ku"), ("ca", "ka"), ("co", "ko"), ("x", "s"), ("c", "s"),
)  # fmt: skip
_SHORTEST = 4
_SHARES = (0.25, 0.4, 0.6)
"""Of the longer words of a text, how many are misspelled."""


def misspelled(text: str, rng: random.Random) -> str:
    """Return a text with some of its longer words misspelled."""
    words = text.split()
    long = [number for number, word in enumerate(words) if len(word) >= _SHORTEST]
    if not long:
        return text
    for number in rng.sample(long, max(1, round(len(long) * rng.choice(_SHARES)))):
        words[number] = _slip(words[number], rng)
    return " ".join(words)


def _slip(word: str, rng: random.Random) -> str:
    place = rng.randrange(1, len(word) - 1)
    kind = rng.random()
    if kind < 0.4:
        heard = [(sound, written) for sound, written in _BY_EAR if sound in word.lower()]
        if heard:
            sound, written = rng.choice(heard)
            return word.lower().replace(sound, written, 1)
    if kind < 0.6:
        return word[:place] + word[place + 1 :]
    if kind < 0.8:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind < 0.9:
        return word[:place] + rng.choice(_NEIGHBOURS.get(word[place].lower(), "e")) + word[place + 1 :]
    return word[:place] + word[place] + word[place:]
