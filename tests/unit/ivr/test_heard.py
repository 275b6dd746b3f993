from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.choices import OpenOption
from ivr.heard import Input, understand
from ivr.listening import LONGEST_HINT, MOST_CHARACTERS, MOST_HINTS, WINDOWS, bounded, hints, window
from ivr.model import Call, Event, Question, State

OPTIONS = tuple(OpenOption(f"o{n}", label) for n, label in enumerate(("Acta", "CURP", "INE", "RFC", "Visa", "Beca")))
MENU = Call(state=State.MENU, question=Question("¿Cuál?", OPTIONS))


@pytest.mark.parametrize(
    ("digits", "event"),
    [
        ("0", Event.PERSON),
        ("*", Event.REPEAT),
        ("#", Event.BACK),
        ("7", Event.SLOWER),
        ("9", Event.FASTER),
        ("8", Event.BY_SMS),
        ("1", Event.OPTION),
        ("6", Event.OTHERS),
        ("a", Event.WRONG_KEY),
        ("12", Event.OPTION),
    ],
)
def test_a_key_means_the_same_everywhere(digits, event):
    assert understand(MENU, Input(digits), OPTIONS).event is event


def test_keys_of_the_next_page_are_its_own():
    second = Call(state=State.MENU, question=MENU.question, page=1)
    assert understand(second, Input("1"), OPTIONS).option == OPTIONS[5]
    assert understand(second, Input("2"), OPTIONS).event is Event.WRONG_KEY


@pytest.mark.parametrize(
    ("speech", "event"),
    [
        ("repita por favor", Event.REPEAT),
        ("¿Cómo dijo?", Event.REPEAT),
        ("más despacio", Event.SLOWER),
        ("Mándemelo por mensaje, por favor", Event.BY_SMS),
        ("quiero hablar con una persona", Event.PERSON),
        ("llámeme", Event.CALL_ME),
        ("es todo, gracias", Event.GOODBYE),
        ("Adiós.", Event.GOODBYE),
        ("otras", Event.OTHERS),
        ("el acta", Event.OPTION),
        ("la segunda", Event.OPTION),
        ("beca", Event.OPTION),
        ("se me perdió la credencial", Event.SPEECH),
        ("cómo saco mi pasaporte", Event.SPEECH),
        ("una persona discapacitada necesita una credencial", Event.SPEECH),
        ("", Event.SILENCE),
        ("...", Event.NOISE),
    ],
)
def test_a_few_words_are_the_telephones(speech, event):
    assert understand(MENU, Input(speech=speech, confidence=0.9), OPTIONS).event is event


@pytest.mark.parametrize(
    ("speech", "event"),
    [("sí", Event.YES), ("Sí, por favor.", Event.YES), ("ok", Event.YES), ("no", Event.NO), ("no gracias", Event.NO),
     ("no, el pasaporte", Event.SPEECH)],
)  # fmt: skip
def test_yes_and_no_count_where_they_were_asked_for(speech, event):
    assert understand(Call(state=State.MORE), Input(speech=speech), ()).event is event
    assert understand(Call(state=State.OPEN), Input(speech=speech), ()).event in (Event.SPEECH, Event.GOODBYE)


@pytest.mark.parametrize(
    ("speech", "event"),
    [("sí, por lo mismo", Event.YES), ("por lo mismo", Event.YES), ("pues sí señorita, dígame", Event.YES),
     ("no, es otra cosa", Event.NO), ("es para otra persona", Event.NO), ("no no, para nada", Event.SPEECH),
     ("no, ya es todo", Event.GOODBYE), ("ya, gracias, adiós", Event.GOODBYE), ("sale gracias bye", Event.GOODBYE),
     ("ah bueno pues es todo lo que quería saber, muchas gracias", Event.GOODBYE), ("sí, el de oaxaca", Event.SPEECH),
     ("nada más el acta", Event.SPEECH), ("otra vez", Event.REPEAT), ("una persona", Event.PERSON)],
)  # fmt: skip
def test_yes_no_and_goodbye_in_more_than_one_word(speech, event):
    assert understand(Call(state=State.RESUME), Input(speech=speech), ()).event is event


@pytest.mark.parametrize(
    "speech", ["nada más el acta", "ya es todo un problema", "que tenga buen precio", "todo", "ya"]
)
def test_no_wish_is_taken_for_a_goodbye(speech):
    assert understand(Call(), Input(speech=speech), ()).event is Event.SPEECH


@pytest.mark.parametrize(
    ("confidence", "event"),
    [(None, Event.SPEECH), (0.0, Event.SPEECH), (0.1, Event.NOISE), (0.3, Event.UNSURE), (0.5, Event.SPEECH)],
)
def test_how_sure_the_recogniser_is_decides(confidence, event):
    assert understand(Call(), Input(speech="acta de nacimiento", confidence=confidence), ()).event is event


