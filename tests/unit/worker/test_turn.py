from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.choices import OpenOption
from bot.core.delivery import Outgoing
from bot.core.effects import BringPerson
from bot.core.handoff import HandoffState
from bot.core.hours import OpeningHours
from bot.core.messages import Choice, Location, Media, Text
from bot.core.optout import START_WORDS, STOP_WORDS
from bot.core.phrases import Phrases
from bot.core.replies import Ask, Handoff, Option, Say, ShowProcedure
from bot.core.turns import TurnContext, TurnResult, Understood
from bot.handoff.desk import Desk
from bot.store import ConversationState, StoredMessage
from bot.store.handoffs import HandoffRecord, Place
from bot.worker.degraded import Degraded
from bot.worker.engine_client import EngineUnavailable
from bot.worker.people import CALL, LEAVE, People
from bot.worker.turn import PhraseBook, TurnHandler
from channels.registry import CHANNELS
from channels.sms.gsm7 import fold
from tests.builders import sid

NOW = datetime(2026, 11, 22, 18, 30, tzinfo=timezone.utc)
UNDERSTOOD = Understood("ask_requirements", 0.9, outcome="answer")
SHOWN = ConversationState(privacy_shown=True)
LABELS = {"menu:work": "Trabajo", "menu:birth": "Nació un bebé", "menu:id": "INE"}
MENU = Ask("degraded_menu", tuple(Option(id_, label) for id_, label in LABELS.items()))
OPTIONS = tuple(OpenOption(id_, label) for id_, label in LABELS.items())
PAGES = (Outgoing("sms", "página 2"), Outgoing("sms", "página 3"))


class Engine:
    """Answers what a test says, and remembers what it was asked."""

    def __init__(self):
        self.requests = []
        self.result = TurnResult((Say("nothing_more"),), UNDERSTOOD)

    def turn(self, request):
        self.requests.append(request)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    @property
    def content(self):
        return self.requests[-1].content


@pytest.fixture
def engine():
    return Engine()


@pytest.fixture
def phrase_book(compiled_phrases):
    return PhraseBook(lambda language, channel: Phrases.load(compiled_phrases, language, channel))


@pytest.fixture
def make(engine, plain_search, phrase_book):
    def handler(number=""):
        return TurnHandler(
            engine, Degraded(plain_search, number), CHANNELS, phrase_book, "Gobierno de Prueba", People(None, number)
        )

    return handler


@pytest.fixture
def handle(make):
    handler = make()

    def run(content="hola", state=SHOWN, opt_out=None):
        content = Text(content) if isinstance(content, str) else content
        message = StoredMessage(7, "sms", sid(), "c" * 32, content, opt_out, NOW)
        return handler.handle_turn(message, state, NOW)

    return run


def texts(outcome):
    return [each.text for each in outcome.outgoing]


# ---- 1. opt-out and opt-in


@pytest.mark.parametrize("word", sorted(STOP_WORDS))
def test_a_stop_word_stops_everything_with_one_confirmation(handle, engine, phrases, word):
    state = replace(SHOWN, options=OPTIONS, more=PAGES)
    done = handle(word.upper(), state)
    assert (done.outcome, done.opted_out) == ("opted_out", True)
    assert texts(done) == [fold(phrases("opted_out_confirmation"))]
    assert {each.kind for each in done.outgoing} == {"confirmation"}
    assert (done.state.options, done.state.more) == ((), ())
    assert engine.requests == []


def test_stop_comes_before_an_option_of_that_name(handle):
    done = handle("ALTO", replace(SHOWN, options=(OpenOption("place:alto", "Alto"),)))
    assert done.outcome == "opted_out"


def test_stop_under_a_picture_is_stop(handle):
    assert handle(Media("image", "STOP")).opted_out is True


def test_stop_that_the_carrier_handled_gets_no_word_of_ours(handle, engine):
    done = handle("STOP", opt_out="stop")
    assert (done.opted_out, done.outgoing) == (True, ())
    assert engine.requests == []


