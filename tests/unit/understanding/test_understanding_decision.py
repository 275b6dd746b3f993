"""The decision's arithmetic, its limits, and what is danger, with a search and weights made for the test."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bot.catalogue.places import Place, Places
from bot.catalogue.search import SIGNALS, Hit, Verdict
from bot.understanding.danger import kind_of, unmistakable
from bot.understanding.decision import (
    FEATURES,
    KINDS,
    WEIGHTS,
    Decider,
    Decision,
    Weights,
    described,
    features_of,
    kind_of_intent,
    outcome_of,
)
from bot.understanding.matter import matter

LIMITS = {
    "out_of_scope": 0.3,
    "life_event": 1.0,
    "talk": 1.0,
    "event_named": 0.2,
    "emergency": 0.3,
    "emergency_named": 0.02,
    "beyond_courtesy": 0.6,
}
NO_PLACES = Places(frozenset(), frozenset())


def weights(**limits: float) -> Weights:
    """Return weights that believe the classifier alone."""
    rows = np.zeros((len(KINDS), len(FEATURES)))
    rows[:, len(SIGNALS) : len(SIGNALS) + len(KINDS)] = np.eye(len(KINDS))
    return Weights(
        {
            "features": list(FEATURES),
            "kinds": list(KINDS),
            "mean": [0.0] * len(FEATURES),
            "scale": [1.0] * len(FEATURES),
            "weights": rows.tolist(),
            "bias": [0.0] * len(KINDS),
            "limits": {**LIMITS, **limits},
        }
    )


class Silent:
    """A judge of kinds that has no opinion."""

    def scores(self, texts: Any, _: Any) -> Any:
        return np.zeros((len(texts), len(KINDS)))


class OneCard:
    """A search that always finds the same card and the same life event."""

    places = NO_PLACES
    catalogue = SimpleNamespace(
        procedures={
            "acta": SimpleNamespace(name="Copia del acta", short="Copia acta", aliases=("mi actita",), family=None)
        },
        families={},
        life_events={"fallecimiento": SimpleNamespace(steps=())},
    )

    def __init__(self) -> None:
        self.looks = 0
        self.asked = ""

    def names_any(self, text: str, ids: Any) -> bool:
        return "acta" in ids and "acta" in text.split()

    def told(self, _: Any, text: str) -> str | None:
        return "nacimiento_hijo" if text.startswith("nació") else None

    def look(self, text: str, **_: Any) -> Any:
        self.looks += 1
        self.asked = text

        class Found:
            named = None

        return Found()

    def encode(self, _: Any) -> Any:
        return np.zeros((1, 1))

    def signals(self, _: Any) -> Any:
        return np.zeros(len(SIGNALS))

    def verdict(self, _: Any, kind: str | None = None) -> Verdict:
        hits: tuple[Hit, ...] = (Hit("acta", 0.9, "procedure"),)
        if kind == "life_event":
            return Verdict("life_event", (Hit("fallecimiento", 0.8, "life_event"), *hits))
        return Verdict("answer", hits)


def decide(text: str, *ranking: tuple[str, float], **limits: float) -> Decision:
    return decider(OneCard(), **limits).decide(text, ranking)


def decider(search: OneCard, **limits: float) -> Decider:
    return Decider(search, weights(**limits), Silent())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ranking", "kind", "intent", "outcome"),
    [
        ((("ask_cost", 0.7), ("ask_where", 0.2)), "procedure", "ask_cost", "answer"),
        ((("life_event", 0.9),), "life_event", "life_event", "life_event"),
        ((("out_of_scope", 0.9),), "out_of_scope", "out_of_scope", "out_of_scope"),
        ((("emergency", 0.9),), "emergency", "emergency", "emergency"),
        ((("human", 0.9),), "talk", "human", "handoff"),
        ((("delete_data", 0.9),), "talk", "delete_data", "privacy"),
        ((("menu", 0.9),), "talk", "menu", "menu"),
        ((("change_language", 0.9),), "talk", "change_language", "menu"),
        ((("repeat", 0.9),), "talk", "repeat", "clarify"),
    ],
)
def test_each_kind_leads_to_its_outcome(ranking: Any, kind: str, intent: str, outcome: str) -> None:
    found = decide("el acta del registro", *ranking)
    assert (found.kind, found.intent, outcome_of(found)) == (kind, intent, outcome)


def test_confidence_is_the_kinds_chance() -> None:
    found = decide("el acta del registro", ("ask_cost", 0.6), ("ask_where", 0.2), ("out_of_scope", 0.2))
    assert found.confidence == pytest.approx(found.chances["procedure"], abs=1e-4)


def test_confidence_of_talk_is_its_chance_times_the_share_that_leads_to_the_same() -> None:
    found = decide("el acta del registro", ("human", 0.4), ("complaint", 0.2), ("menu", 0.2), ("out_of_scope", 0.2))
    assert (found.intent, outcome_of(found)) == ("human", "handoff")
    assert found.confidence == pytest.approx(found.chances["talk"] * 0.75, abs=1e-4)


def test_what_is_nearly_as_likely_talk_that_leads_somewhere_is_talk() -> None:
    ranking = (("human", 0.4), ("out_of_scope", 0.5))
    assert decide("el acta del registro", *ranking).kind == "out_of_scope"
    assert decide("el acta del registro", *ranking, talk=1.5).kind == "talk"
    steering = (("repeat", 0.4), ("out_of_scope", 0.5))
    assert decide("el acta del registro", *steering, talk=1.5).kind == "out_of_scope"


def test_a_ranking_that_is_nothing_but_talk_is_talk_whatever_the_words_remind_of() -> None:
    believes_the_search = weights()
    believes_the_search._bias = np.array([10.0, 0.0, 0.0, 0.0, 0.0])
    sure = Decider(OneCard(), believes_the_search, Silent())  # type: ignore[arg-type]
    assert sure.decide("el acta del registro", [("menu", 0.98), ("ask_cost", 0.02)]).kind == "talk"
    assert sure.decide("el acta del registro", [("menu", 0.9), ("ask_cost", 0.1)]).kind == "procedure"


def test_a_cry_for_help_is_an_emergency_unless_it_plainly_asks_for_a_card() -> None:
    asks = (("ask_procedure", 0.98),)
    assert decide("auxilio no encuentro el acta del registro civil", *asks).kind == "procedure"
    assert decide("auxilio, auxilio", *asks).kind == "emergency"
    assert decide("auxilio aquí en la calle del registro civil", ("out_of_scope", 0.6)).kind == "emergency"


def test_a_word_of_danger_long_ago_needs_more_than_a_small_chance() -> None:
    ranking = (("ask_procedure", 0.9), ("emergency", 0.05))
    assert decide("hubo un choque y quiero el acta del registro", *ranking).kind == "emergency"
    assert decide("hubo un choque el mes pasado y quiero el acta del registro", *ranking).kind == "procedure"


def test_a_card_named_in_its_own_words_is_asked_for_unless_something_else_is_likelier() -> None:
    doubtful = (("out_of_scope", 0.4), ("ask_cost", 0.6))
    assert decide("la copia del acta", *doubtful).kind == "procedure"
    assert decide("la copia del casete", *doubtful).kind == "out_of_scope"
    assert decide("la copia del acta", ("out_of_scope", 0.6), ("ask_cost", 0.4)).kind == "out_of_scope"


def test_a_smaller_chance_than_half_is_enough_to_be_out_of_scope() -> None:
    ranking = (("ask_cost", 0.6), ("out_of_scope", 0.4))
    assert decide("el acta del registro", *ranking).kind == "out_of_scope"
    assert decide("el acta del registro", *ranking, out_of_scope=0.5).kind == "procedure"


def test_a_word_of_danger_makes_a_small_chance_enough() -> None:
    ranking = (("ask_cost", 0.9), ("emergency", 0.1))
    assert decide("hay un incendio", *ranking).kind == "emergency"
    assert decide("hay un tramite", *ranking).kind != "emergency"


def test_a_message_without_a_word_of_danger_needs_a_greater_chance() -> None:
    heard = (("emergency", 0.45), ("ask_where", 0.35), ("life_event", 0.2))
    assert decide("la casa del registro está chueca, hay humo", *heard).kind == "emergency"
    assert decide("la casa no está a mi nombre", *heard).kind != "emergency"
    assert decide("la casa no está a mi nombre", ("emergency", 0.95)).kind == "emergency"


def test_two_judges_that_hear_an_emergency_need_no_word_of_danger() -> None:
    heard = (("emergency", 0.55), ("ask_where", 0.25), ("life_event", 0.2))
    assert decide("mi tío está con lo de las ratas", *heard).kind == "emergency"


def test_a_story_without_a_named_danger_needs_a_greater_chance() -> None:
    heard = (("emergency", 0.33), ("ask_where", 0.36), ("life_event", 0.31))
    assert decide("el perro se cayó del techo del registro", *heard).kind == "emergency"
    assert decide(f"el perro se cayó del techo del registro {LONG}", *heard).kind != "emergency"
    assert decide(f"mi papá no respira {LONG}", *heard).kind == "emergency"


def test_a_film_is_no_emergency() -> None:
    heard = (("emergency", 0.8), ("out_of_scope", 0.2))
    assert decide("vi una película con humo y gritos", *heard).kind != "emergency"
    assert decide("hay humo y gritos", *heard).kind == "emergency"


def test_the_event_that_the_clauses_tell_comes_first() -> None:
    told = decide("nació mi niña y murió mi suegro", ("life_event", 0.95))
    assert told.event is not None
    assert told.event.id == "nacimiento_hijo"
    assert told.verdict.hits[0].id == "nacimiento_hijo"
    assert decide("murió mi suegro y quedamos solos", ("life_event", 0.95)).verdict.hits[0].id == "fallecimiento"


def test_a_place_alone_chooses_no_card_where_something_is_told() -> None:
    class Placed(OneCard):
        catalogue = SimpleNamespace(
            procedures={
                "licencia": SimpleNamespace(
                    name="Licencia", short="Licencia", aliases=(), family=None, jurisdiction=Place("Puebla")
                )
            },
            families={},
            life_events={"fallecimiento": SimpleNamespace(steps=())},
        )
        score = 0.5

        def look(self, text: str, **_: Any) -> Any:
            return SimpleNamespace(named=Place("Puebla"))

        def verdict(self, _: Any, kind: str | None = None) -> Verdict:
            hits = (Hit("licencia", self.score, "procedure"),)
            if kind == "life_event":
                return Verdict("life_event", (Hit("fallecimiento", 0.8, "life_event"), *hits))
            return Verdict("answer", hits)

    reminded = weights()
    reminded._bias = np.array([9.0, 0.0, 0.0, 0.0, 0.0])
    search = Placed()
    own = Decider(search, reminded, Silent())  # type: ignore[arg-type]
    text = "murió mi suegro en el rancho de Puebla"
    assert own.decide(text, (("life_event", 0.95), ("ask_where", 0.05))).kind == "life_event"
    assert own.decide(text, (("ask_where", 0.95),)).kind == "procedure"
    search.score = 0.9
    assert own.decide(text, (("life_event", 0.95), ("ask_where", 0.05))).kind == "procedure"


def test_an_unmistakable_danger_needs_no_chance() -> None:
    assert decide("me está pegando mi marido", ("greet", 1.0)).kind == "emergency"


def test_what_goes_beyond_courtesy_is_what_a_message_is_about() -> None:
    assert decide("hola quiero mi acta", ("greet", 0.8), ("ask_procedure", 0.2)).kind == "procedure"
    assert decide("hola buenas tardes", ("greet", 0.8), ("ask_procedure", 0.2)).kind == "talk"


def test_a_text_that_names_nothing_is_the_classifiers_alone() -> None:
    found = decide("y cuánto cuesta", ("ask_cost", 0.9), ("out_of_scope", 0.1))
    assert (found.kind, found.bare, outcome_of(found)) == ("procedure", True, "clarify")


def test_talk_taken_into_account_leaves_the_matter() -> None:
    own = decider(OneCard())
    ranking = (("correct", 0.9), ("ask_procedure", 0.1))
    assert own.decide("no, mi acta", ranking).kind == "talk"
    assert own.decide("no, mi acta", ranking, matter_only=True).kind == "procedure"


def test_a_text_is_looked_up_once_however_often_it_is_decided_on() -> None:
    search = OneCard()
    own = decider(search)
    for _ in range(3):
        own.decide("mi acta", (("ask_procedure", 1.0),))
    assert search.looks == 1


def test_the_search_looks_at_the_matter_alone() -> None:
    search = OneCard()
    text = "mi curp es [CURP] y disculpe la molestia quisiera saber cuánto cuesta sacar mi acta de nacimiento"
    decider(search).decide(text, (("ask_cost", 1.0),))
    assert search.asked == matter(text) == "cuanto cuesta sacar mi acta de nacimiento"


def test_a_line_is_described_with_the_contracts_fields() -> None:
    verdict = Verdict("clarify", (Hit("a", 0.5, "procedure"),), Place("Jalisco"), others=(Hit("b", 0.1, "procedure"),))
    event = Hit("salud", 0.4, "life_event")
    decision = Decision("procedure", "ask_cost", 0.7, dict.fromkeys(KINDS, 0.2), verdict, event)
    assert described("x", decision) == {
        "text": "x",
        "intent": "ask_cost",
        "confidence": 0.7,
        "procedures": [{"id": "a", "score": 0.5}, {"id": "b", "score": 0.1}],
        "life_event": "salud",
        "place": {"state": "Jalisco", "municipality": None},
        "outcome": "clarify",
    }


def test_features_are_finite_for_an_empty_ranking() -> None:
    assert np.isfinite(features_of(np.zeros(len(SIGNALS)), (), np.zeros(len(KINDS)))).all()


def test_every_intent_has_a_kind() -> None:
    intents = ("ask_x", "life_event", "out_of_scope", "emergency", "greet")
    assert {kind_of_intent(each) for each in intents} == set(KINDS)


LONG = "el registro de la colonia queda lejos de la casa y nadie lleva a nadie porque la calle " + "sigue muy rota " * 4


class Unsure(OneCard):
    """A search that always asks which card was meant."""

    def verdict(self, look: Any, kind: str | None = None) -> Verdict:
        found = super().verdict(look, kind)
        return found if kind == "life_event" else Verdict("clarify", found.hits)


def test_a_storys_length_counts_as_that_of_the_longest_text_that_was_learned_from() -> None:
    believes_length = weights()
    believes_length._weights[0, FEATURES.index("words")] = 1.0
    features = np.zeros(len(FEATURES))
    chances = []
    for words in (1.0, 2.0, 12.0):
        features[FEATURES.index("words")] = words
        chances.append(believes_length.chances(features)[0])
    assert chances[0] < chances[1] == chances[2]


def test_of_a_story_the_classifiers_word_counts_once_more() -> None:
    doubts = weights()
    doubts._bias = np.array([3.0, 0.0, 0.0, 0.0, 0.0])
    own = Decider(OneCard(), doubts, Silent())  # type: ignore[arg-type]
    ranking = (("human", 0.8), ("ask_where", 0.2))
    assert own.decide("el registro de la colonia", ranking).kind == "procedure"
    assert own.decide(LONG, ranking).kind == "talk"


def test_a_story_that_asks_openly_tells_and_one_that_asks_one_thing_asks() -> None:
    ranking = (("life_event", 0.6), ("ask_cost", 0.4))
    assert decide(f"{LONG}. ¿Por dónde empezamos?", *ranking).kind == "life_event"
    leaning = (("life_event", 0.1), ("ask_cost", 0.9))
    assert decide(f"{LONG}. ¿Cuánto cuesta?", *leaning).kind == "procedure"
    own, leaning = decider(Unsure()), (("life_event", 0.45), ("ask_cost", 0.55))
    assert own.decide(f"{LONG}. ¿Cuánto cuesta?", (("life_event", 0.05), ("ask_cost", 0.95))).kind == "procedure"
    assert own.decide(f"{LONG}. ¿Por dónde empezamos?", leaning).kind == "life_event"


def test_which_card_is_not_asked_of_a_story_that_names_none_and_hardly_asks() -> None:
    ranking = (("human", 0.37), ("out_of_scope", 0.4), ("ask_where", 0.23))
    reminded = weights(out_of_scope=0.9)
    reminded._bias = np.array([4.0, 0.0, 0.0, 0.0, 0.0])
    own = Decider(Unsure(), reminded, Silent())  # type: ignore[arg-type]
    assert own.decide(LONG, ranking).kind == "out_of_scope"
    assert own.decide(f"el acta {LONG}", ranking).kind == "procedure"
    assert own.decide("el registro de la colonia", ranking).kind == "procedure"


def test_a_cards_name_among_more_words_is_enough_where_the_search_is_as_sure() -> None:
    class Sure(OneCard):
        def verdict(self, look: Any, kind: str | None = None) -> Verdict:
            return Verdict("answer", (Hit("acta", 0.9, "procedure"),), known=0.99)

    doubtful = (("out_of_scope", 0.2), ("ask_cost", 0.8))
    own = decider(Sure(), out_of_scope=0.1)
    assert own.decide("el acta para mi suegro don beto", doubtful).kind == "procedure"
    assert own.decide("el acta de la escritura en xbox", doubtful).kind == "out_of_scope"
    assert own.decide("la carta para mi suegro don beto", doubtful).kind == "out_of_scope"


def test_a_long_courtesy_is_not_searched_for_a_matter() -> None:
    wishes = f"muy buenas tardes le saluda doña Eufrosina y que el calorcito no lo esté agobiando {LONG}"
    ranking = (("greet", 0.98), ("ask_procedure", 0.02))
    assert decide(wishes, *ranking).kind == "talk"


def test_a_courtesy_told_at_length_is_one_unless_it_asks() -> None:
    ranking = (("thanks", 0.98), ("ask_procedure", 0.02))
    thanks = "qué pena darle tanta lata, ya todo quedó apuntado en mi libreta y se lo reconozco de corazón"
    assert decide(thanks, *ranking).kind == "talk"
    assert decide(f"{thanks}. ¿Y dónde saco el acta?", *ranking).kind == "procedure"


def test_the_projects_weights_fit_the_features() -> None:
    found = Weights(json.loads(WEIGHTS.read_text(encoding="utf-8")))
    chances = found.chances(features_of(np.zeros(len(SIGNALS)), (("ask_cost", 1.0),), np.zeros(len(KINDS))))
    assert chances.sum() == pytest.approx(1)
    assert set(LIMITS) <= set(found.limits)


def test_weights_for_other_features_are_refused() -> None:
    parameters = {**json.loads(WEIGHTS.read_text(encoding="utf-8")), "features": ["other"]}
    with pytest.raises(ValueError, match="other features"):
        Weights(parameters)


@pytest.mark.parametrize(
    "text",
    [
        "ya me toca el apoyo",
        "cuándo me toca el pago",
        "mi papá me toca llevarlo al seguro",
        "me mato de risa",
        "me matan los trámites",
        "me muero de hambre",
        "me mata esta fila",
        "se me quemó el coche y quiero la baja",
    ],
)
def test_a_manner_of_speaking_is_no_danger(text: str) -> None:
    assert kind_of(text) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("mi padrastro me toca en la noche", "violence"),
        ("me toca mi tío cuando no está mi mamá", "violence"),
        ("me quiero morir", "suicide"),
        ("mi hija no aparece", "missing"),
        ("se metieron a robar", "danger"),
    ],
)
def test_danger_is_heard_in_the_words(text: str, kind: str) -> None:
    assert kind_of(text) == kind


def test_telling_of_the_past_is_not_unmistakable() -> None:
    assert not unmistakable("mi ex me pegaba y quiero saber qué hacer")
    assert unmistakable("me está pegando")
