"""Wherever it is asked for, the same is asked: a message's place is read as one and the same by the judges of kinds.

They would otherwise have to meet each of 2,500 names in an example: "acta de nacimiento colima" is no more out of scope
than "acta de nacimiento puebla". The search and the dialogue read the place itself.
"""

from __future__ import annotations

import re

from bot.catalogue.places import Places, default_places, fold

SOMEWHERE = "puebla"
"""The name that the examples of ``data/nlu`` have most often."""
_MOST = 3
_READ = 600
"""Characters that are read of a text, as by the judges."""
_HELD = re.compile(r"([^\W\d])\1{2,}")
"""A letter held down ("oaxacaaaa")."""


def anywhere(text: str, places: Places | None = None) -> str:
    """Return a text with its places as :data:`SOMEWHERE`, folded; as it stands when it names none."""
    places = places or default_places()
    words = _HELD.sub(r"\1", fold(text[:_READ])).split()
    for _ in range(_MOST):
        mention = places.find(" ".join(words))
        if mention is None or words[mention.start : mention.end] == [SOMEWHERE]:
            break
        words[mention.start : mention.end] = [SOMEWHERE]
    else:
        return " ".join(words)
    return " ".join(words) if SOMEWHERE in words else text
