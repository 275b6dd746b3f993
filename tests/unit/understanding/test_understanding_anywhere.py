"""A message's place is one and the same to the judges of kinds."""

from __future__ import annotations

import pytest

from bot.understanding.anywhere import SOMEWHERE, anywhere


@pytest.mark.parametrize("place", ["colima", "Oaxaca", "TLAXCALA", "oaxacaaaa", "cdmx"])
def test_every_place_is_read_as_the_same(place: str) -> None:
    assert anywhere(f"acta de nacimiento en {place}") == f"acta de nacimiento en {SOMEWHERE}"


def test_what_names_no_place_stands_as_it_is() -> None:
    assert anywhere("¡Quiero MI acta!") == "¡Quiero MI acta!"
