from __future__ import annotations

import html
import json
import re
import threading
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from sqlalchemy import update

from bot.core.codec import to_payload
from bot.core.delivery import Outgoing
from bot.core.effects import BringPerson
from bot.core.handoff import HandoffState
from bot.core.procedures import Condition, ConditionValue, LifeEvent, LifeEventStep
from bot.core.turns import Plan, Topic, TurnContext, Understood
from bot.store import open_engine
from bot.store.tables import calls, inbound
from tests.handoffs import sent
from tests.people import ROSA
from tests.unit.console.conftest import key, page_of


def test_who_waits_is_in_the_queue_and_one_click_away(desk):
    handoff = desk.ask()
    ana = desk.signed_in("ana")
    text = ana.get("/console/queue").get_data(as_text=True)
    assert f'action="/console/handoffs/{handoff.id}/take"' in text
    assert "Pidió una persona" in text
    taken = ana.post(f"/console/handoffs/{handoff.id}/take")
    assert taken.location == f"/console/handoffs/{handoff.id}"
    assert any("Le atiende Ana" in each for each in sent(desk.store))


def test_of_two_who_click_one_gets_it_and_the_other_is_told_who(desk):
    handoff = desk.ask()
    browsers = {name: desk.signed_in(name) for name in ("ana", "beto")}
    for browser in browsers.values():
        browser.get("/console/queue")
    answers = {}

    def click(name):
        answers[name] = browsers[name].post(f"/console/handoffs/{handoff.id}/take")

    threads = [threading.Thread(target=click, args=(name,)) for name in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = next(name for name, answer in answers.items() if answer.status_code == 302)
    (loser,) = set(browsers) - {winner}
    assert answers[loser].status_code == 409
    assert f"La tomó {winner.title()}." in answers[loser].get_data(as_text=True)


def test_what_a_person_wrote_is_shown_as_text(desk):
    handoff = desk.ask("<script>alert(1)</script> <b>hola</b>")
    text = page_of(desk.signed_in("ana"), handoff).get_data(as_text=True)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_words_reach_the_persons_channel_once(desk):
    handoff = desk.ask()
    ana = desk.signed_in("ana")
    ana.post(f"/console/handoffs/{handoff.id}/take")
    sent(desk.store)
    form = {"text": "Buenas, soy {agente}.", "key": key(page_of(ana, handoff))}
    for _ in range(2):
        assert ana.post(f"/console/handoffs/{handoff.id}/reply", **form).status_code == 302
    assert sent(desk.store) == ["Buenas, soy Ana."]


def test_words_of_who_lost_it_are_kept_and_not_sent(desk):
    handoff = desk.ask()
    ana, jefa = desk.signed_in("ana"), desk.signed_in("jefa", "supervisor")
    ana.post(f"/console/handoffs/{handoff.id}/take")
    token = key(page_of(ana, handoff))
    me = desk.agents.credentials("jefa")[0]
    assert jefa.post(f"/console/handoffs/{handoff.id}/assign", agent=me.id).status_code == 302
    sent(desk.store)
    answer = ana.post(f"/console/handoffs/{handoff.id}/reply", text="tarde", key=token)
    assert answer.status_code == 409
    assert "No se envió nada" in answer.get_data(as_text=True)
    assert sent(desk.store) == []


@pytest.mark.parametrize("form", [{"text": " "}, {"text": "x" * 1501}, {"text": "hola", "key": "../"}], ids=str)
def test_words_that_cannot_be_sent_are_given_back(desk, form):
    handoff = desk.ask()
    ana = desk.signed_in("ana")
    ana.post(f"/console/handoffs/{handoff.id}/take")
    answer = ana.post(f"/console/handoffs/{handoff.id}/reply", **{"key": "0" * 32, **form})
    assert answer.status_code == 400


def test_handing_back_lets_the_assistant_speak(desk):
    handoff = desk.ask()
    ana = desk.signed_in("ana")
    ana.post(f"/console/handoffs/{handoff.id}/take")
    assert ana.post(f"/console/handoffs/{handoff.id}/back").location == "/console/queue"
    assert desk.store.state(handoff.conversation_id).mode is HandoffState.BOT
    assert any("Sigo yo" in each for each in sent(desk.store))


def test_closing_needs_a_reason_of_the_list(desk):
    handoff = desk.ask()
    ana = desk.signed_in("ana")
    ana.post(f"/console/handoffs/{handoff.id}/take")
    assert ana.post(f"/console/handoffs/{handoff.id}/close", reason="porque sí").status_code == 400
    assert ana.post(f"/console/handoffs/{handoff.id}/close", reason="solved").status_code == 302
    assert desk.handoffs.get(handoff.id).end_reason == "solved"


def test_a_transfer_says_where_to(desk):
    handoff = desk.ask()
    ana, beto = desk.signed_in("ana"), desk.signed_in("beto")
    ana.post(f"/console/handoffs/{handoff.id}/take")
    assert ana.post(f"/console/handoffs/{handoff.id}/transfer", to="agent:999").status_code == 400
    whom = desk.agents.credentials("beto")[0]
    assert ana.post(f"/console/handoffs/{handoff.id}/transfer", to=f"agent:{whom.id}").status_code == 302
    assert "Para usted" in beto.get("/console/queue").get_data(as_text=True)


def test_a_number_is_shown_for_a_reason_that_is_noted(desk):
    handoff = desk.ask()
    ana = desk.signed_in("ana")
    page = page_of(ana, handoff).get_data(as_text=True)
    assert ROSA not in page
    assert ana.post(f"/console/handoffs/{handoff.id}/number", why="").status_code == 400
    shown = ana.post(f"/console/handoffs/{handoff.id}/number", why="hay que llamarle").get_data(as_text=True)
    assert ROSA in shown
    (entry,) = [each for each in desk.audit.entries() if each.action == "number"]
    assert entry.detail["why"] == "hay que llamarle"
    assert ROSA not in str(entry)
    assert desk.audit.verify() is None


def test_a_sensitive_conversation_is_for_its_team_alone(desk):
    handoff = desk.ask(effect=BringPerson("emergency", "sms", None, sensitive=True))
    team = desk.agents.save_team("Violencia", "", True)
    desk.hire("cira", in_teams=[team])
    ana, jefa, cira = desk.signed_in("ana"), desk.signed_in("jefa", "supervisor"), desk.signed_in("cira")
    for browser, status in ((ana, 403), (jefa, 403), (cira, 200)):
        assert page_of(browser, handoff).status_code == status
        assert (f"/handoffs/{handoff.id}/" in browser.get("/console/queue").get_data(as_text=True)) is (status == 200)
    assert ana.post(f"/console/handoffs/{handoff.id}/take").status_code == 403


def test_another_teams_conversation_is_not_mine(desk):
    handoff = desk.ask()
    team = desk.agents.save_team("Actas", "", False)
    boss = desk.signed_in("jefa", "supervisor")
    assert boss.post(f"/console/handoffs/{handoff.id}/transfer", to=f"team:{team}").status_code == 302
    assert page_of(desk.signed_in("ana"), handoff).status_code == 403
    assert page_of(boss, handoff).status_code == 200


def test_notes_stay_inside(desk):
    handoff = desk.ask()
    ana = desk.signed_in("ana")
    assert ana.post(f"/console/handoffs/{handoff.id}/note", text=" ").status_code == 400
    ana.post(f"/console/handoffs/{handoff.id}/note", text="ya llamó ayer")
    assert "ya llamó ayer" in page_of(ana, handoff).get_data(as_text=True)
    assert sent(desk.store) == []


def test_reading_is_noted(desk):
    handoff = desk.ask()
    page_of(desk.signed_in("ana"), handoff)
    assert [each.action for each in desk.audit.entries(conversation=handoff.conversation_id)] == ["read"]


def test_the_cost_of_a_text_is_counted_as_it_goes_out(desk):
    handoff = desk.ask()
    ana = desk.signed_in("ana")
    counted = ana.post(f"/console/handoffs/{handoff.id}/segments", text="á" * 160).get_data(as_text=True)
    assert "160 caracteres" in counted
    assert "1 segmento de SMS" in counted


def test_the_wall_counts(desk):
    desk.ask()
    text = desk.signed_in("jefa", "supervisor").get("/console/wall").get_data(as_text=True)
    assert re.search(r"<dt>En espera</dt><dd>1</dd>", text)


def test_the_wall_counts_sensitive_matters_and_does_not_name_them(desk):
    handoff = desk.ask(effect=BringPerson("asked", "sms", "procedure:orden-de-proteccion", sensitive=True))
    text = desk.signed_in("jefa", "supervisor").get("/console/wall").get_data(as_text=True)
    assert re.search(r"<dt>En espera</dt><dd>1</dd>", text)
    assert "orden-de-proteccion" not in text
    assert f"/handoffs/{handoff.id}" not in text


def test_a_stream_goes_on_after_the_last_event_that_was_seen(desk):
    first = desk.ask()
    hub = desk.parts.hub
    events = hub.stream(0, lambda event: True, lambda: True, longest=5)
    assert next(events).startswith("retry:")
    told = next(events)
    assert f'"handoff": {first.id}' in told
    last = int(re.search(r"id: (\d+)", told)[1])
    events.close()
    second = desk.ask(sender="+525522223333")
    again = hub.stream(last, lambda event: True, lambda: True, longest=5)
    next(again)
    assert f'"handoff": {second.id}' in next(again)
    again.close()


def test_every_stream_hears_everything_once(desk):
    hub = desk.parts.hub
    start = desk.parts.live.last_id()
    heard = [[] for _ in range(3)]

    def listen(into):
        stream = hub.stream(start, lambda event: True, lambda: len(into) < 6, longest=20)
        for told in stream:
            found = re.match(r"id: (\d+)\nevent: live", told)
            if found:
                into.append(int(found[1]))
            if len(into) == 6:
                return

    threads = [threading.Thread(target=listen, args=(into,)) for into in heard]
    for thread in threads:
        thread.start()
    for number in range(6):
        desk.ask(sender=f"+52551111000{number}")
    for thread in threads:
        thread.join(30)
    assert heard[0] == sorted(set(heard[0]))
    assert heard[0] == heard[1] == heard[2]
    assert len(heard[0]) == 6


def test_sla_says_how_late_it_is(desk):
    from bot.console.desk import row

    handoff = desk.ask()
    now = datetime.now(timezone.utc)
    with desk.app.test_request_context():
        seen = [row(handoff, now + timedelta(minutes=minutes)).sla for minutes in (0, 6, 16)]
    assert seen == ["good", "warning", "late"]


def test_an_agents_text_is_whole():
    from channels.agent_text import LONGEST, agent_messages

    text = "Una frase. " * 400
    messages = agent_messages("whatsapp", text)
    assert all(isinstance(each, Outgoing) and len(each.text) <= LONGEST for each in messages)
    assert "".join("".join(each.text.split()) for each in messages) == "".join(text.split())


def test_who_has_all_she_may_have_is_told_so_and_supervisors_may_take_more(desk):
    first, second = desk.ask(), desk.ask(sender="+525522223333")
    for username, role in (("ana", "agent"), ("jefa", "supervisor")):
        desk.hire(username, role, capacity=1)
    ana, jefa = desk.signed_in("ana"), desk.signed_in("jefa", "supervisor")
    ana.post(f"/console/handoffs/{first.id}/take")
    refused = ana.post(f"/console/handoffs/{second.id}/take")
    assert refused.status_code == 409
    assert "1 conversación a la vez" in refused.get_data(as_text=True)
    assert desk.handoffs.get(second.id).state is HandoffState.WAITING
    third = desk.ask(sender="+525533334444")
    for handoff in (second, third):
        assert jefa.post(f"/console/handoffs/{handoff.id}/take").status_code == 302


def test_the_queue_is_narrowed_by_topic_and_says_what_it_hides(desk):
    desk.ask()
    desk.ask(sender="+525522223333", effect=BringPerson("asked", "sms", "life_event:fallecimiento"))
    desk.ask(sender="+525533334444", effect=BringPerson("asked", "sms"))
    ana = desk.signed_in("ana")
    for topic, shown in (("", 3), ("life_event:fallecimiento", 1), ("none", 1)):
        text = ana.get("/console/queue/list", query_string={"topic": topic}).get_data(as_text=True)
        assert text.count("/take") == shown
        assert ("Hay 2 más" in text) is (shown == 1)


def test_messages_since_the_last_word_are_counted_in_the_queue(desk):
    handoff = desk.ask()
    ana = desk.signed_in("ana")
    ana.post(f"/console/handoffs/{handoff.id}/take")
    ana.post(f"/console/handoffs/{handoff.id}/reply", text="Buenas.", key="0" * 32)
    for text in ("hola", "sigue ahí?"):
        desk.ask(text, effect=None)
    assert "2 mensajes nuevos" in ana.get("/console/queue/list").get_data(as_text=True)


def test_a_supervisor_who_only_reads_is_noted_as_listening(desk):
    handoff = desk.ask()
    ana, jefa = desk.signed_in("ana"), desk.signed_in("jefa", "supervisor")
    ana.post(f"/console/handoffs/{handoff.id}/take")
    page = page_of(jefa, handoff).get_data(as_text=True)
    assert "Usted solo lee" in page
    assert 'name="text" rows="3"' not in page
    assert desk.audit.entries(conversation=handoff.conversation_id)[0].action == "listen"


def test_answers_and_plans_are_shown_in_words(desk):
    condition = Condition("edad", "¿Es menor de edad?", (ConditionValue("minor", "Sí, es menor", "si es menor"),))
    steps = (LifeEventStep("Registre la boda", ("boda",)), LifeEventStep("Avise en su trabajo", ("aviso",)))
    event = LifeEvent("casarse", "Me voy a casar", "Casarse", "", (), steps)
    catalogue = SimpleNamespace(conditions={"edad": condition}, life_events={"casarse": event}, procedures={})
    with desk.app.app_context():
        replace(desk.parts, catalogue=lambda: catalogue).install()
    handoff = desk.ask(effect=BringPerson("asked", "sms", f"life_event:{event.id}"))
    context = TurnContext(
        case={condition.id: condition.values[0].id},
        plans=(Plan(event.id, (event.steps[0].procedures[0],)),),
    )
    desk.ask("otra cosa", effect=None, context=context)
    page = html.unescape(page_of(desk.signed_in("ana"), handoff).get_data(as_text=True))
    assert f"{condition.question} {condition.values[0].label}" in page
    assert f"Plan «{event.short}»: 1 de {len(event.steps)} pasos" in page
    assert event.steps[-1].title in page


def test_callers_who_wait_in_the_line_are_seen(desk, sqlite_url):
    handoff = desk.ask()
    engine = open_engine(sqlite_url)
    now = datetime.now(timezone.utc)
    with engine.begin() as db:
        for sid, queue, ended in (("CA1", "waiting", None), ("CA2", "left", None), ("CA3", "talking", now)):
            values = {"call_sid": sid, "queue": queue, "ended_at": ended, "queued_at": now, "started_at": now}
            more = {"conversation_id": handoff.conversation_id, "direction": "in", "state": "{}", "updated_at": now}
            db.execute(calls.insert().values(**values, **more))
    engine.dispose()
    text = desk.signed_in("ana").get("/console/queue").get_data(as_text=True)
    assert "espera en la línea" in text
    assert "Sin teléfono en su cuenta" in text
    assert "Otras llamadas" not in text


def test_a_full_house_of_streams_leaves_threads_for_messages(desk, monkeypatch):
    monkeypatch.setattr("bot.console.stream.MOST_STREAMS", 0)
    assert desk.signed_in("ana").get("/console/events").status_code == 503


def test_a_page_says_after_which_event_its_stream_begins(desk):
    handoff = desk.ask()
    page = page_of(desk.signed_in("ana"), handoff).get_data(as_text=True)
    assert f'data-last="{desk.parts.live.last_id()}"' in page


def test_numbers_in_notes_and_reasons_are_taken_out_before_they_are_kept(desk):
    handoff = desk.ask()
    ana = desk.signed_in("ana")
    secret = "llamar al 55 1234 5678, CURP PEGJ850101HDFRRN09"
    ana.post(f"/console/handoffs/{handoff.id}/note", text=secret)
    ana.post(f"/console/handoffs/{handoff.id}/number", why=secret)
    page, log = page_of(ana, handoff).get_data(as_text=True), str(list(desk.audit.all()))
    assert "Nota interna de Ana" in page
    for kept in (page, log):
        assert "llamar al [TELEFONO], CURP [CURP]" in kept
        assert "1234" not in kept
        assert "PEGJ" not in kept


def test_what_an_agent_does_is_noted(desk):
    handoff = desk.ask()
    ana = desk.signed_in("ana")
    base = f"/console/handoffs/{handoff.id}"
    ana.post(f"{base}/note", text="ya llamó ayer")
    ana.post(f"{base}/take")
    ana.post(f"{base}/reply", text="hola", key="k" * 32)
    ana.post(f"{base}/number", why="para llamarle")
    ana.post(f"{base}/release")
    entries = desk.audit.entries(conversation=handoff.conversation_id)
    assert [each.action for each in reversed(entries)] == ["note", "take", "reply", "number", "release"]
    assert {each.detail["handoff"] for each in entries} == {handoff.id}
    assert "ayer" not in str(entries)
    assert desk.audit.verify() is None


def test_what_was_taken_over_leaves_the_open_page(desk):
    handoff = desk.ask("lo que dijo")
    ana, jefa = desk.signed_in("ana"), desk.signed_in("jefa", "supervisor")
    ana.post(f"/console/handoffs/{handoff.id}/take")
    jefa.post(f"/console/handoffs/{handoff.id}/assign", agent=desk.agents.credentials("jefa")[0].id)
    for part, tag in (("thread", '<li class="event"'), ("call", '<p class="warning"')):
        told = ana.get(f"/console/handoffs/{handoff.id}/{part}", headers={"HX-Request": "true"})
        assert told.status_code == 403
        text = told.get_data(as_text=True)
        assert text.strip().startswith(tag)
        assert "La atiende Jefa." in text
        assert "lo que dijo" not in text
    assert "refused" not in [each.action for each in desk.audit.entries()]


def test_a_sensitive_matter_that_is_over_is_closed_to_who_had_it_without_the_right(desk):
    handoff = desk.ask()
    ana = desk.signed_in("ana")
    ana.post(f"/console/handoffs/{handoff.id}/take")
    ana.post(f"/console/handoffs/{handoff.id}/back")
    assert page_of(ana, handoff).status_code == 200
    again = desk.ask(effect=BringPerson("emergency", "sms", None, sensitive=True))
    assert again.id != handoff.id
    assert [page_of(ana, each).status_code for each in (handoff, again)] == [403, 403]


def test_the_history_of_a_sensitive_matter_is_not_read_through_the_next_one(desk):
    first = desk.ask("mi esposo me golpea", effect=BringPerson("emergency", "sms", None, sensitive=True))
    desk.hire("cira", in_teams=[desk.agents.save_team("Violencia", "", True)])
    cira, ana = desk.signed_in("cira"), desk.signed_in("ana")
    cira.post(f"/console/handoffs/{first.id}/take")
    cira.post(f"/console/handoffs/{first.id}/back")
    later = desk.ask("cómo saco mi acta")
    assert later.id != first.id
    assert page_of(ana, later).status_code == 403
    assert f"/handoffs/{later.id}" not in ana.get("/console/queue").get_data(as_text=True)
    assert "golpea" in page_of(cira, later).get_data(as_text=True)


def test_what_the_assistant_understood_stands_under_each_message(desk):
    handoff = desk.ask("quiero una persona")
    for understood, words in (
        (Understood("ask_cost", 0.9, procedure="curp-primera-vez", outcome="answer"), "curp-primera-vez"),
        (Understood("human", 0.9, outcome="handoff"), "que quiere una persona"),
        (Understood("x", 0.1, outcome="never heard of"), "algo sin trámite"),
    ):
        write_understood(desk, understood)
        page = html.unescape(page_of(desk.signed_in("ana"), handoff).get_data(as_text=True))
        assert f"El asistente entendió: {words}" in page


def write_understood(desk, understood):
    engine = open_engine(desk.config.database)
    with engine.begin() as db:
        db.execute(update(inbound).values(understood=json.dumps(to_payload(understood))))
    engine.dispose()


def test_the_wall_warns_where_sensitive_matters_are_seen_by_no_team(desk):
    boss = desk.signed_in("jefa", "supervisor")
    assert "puede ver los asuntos delicados" in boss.get("/console/wall").get_data(as_text=True)
    desk.hire("cira", in_teams=[desk.agents.save_team("Violencia", "", True)])
    assert "puede ver los asuntos delicados" not in boss.get("/console/wall").get_data(as_text=True)


def test_answers_of_the_dialogue_that_goes_on_are_collected_too(desk):
    def conditions():
        for name in ("licencia", "ocasion"):
            values = (ConditionValue("a", f"{name} a", "x"), ConditionValue("b", f"{name} b", "x"))
            yield Condition(name, f"¿Qué {name}?", values)

    catalogue = SimpleNamespace(conditions={each.id: each for each in conditions()}, life_events={}, procedures={})
    with desk.app.app_context():
        replace(desk.parts, catalogue=lambda: catalogue).install()
    handoff = desk.ask()
    ana = desk.signed_in("ana")
    now = datetime.now(timezone.utc).isoformat()
    for for_other, before in ((False, True), (True, False)):  # for somebody else: what I told of myself is not hers
        topic = Topic(now, "sms", {"case": {"licencia": "b"}, "for_other": for_other})
        desk.ask("y eso", effect=None, context=TurnContext(case={"licencia": "a", "ocasion": "a"}, topic=topic))
        page = html.unescape(page_of(ana, handoff).get_data(as_text=True))
        assert "¿Qué licencia? licencia b" in page
        assert ("¿Qué ocasion? ocasion a" in page) is before
