"""WhatsApp messages: within every limit, nothing lost, every option to be tapped and to be typed."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.catalogue.check import CardSet
from bot.core.choices import pick
from bot.core.delivery import Outgoing, Rendered
from bot.core.interactive import Button, Buttons, ListItem, ListPicker, LocationRequest
from bot.core.messages import Choice, Text
from bot.core.phrases import Phrases
from bot.core.procedures import LifeEvent, LifeEventStep, Procedure
from bot.core.replies import Ask, Handoff, Option, Reply, Say, ShowLifeEvent, ShowProcedure
from channels.compose import compose, shown_options
from channels.whatsapp.contents import MAX_VARIABLES, Filled, filled
from channels.whatsapp.ids import MAX_ID, MORE, picked
from channels.whatsapp.markup import neutral
from channels.whatsapp.paginate import size
from channels.whatsapp.render import (
    BUTTON_TITLE,
    ITEM_DESCRIPTION,
    ITEM_TITLE,
    MAX_BODY,
    MAX_BUTTONS,
    MAX_ITEMS,
    MAX_TEXT,
    render,
)

PRIVACY = Say("privacy_first")
LABELS = st.text(st.sampled_from("aé ñ*_~🙂.") | st.characters(codec="utf-8"), max_size=120).map(
    lambda text: f"x{text}"
)
IDS = st.text(st.sampled_from("ab:1 {}*") | st.characters(codec="utf-8"), min_size=1, max_size=260)
OPTIONS = st.lists(st.builds(Option, IDS, LABELS, description=st.sampled_from(["", "explicación", "x" * 100])))
STEPS = st.builds(LifeEventStep, title=LABELS, deadline=LABELS | st.none(), note=LABELS | st.none())


def messages(rendered: Rendered) -> list[Outgoing]:
    return [*rendered.messages, *rendered.more]


def taps(message: Outgoing) -> list[tuple[str, str]]:
    """Return the id and the words of everything that can be tapped below a message."""
    if isinstance(message.interactive, Buttons):
        return [(button.id, button.title) for button in message.interactive.buttons]
    if isinstance(message.interactive, ListPicker):
        return [(item.id, item.title) for item in message.interactive.items]
    return []


def check(rendered: Rendered) -> None:
    assert len(rendered.messages) == 1
    every = messages(rendered)
    for position, message in enumerate(every):
        last = position == len(every) - 1
        assert message.channel == "whatsapp"
        assert message.text.strip()
        assert all(line.strip() for line in message.text.splitlines())
        limit = MAX_BODY if isinstance(message.interactive, (Buttons, ListPicker)) else MAX_TEXT
        assert size(message.text) <= limit
        ids = [each for each, _ in taps(message)]
        assert len(set(ids)) == len(ids)
        assert all(0 < size(each) <= MAX_ID for each in ids)
        assert ids.count(MORE) == (not last)
        check_interactive(message)


def check_interactive(message: Outgoing) -> None:
    shown = message.interactive
    if isinstance(shown, Buttons):
        titles = [button.title for button in shown.buttons]
        assert 1 <= len(titles) <= MAX_BUTTONS
        assert len({title.casefold() for title in titles}) == len(titles)
        assert all(0 < size(title) <= BUTTON_TITLE for title in titles)
    elif isinstance(shown, ListPicker):
        assert 1 <= len(shown.items) <= MAX_ITEMS
        assert 0 < size(shown.open) <= BUTTON_TITLE
        assert all(0 < size(item.title) <= ITEM_TITLE for item in shown.items)
        assert all(0 < size(item.description) <= ITEM_DESCRIPTION for item in shown.items)
    if isinstance(shown, (Buttons, ListPicker)):
        content = filled(message, {})
        assert content is not None
        check_content(content)


def check_content(content: Filled) -> None:
    assert set(content.variables) == set(content.definition.variables)
    assert len(content.variables) <= MAX_VARIABLES
    assert all(value and not re.search(r"[\n\r\t]| {5}", value) for value in content.variables.values())


def letters(text: str) -> str:
    """Return a text without blanks, stars of ours and list numbers: what must not be lost."""
    return re.sub(r"[\s*]", "", text)


def said(rendered: Rendered) -> str:
    return letters("\n".join(message.text for message in messages(rendered)))


@given(OPTIONS, st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_question_keeps_every_limit_and_loses_no_option(
    whatsapp_phrases: Phrases, options: list[Option], closing: bool
) -> None:
    replies: tuple[Reply, ...] = (Ask("menu", tuple(options)), *([PRIVACY] if closing else []))
    rendered = render(replies, whatsapp_phrases)
    check(rendered)
    for line in compose(replies, whatsapp_phrases):
        assert any(letters(neutral(form.text)) in said(rendered) for form in line.forms)
    open_options = shown_options(replies, whatsapp_phrases)
    reached = [picked(each, words) for message in messages(rendered) for each, words in taps(message) if each != MORE]
    for number, option in enumerate(open_options, start=1):
        typed = pick(str(number), open_options)
        assert typed is not None
        assert typed.id == option.id
        tapped = {each.option_id for each in reached if isinstance(each, Choice)}
        numbers = {each.text for each in reached if isinstance(each, Text)}
        assert option.id in tapped or str(number) in numbers


@given(st.lists(LABELS, max_size=30), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_long_answers_keep_every_limit_and_lose_no_line(
    whatsapp_phrases: Phrases, texts: list[str], closing: bool
) -> None:
    replies: tuple[Reply, ...] = tuple(Say("deadline", {"text": text * 3}) for text in texts)
    replies += (Ask("menu", (Option("a", "Sí"), Option("b", "No"))), *([PRIVACY] if closing else []))
    rendered = render(replies, whatsapp_phrases)
    check(rendered)
    for line in compose(replies, whatsapp_phrases):
        assert any(letters(neutral(form.text)) in said(rendered) for form in line.forms)


@given(st.lists(STEPS, min_size=1, max_size=14), st.integers(0, 14))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_life_event_is_a_list_of_its_steps(
    whatsapp_phrases: Phrases, life_events: list[LifeEvent], steps: list[LifeEventStep], shown: int
) -> None:
    event = replace(life_events[0], steps=tuple(steps))
    options = tuple(Option(f"step:x:{index}", step.title) for index, step in enumerate(steps[:shown]))
    replies = (ShowLifeEvent(event, options),)
    rendered = render(replies, whatsapp_phrases)
    check(rendered)
    for line in compose(replies, whatsapp_phrases):
        for text in line.later:
            assert letters(neutral(text)) in said(rendered)


@pytest.fixture
def life_events(cards: CardSet) -> list[LifeEvent]:
    return [loaded.card for loaded in cards.life_events]


def test_every_card_is_answered_within_the_limits(
    whatsapp_phrases: Phrases, procedures: dict[str, Procedure], life_events: list[LifeEvent]
) -> None:
    for card in procedures.values():
        rendered = render((ShowProcedure(card), PRIVACY), whatsapp_phrases)
        check(rendered)
        first = rendered.messages[0].text
        assert first.startswith((f"*{card.short}*\n", f"{neutral(card.short)}\n"))
        assert first.endswith(whatsapp_phrases("privacy_first"))
    for event in life_events:
        options = tuple(Option(f"step:{event.id}:{n}", step.title) for n, step in enumerate(event.steps))
        check(render((ShowLifeEvent(event, options),), whatsapp_phrases))


def test_two_options_are_buttons(whatsapp_phrases: Phrases) -> None:
    (message,) = render((Ask("menu", (Option("yes", "Sí"), Option("no", "No"))),), whatsapp_phrases).messages
    assert message.interactive == Buttons((Button("yes", "Sí"), Button("no", "No")))
    assert message.text.splitlines()[1:] == ["1) Sí", "2) No"]


def test_a_cut_button_says_its_number_and_the_text_has_the_whole(whatsapp_phrases: Phrases) -> None:
    options = (Option("a", "Constancia de residencia"), Option("b", "Otra"))
    (message,) = render((Ask("menu", options),), whatsapp_phrases).messages
    assert message.interactive == Buttons((Button("a", "1. Constancia de…"), Button("b", "2. Otra")))
    assert "1) Constancia de residencia" in message.text


def test_equal_labels_are_told_apart(whatsapp_phrases: Phrases) -> None:
    (message,) = render((Ask("menu", (Option("a", "Acta"), Option("b", "ACTA"))),), whatsapp_phrases).messages
    assert [title for _, title in taps(message)] == ["1. Acta", "2. ACTA"]


def test_four_options_are_a_list(whatsapp_phrases: Phrases) -> None:
    options = tuple(Option(f"o{n}", f"Tema {n}", description="Su explicación" if n == 1 else "") for n in range(4))
    (message,) = render((Ask("menu", options),), whatsapp_phrases).messages
    assert isinstance(message.interactive, ListPicker)
    assert message.interactive.open == "Ver opciones"
    assert message.interactive.items[:2] == (
        ListItem("o0", "Tema 0", "Opción 1"),
        ListItem("o1", "Tema 1", "Su explicación"),
    )


def test_a_cut_line_of_a_list_has_its_whole_words_below(whatsapp_phrases: Phrases) -> None:
    options = tuple(Option(f"o{n}", f"Constancia de residencia número {n}") for n in range(4))
    (message,) = render((Ask("menu", options),), whatsapp_phrases).messages
    assert isinstance(message.interactive, ListPicker)
    first = message.interactive.items[0]
    assert first == ListItem("o0", "1. Constancia de…", "Constancia de residencia número 0")


def test_ten_options_are_one_list_and_eleven_are_two(whatsapp_phrases: Phrases) -> None:
    def shown(count: int) -> list[Outgoing]:
        options = tuple(Option(f"o{n}", f"Tema {n}") for n in range(1, count + 1))
        return messages(render((Ask("menu", options),), whatsapp_phrases))

    assert [len(taps(message)) for message in shown(10)] == [10]
    first, second = shown(11)
    assert [each for each, _ in taps(first)] == [*(f"o{n}" for n in range(1, 10)), MORE]
    assert [each for each, _ in taps(second)] == ["o10", "o11"]
    assert second.text == "Más opciones:\n10) Tema 10\n11) Tema 11"


def test_more_is_a_button(whatsapp_phrases: Phrases, procedures: dict[str, Procedure]) -> None:
    rendered = render((ShowProcedure(procedures["sos-mujeres-765-cdmx"]),), whatsapp_phrases)
    assert rendered.messages[0].interactive == Buttons((Button(MORE, "Ver más"),))
    assert rendered.more[-1].interactive is None


def test_a_question_about_the_place_asks_for_the_position(whatsapp_phrases: Phrases) -> None:
    (message,) = render((Ask("ask_state", wants="place"),), whatsapp_phrases).messages
    assert message.interactive == LocationRequest()
    assert message.text.endswith(whatsapp_phrases("whatsapp_share_location"))


def test_a_place_among_options_is_tapped_or_shared(whatsapp_phrases: Phrases) -> None:
    options = (Option("place:Puebla", "Puebla"), Option("place:Tlaxcala", "Tlaxcala"))
    (message,) = render((Ask("ask_state", options, wants="place"),), whatsapp_phrases).messages
    assert [each for each, _ in taps(message)] == ["place:Puebla", "place:Tlaxcala"]
    assert message.text.endswith(whatsapp_phrases("whatsapp_share_location"))


def test_only_the_last_question_can_be_tapped(whatsapp_phrases: Phrases) -> None:
    replies = (Ask("menu", (Option("old", "Viejo"),)), Ask("menu", (Option("new", "Nuevo"),)))
    (message,) = render(replies, whatsapp_phrases).messages
    assert taps(message) == [("new", "Nuevo")]


def test_a_handoff_alone_has_no_words(whatsapp_phrases: Phrases) -> None:
    assert render((Handoff("asked"),), whatsapp_phrases) == Rendered(())


def test_nobody_can_name_an_option_like_a_word_of_ours(whatsapp_phrases: Phrases) -> None:
    (message,) = render((Ask("menu", (Option(MORE, "Sí"), Option("x" * 201, "No"))),), whatsapp_phrases).messages
    assert [picked(each, words) for each, words in taps(message)] == [Text("1"), Text("2")]
