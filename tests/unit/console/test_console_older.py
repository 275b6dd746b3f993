"""A long thread is read page by page."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest

from bot.store.thread import Entry, cursor_of
from tests.unit.console.conftest import page_of

LINK = re.compile(r'href="(/console/handoffs/\d+/older\?before=[^"]+)"')


@pytest.fixture
def short_pages(monkeypatch):
    monkeypatch.setattr("bot.console.conversation._MOST_ENTRIES", 4)


def told(answer):
    return re.findall(r"mensaje \d+", answer.get_data(as_text=True))


def test_what_stands_before_a_long_thread_is_reached_and_nothing_twice(desk, short_pages):
    handoff = desk.ask("mensaje 0")
    for number in range(1, 10):
        desk.ask(f"mensaje {number}", effect=None)
    ana = desk.signed_in("ana")
    page = page_of(ana, handoff)
    seen = [each for each in told(page) if each != "mensaje 9"] + ["mensaje 9"]  # the last word is in the summary too
    pages = 0
    while (link := LINK.search(page.get_data(as_text=True))) is not None:
        page = ana.get(link[1])
        assert page.status_code == 200
        seen = told(page) + seen
        pages += 1
        assert pages < 10
    assert seen == [f"mensaje {number}" for number in range(10)]
    assert pages >= 2


def test_a_short_thread_has_nothing_before_it(desk):
    assert LINK.search(page_of(desk.signed_in("ana"), desk.ask()).get_data(as_text=True)) is None


def test_who_had_a_matter_that_is_over_reads_nothing_that_came_after_by_any_address(desk):
    handoff = desk.ask("lo de antes")
    ana = desk.signed_in("ana")
    ana.post(f"/console/handoffs/{handoff.id}/take")
    ana.post(f"/console/handoffs/{handoff.id}/back")
    desk.ask("lo de después", effect=None)
    later = cursor_of(Entry("note", 1, datetime.now(timezone.utc) + timedelta(days=1)))
    for address in (f"/console/handoffs/{handoff.id}", f"/console/handoffs/{handoff.id}/older?before={later}"):
        page = ana.get(address)
        assert page.status_code == 200
        assert "lo de antes" in page.get_data(as_text=True)
        assert "lo de después" not in page.get_data(as_text=True)


def test_what_she_notes_when_it_is_over_is_hers_to_read(desk):
    handoff = desk.ask()
    ana, jefa = desk.signed_in("ana"), desk.signed_in("jefa", "supervisor")
    ana.post(f"/console/handoffs/{handoff.id}/take")
    ana.post(f"/console/handoffs/{handoff.id}/back")
    ana.post(f"/console/handoffs/{handoff.id}/note", text="se le dijo qué llevar")
    jefa.post(f"/console/handoffs/{handoff.id}/note", text="hablar con Ana")
    page = page_of(ana, handoff).get_data(as_text=True)
    assert page.count("se le dijo qué llevar") == 1
    assert "hablar con Ana" not in page


@pytest.mark.parametrize("before", ["x", "MjAyNi0xMS0yMnxpbnwx", "////"])
def test_a_place_that_is_none_is_not_found(desk, before):
    handoff = desk.ask()
    ana = desk.signed_in("ana")
    assert ana.get(f"/console/handoffs/{handoff.id}/older?before={before}").status_code == 404
