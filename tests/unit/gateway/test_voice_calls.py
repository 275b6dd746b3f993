"""Calls through the gateway, the store and a worker's turns, as Twilio carries them."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.core.effects import BringPerson
from bot.core.messages import Text
from bot.core.replies import Ask, Handoff, Option, Say
from bot.core.turns import Topic, TurnRequest, TurnResult, Understood
from bot.store.clock import utc_now
from bot.store.effects import write_effect
from bot.store.tables import callbacks, calls, handoffs, inbound, outbound
from tests.builders import inbound as inbound_message
from tests.people import JUAN, ROSA
from tests.servers import eventually
from tests.unit.gateway.voice_line import Caller, Line, Said, Scripted

SENSITIVE = ("orden-proteccion", "credencial-discapacidad-ahome", "ayuda-funeral-imss")
LONG = "Lleve su acta. Lleve su CURP. Lleve una foto. " * 9


def rows(line: Line, table):
    with line.database.connect() as db:
        return db.execute(select(table)).all()


def replies(*said, topic: Topic | None = None, outcome: str = "answer"):
    """Return an engine that always says the same."""

    def answer(request: TurnRequest) -> TurnResult:
        context = replace(request.context, topic=topic) if topic else None
        return TurnResult(tuple(said), Understood("ask", 0.9, outcome=outcome), context)

    return Scripted(answer)


def topic(**memory: str) -> Topic:
    return Topic(utc_now().isoformat(timespec="seconds"), "voice", dict(memory))


# ---- the thin path


def test_a_call_is_greeted_asked_and_answered(line):
    caller = line.caller()
    first = caller.dial()
    gather = first.verb("Gather")
    assert gather.get("input") == "dtmf speech"
    assert gather.get("actionOnEmptyResult") == "true"
    assert "No diga datos personales" in first.heard
    assert "Dígame qué trámite necesita" in first.heard
    assert "marque uno" in first.heard
    answer = caller.say("licencia de manejo en oaxaca")
    assert answer.has("Gather")
    assert "Oaxaca" in " ".join(each.text for each in rows(line, outbound)) or answer.words
    end = caller.say("adiós")
    assert end.has("Hangup")
    assert "Hasta luego" in end.heard


def test_every_say_and_gather_speaks_mexican_spanish(line):
    caller = line.caller()
    documents = [caller.dial(), caller.say("pasaporte"), caller.press("1"), caller.press("7"), caller.keep_silent()]
    for said in documents:
        for verb in ("Say", "Gather"):
            assert {each.get("language") for each in said.tree.iter(verb)} <= {"es-MX"}
            assert all(each.get("language") for each in said.tree.iter(verb))


def test_no_digit_is_left_in_what_is_said(line):
    caller = line.caller()
    caller.dial()
    for words in ("costo del acta de nacimiento en chiapas", "línea de la vida", "tarjeta de circulación"):
        caller.say(words)
    assert [each for each in caller.sentences if re.search(r"[0-9$]", each)] == []


def test_an_option_is_picked_by_key_and_by_its_words(open_line):
    options = (Option("procedure:uno", "Pasaporte"), Option("procedure:dos", "Acta de nacimiento"))
    engine = replies(Ask("which_procedure", options))
    line = open_line(engine)
    caller = line.caller()
    caller.dial()
    assert "Pasaporte: marque uno. Acta de nacimiento: dos." in caller.say("papeles").heard
    caller.press("2")
    caller.say("Acta de nacimiento")
    caller.say("la segunda")
    assert [each.content.option_id for each in engine.asked[1:]] == ["procedure:dos"] * 3


def test_more_than_five_options_come_in_pages(open_line):
    options = tuple(Option(f"procedure:{n}", name) for n, name in enumerate("ABCDEFG"))
    engine = replies(Ask("which_procedure", options))
    line = open_line(engine)
    caller = line.caller()
    caller.dial()
    first = caller.say("papeles")
    assert "Otras opciones: seis." in first.words
    second = caller.press("6")
    assert "F: marque uno." in second.words
    caller.press("1")
    assert engine.asked[-1].content.option_id == "procedure:5"


def test_a_long_answer_comes_in_pieces_and_goes_on_when_told(open_line):
    engine = replies(Say("voice_resume_topic", {"topic": LONG}))
    line = open_line(engine)
    caller = line.caller()
    caller.dial()
    assert "¿Sigo?" in caller.say("requisitos").words
    last = caller.say("sí")
    while "¿Qué más necesita?" not in last.words:
        last = caller.press("1")
    assert sum(each.count("Lleve una foto") for each in caller.sentences) == 9
    assert len(engine.asked) == 1, "going on needs no engine"


# ---- once


def test_the_same_step_again_gets_the_same_answer_and_one_turn(line):
    caller = line.caller()
    first = caller.dial()
    assert caller.dial().text == first.text
    address = first.next
    form = {"SpeechResult": "pasaporte", "Confidence": "0.9"}
    with ThreadPoolExecutor(32) as pool:
        texts = list(pool.map(lambda _: line.post(address, {**caller.base, **form}).text, range(32)))
    assert len(set(texts)) == 1
    messages = [row for row in rows(line, inbound) if row.provider_id == "CA1:1"]
    assert [(row.outcome, row.attempts) for row in messages] != []
    assert len(messages) == 1


def test_a_forged_request_leaves_nothing(line):
    for path in ("inbound", "turn?step=1", "connected?step=1", "queue", "whisper?call=CA1", "status", "fallback"):
        answer = line.post(f"/channels/voice/{path}", line.caller().base, signed=False)
        assert answer.status_code == 403, path
    assert rows(line, calls) == []


def test_a_step_that_never_was_is_answered_with_the_last_one(line):
    caller = line.caller()
    caller.dial()
    said = caller.say("pasaporte")
    again = caller.ask("/channels/voice/turn?step=1")
    assert again.text == said.text
    lost = line.caller("CA-unknown")
    assert "Dígame" in lost.ask("/channels/voice/turn?step=4").heard


# ---- when it takes long, or fails


def test_words_come_while_the_answer_takes_long(open_line):
    line = open_line(working=False, voice_wait_seconds=0.2)
    caller = line.caller()
    first = caller.dial()
    line.one_turn()
    said = caller.ask(first.next, SpeechResult="pasaporte", Confidence="0.9")
    assert said.words == ["Un momento, por favor."]
    assert not said.has("Gather")
    line.one_turn()
    assert caller.ask(said.next).has("Gather")


def test_without_any_answer_the_caller_is_offered_another_way(open_line):
    line = open_line(working=False, voice_wait_seconds=0.2)
    caller = line.caller()
    caller.dial()
    said = caller.say("pasaporte")
    assert "tuvimos una falla" in said.heard
    assert "Para que le llamemos más tarde, marque uno." in said.heard
    assert "Le llamaremos" in caller.press("1").heard
    assert [row.reason for row in rows(line, callbacks)] == ["asked"]


def test_without_any_answer_a_person_is_rung_where_there_is_one(open_line):
    line = open_line(working=False, voice_wait_seconds=0.2, human_number="55 9999 8888")
    caller = line.caller()
    caller.dial()
    said = caller.say("pasaporte")
    assert said.verb("Dial").find("Number").text == "+525599998888"


def test_the_fallback_needs_nothing(open_line):
    line = open_line(working=False, human_number="079, opción 1")
    said = line.caller().ask("/channels/voice/fallback")
    assert "cero setenta y nueve, opción uno" in said.heard
    assert said.has("Hangup")


# ---- a person


def test_zero_rings_the_number_of_people_and_whispers(open_line):
    engine = replies(Say("thanks"), topic=topic(last_procedure="pasaporte-adulto"))
    line = open_line(engine, human_number="5599998888")
    caller = line.caller()
    caller.dial()
    caller.say("pasaporte")
    said = caller.press("0")
    dial = said.verb("Dial")
    assert said.words == ["Le paso con una persona. No cuelgue, por favor."]
    whisper = Caller(line, "CA-child", "+525599998888", {}).ask(dial.find("Number").get("url"))
    assert "termina en" in whisper.heard
    assert "Pasaporte" in whisper.heard
    assert ROSA not in whisper.text
    after = caller.ask(dial.get("action"), DialCallStatus="no-answer")
    assert "no hay una persona" in after.heard
    assert "marque uno" in after.heard


def test_outside_the_hours_the_caller_hears_them_and_has_choices(open_line):
    today = ("lun", "mar", "mie", "jue", "vie", "sab", "dom")[(utc_now().weekday() + 3) % 7]
    line = open_line(human_number="5599998888", human_hours=f"{today} 09:00-10:00")
    caller = line.caller()
    caller.dial()
    said = caller.press("0")
    assert "a partir del" in said.heard
    assert "nueve de la mañana" in said.heard
    assert "Le llamaremos" in caller.press("1").heard


def test_who_asks_for_a_person_in_words_gets_one(open_line):
    line = open_line(replies(Handoff("asked")), human_number="5599998888")
    caller = line.caller()
    caller.dial()
    assert caller.say("quisiera que me atienda alguien de carne y hueso").has("Dial")


def test_in_the_queue_the_place_is_said_and_a_key_leaves_it(open_line, monkeypatch):
    line = open_line()
    monkeypatch.setattr("bot.handoff.desk.Desk.status", lambda *_: type("S", (), {"kind": "open", "opens": None})())
    caller = line.caller()
    caller.dial()
    said = caller.press("0")
    queue = said.verb("Enqueue")
    assert queue.text == "personas-CA1"
    for number in (JUAN, "+525555550101"):  # they asked in writing, and one of them before
        wrote = line.store.record(inbound_message(sender=number), Text("AGENTE")).conversation_id
        with line.database.begin() as db:
            write_effect(BringPerson("emergency" if number == JUAN else "asked", "sms"), db, wrote, number, utc_now())
    place = {"QueueSid": "QU" + "1" * 32, "QueuePosition": "1", "QueueTime": "4", "CurrentQueueSize": "1"}
    waiting = caller.ask(queue.get("waitUrl"), **place)
    assert "Hay una persona antes que usted." in waiting.heard
    assert "marque uno" in waiting.heard
    again = caller.ask(waiting.verb("Gather").get("action"), **place)
    assert "Gracias por esperar" in again.heard
    left = caller.ask(waiting.verb("Gather").get("action"), Digits="1", **place)
    assert left.has("Leave")
    after = caller.ask(queue.get("action"), QueueResult="leave", QueueTime="20")
    assert "Le llamaremos" in after.heard
    assert [row.reason for row in rows(line, callbacks)] == ["queue"]
    assert [(row.state, row.end_reason) for row in rows(line, handoffs) if row.channel == "voice"] == [
        ("bot", "call_me")
    ]


def test_who_waits_too_long_is_offered_another_way(open_line, monkeypatch):
    line = open_line(voice_queue_minutes=1)
    monkeypatch.setattr("bot.handoff.desk.Desk.status", lambda *_: type("S", (), {"kind": "open", "opens": None})())
    caller = line.caller()
    caller.dial()
    queue = caller.press("0").verb("Enqueue")
    assert caller.ask(queue.get("waitUrl"), QueuePosition="1", QueueTime="61").has("Leave")
    assert "marque uno" in caller.ask(queue.get("action"), QueueResult="leave").heard


# ---- by SMS, slower, again


def test_eight_sends_the_last_answer_by_sms(open_line):
    line = open_line(replies(Say("handoff_line", {"line": "800 911 2000"})))
    caller = line.caller()
    caller.dial()
    caller.say("teléfono")
    said = caller.press("8")
    assert "Se lo mando por mensaje" in said.heard
    assert said.has("Gather")
    sms = [row for row in rows(line, outbound) if row.channel == "sms"]
    assert len(sms) == 1
    assert "800 911 2000" in sms[0].text
    assert sms[0].status == "pending"


def test_seven_slows_the_voice_down_and_nine_speeds_it_up(line):
    caller = line.caller()
    caller.dial()
    assert caller.press("7").verb("prosody").get("rate") == "85%"
    caller.press("9")
    assert caller.press("9").verb("prosody").get("rate") == "115%"


def test_a_hidden_number_gets_no_sms_and_no_call(open_line):
    line = open_line(replies(Say("thanks")))
    caller = line.caller(number="+266696687")
    caller.dial()
    caller.say("hola")
    assert "No puedo ver su número" in caller.press("8").heard
    other = line.caller("CA2", number="anonymous")
    other.dial()
    assert len({row.conversation_id for row in rows(line, calls)}) == 2


# ---- a call that goes on


def test_a_dropped_call_goes_on_where_it_ended_and_names_nothing_before(open_line):
    about = topic(last_procedure="pasaporte-adulto")
    line = open_line(replies(Say("voice_resume_topic", {"topic": LONG}), topic=about))
    caller = line.caller()
    caller.dial()
    caller.say("el pasaporte")
    caller.hang_up()
    again = line.caller("CA2")
    first = again.dial()
    assert "¿Es por lo mismo de hace rato?" in first.heard
    assert "asaporte" not in first.heard.split("¿Es por lo mismo")[1]
    said = again.say("sí")
    assert "Estábamos en" in said.heard
    assert "asaporte" in said.heard


def test_another_person_on_the_same_line_hears_nothing_of_it(open_line):
    engine = replies(Say("thanks"), topic=topic(last_procedure="pasaporte-adulto"))
    line = open_line(engine)
    caller = line.caller()
    caller.dial()
    caller.say("el pasaporte")
    caller.hang_up()
    other = line.caller("CA2")
    other.dial()
    said = other.press("2")
    assert "asaporte" not in " ".join(other.sentences).replace("Pasaporte por primera vez", "")
    assert said.has("Gather")
    other.say("cuánto cuesta")
    assert engine.asked[-1].context.topic.memory == {}


@pytest.mark.parametrize(("outcome", "sensitive"), [("answer", False), ("emergency", True)])
def test_a_call_in_which_something_delicate_was_said_is_for_those_who_may_hear_it(
    open_line, monkeypatch, outcome, sensitive
):
    line = open_line(replies(Say("thanks"), topic=topic(last_procedure="pasaporte-adulto"), outcome=outcome))
    monkeypatch.setattr("bot.handoff.desk.Desk.status", lambda *_: type("S", (), {"kind": "open", "opens": None})())
    caller = line.caller()
    caller.dial()
    caller.say("lo que pasó en mi casa, y luego el pasaporte")
    caller.press("0")
    (asked,) = rows(line, handoffs)
    assert (asked.reason, asked.topic, asked.sensitive) == ("asked", "procedure:pasaporte-adulto", sensitive)


@pytest.mark.parametrize("card", SENSITIVE)
def test_what_is_delicate_is_never_offered_again(open_line, card):
    engine = replies(Say("thanks"), topic=topic(last_procedure=card))
    line = open_line(engine)
    caller = line.caller()
    caller.dial()
    caller.say("algo delicado")
    caller.hang_up()
    sensitive = line.calls.context(rows(line, calls)[0].conversation_id)
    assert sensitive.topic.memory == {"last_procedure": card}
    again = line.caller("CA2")
    first = again.dial()
    assert "lo mismo" not in first.heard
    again.say("y cuánto cuesta")
    assert engine.asked[-1].context.topic.memory == {}


def test_a_call_goes_on_from_a_message(open_line):
    engine = replies(Say("thanks"), topic=topic(last_procedure="pasaporte-adulto"))
    line = open_line(engine)
    sms = {"MessageSid": "SM1", "From": ROSA, "To": "+525500000000", "Body": "pasaporte", "NumMedia": "0"}
    assert line.post("/channels/sms/inbound", sms).status_code == 200
    eventually(lambda: any(row.processed_at for row in rows(line, inbound)), 5, "a turn")
    caller = line.caller()
    assert "lo mismo" in caller.dial().heard
    caller.say("y cuánto cuesta")
    assert engine.asked[-1].context.topic.memory == {"last_procedure": "pasaporte-adulto"}
    assert engine.asked[-1].content.text == "y cuánto cuesta"


def test_an_old_call_is_not_gone_on_with(open_line):
    line = open_line(replies(Say("thanks"), topic=topic(last_procedure="pasaporte-adulto")), voice_resume_minutes=0)
    caller = line.caller()
    caller.dial()
    caller.say("el pasaporte")
    caller.hang_up()
    assert "lo mismo" not in line.caller("CA2").dial().heard


# ---- calling back


def test_a_missed_call_is_called_back(line):
    caller = line.caller()
    caller.dial()
    caller.hang_up(seconds=3)
    row = rows(line, callbacks)[0]
    assert (row.status, row.reason) == ("waiting", "missed")
    assert row.due_at > utc_now()
    line.caller("CA2").dial()
    assert rows(line, callbacks)[0].status == "cancelled"


def test_a_call_that_was_about_something_is_not_missed(line):
    caller = line.caller()
    caller.dial()
    caller.keep_silent()
    caller.hang_up(seconds=3)
    assert rows(line, callbacks) == []


def test_who_is_called_back_is_greeted_and_a_machine_hears_nothing_private(line):
    ours = {"Direction": "outbound-api", "From": "+525500000000", "To": ROSA}
    person = Caller(line, "CA5", "+525500000000", {**ours, "AnsweredBy": "human"})
    said = person.dial("?callback=1")
    assert "nos pidieron llamar" in said.heard
    assert said.has("Gather")
    machine = Caller(line, "CA6", "+525500000000", {**ours, "AnsweredBy": "machine_start"})
    heard = machine.ask("/channels/voice/inbound?callback=1")
    assert heard.has("Hangup")
    assert "línea de trámites" in heard.heard


def test_a_busy_line_is_tried_again(line):
    caller = line.caller()
    caller.dial()
    caller.hang_up(seconds=1)
    with line.database.begin() as db:
        db.execute(update(callbacks).values(due_at=utc_now() - timedelta(seconds=1)))
    due = line.calls.next_callback()
    line.calls.callback_placed(due.id, "CA7")
    form = {**caller.base, "CallSid": "CA7", "CallStatus": "busy", "Direction": "outbound-api"}
    line.post(f"/channels/voice/status?callback={due.id}", form)
    row = rows(line, callbacks)[0]
    assert (row.status, row.last_result) == ("waiting", "busy")
    assert row.due_at > utc_now() + timedelta(minutes=5)


def test_two_people_call_at_once_and_nothing_mixes(line):
    first, second = line.caller("CA1"), line.caller("CA2", number=JUAN)
    barrier = threading.Barrier(2)

    def talk(caller: Caller, words: str) -> Said:
        caller.dial()
        barrier.wait(10)
        return caller.say(words)

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(talk, first, "línea de las mujeres 079")
        two = pool.submit(talk, second, "credencial inapam")
        assert "INAPAM".lower() not in one.result().heard.lower()
        assert "mujeres" not in two.result().heard.lower()
