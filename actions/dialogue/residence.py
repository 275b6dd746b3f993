"""Of two places, the one the matter is of: "vivo en Ecatepec, ¿puedo sacar la licencia de la CDMX?" asks about CDMX's.

Where somebody lives, works or comes from tells of her; a place said of a thing tells which thing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.catalogue.places import Mention

_OF_HER = re.compile(
    r"(?<!\w)(?:viv\w+|radic\w+|resid\w+|est(?:oy|amos|a|an)|and(?:o|a|amos|an)|soy|somos|origin\w+|veng\w+|venimos|vin(?:e|o|imos)"
    r"|lleg\w+|mud\w+|trabaj\w+|labor\w+|chambe\w+|estudi\w+|crec\w+|cri\w+|cerca|lado|live|lives|living|from)"
    r"(?: (?:yo|aqui|aca|alla|ahorita|ahora|actualmente|con|mi|mis|su|\w+os|en|de|por|a|rumbo|el|la|los|las|del|al"
    r"|municipio|estado|ciudad|colonia|familia))*$"
    r"|(?<!\w)(?:(?:l[oa]s|nosotros|gente|personas) del?|de ciudadan[oa]s? del?)$"
)
"""What stands before where somebody is."""
_NOT_SAID = re.compile(
    r"(?<!\w)(?:nac\w+|registr\w+|asent\w+|viaj\w+|ir|voy|vamos|fui|fue|iba|regres\w+)(?: \w+){0,3}$"
)
"""What stands before a place that may as well be the one meant, or of no matter."""


def of_matter(words: Sequence[str], mentions: Sequence[Mention]) -> Mention | None:
    """Return the only mention that says no residence, where another does; None where that settles nothing."""
    hers, others, start = [], [], 0
    for mention in mentions:
        before = " ".join(words[start : mention.start])
        start = mention.end
        if _NOT_SAID.search(before):
            return None
        (hers if _OF_HER.search(before) else others).append(mention)
    return others[0] if hers and len(others) == 1 else None
