from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import select

from bot.core.delivery import DeliveryStatus, Outgoing, StatusUpdate
from bot.core.effects import BringPerson, LeaveQueue
from bot.core.handoff import HandoffEvent, HandoffState
from bot.core.turns import Understood
from bot.store.handoffs import REOPEN_WITHIN, Full, Handoffs, NotForThem, NotYours, person_wrote
from bot.store.live import LiveEvents
from bot.store.tables import agent_teams, agents, delivery_events, handoffs, teams
from tests.handoffs import PERSON, writes
from tests.people import ROSA

NOW = datetime(2026, 11, 22, 18, 30, tzinfo=timezone.utc)


@pytest.fixture
def desk(database):
    return Handoffs(database)


@pytest.fixture
def live(database):
    return LiveEvents(database)


@pytest.fixture
def hire(database):
    def make(name, presence="here", seen=NOW):
        with database.begin() as db:
            return db.execute(
                agents.insert()
                .values(username=name.lower(), name=name, role="agent", presence=presence, seen_at=seen, created_at=NOW)
                .returning(agents.c.id)
            ).scalar_one()

    return make


@pytest.fixture
def asks(store, desk):
    """Return how a person asks for a person: the handoff that follows."""

    def ask(sender=ROSA, effect=PERSON, outgoing=()):
        return desk.open_of(writes(store, sender=sender, outgoing=outgoing, effects=(effect,)))

    return ask


def test_asking_puts_the_conversation_in_the_queue(store, asks, live):
    handoff = asks()
    assert (handoff.state, handoff.reason, handoff.channel) == (HandoffState.WAITING, "asked", "sms")
    assert handoff.topic == "procedure:curp-primera-vez"
    assert store.state(handoff.conversation_id).mode is HandoffState.WAITING
    kinds = [(event.kind, event.handoff_id) for event in live.since(0)]
    assert kinds == [("asked", handoff.id)]


def test_asking_twice_is_one_handoff_and_an_emergency_raises_it(asks):
    first = asks()
    again = asks()
    assert again.id == first.id
    urgent = asks(effect=replace(PERSON, reason="emergency"))
    assert (urgent.id, urgent.reason) == (first.id, "emergency")
    assert urgent.priority > first.priority


def test_of_two_agents_who_take_at_once_one_gets_it(asks, desk, hire):
    handoff = asks()
    both = [hire("Ana"), hire("Beto")]

    def take(agent):
        try:
            return desk.take(handoff.id, agent, NOW).agent
        except NotYours as refused:
            return refused

    with ThreadPoolExecutor(2) as pool:
        got = list(pool.map(take, both))
    winners = [each for each in got if isinstance(each, str)]
    refused = [each for each in got if isinstance(each, NotYours)]
    assert len(winners) == len(refused) == 1
    assert refused[0].agent == winners[0]


def test_answers_that_nobody_has_sent_are_muted_by_the_take(store, asks, desk, hire, database):
    waiting = (Outgoing("sms", "respuesta"), Outgoing("sms", "confirmo", "confirmation"))
    handoff = asks(outgoing=waiting)
    desk.take(handoff.id, hire("Ana"), NOW, (Outgoing("sms", "Le atiende Ana", "confirmation"),))
    sent = []
    while (delivery := store.lease_delivery("w", 10)) is not None:
        sent.append(delivery.text)
        store.delivery_accepted(delivery, f"SM{len(sent):032d}")
    assert sent == ["confirmo", "Le atiende Ana"]
    assert store.figures().deliveries[DeliveryStatus.DEAD] == 1
    with database.connect() as db:
        history = select(delivery_events.c.status, delivery_events.c.error_code)
        assert ("dead", "muted") in [tuple(row) for row in db.execute(history)]


