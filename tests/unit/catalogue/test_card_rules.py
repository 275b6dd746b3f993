"""What a card's rule about people needs: a telephone beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.catalogue.check import load_cards
from bot.catalogue.places import Places
from bot.settings import ROOT

CARD = ROOT / "data" / "procedures" / "reporte-persona-desaparecida.yml"


@pytest.fixture
def errors_of(tmp_path: Path):
    """Return what is wrong with a card of its own folder, by field."""
    for name in ("procedures", "life_events", "conditions"):
        (tmp_path / name).mkdir()
    (tmp_path / "places").symlink_to(ROOT / "data" / "places")
    (tmp_path / "families.yml").write_text("[]\n", encoding="utf-8")

    def check(text: str) -> dict[str, str]:
        (tmp_path / "procedures" / CARD.name).write_text(text, encoding="utf-8")
        _, errors = load_cards(tmp_path)
        return {each.field: each.message for each in errors}

    assert Places.load(tmp_path / "places")
    return check


def test_a_card_that_brings_a_person_names_a_telephone(errors_of):
    text = CARD.read_text(encoding="utf-8")
    assert "with_person: true" in text
    assert "with_person" not in errors_of(text)
    without = "\n".join(line for line in text.splitlines() if not line.strip().startswith("phone:"))
    assert "telephone" in errors_of(without)["with_person"]


@pytest.mark.parametrize("value", ["offer", "3"])
def test_it_is_yes_or_no(errors_of, value):
    text = CARD.read_text(encoding="utf-8").replace("with_person: true", f"with_person: {value}")
    assert "with_person" in errors_of(text)
