"""What decides when, where and whether a message goes: windows, limits, hours, age, late failures."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
import time_machine
from sqlalchemy import select, update

from bot.core.choices import OpenOption
from bot.core.delivery import (
    CarrierUnavailable,
    DeliveryStatus,
    OptedOut,
    Outgoing,
    OutsideWindow,
    Rejected,
    StatusUpdate,
    Throttled,
    Unreachable,
)
from bot.core.interactive import Button, Buttons, Template
from bot.store import Store, TurnOutcome, open_engine
from bot.store.tables import delivery_events, inbound, outbound
from bot.worker.delivery import DeliveryHandler, Instead, Rules, failed_late
from channels.carrier import CarrierMisconfigured
from channels.sms.gsm7 import fold
from channels.sms.segments import count
from channels.twilio import failure
from tests.builders import now, record
from tests.people import JUAN, ROSA, SECRET, number

S = DeliveryStatus
ROSA_ON_WHATSAPP = "whatsapp:+5215512345678"
NOON = datetime(2026, 11, 23, 18, tzinfo=timezone.utc)  # 12:00 in most of Mexico
REMINDER = Template("recordatorio", {"1": "su pasaporte"})


class Carrier:
    """Takes everything but what ``failures`` say, one by one."""

    def __init__(self):
        self.sent = []
        self.failures = []

    def send(self, to, outgoing, *, delivery_id, status_callback, sender=None):
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((to, outgoing, sender))
        return f"SM{len(self.sent)}"

    def find_sent(self, to, text, since, *, known=(), sender=None):
        return None


class Limits:
    """Lets a message go while there are tokens."""

    def __init__(self, tokens):
        self.tokens = tokens

    def wait(self, channel, sender):
        if self.tokens.get(sender, 0) < 1:
            return 0.05
        self.tokens[sender] -= 1
        return 0.0


@pytest.fixture
def database(sqlite_url):
    engine = open_engine(sqlite_url)
    yield engine
    engine.dispose()


@pytest.fixture
def outbox(database):
    return Store(database, SECRET)


@pytest.fixture
def carrier():
    return Carrier()


@pytest.fixture
def instead(outbox, phrases):
    return Instead(outbox, lambda language: phrases)


@pytest.fixture
def handler(outbox, carrier, instead):
    return DeliveryHandler(outbox, {"sms": carrier, "whatsapp": carrier}, "https://v.example", Rules(4), instead)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def answer(store, *messages, sender=ROSA, channel="sms"):
    conversation = record(store, sender=sender, channel=channel)
    lease = store.lease_conversation("w", 30)
    done = TurnOutcome("answered", messages, store.state(conversation))
    store.commit_turn(lease, store.next_message(lease), done)
    store.release(lease)
    return conversation


def on_whatsapp(store, *messages):
    return answer(store, *messages, sender=ROSA_ON_WHATSAPP, channel="whatsapp")


def said(text="*Acta*: $98", kind="answer", channel="whatsapp", interactive=None):
    return Outgoing(channel, text, kind, interactive)


def deliver(handler):
    while handler.deliver_next("w", 10):
        pass


def rows(database):
    with database.connect() as db:
        return db.execute(select(outbound).order_by(outbound.c.id)).all()


def history(database, delivery_id):
    with database.connect() as db:
        found = db.execute(
            select(delivery_events).where(delivery_events.c.delivery_id == delivery_id).order_by(delivery_events.c.id)
        ).all()
    return [(row.status, row.error_code) for row in found]


# ---- WhatsApp's window


def test_inside_the_window_a_message_goes_as_it_is(handler, outbox, carrier, clock):
    buttons = Buttons((Button("yes", "Sí"),))
    on_whatsapp(outbox, said(interactive=buttons))
    deliver(handler)
    assert [(to, each.interactive) for to, each, _ in carrier.sent] == [(ROSA_ON_WHATSAPP, buttons)]


def test_inside_the_window_a_template_goes_as_plain_text(handler, outbox, carrier, clock):
    on_whatsapp(outbox, said(interactive=REMINDER, kind="reminder"))
    deliver(handler)
    assert carrier.sent[0][1] == said(kind="reminder")


def test_outside_the_window_a_template_goes_as_template(outbox, carrier, instead, clock):
    on_whatsapp(outbox, said(interactive=REMINDER, kind="agent"))
    with time_machine.travel(NOON + timedelta(hours=24), tick=False):
        rules = Rules(4, give_up_after=timedelta(days=3))
        DeliveryHandler(outbox, {"whatsapp": carrier}, "", rules, instead).deliver_next("w", 9)
    assert carrier.sent[0][1].interactive == REMINDER


@pytest.mark.parametrize("kind", ["answer", "agent", "reminder"])
def test_outside_the_window_a_message_goes_by_sms_visibly(outbox, carrier, instead, database, clock, kind):
    on_whatsapp(outbox, said("*Costo:* $98 “pesos”", kind))
    rules = Rules(4, timedelta(days=3), timedelta(days=3))
    with time_machine.travel(NOON + timedelta(hours=24), tick=False):
        deliver(DeliveryHandler(outbox, {"sms": carrier, "whatsapp": carrier}, "", rules, instead))
    assert [(to, each.text, each.channel) for to, each, _ in carrier.sent] == [(ROSA, 'Costo: $98 "pesos"', "sms")]
    (row,) = rows(database)
    assert (row.channel, row.status, row.attempts) == ("sms", "accepted", 1)
    assert ("pending", "outside_window") in history(database, row.delivery_id)


LONG = "\n".join(
    ["*Pasaporte*", *(f"{number}) Documento número {number}: original y copia" for number in range(1, 31))]
)


def test_a_long_message_outside_the_window_has_an_smss_pages(handler, outbox, carrier, clock):
    carrier.failures = [failure("63016")]
    conversation = on_whatsapp(outbox, said(LONG))
    deliver(handler)
    ((_, sent, _),) = carrier.sent
    assert sent.text.startswith("Pasaporte\n1) Documento numero 1")
    assert sent.text.endswith("\nResponda MAS para seguir.")
    pages = [sent, *outbox.state(conversation).more]
    assert len(pages) > 2
    assert all(page.channel == "sms" and count(page.text).segments <= 2 for page in pages)
    shown = [line for page in pages for line in page.text.splitlines() if not line.startswith("Responda")]
    assert shown == fold(LONG.replace("*", "")).splitlines()


def test_what_was_behind_the_button_is_behind_mas(handler, outbox, carrier, clock):
    carrier.failures = [failure("63016")]
    rest = said("Y *lleve* copia.")
    conversation = record(outbox, sender=ROSA_ON_WHATSAPP, channel="whatsapp")
    lease = outbox.lease_conversation("w", 30)
    state = replace(outbox.state(conversation), more=(rest,), options=(OpenOption("a", "Uno"),))
    outbox.commit_turn(lease, outbox.next_message(lease), TurnOutcome("answered", (said(LONG[:400]),), state))
    outbox.release(lease)
    deliver(handler)
    ((_, sent, _),) = carrier.sent
    assert sent.text.endswith("\nResponda un numero, o MAS para seguir.")
    assert [page.channel for page in outbox.state(conversation).more] == ["sms"]
    assert outbox.state(conversation).more[0].text.endswith("Y lleve copia.")


def test_an_older_message_goes_whole_and_leaves_mas_to_the_newest(outbox, carrier, instead, clock):
    conversation = on_whatsapp(outbox, said(LONG))
    answer(outbox, said("Costo: $98", channel="sms"))
    with time_machine.travel(NOON + timedelta(hours=24), tick=False):
        rules = Rules(4, timedelta(days=3))
        deliver(DeliveryHandler(outbox, {"sms": carrier, "whatsapp": carrier}, "", rules, instead))
    assert sorted(count(each.text).segments for _, each, _ in carrier.sent)[0] == 1
    assert fold(LONG.replace("*", "")) in [each.text for _, each, _ in carrier.sent]
    assert outbox.state(conversation).more == ()


def test_an_agents_words_go_whole(handler, outbox, carrier, clock):
    carrier.failures = [failure("63016")]
    on_whatsapp(outbox, said(LONG, "agent"))
    deliver(handler)
    assert carrier.sent[0][1].text == fold(LONG.replace("*", ""))


def test_what_no_sms_can_say_is_closed_visibly(handler, outbox, carrier, clock):
    carrier.failures = [failure("63016")]
    on_whatsapp(outbox, said("👍🙏", "agent"))
    deliver(handler)
    assert (carrier.sent, [each.code for each in outbox.given_up()]) == ([], ["outside_window"])


def test_outside_the_window_without_a_number_it_is_closed_visibly(outbox, carrier, instead, database, clock):
    answer(outbox, said(), sender="whatsapp:MX.1", channel="whatsapp")
    with time_machine.travel(NOON + timedelta(hours=24), tick=False):
        deliver(DeliveryHandler(outbox, {"whatsapp": carrier}, "", Rules(4, timedelta(days=3)), instead))
        (given_up,) = outbox.given_up()
    assert (given_up.code, carrier.sent) == ("outside_window", [])


def test_the_carriers_63016_is_the_same(handler, outbox, carrier, database, clock):
    carrier.failures = [failure("63016")]
    conversation = on_whatsapp(outbox, said())
    deliver(handler)
    assert [(to, each.channel) for to, each, _ in carrier.sent] == [(ROSA, "sms")]
    assert not outbox.reach(conversation, "whatsapp").window_open


def test_a_template_refused_as_text_goes_as_template(handler, outbox, carrier, clock):
    carrier.failures = [OutsideWindow("63016")]
    on_whatsapp(outbox, said(interactive=REMINDER))
    deliver(handler)
    assert [each.interactive for _, each, _ in carrier.sent] == [REMINDER]


@pytest.fixture
def late(outbox, database, instead):
    def told_late(code, status=S.FAILED):
        told = StatusUpdate(rows(database)[-1].provider_id, status, code)
        outbox.apply_status(told)
        failed_late(outbox, told, failure(code), instead)

    return told_late


def test_a_63016_that_comes_later_sends_an_sms_once(handler, outbox, carrier, instead, database, clock):
    on_whatsapp(outbox, said())
    deliver(handler)
    told = StatusUpdate("SM1", S.FAILED, "63016")
    for _ in range(3):
        outbox.apply_status(told)
        failed_late(outbox, told, failure("63016"), instead)
    deliver(handler)
    assert [each.channel for _, each, _ in carrier.sent] == ["whatsapp", "sms"]
    first, second = rows(database)
    assert (first.status, first.error_code, second.status) == ("failed", "63016", "accepted")


def test_a_template_that_comes_back_ends_as_sms(handler, outbox, carrier, late, clock):
    on_whatsapp(outbox, said(interactive=REMINDER))
    for _ in range(3):
        deliver(handler)
        late("63016")
    assert [(each.channel, each.interactive) for _, each, _ in carrier.sent] == [
        ("whatsapp", None),
        ("whatsapp", REMINDER),
        ("sms", None),
    ]


def test_a_late_rate_refusal_is_tried_again_and_not_for_ever(handler, outbox, carrier, late, clock):
    on_whatsapp(outbox, said())
    for _ in range(8):
        deliver(handler)
        late("63018")
        clock.shift(600)
    assert len(carrier.sent) == 4


def test_what_a_late_failure_says_of_a_number_is_kept(handler, outbox, late, clock):
    conversation = answer(outbox, said(channel="sms"))
    deliver(handler)
    late("30005", S.UNDELIVERED)
    assert outbox.reach(conversation, "sms").problem == "unreachable"
    assert [each.code for each in outbox.given_up()] == ["30005"]


def test_a_late_opt_out_is_obeyed(handler, outbox, late, clock):
    conversation = answer(outbox, said(channel="sms"))
    deliver(handler)
    late("21610")
    assert outbox.state(conversation).opted_out


def test_a_failure_told_of_a_message_that_arrived_changes_nothing(handler, outbox, late, clock):
    conversation = answer(outbox, said(channel="sms"))
    deliver(handler)
    outbox.apply_status(StatusUpdate("SM1", S.DELIVERED))
    late("30005")
    assert outbox.reach(conversation, "sms").problem is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [("21614", Unreachable), ("30003", Unreachable), ("30006", Unreachable), ("21610", OptedOut), ("63018", Throttled),
     ("63016", OutsideWindow), ("99999", Rejected), ("20003", CarrierMisconfigured)],
)  # fmt: skip
def test_codes_say_what_to_do(code, kind):
    assert isinstance(failure(code), kind)


# ---- who goes first, how fast


def test_answers_go_before_reminders(handler, outbox, carrier, clock):
    answer(outbox, said("recuerde", "reminder", "sms"), sender=number(1))
    answer(outbox, said("respuesta", "answer", "sms"), sender=number(2))
    deliver(handler)
    assert [each.text for _, each, _ in carrier.sent] == ["respuesta", "recuerde"]


def test_a_reminder_that_waits_for_the_morning_holds_back_no_answer(handler, outbox, carrier, clock):
    clock.move_to(datetime(2026, 11, 24, 4, tzinfo=timezone.utc))  # 22:00
    answer(outbox, said("recuerde", "reminder", "sms"))
    answer(outbox, said("respuesta", "answer", "sms"))
    deliver(handler)
    assert [each.text for _, each, _ in carrier.sent] == ["respuesta"]
    clock.move_to(datetime(2026, 11, 24, 15, 0, 1, tzinfo=timezone.utc))
    deliver(handler)
    assert [each.text for _, each, _ in carrier.sent] == ["respuesta", "recuerde"]


def test_a_limited_sender_waits_without_using_up_attempts_and_others_go_on(outbox, carrier, instead, database):
    limits = Limits({"+525500000001": 1, "+525500000002": 9})
    rules = Rules(4, senders={"sms": ("+525500000001", "+525500000002")})
    limited = DeliveryHandler(outbox, {"sms": carrier}, "", rules, instead, limits)
    for index in range(6):
        answer(outbox, said(f"{index}", channel="sms"), sender=number(index))
    with database.begin() as db:
        for row in db.execute(select(outbound.c.id)).all():
            sender = "+525500000001" if row.id <= 3 else "+525500000002"
            db.execute(update(outbound).where(outbound.c.id == row.id).values(sender=sender))
    for _ in range(30):
        limited.deliver_next("w", 10)
    assert [each.text for _, each, _ in carrier.sent] == ["0", "3", "4", "5"]
    limits.tokens["+525500000001"] = 2
    for _ in range(30):
        limited.deliver_next("w", 10)
    assert [(each.text, sender) for _, each, sender in carrier.sent[4:]] == [
        ("1", "+525500000001"),
        ("2", "+525500000001"),
    ]
    assert {row.attempts for row in rows(database)} == {1}


def test_a_conversation_keeps_one_of_several_numbers(outbox, carrier, instead, clock):
    senders = tuple(f"+52550000000{index}" for index in range(1, 6))  # none of them the one that people wrote to
    handler = DeliveryHandler(outbox, {"sms": carrier}, "", Rules(4, senders={"sms": senders}), instead)
    for _ in range(3):
        for index in range(8):
            answer(outbox, said(channel="sms"), sender=number(index))
    deliver(handler)
    by_person = {}
    for to, _, sender in carrier.sent:
        by_person.setdefault(to, set()).add(sender)
    assert {len(used) for used in by_person.values()} == {1}
    assert len({sender for _, _, sender in carrier.sent}) > 1


# ---- age, mistakes of settings, damaged rows


@pytest.mark.parametrize(("kind", "hours"), [("answer", 24), ("agent", 24), ("reminder", 13)])
def test_what_is_too_old_is_closed_and_not_sent(handler, outbox, carrier, clock, kind, hours):
    answer(outbox, said(kind=kind, channel="sms"))
    clock.shift(timedelta(hours=hours, seconds=1))
    deliver(handler)
    assert (carrier.sent, [each.code for each in outbox.given_up()]) == ([], ["too_old"])


def test_a_mistake_of_the_settings_waits_for_an_operator_until_it_is_too_old(handler, outbox, carrier, database, clock):
    carrier.failures = [CarrierMisconfigured("20003")] * 10_000
    answer(outbox, said(channel="sms"))
    for _ in range(4000):
        handler.deliver_next("w", 10)
        (row,) = rows(database)
        if row.status == "dead":
            break
        assert outbox.figures().unsent_codes == {"20003": 1}
        assert row.attempts == 0
        clock.move_to(max(row.next_attempt_at, now()) + timedelta(milliseconds=1), tick=False)
    assert (row.status, row.error_code) == ("dead", "too_old")
    assert timedelta(hours=24) < now() - NOON < timedelta(hours=25)


def test_the_whole_way_of_a_message_is_kept(handler, outbox, carrier, database, clock):
    carrier.failures = [CarrierUnavailable("20503")]
    answer(outbox, said(channel="sms"))
    deliver(handler)
    clock.shift(10)
    deliver(handler)
    outbox.apply_status(StatusUpdate("SM1", S.DELIVERED))
    assert history(database, rows(database)[0].delivery_id) == [
        ("pending", None),
        ("sending", None),
        ("pending", "20503"),
        ("sending", None),
        ("accepted", None),
        ("delivered", None),
    ]


def test_what_a_message_offers_and_cannot_be_read_leaves_its_text(handler, outbox, carrier, database, clock):
    on_whatsapp(outbox, said("uno"), said("dos"))
    with database.begin() as db:
        db.execute(update(outbound).where(outbound.c.text == "uno").values(interactive="{broken"))
    deliver(handler)
    assert [(each.text, each.interactive) for _, each, _ in carrier.sent] == [("uno", None), ("dos", None)]


def test_a_message_that_cannot_be_read_does_not_block_the_next(outbox, database):
    conversation = record(outbox, "uno")
    record(outbox, "dos")
    with database.begin() as db:
        db.execute(update(inbound).where(inbound.c.id == 1).values(content='{"no": "such"'))
    lease = outbox.lease_conversation("w", 30)
    broken = outbox.next_message(lease)
    assert broken.unreadable
    outbox.commit_turn(lease, broken, TurnOutcome("unreadable", (), outbox.state(conversation)))
    following = outbox.next_message(lease)
    assert (following.unreadable, following.content.text) == (False, "dos")
    assert outbox.figures().given_up == {"unreadable": 1}
    assert [(each.direction, each.code) for each in outbox.given_up()] == [("in", "unreadable")]


def test_calls_fetch_their_own_words(outbox, clock):
    answer(outbox, said("diga", channel="voice"), sender=JUAN, channel="voice")
    assert outbox.lease_delivery("w", 10) is None