def test_an_answer_in_flight_when_an_agent_takes_is_not_written(store, asks, desk, hire):
    handoff, agent = asks(), hire("Ana")
    writes(
        store,
        outgoing=(Outgoing("sms", "tarde"),),
        effects=(PERSON,),
        before_commit=lambda: desk.take(handoff.id, agent, NOW),
    )
    assert store.lease_delivery("w", 10) is None
    assert desk.open_of(handoff.conversation_id).state is HandoffState.WITH_AGENT


def test_what_the_person_writes_meanwhile_is_told_to_consoles(store, asks, desk, hire, live):
    handoff = asks()
    desk.take(handoff.id, hire("Ana"), NOW)
    last = live.last_id()
    writes(store)
    events = live.since(last)
    assert [(e.kind, e.handoff_id, set(e.data)) for e in events] == [("person_said", handoff.id, {"inbound"})]


def test_an_agents_words_go_out_once(store, asks, desk, hire):
    handoff, ana, beto = asks(), hire("Ana"), hire("Beto")
    with pytest.raises(NotYours):
        desk.say(handoff.id, ana, (Outgoing("sms", "hola", "agent"),), "k", NOW)
    desk.take(handoff.id, ana, NOW)
    assert desk.say(handoff.id, ana, (Outgoing("sms", "hola", "agent"),), "k", NOW)
    assert not desk.say(handoff.id, ana, (Outgoing("sms", "hola", "agent"),), "k", NOW)
    with pytest.raises(NotYours) as refused:
        desk.say(handoff.id, beto, (Outgoing("sms", "hola", "agent"),), "k2", NOW)
    assert refused.value.agent == "Ana"
    assert store.lease_delivery("w", 10).text == "hola"
    assert store.lease_delivery("w", 10) is None


def test_handed_back_the_assistant_answers_again(store, asks, desk, hire):
    handoff, ana = asks(), hire("Ana")
    desk.take(handoff.id, ana, NOW)
    back = desk.hand_back(handoff.id, ana, NOW)
    assert (back.state, back.end_reason) == (HandoffState.BOT, "handed_back")
    conversation = writes(store, outgoing=(Outgoing("sms", "respuesta"),))
    assert store.state(conversation).mode is HandoffState.BOT
    assert store.lease_delivery("w", 10).text == "respuesta"


def test_asking_soon_after_a_close_reopens_it_for_its_agent(asks, desk, hire):
    handoff, ana = asks(), hire("Ana")
    desk.take(handoff.id, ana, NOW)
    closed_at = datetime.now(timezone.utc)
    desk.close(handoff.id, ana, "solved", closed_at)
    again = asks()
    assert (again.id, again.wanted_agent_id, again.agent_id, again.ended_at) == (handoff.id, ana, None, None)


def test_asking_long_after_a_close_is_a_new_handoff(asks, desk, hire):
    handoff, ana = asks(), hire("Ana")
    desk.take(handoff.id, ana, NOW)
    desk.close(handoff.id, ana, "solved", datetime.now(timezone.utc) - REOPEN_WITHIN - timedelta(hours=1))
    assert asks().id != handoff.id


def test_the_queue_is_by_urgency_then_by_time(asks, desk):
    first = asks("+525511111111")
    second = asks("+525522222222")
    urgent = asks("+525533333333", replace(PERSON, reason="upset"))
    assert [each.id for each in desk.open()] == [urgent.id, first.id, second.id]
    assert [desk.place(each, NOW).position for each in (urgent, first, second)] == [1, 2, 3]


def test_a_transfer_puts_it_back_for_somebody(asks, desk, hire):
    handoff, ana, beto = asks(), hire("Ana"), hire("Beto")
    desk.take(handoff.id, ana, NOW)
    moved = desk.transfer(handoff.id, ana, NOW, to=beto)
    assert (moved.state, moved.agent_id, moved.wanted_agent_id) == (HandoffState.WAITING, None, beto)
    with pytest.raises(NotYours):
        desk.release(handoff.id, ana, NOW)
    assert desk.take(handoff.id, beto, NOW).wanted_agent_id is None