def test_the_carriers_word_counts_whatever_the_text(handle):
    assert handle("ya no quiero", opt_out="stop").opted_out is True


def test_stop_again_is_not_confirmed_again(handle):
    done = handle("ALTO", replace(SHOWN, opted_out=True))
    assert (done.opted_out, done.outgoing) == (True, ())


@pytest.mark.parametrize("word", sorted(START_WORDS))
def test_start_brings_back_who_had_stopped(handle, engine, phrases, word):
    done = handle(word, replace(SHOWN, opted_out=True))
    assert (done.outcome, done.opted_out) == ("opted_in", False)
    assert texts(done) == [fold(phrases("opted_in_confirmation"))]
    assert engine.requests == []


@pytest.mark.parametrize("word", sorted(START_WORDS))
def test_for_everybody_else_start_is_an_ordinary_word(handle, engine, word):
    done = handle(word)
    assert done.opted_out is None
    assert engine.content == Text(word)


def test_start_that_the_carrier_handled_gets_no_word_of_ours(handle):
    done = handle("START", replace(SHOWN, opted_out=True), opt_out="start")
    assert (done.opted_out, done.outgoing) == (False, ())


@pytest.mark.parametrize("said", ["hola", "MAS", "AYUDA", "AVISO", "1", Location(19.4, -99.1), Choice("menu:work")])
def test_who_has_stopped_hears_nothing(handle, engine, said):
    state = replace(SHOWN, opted_out=True, options=OPTIONS, more=PAGES)
    done = handle(said, state)
    assert (done.outcome, done.outgoing, done.opted_out, done.state) == ("silent_opted_out", (), None, state)
    assert engine.requests == []


# ---- 2. keywords


def test_more_brings_one_part_at_a_time_and_keeps_the_options(handle, engine):
    first = handle("MAS", replace(SHOWN, more=PAGES, options=OPTIONS))
    assert (first.outcome, texts(first)) == ("more", ["página 2"])
    second = handle("más", first.state)
    assert texts(second) == ["página 3"]
    assert second.state.options == OPTIONS
    assert engine.requests == []
    handle("MAS", second.state)
    assert engine.content == Text("MAS")


def test_more_comes_where_it_was_asked_for(handle, engine):
    pages = (Outgoing("whatsapp", "*Página* 2"), Outgoing("whatsapp", "Página 3"))
    done = handle("MAS", replace(SHOWN, more=pages))
    assert done.outgoing == (Outgoing("sms", "Pagina 2\nPagina 3"),)
    assert done.state.more == ()
    assert engine.requests == []


def test_what_one_channel_has_promised_another_does_not_close(handle, engine):
    pages = (Outgoing("whatsapp", "Página 2"),)
    after = handle("hola", replace(SHOWN, more=(*pages, Outgoing("sms", "vieja")))).state
    assert after.more == pages, "a new answer by SMS closes what an SMS had promised"
    both = replace(after, more=(Outgoing("sms", "segunda"), *pages))
    done = handle("MAS", both)
    assert (texts(done), done.state.more) == (["segunda"], pages)


def test_help_is_answered_aside(handle, engine, phrases):
    done = handle("AYUDA", replace(SHOWN, more=PAGES, options=OPTIONS))
    assert done.outcome == "help"
    assert texts(done)[0].startswith(fold(phrases("help")).splitlines()[0])
    assert (done.state.options, done.state.more) == (OPTIONS, PAGES)
    assert engine.requests == []


def test_help_that_the_carrier_handled_gets_no_word_of_ours(handle):
    done = handle("HELP", opt_out="help")
    assert (done.outcome, done.outgoing, done.opted_out) == ("help_by_carrier", (), None)


def test_the_privacy_notice_names_the_institution(handle, engine):
    done = handle("AVISO", replace(SHOWN, options=OPTIONS))
    everything = " ".join([*texts(done), *(each.text for each in done.state.more)])
    assert "Gobierno de Prueba" in everything
    assert done.state.options == OPTIONS
    assert engine.requests == []


