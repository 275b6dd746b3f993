"""The file of approved texts: WhatsApp's rules are checked before WhatsApp does."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.messages import Text
from channels.whatsapp.ids import picked
from channels.whatsapp.templates import TemplatesError, load_templates

FILE = Path(__file__).parents[3] / "data" / "whatsapp" / "templates.yml"
GOOD = "x:\n  about: a\n  category: UTILITY\n  body: 'Hola {{uno}}, adiós.'\n  samples: {uno: ejemplo}\n"


def load(tmp_path: Path, text: str) -> None:
    file = tmp_path / "templates.yml"
    file.write_text(text, encoding="utf-8")
    load_templates(file)


def test_the_templates_of_the_product_are_right() -> None:
    templates = load_templates(FILE)
    assert set(templates) == {"recordatorio", "aviso", "reabrir"}
    for definition in templates.values():
        assert definition.category == "UTILITY"
        request = definition.request()
        assert (request["friendly_name"], request["language"]) == (definition.name, "es_MX")
        assert set(definition.variables) <= {"asunto"}


def test_a_tap_on_a_templates_button_says_its_words() -> None:
    (shape,) = load_templates(FILE)["recordatorio"].types.values()
    (action,) = shape["actions"]
    assert picked(action["id"], action["title"]) == Text("Ver qué necesito")


def test_a_template_without_buttons_is_text(tmp_path: Path) -> None:
    file = tmp_path / "templates.yml"
    file.write_text(GOOD, encoding="utf-8")
    (definition,) = load_templates(file).values()
    assert definition.types == {"twilio/text": {"body": "Hola {{uno}}, adiós."}}


def test_another_text_is_another_content(tmp_path: Path) -> None:
    file = tmp_path / "templates.yml"
    names = set()
    for text in (GOOD, GOOD.replace("adiós", "hasta luego"), GOOD.replace("ejemplo", "otro")):
        file.write_text(text, encoding="utf-8")
        names |= {definition.name for definition in load_templates(file).values()}
    assert len(names) == 3


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Hola {{uno}}", "{{uno}}", "x.body"),
        (", adiós.", ".", "x.body"),
        ("{{uno}}", "{{uno}} {{dos}}", "x.body"),
        ("{{uno}}", "{{dos}}", "x: "),
        ("{uno: ejemplo}", "{}", "x: "),
        ("{uno: ejemplo}", "{uno: ''}", "x: "),
        ("UTILITY", "NEWS", "x.category"),
        ("adiós", "a" * 1100, "x.body"),
        ("about: a", "abuot: a", "x.a"),
        ("x:", "X Y:", "X Y"),
        ("samples", "buttons: {b: Un título demasiado largo}\n  samples", "x.buttons"),
        ("samples", "buttons: {a: A, b: B, c: C, d: D}\n  samples", "x.buttons"),
        (GOOD, "- a\n", "a mapping"),
        (GOOD, "x: [", r"templates\.yml"),
    ],
)
def test_what_whatsapp_would_refuse_is_refused_here(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(TemplatesError, match=says):
        load(tmp_path, GOOD.replace(old, new, 1))


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(TemplatesError, match=r"templates\.yml"):
        load_templates(tmp_path / "templates.yml")