def test_a_waiting_person_may_go_back_to_the_assistant(store, asks, desk, hire):
    handoff, ana = asks(), hire("Ana")
    writes(store, effects=(LeaveQueue(),))
    assert desk.get(handoff.id).state is HandoffState.BOT
    assert desk.open_of(handoff.conversation_id) is None
    with pytest.raises(NotYours):
        desk.take(handoff.id, ana, NOW)


def test_leaving_the_queue_comes_too_late_once_an_agent_has_it(store, asks, desk, hire):
    handoff, ana = asks(), hire("Ana")
    writes(store, effects=(LeaveQueue(),), before_commit=lambda: desk.take(handoff.id, ana, NOW))
    assert desk.get(handoff.id).state is HandoffState.WITH_AGENT


def test_timers_find_what_is_overdue_and_act_once(asks, desk, hire):
    handoff, later = asks(), datetime.now(timezone.utc) + timedelta(hours=1)
    assert [h.id for h in desk.overdue(HandoffEvent.WAITED_TOO_LONG, later)] == [handoff.id]
    assert desk.overdue(HandoffEvent.WAITED_TOO_LONG, NOW - timedelta(days=1)) == ()
    ana = hire("Ana", seen=NOW - timedelta(hours=1))
    taken = desk.take(handoff.id, ana, NOW)
    (silent,) = desk.overdue(HandoffEvent.AGENT_SILENT, later)
    (gone,) = desk.overdue(HandoffEvent.AGENT_GONE, NOW + timedelta(minutes=1))
    assert silent == gone == taken
    assert desk.time_out(silent, HandoffEvent.AGENT_SILENT, later)
    assert not desk.time_out(gone, HandoffEvent.AGENT_GONE, later)
    assert desk.open_of(handoff.conversation_id).state is HandoffState.WAITING


def test_a_person_who_says_nothing_more_is_let_go(store, asks, desk, hire):
    handoff, ana = asks(), hire("Ana")
    now = datetime.now(timezone.utc)
    desk.take(handoff.id, ana, now)
    assert desk.overdue(HandoffEvent.PERSON_SILENT, now + timedelta(days=1)) == ()
    desk.say(handoff.id, ana, (Outgoing("sms", "hola", "agent"),), "k", now)
    (idle,) = desk.overdue(HandoffEvent.PERSON_SILENT, now + timedelta(days=1))
    assert desk.time_out(idle, HandoffEvent.PERSON_SILENT, now)
    assert desk.get(handoff.id).end_reason == "person_silent"


def test_the_place_counts_agents_who_are_here(asks, desk, hire):
    handoff = asks()
    hire("Ana")
    hire("Beto", presence="away")
    hire("Cira", seen=NOW - timedelta(hours=1))
    assert desk.place(handoff, NOW).agents_here == 1


def test_nobody_waits_in_an_empty_queue(desk):
    assert desk.open() == ()
    assert desk.open_of("c" * 32) is None
    assert desk.get(99) is None
    assert not desk.staffed()


def test_no_more_than_an_agent_may_have(desk, asks, hire, database):
    ana = hire("Ana")
    with database.begin() as db:
        db.execute(agents.update().values(capacity=1))
    first, second = asks("+525511111111"), asks("+525522222222")
    desk.take(first.id, ana, NOW)
    with pytest.raises(Full) as refused:
        desk.take(second.id, ana, NOW)
    assert refused.value.capacity == 1
    assert desk.get(second.id).state is HandoffState.WAITING
    assert desk.take(second.id, ana, NOW, beyond_capacity=True).agent_id == ana


def test_two_takes_at_once_do_not_get_past_the_capacity(desk, asks, hire, database):
    ana = hire("Ana")
    with database.begin() as db:
        db.execute(agents.update().values(capacity=1))
    waiting = [asks(f"+52551111111{n}") for n in range(4)]

    def take(handoff):
        try:
            return desk.take(handoff.id, ana, NOW).id
        except Full:
            return None

    with ThreadPoolExecutor(4) as pool:
        taken = [each for each in pool.map(take, waiting) if each]
    assert len(taken) == 1


