from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from ivr.spoken import address, clock, code, date, money, number, phone, spoken

ROOT = Path(__file__).resolve().parents[3]
SPOKEN = re.compile(r"^[A-Za-zÁÉÍÓÚÜÑáéíóúüñ\s.,;:¿?¡!]*$")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("$98.50", "noventa y ocho pesos con cincuenta centavos"),
        ("$1,795", "mil setecientos noventa y cinco pesos"),
        ("$1", "un peso"),
        ("$21", "veintiún pesos"),
        ("$101.01", "ciento un pesos con un centavo"),
        ("$1,000,000", "un millón de pesos"),
        ("$0.50", "cincuenta centavos"),
        ("38 dólares", "treinta y ocho dólares"),
        ("911", "nueve once"),
        ("079", "cero setenta y nueve"),
        ("089", "cero ochenta y nueve"),
        ("800 911 2000", "ochocientos, nueve once, veinte, cero cero"),
        ("55 1234 5678", "cincuenta y cinco, doce, treinta y cuatro, cincuenta y seis, setenta y ocho"),
        ("5512345678", "cincuenta y cinco, doce, treinta y cuatro, cincuenta y seis, setenta y ocho"),
        ("de 9:00 a 15:00", "de nueve de la mañana a tres de la tarde"),
        ("9:00-15:00", "de nueve de la mañana a tres de la tarde"),
        ("a las 8:30", "a las ocho y media de la mañana"),
        ("20:00 horas", "ocho de la noche"),
        ("3 mar 2026", "tres de marzo de dos mil veintiséis"),
        ("1 de enero de 2026", "primero de enero de dos mil veintiséis"),
        ("ene 2026", "enero de dos mil veintiséis"),
        ("2026-03-05", "cinco de marzo de dos mil veintiséis"),
        ("05/03/2026", "cinco de marzo de dos mil veintiséis"),
        ("gob.mx/pasaporte", "gob punto mx diagonal pasaporte"),
        ("https://www.gob.mx/pasaporte/", "gob punto mx diagonal pasaporte"),
        ("quejas@profeco.gob.mx", "quejas arroba profeco punto gob punto mx"),
        ("CURP", "curp"),
        ("INE", "ine"),
        ("RFC", "erre efe ce"),
        ("SAT", "sat"),
        ("IMSS", "ims"),
        ("10%", "diez por ciento"),
        ("2 copias", "dos copias"),
        ("1 copia", "una copia"),
        ("21 hojas", "veintiuna hojas"),
        ("21 días", "veintiún días"),
        ("1 acta", "una acta"),
        ("3-5 días", "tres a cinco días"),
        ("2 (dos) fotos", "dos, dos, fotos"),
        ("1.º", "primero"),
        ("2ª", "segunda"),
        ("luz/agua", "luz o agua"),
        ("acta y/o CURP", "acta y o curp"),
        (
            "$1,795 (3 años), $2,440 (6 años)",
            "mil setecientos noventa y cinco pesos, tres años; dos mil cuatrocientos cuarenta pesos, seis años",
        ),
        ("desde EE. UU.", "desde Estados Unidos"),
        ("", ""),
    ],
)
def test_a_text_is_said_as_people_say_it(written, said):
    assert spoken(written) == said


def texts() -> list[str]:
    """Return every text of every card, and every phrase of a call."""
    yaml = YAML(typ="safe")
    found: list[str] = []

    def walk(value: object) -> None:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    for path in sorted((ROOT / "data").glob("*/*.yml")):
        if path.parent.name in ("procedures", "life_events", "conditions"):
            walk(yaml.load(path.read_text(encoding="utf-8")))
    return found


def test_no_text_of_a_card_leaves_a_digit_or_a_sign_unspoken():
    cards = texts()
    assert len(cards) > 5000
    wrong = [(text, spoken(text)) for text in cards if not SPOKEN.match(spoken(text))]
    assert wrong == []


def test_a_text_with_words_is_never_silent():
    silent = [text for text in texts() if re.search(r"\w", text) and not re.search("[a-zñáéíóú]", spoken(text).lower())]
    assert silent == []


def test_what_is_spoken_already_stays_as_it_is():
    changed = [text for text in texts() if spoken(spoken(text)) != spoken(text)]
    assert changed == []


@given(st.text(max_size=200))
def test_any_text_is_spoken_without_digits_and_signs(text):
    said = spoken(text)
    assert not re.search(r"[0-9$%#*@/+=<>&_()\[\]{}|\\^~`\"]", said)
    assert said == said.strip()


@given(st.decimals(min_value=0, max_value=9_999_999, places=2))
def test_an_amount_is_said_in_pesos_and_centavos(value):
    said = money(f"{value:,.2f}")
    assert said.endswith(("peso", "pesos", "centavo", "centavos"))
    assert not re.search(r"\d", said)


@given(st.integers(0, 10**10 - 1))
def test_every_digit_of_a_phone_is_said(value):
    digits = f"{value:010d}"
    groups = phone(digits).split(", ")
    assert 4 <= len(groups) <= 5
    assert not re.search(r"\d", " ".join(groups))


@given(st.integers(0, 23), st.integers(0, 59))
def test_a_time_has_its_part_of_the_day(hour, minute):
    said = clock(f"{hour:02d}:{minute:02d}")
    assert re.search(r"de la (madrugada|mañana|tarde|noche)$|del día$", said)


def test_parts_are_said_one_by_one():
    assert number(31, short=True) == "treinta y un"
    assert number(200, feminine=True) == "doscientas"
    assert date(2026) == "dos mil veintiséis"
    assert address("citas.sre.gob.mx") == "citas punto ese erre e punto gob punto mx"
    assert code("FF-SRE-001") == "efe efe ese erre e cero cero uno"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Licencia manejo N. León", "Licencia manejo Nuevo León"),
        ("Licencia manejo N. Leon", "Licencia manejo Nuevo León"),
        ("Licencia manejo B.C.", "Licencia manejo Baja California"),
        ("Defunción S. Tulantepec", "Defunción Santiago Tulantepec"),
        ("Ecatepec, Edo. Méx., a las 5", "Ecatepec, Estado de México, a las cinco"),
        ("Bolsa de trabajo Edomex", "Bolsa de trabajo Estado de México"),
        ("Empleo extranjero Hgo.", "Empleo extranjero Hidalgo"),
        ("Cert. discapacidad CDMX", "certificado discapacidad Ciudad de México"),
        ("Cancún, Q. Roo", "Cancún, Quintana Roo"),
        ("e.firma del SAT", "e firma del sat"),
    ],
)
def test_places_are_said_whole(written, said):
    assert spoken(written) == said
