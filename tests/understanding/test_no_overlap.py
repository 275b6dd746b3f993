"""No phrase of the evaluation set is an example or a card's question: it would measure memory."""

from __future__ import annotations

from typing import Any

from bot.catalogue.text import normalise


def test_no_phrase_is_learned_from(engine: Any) -> None:
    """Compared as every judge reads them, and only counted: whoever adds examples is not to see the phrases.

    A single word ("hola") has no other wording: it may stand in both.
    """
    from bot.engine.decision_fit import examples, questions
    from bot.engine.evaluate import PHRASES, ROOT, phrases

    learned = [*questions(engine.decider.search.catalogue), *examples(ROOT / "data" / "nlu")]
    rows = (row for path in PHRASES.glob("*/*.jsonl") for row in phrases(path))
    asked = {text for row in rows if len((text := normalise(row["text"])).split()) > 1}
    found = sum(normalise(each.text) in asked for each in learned)
    assert found == 0, f"{found} examples or questions stand in the evaluation set"