def test_who_is_not_seen_any_more_is_away(desk, hire, live):
    here, gone = hire("Ana"), hire("Beto", seen=NOW - timedelta(minutes=10))
    hire("Caro", presence="away", seen=None)
    before = live.last_id()
    assert desk.mark_away(NOW - timedelta(minutes=5), NOW) == 1
    assert [(event.kind, event.agent_id) for event in live.since(before)] == [("presence", gone)]
    assert desk.mark_away(NOW - timedelta(minutes=5), NOW) == 0
    assert here != gone


def test_an_agents_message_is_followed_until_it_arrives(store, desk, asks, hire, live):
    ana, handoff = hire("Ana"), asks()
    desk.take(handoff.id, ana, NOW, [Outgoing("sms", "Le atiende Ana.", "confirmation")])
    desk.say(handoff.id, ana, [Outgoing("sms", "Buenas.", "agent")], "k" * 8, NOW)
    before = live.last_id()
    for _ in range(2):
        delivery = store.lease_delivery("w", 30)
        store.delivery_accepted(delivery, f"SM{delivery.delivery_id}")
        store.apply_status(StatusUpdate(f"SM{delivery.delivery_id}", DeliveryStatus.DELIVERED, None, None))
    told = [(event.kind, event.handoff_id, event.data["status"]) for event in live.since(before)]
    assert told == [("delivery", handoff.id, "accepted"), ("delivery", handoff.id, "delivered")]


def test_messages_without_an_answer_are_counted(store, desk, asks, hire):
    ana, handoff = hire("Ana"), asks()
    desk.take(handoff.id, ana, NOW)
    writes(store), writes(store)
    assert desk.unanswered()[handoff.id] >= 2
    desk.say(handoff.id, ana, [Outgoing("sms", "Buenas.", "agent")], "k" * 8, datetime.now(timezone.utc))
    assert handoff.id not in desk.unanswered()


def test_hours_are_those_of_who_may_take_it(desk, hire, database):
    ana, beto = hire("Ana"), hire("Beto")
    with database.begin() as db:
        for id_, hours, sensitive in ((1, "lun 09:00-10:00", True), (2, "", False)):
            db.execute(teams.insert().values(id=id_, name=str(id_), hours=hours, sees_sensitive=sensitive))
        db.execute(agent_teams.insert().values([{"agent_id": ana, "team_id": 1}, {"agent_id": beto, "team_id": 2}]))
    assert desk.hours(sensitive=False) == {"lun 09:00-10:00", ""}
    assert desk.hours(sensitive=True) == {"lun 09:00-10:00"}


def test_asking_again_soon_after_a_close_reopens(desk, asks, hire):
    ana, handoff = hire("Ana"), asks()
    desk.take(handoff.id, ana, NOW)
    desk.close(handoff.id, ana, "solved", NOW)
    assert desk.reopens(handoff.conversation_id, NOW + timedelta(hours=1))
    assert not desk.reopens(handoff.conversation_id, NOW + REOPEN_WITHIN)


# ---- who waits for whom, and since when


def at(minutes):
    return NOW + timedelta(minutes=minutes)


def held_by(desk, handoff, agent, clock, since=NOW):
    """Let an agent take a handoff whose person waits since then."""
    clock(handoff.id, asked_at=since, waiting_since=since, person_wrote_at=since, person_waits_since=since)
    return desk.take(handoff.id, agent, since)


@pytest.fixture
def clock(database):
    """Return how a handoff's times are set: a turn's own are those of the test's run."""

    def set_(handoff, **times):
        with database.begin() as db:
            db.execute(handoffs.update().where(handoffs.c.id == handoff).values(**times))

    return set_


@pytest.fixture
def wrote(database):
    def write(handoff, now):
        with database.begin() as db:
            person_wrote(db, handoff.conversation_id, now, 1)

    return write


def silent(desk, event, now, limit):
    return [each.id for each in desk.overdue(event, now - timedelta(minutes=limit))]


