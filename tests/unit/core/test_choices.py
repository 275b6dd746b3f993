import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.choices import OpenOption, pick

CARDINALS = ["uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez"]
ORDINALS = ["primer", "segund", "tercer", "cuart", "quint", "sext", "séptim", "octav", "noven", "décim"]
LABELS = ["Acta de nacimiento", "CURP", "Pasaporte", "Licencia", "INE", "Predial", "Agua", "Placas", "Cartilla", "Visa"]


def options(count: int) -> list[OpenOption]:
    return [OpenOption(f"option:{index}", LABELS[index]) for index in range(count)]


COUNTS = st.integers(1, 10).flatmap(lambda count: st.tuples(st.just(count), st.integers(0, count - 1)))
FORMS = st.sampled_from(
    ["{}", " {} ", "{}.", "{})", "({})", "{}!", "opción {}", "la opcion {}", "numero {}", "Número {}", "el número {}",
     "la {}", "el {}", "quiero la {}", "la {} por favor", "{} porfa", "elijo {}", "opción número {}",
     "es la {}", "la {}, gracias"]
)  # fmt: skip


@given(COUNTS, FORMS)
def test_a_number_picks_in_digits_and_words(counted, form):
    count, index = counted
    for said in (str(index + 1), CARDINALS[index], CARDINALS[index].upper()):
        assert pick(form.format(said), options(count)) == options(count)[index]


@given(COUNTS, st.sampled_from(["No. {}", "no {}", "n° {}", "N. {}", "la no. {}", "opción no. {} por favor"]))
def test_a_number_may_be_called_number(counted, form):
    count, index = counted
    assert pick(form.format(index + 1), options(count)) == options(count)[index]


@given(COUNTS, st.sampled_from(["la {}a", "el {}o", "{}a", "{}o", "{}a opción", "la {}a por favor", "quiero la {}a"]))
def test_an_ordinal_picks(counted, form):
    count, index = counted
    assert pick(form.format(ORDINALS[index]), options(count)) == options(count)[index]


@given(COUNTS, st.sampled_from(["{}", "{}.", "quiero {}", "la {}", "{} por favor", "el {} gracias"]), st.booleans())
def test_the_label_picks_whatever_its_case_and_accents(counted, form, upper):
    count, index = counted
    label = LABELS[index].upper() if upper else LABELS[index]
    assert pick(form.format(label), options(count)) == options(count)[index]


@pytest.mark.parametrize("said", ["el último", "la ultima", "última", "la última por favor"])
def test_the_last(said):
    assert pick(said, options(4)) == options(4)[3]


@pytest.mark.parametrize(
    "said",
    ["2️⃣", "２", "02", "2.-", "²", "primer", "un"],
)
def test_odd_ways_to_write_a_number(said):
    assert pick(said, options(3)) is not None


@pytest.mark.parametrize(
    "said",
    [
        "", "   ", "?", "0", "7", "99", "100", "1.5", "1 2", "1 y 2", "uno o dos", "tengo 2 hijos", "son 3 actas",
        "mi hijo tiene 1 año", "a las 2", "los dos", "las dos", "ambos", "ninguna", "ninguno", "no", "no se", "si",
        "el", "la", "por favor", "no el 2", "no la 2", "no es el 2", "no quiero la 2", "no quiero la segunda",
        "no la primera", "no por favor", "no quiero uno", "acta", "de", "acta de nacimiento y curp", "siete", "quiero",
    ],
)  # fmt: skip
def test_what_is_not_a_pick_is_never_guessed(said):
    assert pick(said, options(4)) is None


def test_no_option_is_open():
    assert pick("1", []) is None


def test_a_number_counts_what_is_shown_and_not_more():
    assert pick("10", options(10)) == options(10)[9]
    assert pick("10", options(9)) is None
    many = [OpenOption(str(index), f"Cosa {index}") for index in range(12)]
    assert pick("12", many) == many[11]


