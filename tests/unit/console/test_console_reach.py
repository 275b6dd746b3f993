"""Whom an agent's words cannot reach: said before she writes, refused when she does, and told in words afterwards."""

from __future__ import annotations

import html
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import update

from bot.core.effects import BringPerson
from bot.store import open_engine
from bot.store.tables import addresses, contacts, outbound
from tests.handoffs import sent
from tests.people import ROSA
from tests.unit.console.conftest import key, page_of

STOPPED = "Esta persona mandó ALTO"
UNREACHABLE = "No le llegan mensajes por aquí"
BY_SMS = "Se enviará por SMS"
NO_SMS = "no hay un número suyo para un SMS"


def now():
    return datetime.now(timezone.utc)


@pytest.fixture
def change(sqlite_url):
    """Return how a table's rows come to be otherwise: what the carrier and time do to people's addresses."""
    engine = open_engine(sqlite_url)

    def write(table, **values):
        with engine.begin() as db:
            db.execute(update(table).values(**values))

    yield write
    engine.dispose()


@pytest.fixture
def taken(desk):
    def take(**asking):
        handoff = desk.ask(**asking)
        ana = desk.signed_in("ana")
        ana.post(f"/console/handoffs/{handoff.id}/take")
        sent(desk.store)
        return handoff, ana

    return take


def text_of(answer):
    return html.unescape(answer.get_data(as_text=True))


def writes_to(ana, handoff, token="a" * 32):
    return ana.post(f"/console/handoffs/{handoff.id}/reply", text="Aquí está su folio", key=token)


def test_who_sent_alto_is_not_written_to_and_the_agent_is_told_before(desk, taken, change):
    handoff, ana = taken()
    change(contacts, opted_out_at=now())
    page = text_of(page_of(ana, handoff))
    assert STOPPED in page
    assert '<textarea id="text"' not in page
    answer = writes_to(ana, handoff)
    assert answer.status_code == 409
    assert STOPPED in text_of(answer)
    assert "Aquí está su folio</textarea>" in text_of(answer)  # her words are given back
    assert sent(desk.store) == []
    assert [each.action for each in desk.audit.entries()].count("reply") == 0


def test_a_second_click_is_no_refusal_of_what_was_said_before(desk, taken, change):
    handoff, ana = taken()
    token = key(page_of(ana, handoff))
    assert writes_to(ana, handoff, token).status_code == 302
    change(contacts, opted_out_at=now())
    assert writes_to(ana, handoff, token).status_code == 302


def test_words_that_did_not_arrive_say_why_in_words(desk, taken, change):
    handoff, ana = taken()
    writes_to(ana, handoff)
    told = {"opted_out": "mandó ALTO", "30003": "teléfono apagado o sin señal", "99999": "código 99999"}
    for code, words in told.items():
        change(outbound, status="dead", error_code=code)
        assert f"no se envió ({words})" in text_of(page_of(ana, handoff))


def test_a_number_where_nothing_arrives_is_told(desk, taken, change):
    handoff, ana = taken()
    change(addresses, unreachable_at=now(), unreachable_code="30005")
    assert UNREACHABLE in text_of(page_of(ana, handoff))
    assert writes_to(ana, handoff).status_code == 409


@pytest.mark.parametrize(
    ("sender", "told", "status"), [(f"whatsapp:{ROSA}", BY_SMS, 302), ("whatsapp:MX.13491208655302741918", NO_SMS, 409)]
)
def test_an_sms_is_promised_after_24_hours_only_where_there_is_a_number(desk, taken, change, sender, told, status):
    handoff, ana = taken(sender=sender, channel="whatsapp", effect=BringPerson("asked", "whatsapp"))
    assert told not in text_of(page_of(ana, handoff))
    change(addresses, last_inbound_at=now() - timedelta(hours=25))
    page = text_of(page_of(ana, handoff))
    assert told in page
    assert (BY_SMS in page) is (told == BY_SMS)
    assert writes_to(ana, handoff).status_code == status


def test_who_reads_only_is_told_nothing_of_it(desk, taken, change):
    handoff, _ = taken()
    change(contacts, opted_out_at=now())
    assert STOPPED not in text_of(page_of(desk.signed_in("jefa", "supervisor"), handoff))