def test_who_spoke_last_is_never_let_go_for_silence(asks, desk, hire, clock, wrote):
    handoff, ana = asks(), hire("Ana")
    held_by(desk, handoff, ana, clock)
    desk.say(handoff.id, ana, (Outgoing("sms", "hola", "agent"),), "k" * 8, at(1))
    wrote(handoff, at(5))
    assert silent(desk, HandoffEvent.PERSON_SILENT, at(24 * 60), 12 * 60) == []
    assert silent(desk, HandoffEvent.AGENT_SILENT, at(24 * 60), 15) == [handoff.id]
    desk.say(handoff.id, ana, (Outgoing("sms", "ya", "agent"),), "l" * 8, at(6))
    assert silent(desk, HandoffEvent.PERSON_SILENT, at(24 * 60), 12 * 60) == [handoff.id]
    assert silent(desk, HandoffEvent.AGENT_SILENT, at(24 * 60), 15) == []


def test_who_asks_again_and_again_is_not_waited_for_longer(asks, desk, hire, clock, wrote):
    handoff, ana = asks(), hire("Ana")
    held_by(desk, handoff, ana, clock)
    for minute in (5, 10, 14):
        wrote(handoff, at(minute))
    assert silent(desk, HandoffEvent.AGENT_SILENT, at(14), 15) == []
    assert silent(desk, HandoffEvent.AGENT_SILENT, at(16), 15) == [handoff.id]
    assert desk.get(handoff.id).person_waits_since == NOW


def test_the_next_agent_has_all_her_time(asks, desk, hire, clock):
    handoff, ana, beto = asks(), hire("Ana"), hire("Beto")
    (late,) = [held_by(desk, handoff, ana, clock)]
    assert desk.time_out(late, HandoffEvent.AGENT_SILENT, at(16))
    taken = desk.take(handoff.id, beto, at(40))
    assert (taken.taken_at, taken.held_since) == (NOW, at(40))
    assert silent(desk, HandoffEvent.AGENT_SILENT, at(41), 15) == []
    assert silent(desk, HandoffEvent.AGENT_SILENT, at(56), 15) == [handoff.id]


def test_who_is_passed_on_waits_for_the_next_agents_word(asks, desk, hire, clock):
    handoff, ana, beto = asks(), hire("Ana"), hire("Beto")
    held_by(desk, handoff, ana, clock)
    desk.say(handoff.id, ana, (Outgoing("sms", "la paso", "agent"),), "k" * 8, at(1))
    assert desk.transfer(handoff.id, ana, at(2), to=beto).person_waits_since == at(2)
    desk.take(handoff.id, beto, at(3))
    assert silent(desk, HandoffEvent.PERSON_SILENT, at(24 * 60), 12 * 60) == []
    assert silent(desk, HandoffEvent.AGENT_SILENT, at(24 * 60), 15) == [handoff.id]


def test_overdue_handoffs_come_page_by_page(asks, desk):
    asked = [asks(f"+52551111111{n}").id for n in range(3)]
    later = datetime.now(timezone.utc) + timedelta(hours=1)
    first = desk.overdue(HandoffEvent.WAITED_TOO_LONG, later, limit=2)
    rest = desk.overdue(HandoffEvent.WAITED_TOO_LONG, later, first[-1].id, 2)
    assert [each.id for each in (*first, *rest)] == asked


# ---- what only some may see

VIOLENCE = BringPerson("emergency", "sms", "procedure:linea-mujeres-079", sensitive=True)


@pytest.fixture
def seeing(hire, database):
    """Return an agent of a team that may see sensitive matters, and that team."""

    def make(name="Cira"):
        agent = hire(name)
        with database.begin() as db:
            team = db.execute(
                teams.insert().values(name=f"de {name}", hours="", sees_sensitive=True).returning(teams.c.id)
            ).scalar_one()
            db.execute(agent_teams.insert().values(agent_id=agent, team_id=team))
        return agent, team

    return make


