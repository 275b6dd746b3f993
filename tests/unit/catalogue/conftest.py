"""The project's own catalogue, built once, and hostile texts."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path

import pytest

from bot.catalogue.places import Places

ROOT = Path(__file__).resolve().parents[3]
# The cards are checked with pydantic, which the engine environment has not: there, only `learned/` is collected.
collect_ignore_glob = [] if importlib.util.find_spec("pydantic_settings") else ["test_*.py"]


@pytest.fixture(scope="session")
def places() -> Places:
    """The gazetteer."""
    return Places.load(ROOT / "data" / "places")


def hostile_texts() -> dict[str, str]:
    """Texts that no person types, and that arrive all the same, by name."""
    letters = random.Random(3)
    return {
        "empty": "",
        "blank": " \t\r\n\u00a0\u2003\u3000",
        "long": "necesito sacar mi acta de nacimiento porque me la piden en la escuela " * 72,
        "one word of 5,000 letters": "a" * 5000,
        "5,000 different letters": "".join(letters.choice("abcdefghijklmnñopqrstuvwxyz") for _ in range(5000)),
        "emoji": "😀👨‍👩‍👧‍👦🇲🇽👍🏽" * 125,
        "punctuation": "¿¡.,;:!?…—()[]{}<>\"'`´^~|\\/@#$%&*+-=_" * 30,
        "right to left": "أريد شهادة ميلاد ‏\u202eשלום\u202c " * 50,
        "NUL": "acta\x00de\x00nacimiento\x00",
        "control": "".join(map(chr, range(32))) * 20,
        "half a surrogate pair": "acta \ud83d de \udc00 nacimiento",
        "combining": "a" + "\u0301" * 3000,
        "ligature": "ﷺ" * 2000,
        "digits": "0123456789" * 500,
        "spaces between letters": "a c t a " * 800,
        "SQL": "'; DROP TABLE card; -- \" OR 1=1 NEAR(acta) acta* {acta} ^acta",
        "format": "{0} %s %(name)s ${name} {{}} \\N{DIGIT ONE} \\1",
        "a megabyte": "acta de nacimiento " * 55_000,
        "a megabyte without a space": "x" * 1_000_000,
    }


HOSTILE = hostile_texts()