@given(st.sampled_from(list(WINDOWS)), st.text(max_size=60), st.text(max_size=3))
def test_anything_said_or_pressed_is_an_event_of_the_state(state, speech, digits):
    call = Call(state=state)
    heard = understand(call, Input(digits, speech, 0.5), ())
    assert heard.event in Event
    assert window(call).timeout > 0


@given(st.lists(st.text(max_size=120), max_size=700))
def test_hints_stay_within_the_recognisers_limits(words):
    kept = bounded(words)
    assert len(kept) <= MOST_HINTS
    assert sum(len(word) + 1 for word in kept) <= MOST_CHARACTERS
    assert all(0 < len(word) <= LONGEST_HINT and "," not in word for word in kept)
    assert len(set(kept)) == len(kept)


def test_hints_follow_what_is_asked():
    places, names = ("Oaxaca", "Jalisco"), ("Pasaporte",)
    assert hints(MENU, OPTIONS, places, names)[:2] == ("Acta", "CURP")
    where = Call(state=State.OPEN, question=Question("¿Dónde?", (), "place"))
    assert hints(where, (), places, names)[:2] == places
    assert hints(Call(state=State.MORE), (), places, names)[:2] == ("sí", "no")


ANSWERED = Call(last_answer=("Cuesta $98.",))


@pytest.mark.parametrize(
    ("speech", "event"),
    [
        ("perdón, no le oí bien, ¿me lo puede repetir?", Event.REPEAT),
        ("a ver, otra vez, señorita", Event.REPEAT),
        ("can you repeat that please", Event.REPEAT),
        ("otra vez cuánto cuesta el acta", Event.SPEECH),
        ("hable más despacito por favor, que no le entiendo", Event.SLOWER),
        ("va usted muy rápido", Event.SLOWER),
        ("¿es muy rápido el trámite?", Event.SPEECH),
        ("más rápido por favor, que traigo prisa", Event.FASTER),
        ("¿cuál es más rápido?", Event.SPEECH),
        ("no tengo con qué apuntar, mándemelo por mensaje", Event.BY_SMS),
        ("póngamelo en un mensajito, ándele", Event.BY_SMS),
        ("mándeme por mensaje los requisitos del pasaporte", Event.SPEECH),
        ("me llegó un mensaje", Event.SPEECH),
        ("comuníqueme con un ser humano por favor", Event.PERSON),
        ("no quiero hablar con una máquina, quiero una persona", Event.PERSON),
        ("can I talk to a person please", Event.PERSON),
        ("es para una persona", Event.SPEECH),
        ("no quiero hablar con nadie", Event.SPEECH),
        ("espéreme tantito, voy por una pluma", Event.HOLD),
        ("me regresa al menú anterior", Event.BACK),
        ("quiero regresar a México", Event.SPEECH),
        ("sería todo, señorita, muchísimas gracias, que tenga bonita tarde", Event.GOODBYE),
        ("no, señor, muchas gracias, muy amable", Event.GOODBYE),
        ("ya no necesito nada más", Event.GOODBYE),
        ("no es eso", Event.SPEECH),
        ("no sé", Event.SPEECH),
        ("eso es todo lo que piden?", Event.SPEECH),
        ("ay, Dios se lo pague", Event.SPEECH),
    ],
)
def test_the_telephones_words_in_any_company_of_small_ones(speech, event):
    assert understand(ANSWERED, Input(speech=speech, confidence=0.9), ()).event is event


@pytest.mark.parametrize(
    ("speech", "event", "option"),
    [
        ("marco el dos", Event.OPTION, "CURP"),
        ("le pico al tres", Event.OPTION, "INE"),
        ("tecla uno", Event.OPTION, "Acta"),
        ("seis", Event.OTHERS, None),
        ("asterisco", Event.REPEAT, None),
        ("el gato", Event.BACK, None),
        ("el cero", Event.PERSON, None),
        ("marco el ocho", Event.BY_SMS, None),
        ("quiero marcar al 911", Event.SPEECH, None),
        ("pongo un negocio", Event.SPEECH, None),
    ],
)
def test_keys_can_be_said(speech, event, option):
    heard = understand(MENU, Input(speech=speech, confidence=0.9), OPTIONS)
    assert (heard.event, heard.option.label if heard.option else None) == (event, option)


def test_a_number_is_a_yes_or_no_where_keys_are():
    for speech, event in (("uno", Event.YES), ("marco el dos", Event.NO), ("el 1", Event.YES)):
        assert understand(Call(state=State.MORE), Input(speech=speech), ()).event is event
    assert understand(ANSWERED, Input(speech="ocho"), ()).event is Event.SPEECH