@pytest.mark.parametrize("end", ["close", "hand_back", "cancel"])
def test_a_conversation_that_was_sensitive_stays_so(store, asks, desk, seeing, end):
    before, (cira, _) = asks(effect=VIOLENCE), seeing()
    if end == "cancel":
        writes(store, effects=(LeaveQueue(),))
    else:
        desk.take(before.id, cira, NOW)
        more = ("solved",) if end == "close" else ()
        getattr(desk, end)(before.id, cira, *more, datetime.now(timezone.utc))
    again = asks(effect=PERSON)
    assert again.sensitive
    assert (again.id == before.id) is (end == "close")
    assert again.topic == PERSON.topic


def test_a_reopened_matter_keeps_its_topic_where_no_other_is_named(asks, desk, hire):
    handoff, ana = asks(), hire("Ana")
    desk.take(handoff.id, ana, NOW)
    desk.close(handoff.id, ana, "solved", datetime.now(timezone.utc))
    assert asks(effect=BringPerson("asked", "sms")).topic == PERSON.topic


def test_what_becomes_sensitive_makes_all_of_the_conversation_so(asks, desk, hire, live):
    first, ana = asks(), hire("Ana")
    desk.take(first.id, ana, NOW)
    desk.hand_back(first.id, ana, NOW)
    second, before = asks(), live.last_id()
    raised = asks(effect=VIOLENCE)
    told = [(event.kind, event.handoff_id, event.sensitive) for event in live.since(before)]
    assert told[0] == ("narrowed", None, False), "who may not see it any more hears that there is something to look at"
    assert {sensitive for _, _, sensitive in told[1:]} == {True}
    assert (raised.id, raised.reason, raised.topic) == (second.id, "emergency", VIOLENCE.topic)
    assert raised.sensitive
    assert desk.get(first.id).sensitive
    assert not asks("+525522222222").sensitive, "somebody else's is not"


def test_a_sensitive_matter_is_given_only_to_who_may_see_it(asks, desk, hire, seeing, database):
    handoff, ana, (cira, theirs), boss = asks(effect=VIOLENCE), hire("Ana"), seeing(), hire("Admin")
    with database.begin() as db:
        db.execute(agents.update().where(agents.c.id == boss).values(role="admin"))
        plain = db.execute(
            teams.insert().values(name="Actas", hours="", sees_sensitive=False).returning(teams.c.id)
        ).scalar_one()
    for refused in (lambda: desk.take(handoff.id, ana, NOW), lambda: desk.assign(handoff.id, ana, boss, NOW)):
        with pytest.raises(NotForThem):
            refused()
    desk.take(handoff.id, cira, NOW)
    for to in ({"to": ana}, {"team": plain}):
        with pytest.raises(NotForThem):
            desk.transfer(handoff.id, cira, NOW, **to)
    assert desk.get(handoff.id).agent_id == cira
    assert desk.assign(handoff.id, boss, boss, NOW).agent_id == boss
    assert desk.transfer(handoff.id, None, NOW, team=theirs).team_id == theirs


def test_what_was_understood_is_told_each_way_once(store, asks, desk):
    handoff = asks()
    for understood in (Understood("faq", 0.9, procedure="acta"), Understood("faq", 0.9, procedure="acta"), None):
        writes(store, understood=understood)
    assert [each.procedure for each in desk.understood(handoff.conversation_id)] == ["acta"]


def test_what_is_said_to_who_waits_is_muted_like_every_answer(store, asks, desk, hire, database):
    handoff, ana = asks(), hire("Ana")
    writes(
        store,
        outgoing=(Outgoing("sms", "Su lugar en la fila: 1."),),
        before_commit=lambda: desk.take(handoff.id, ana, NOW, (Outgoing("sms", "Le atiende Ana", "confirmation"),)),
    )
    assert store.lease_delivery("w", 10).text == "Le atiende Ana"
    assert store.lease_delivery("w", 10) is None