@pytest.mark.parametrize("sentence", ["mas informacion", "ayuda con mi acta", "dar de baja un auto", "aviso de obra"])
def test_a_sentence_with_a_keyword_in_it_is_the_engines(handle, engine, sentence):
    handle(sentence, replace(SHOWN, more=PAGES))
    assert engine.content == Text(sentence)


# ---- 3. options


@pytest.mark.parametrize("said", ["2", "dos", "la segunda", "2)", "Nació un bebé", "nacio un bebe", "opción 2 porfa"])
def test_an_option_is_picked_however_it_is_said(handle, engine, said):
    handle(said, replace(SHOWN, options=OPTIONS))
    assert engine.content == Choice("menu:birth", said)


@pytest.mark.parametrize("said", ["4", "tengo 2 hijos", "no", "nacimiento", ""])
def test_what_picks_nothing_goes_to_the_engine_as_it_is(handle, engine, said):
    handle(said, replace(SHOWN, options=OPTIONS))
    assert engine.content == Text(said)


@pytest.mark.parametrize("content", [Choice("menu:id", "INE"), Location(20.97, -89.62), Media("image", "1")])
def test_other_content_goes_to_the_engine_as_it_is(handle, engine, content):
    handle(content, replace(SHOWN, options=OPTIONS))
    assert engine.content == content


def test_the_options_that_were_shown_are_open_next(handle, engine):
    engine.result = TurnResult((MENU,), UNDERSTOOD)
    done = handle()
    assert done.state.options == OPTIONS
    for index, option in enumerate(OPTIONS, start=1):
        assert f"{index}" in texts(done)[0]
        assert fold(option.label) in texts(done)[0]
    engine.result = TurnResult((Say("nothing_more"),), UNDERSTOOD)
    assert handle("otra cosa", done.state).state.options == ()


# ---- 4. the engine


def test_the_engine_is_told_what_is_known_and_the_time(handle, engine):
    state = replace(SHOWN, context=TurnContext(state="Yucatán", case={"age": "minor"}))
    handle("hola", state)
    (request,) = engine.requests
    assert request.context == replace(state.context, now=NOW.isoformat())
    assert (request.conversation_id, request.channel) == ("c" * 32, "sms")
    assert request.message_id.startswith("sms:SM")


def test_what_the_engine_learnt_is_remembered_without_the_time(handle, engine):
    learnt = TurnContext(state="Sonora", now="2026-11-22T12:00:00-06:00")
    engine.result = TurnResult((Say("nothing_more"),), UNDERSTOOD, learnt)
    done = handle()
    assert done.state.context == TurnContext(state="Sonora")
    assert (done.outcome, done.understood) == ("answer", UNDERSTOOD)


def test_without_news_from_the_engine_what_was_known_stays(handle):
    state = replace(SHOWN, context=TurnContext(state="Yucatán"))
    assert handle("hola", state).state.context == state.context


def test_without_an_engine_the_catalogue_answers(handle, engine):
    engine.result = EngineUnavailable("no engine answered in time")
    state = replace(SHOWN, context=TurnContext(state="Yucatán"))
    done = handle("hola", state)
    assert done.outcome == "degraded"
    assert done.outgoing
    assert done.state.options, "a numbered menu"
    assert (done.state.context, done.understood) == (state.context, None)


@pytest.mark.parametrize(
    "replies",
    [
        (Say("there is no such phrase"),),
        (Say("degraded_not_found_person"),),  # its parameter is missing
        (Ask("ask_nothing", (Option("a", phrase="no_such_label"),)),),
        (Handoff("emergency"),),
    ],
    ids=["phrase", "parameter", "label", "no words"],
)
def test_an_answer_that_has_no_words_is_followed_by_the_catalogues(handle, engine, replies):
    """Else the message would be tried for ever, and the person would hear nothing."""
    engine.result = TurnResult(replies, UNDERSTOOD)
    done = handle("pasaporte")
    assert done.outcome == "degraded"
    assert done.outgoing


