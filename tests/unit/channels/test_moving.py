"""What was made for one channel, as another carries it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.delivery import Outgoing
from bot.core.interactive import Buttons
from bot.core.phrases import Phrases
from bot.core.procedures import Procedure
from bot.core.replies import ShowProcedure
from channels.moving import moved, whole_as_sms
from channels.sms.gsm7 import fold
from channels.sms.render import render as render_sms
from channels.sms.segments import MAX_CHARACTERS, count
from channels.whatsapp.ids import MORE
from channels.whatsapp.paginate import size
from channels.whatsapp.render import MAX_BODY
from channels.whatsapp.render import render as render_whatsapp

MAS = "Responda MAS para seguir."


def words(messages: tuple[Outgoing, ...]) -> list[str]:
    lines = [line for message in messages for line in message.text.splitlines()]
    footers = (MAS, "MAS: seguir", "Responda un numero, o MAS para seguir.", "Numero, o MAS")
    return fold(" ".join(line for line in lines if fold(line) not in footers).replace("*", "")).split()


def test_every_answer_on_whatsapp_can_go_on_by_sms(
    procedures: dict[str, Procedure], sms_phrases: Phrases, whatsapp_phrases: Phrases
) -> None:
    for card in procedures.values():
        rendered = render_whatsapp((ShowProcedure(card),), whatsapp_phrases)
        pages = moved((*rendered.messages, *rendered.more), "sms", sms_phrases)
        for page in pages:
            counted = count(page.text)
            assert (page.channel, page.interactive, counted.encoding) == ("sms", None, "GSM-7")
            assert counted.segments <= 2
        assert all(page.text.endswith(MAS) for page in pages[:-1])
        assert MAS not in pages[-1].text
        assert words(pages) == words((*rendered.messages, *rendered.more)), card.id


def test_every_answer_by_sms_can_go_on_on_whatsapp(
    procedures: dict[str, Procedure], sms_phrases: Phrases, whatsapp_phrases: Phrases
) -> None:
    for card in procedures.values():
        rest = render_sms((ShowProcedure(card),), sms_phrases).more
        pages = moved(rest, "whatsapp", whatsapp_phrases)
        assert [size(page.text) <= MAX_BODY for page in pages] == [True] * len(pages)
        assert words(pages) == words(rest), card.id
        for page in pages[:-1]:
            assert isinstance(page.interactive, Buttons)
            assert [button.id for button in page.interactive.buttons] == [MORE]
        assert not pages or pages[-1].interactive is None


def test_what_a_channel_carries_already_stays_as_it_is(sms_phrases: Phrases) -> None:
    pages = (Outgoing("sms", f"Uno\n{MAS}"), Outgoing("sms", "dos"))
    assert moved(pages, "sms", sms_phrases) == pages
    assert moved((), "sms", sms_phrases) == ()


def test_how_to_share_a_position_is_not_said_by_sms(sms_phrases: Phrases) -> None:
    hint = sms_phrases("whatsapp_share_location")
    asked = Outgoing("whatsapp", f"¿En qué estado?\n1) Oaxaca\n{hint}")
    assert [page.text for page in moved((asked,), "sms", sms_phrases, choices=True)] == ["¿En qué estado?\n1) Oaxaca"]


@given(st.text(max_size=3000))
def test_any_text_is_one_sms_or_none(text: str) -> None:
    sms = whole_as_sms(Outgoing("whatsapp", text, "agent"))
    assert (sms is None) == (not "".join(map(fold, text.splitlines())).strip())
    if sms is not None:
        assert (sms.channel, sms.kind, count(sms.text).encoding) == ("sms", "agent", "GSM-7")
        assert 0 < len(sms.text) <= MAX_CHARACTERS