def test_two_options_with_the_same_words_are_not_told_apart_by_them():
    twins = [OpenOption("a", "Licencia"), OpenOption("b", "Licencia")]
    assert pick("licencia", twins) is None
    assert pick("2", twins) == twins[1]


def test_a_label_that_is_a_number_wins_over_its_place():
    years = [OpenOption("a", "3"), OpenOption("b", "2"), OpenOption("c", "1")]
    assert pick("3", years) == years[0]


@given(st.text(max_size=60), st.integers(0, 10))
def test_any_text_picks_one_of_the_options_or_none(text, count):
    assert pick(text, options(count)) in [*options(count), None]


THREE = [
    OpenOption("acta", "Acta de nacimiento"),
    OpenOption("pasaporte", "Pasaporte por primera vez"),
    OpenOption("licencia", "Licencia de conducir"),
]


@pytest.mark.parametrize(
    ("said", "id_"),
    [
        ("el de arriba", "acta"), ("el de hasta arriba", "acta"), ("la de abajo", "licencia"),
        ("la de en medio", "pasaporte"), ("la del medio", "pasaporte"), ("el dos por favor", "pasaporte"),
        ("la 1ra", "acta"), ("la 2da opción", "pasaporte"), ("3era", "licencia"), ("el 3ro", "licencia"),
        ("la opción número dos", "pasaporte"), ("opc 2", "pasaporte"), ("me interesa la tercera", "licencia"),
        ("pues la segunda, gracias", "pasaporte"), ("la del pasaporte", "pasaporte"), ("el de la licencia", "licencia"),
        ("la de nacimiento", "acta"), ("licensia de conduzir", "licencia"), ("acta nacimiento", "acta"),
        ("ACTA DE NASIMIENTO", "acta"), ("pasaporte por primera ves", "pasaporte"),
    ],
)  # fmt: skip
def test_ways_to_pick(said, id_):
    found = pick(said, THREE)
    assert found is not None
    assert found.id == id_


@pytest.mark.parametrize(
    "said",
    [
        "la primera vez", "es la primera vez que saco mi pasaporte", "dos veces", "el dos de enero", "dos mil",
        "uno de mis hijos nació en 2010", "2 de febrero de 1990", "a la una", "no pasaporte", "el de mi hijo",
        "la de mi esposo", "1 hijo", "quiero dos actas", "acta de casamiento", "la de elector", "el de aquí",
        "cuánto cuesta la primera", "tengo 3", "ese", "esa", "la última vez que fui",
        "el acta de nacimiento de mi hija",
    ],
)  # fmt: skip
def test_sentences_that_only_look_like_a_pick(said):
    assert pick(said, THREE) is None


def test_that_one_picks_where_there_is_one():
    assert pick("ese", THREE[:1]) == THREE[0]
    assert pick("sí, esa mera", THREE) is None


@pytest.mark.parametrize("count", [2, 4])
def test_there_is_no_middle_of_an_even_number(count):
    assert pick("la de en medio", options(count)) is None


@given(COUNTS, st.data())
def test_a_label_with_one_letter_missing_picks_it_or_nothing(counted, data):
    count, index = counted
    label = LABELS[index]
    at = data.draw(st.integers(1, len(label) - 1))
    assert pick(label[:at] + label[at + 1 :], options(count)) in (options(count)[index], None)


NOUNS = st.sampled_from(["hijos", "años", "actas", "de mayo", "veces", "mil pesos", "días", "personas en mi casa"])


@given(COUNTS, NOUNS, st.sampled_from(["{} {}", "tengo {} {}", "son {} {}", "hace {} {}", "necesito {} {} urgente"]))
def test_a_number_of_something_is_no_pick(counted, noun, form):
    count, index = counted
    for said in (str(index + 1), CARDINALS[index]):
        assert pick(form.format(said, noun), options(count)) is None