@pytest.mark.parametrize("reason", ["asked", "not_understood", "upset"])
def test_who_needs_a_person_is_told_where_people_answer(make, engine, phrases, reason):
    engine.result = TurnResult((Handoff(reason),), UNDERSTOOD)
    message = StoredMessage(7, "sms", sid(), "c" * 32, Text("agente"), None, NOW)
    with_line = make("55 1234 5678").handle_turn(message, SHOWN, NOW)
    assert texts(with_line) == [fold(phrases("handoff_line", {"line": "55 1234 5678"}))]
    without = make().handle_turn(message, SHOWN, NOW)
    assert texts(without) == [fold(phrases("handoff_nobody"))]
    assert with_line.outcome == without.outcome == "answer"


class OneAgent:
    """A desk's handoffs: one agent, nobody before."""

    def staffed(self):
        return True

    def hours(self, sensitive, team=None):
        return frozenset({""})

    def understood(self, conversation):
        return ()

    def reopens(self, conversation, now):
        return False

    def next_place(self, reason, now):
        return Place(1, (), 1)


@pytest.fixture
def attended(engine, plain_search, phrase_book):
    people = People(Desk(OneAgent(), OpeningHours()), procedures=plain_search.catalogue.procedures)
    return TurnHandler(engine, Degraded(plain_search), CHANNELS, phrase_book, "x", people)


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
def test_a_card_that_brings_a_person_is_told_with_that_one_comes(attended, engine, plain_search, phrases, channel):
    card = plain_search.catalogue.procedures["reporte-persona-desaparecida"]
    understood = replace(UNDERSTOOD, procedure=card.id)
    engine.result = TurnResult((ShowProcedure(card, ("overview",)), Handoff("rule")), understood)
    message = StoredMessage(7, channel, sid(), "c" * 32, Text("no encuentro a mi hijo"), None, NOW)
    done = attended.handle_turn(message, SHOWN, NOW)
    said = " ".join(texts(done))
    assert card.short in said
    assert "Le paso con una persona" in said
    assert [option.id for option in done.state.options] == ["handoff:leave"]
    assert done.effects == (BringPerson("rule", channel, f"procedure:{card.id}", True),)
    # What the answer has promised is still brought while she waits: the rest of it, and the privacy notice.
    waiting = replace(done.state, mode=HandoffState.WAITING)
    while waiting.more:
        more = attended.handle_turn(replace(message, content=Text("MAS")), waiting, NOW)
        assert more.outcome == "more"
        said, waiting = " ".join([said, *texts(more)]), more.state
    assert "800 028 7783" in said
    notice = attended.handle_turn(replace(message, content=Text("AVISO")), waiting, NOW)
    assert (notice.outcome, bool(notice.outgoing)) == ("privacy_notice", True)


# ---- a turn that keeps failing


@pytest.fixture
def give_up(make):
    def run(content="hola", state=SHOWN, opt_out=None):
        content = Text(content) if isinstance(content, str) else content
        return make().give_up(StoredMessage(7, "sms", sid(), "c" * 32, content, opt_out, NOW), state)

    return run


def test_a_turn_given_up_says_so_and_closes_what_was_open(give_up, phrases):
    done = give_up("hola", replace(SHOWN, options=OPTIONS, more=PAGES, context=TurnContext(state="Sonora")))
    assert done.outcome == "failed"
    assert texts(done) == [fold(phrases("turn_failed"))]
    assert done.state == replace(SHOWN, context=TurnContext(state="Sonora"))


@pytest.mark.parametrize(("said", "opt_out"), [("ALTO", None), ("x", "stop"), (Media("image", "stop"), None)])
def test_stop_is_obeyed_even_when_its_turn_fails(give_up, said, opt_out):
    done = give_up(said, SHOWN, opt_out)
    assert (done.opted_out, done.outgoing) == (True, ())


