"""Danger: answered with lines from the cards and a person at once. What is danger: :mod:`bot.understanding.danger`."""

from __future__ import annotations

from actions.dialogue.cards import EMERGENCY_CARD, line_number
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.turn import Answer, Turn, answer
from bot.core.replies import Handoff, Reply, Say, ShowProcedure
from bot.understanding.danger import Kind, kind_of

_CARDS: dict[Kind, str] = {
    "violence": "linea-mujeres-079",
    "suicide": "linea-de-la-vida",
    "missing": "reporte-persona-desaparecida",
}
_BY_CARD: dict[str, Kind] = {
    EMERGENCY_CARD: "danger",
    "orden-proteccion": "violence",
    "sos-mujeres-765-cdmx": "violence",
    "apoyo-mujeres-nl-070": "violence",
    **{card: kind for kind, card in _CARDS.items()},
}
URGENT_CARDS = frozenset({EMERGENCY_CARD, *_CARDS.values()})
"""Cards whose answer to a cry for help is the line itself, and a person."""


def help_now(turn: Turn, know: Knowledge, kind: Kind | None = None) -> Answer:
    """Give the lines to call, with the numbers of the cards, and bring a person."""
    kind = kind or kind_of(turn.text) or _nearest_kind(turn.text, know)
    emergency = line_number(know.catalogue.procedures.get(EMERGENCY_CARD))
    line_card = know.catalogue.procedures.get(_CARDS.get(kind, ""))
    line = line_number(line_card)
    params = {"emergency": emergency, "line": line}
    replies: list[Reply] = []
    if kind == "danger" and emergency:
        replies.append(Say("emergency_danger", {"emergency": emergency}))
    elif emergency and line:
        replies.append(Say(f"emergency_{kind}", {name: value for name, value in params.items() if value}))
    elif emergency:
        replies.append(Say("emergency_danger", {"emergency": emergency}))
    else:
        replies.append(Say("emergency_person"))
    if kind == "missing" and line_card is not None:  # its message line and web report matter as much as the number
        replies.append(ShowProcedure(line_card, ("where",)))
    card = line_card or know.catalogue.procedures.get(EMERGENCY_CARD)
    id_ = card.id if card else None
    return answer(turn.remember(last_procedure=id_), "emergency", *replies, Handoff("emergency"), procedure=id_)


def _nearest_kind(text: str, know: Knowledge) -> Kind:
    """Return the kind of the nearest card of that sort, for words that no pattern foresaw."""
    near = (hit.id for hit in know.search.find(text).hits)
    return next((_BY_CARD[id_] for id_ in near if id_ in _BY_CARD), "danger")