def test_who_has_stopped_hears_of_no_failure(give_up):
    done = give_up("hola", replace(SHOWN, opted_out=True))
    assert (done.opted_out, done.outgoing) == (None, ())


def test_without_any_phrase_a_turn_is_given_up_in_silence(engine, plain_search):
    def none(language, channel):
        raise FileNotFoundError

    handler = TurnHandler(engine, Degraded(plain_search), CHANNELS, PhraseBook(none), "x")
    message = StoredMessage(7, "sms", sid(), "c" * 32, Text("hola"), None, NOW)
    assert handler.give_up(message, SHOWN).outgoing == ()


# ---- 5. the channel's form


def test_the_privacy_sentence_is_said_once(handle, engine, phrases):
    sentence = fold(phrases("privacy_first"))
    first = handle("hola", ConversationState())
    assert sentence in texts(first)[0]
    assert first.state.privacy_shown
    assert sentence not in " ".join(texts(handle("hola", first.state)))


def test_the_privacy_sentence_is_said_in_degraded_mode_too(handle, engine, phrases):
    engine.result = EngineUnavailable("x")
    assert fold(phrases("privacy_first")) in " ".join(texts(handle("hola", ConversationState())))


def test_help_before_any_answer_leaves_the_privacy_sentence_for_the_answer(handle, phrases):
    asked = handle("AYUDA", ConversationState())
    assert not asked.state.privacy_shown
    assert fold(phrases("privacy_first")) in texts(handle("hola", asked.state))[0]


def test_what_does_not_fit_waits_for_more(handle, engine, plain_search):
    cards = plain_search.catalogue.procedures.values()
    card = max(cards, key=lambda each: sum(len(requirement.name) for requirement in each.requirements))
    shown = ShowProcedure(card, conditions=plain_search.catalogue.condition_words(card))
    engine.result = TurnResult((shown,), UNDERSTOOD)
    done = handle()
    assert len(done.outgoing) == 1
    assert done.state.more


def test_a_language_without_phrases_is_answered_in_spanish(handle):
    assert handle("hola", replace(SHOWN, context=TurnContext(language="yua"))).outgoing


TYPED = st.text(max_size=40) | st.sampled_from(["1", "MAS", "ALTO", "ALTA", "AYUDA", "AVISO", "¿pasaporte?", "2 o 3"])
CONTENT = TYPED.map(Text) | st.builds(Media, st.just("image"), TYPED) | st.just(Location(19.4, -99.1))


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(said=st.lists(CONTENT, max_size=6), down=st.booleans())
def test_whatever_is_said_is_answered_unless_the_person_said_stop(handle, engine, said, down):
    engine.result = EngineUnavailable("x") if down else TurnResult((MENU,), UNDERSTOOD)
    state = ConversationState()
    for content in said:
        done = handle(content, state)
        if done.outcome not in ("silent_opted_out", "opted_out"):
            assert done.outgoing
        assert len(done.outgoing) <= 1
        state = done.state if done.opted_out is None else replace(done.state, opted_out=done.opted_out)


# ---- who waits for a person


class Waiting:
    """A desk's handoffs where one person waits, who was told her place a moment ago or not."""

    def __init__(self, told=False):
        self.told = told

    def staffed(self):
        return True

    def hours(self, sensitive, team=None):
        return frozenset({""})

    def understood(self, conversation):
        return ()

    def reopens(self, conversation, now):
        return False

    def answered_since(self, conversation, outcome, since):
        return self.told

    def open_of(self, conversation):
        fields = dict.fromkeys(HandoffRecord.__dataclass_fields__)
        return HandoffRecord(**{**fields, "id": 1, "waiting_since": NOW})

    def place(self, handoff, now):
        return Place(3, (), 1)

    def next_place(self, reason, now):
        return Place(1, (), 1)


@pytest.fixture
def wait(engine, plain_search, phrase_book):
    """Return what somebody who waits is answered."""

    def run(content, told=False, mode=HandoffState.WAITING):
        desk = Desk(Waiting(told), OpeningHours())
        cards = plain_search.catalogue
        people = People(desk, procedures=cards.procedures, life_events=cards.life_events, can_call=True)
        handler = TurnHandler(engine, Degraded(plain_search, ""), CHANNELS, phrase_book, "Prueba", people)
        message = StoredMessage(7, "sms", sid(), "c" * 32, content, None, NOW)
        return handler.handle_turn(message, replace(SHOWN, mode=mode), NOW)

    return run


EMERGENCY = TurnResult(
    (Say("emergency_violence", {"emergency": "911", "line": "079"}), Handoff("emergency")),
    Understood("emergency", 0.9, "linea-mujeres-079", outcome="emergency"),
)


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("content", [Text("mi esposo me está pegando"), Media("image", "mi esposo me está pegando")])
def test_danger_is_heard_while_she_waits(wait, engine, told, content):
    engine.result = EMERGENCY
    done = wait(content, told)
    assert engine.content == Text(content.text)
    assert done.outcome == "emergency"
    assert "911" in done.outgoing[0].text
    assert done.effects == (BringPerson("emergency", "sms", "procedure:linea-mujeres-079", True),)
    assert done.understood == EMERGENCY.understood


def test_other_words_of_who_waits_leave_the_dialogue_where_it_was(wait, engine):
    engine.result = TurnResult((Say("nothing_more"),), UNDERSTOOD, TurnContext(state="JA"))
    done = wait(Text("¿sigue ahí?"))
    assert (done.outcome, done.understood, done.effects) == ("waiting", UNDERSTOOD, ())
    assert "3" in texts(done)[0]
    assert done.state.context == SHOWN.context
    (asked,) = engine.requests
    assert asked.conversation_id != "c" * 32
    assert asked.context.topic is None
    assert wait(Text("¿hola?"), told=True).outgoing == ()


def test_a_sensitive_matter_told_while_waiting_is_its_teams(wait, engine, plain_search):
    violence = next(card.id for card in plain_search.catalogue.procedures.values() if card.sensitive == "violence")
    engine.result = TurnResult((Say("nothing_more"),), replace(UNDERSTOOD, procedure=violence))
    assert wait(Text("una orden de protección")).effects == (
        BringPerson("asked", "sms", f"procedure:{violence}", True),
    )


def test_without_an_engine_who_waits_is_still_told_her_place(wait, engine):
    engine.result = EngineUnavailable("down")
    assert wait(Text("mi esposo me está pegando")).outcome == "waiting"


def test_help_that_has_no_words_still_brings_somebody_before_others(wait, engine):
    engine.result = replace(EMERGENCY, replies=(Say("no_such_phrase"), Handoff("emergency")))
    done = wait(Text("ayuda"))
    assert "3" in texts(done)[0]
    assert [(each.reason, each.sensitive) for each in done.effects] == [("emergency", True)]


@pytest.mark.parametrize("content", [Choice(LEAVE), Choice(CALL), Media("image"), Location(19.4, -99.1)])
def test_only_words_are_listened_to(wait, engine, content):
    engine.result = EMERGENCY
    assert wait(content).outcome != "emergency"
    assert engine.requests == []


def test_nobody_listens_in_to_what_an_agent_is_told(wait, engine):
    engine.result = EMERGENCY
    done = wait(Text("me pega"), mode=HandoffState.WITH_AGENT)
    assert (done.outcome, done.outgoing, engine.requests) == ("with_agent", (), [])


@pytest.mark.parametrize("content", [Text("¿sigue ahí?"), Choice(LEAVE), Choice(CALL)])
def test_what_is_said_to_who_waits_is_an_answer_that_the_take_mutes(wait, content):
    done = wait(content)
    assert done.outgoing
    assert {each.kind for each in done.outgoing} == {"answer"}
