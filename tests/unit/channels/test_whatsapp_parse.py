"""What Twilio sends is read; only without a sender or an id is it refused, by the name of the field."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from bot.core.codec import from_payload, to_payload
from bot.core.ids import parse_address
from bot.core.messages import Choice, Content, InboundMessage, Media, Text
from channels.channel import BadRequest
from channels.whatsapp import WhatsAppChannel
from channels.whatsapp.ids import MAX_ID, picked, reply_id
from channels.whatsapp.paginate import size

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=timezone.utc)
CHANNEL = WhatsAppChannel()
FIELDS = [
    "MessageSid", "From", "To", "Body", "NumMedia", "MediaContentType0", "MediaUrl0", "MessageType", "ButtonText",
    "ButtonPayload", "ListId", "ListTitle", "Latitude", "Longitude", "ProfileName", "WaId", "ExternalUserId",
    "OptOutType", "ReactionEmoji", "Forwarded", "ReferralBody", "Anything",
]  # fmt: skip
VALUES = st.text(max_size=30) | st.sampled_from(
    ["0", "1", "text", "reaction", "image/webp", "text/vcard", "audio/ogg", "19.4", "whatsapp:+5215512345678", "STOP"]
)
GOOD = {
    "MessageSid": "SM" + "0" * 32,
    "From": "whatsapp:+5215512345678",
    "To": "whatsapp:+525500000000",
    "Body": "hola",
    "NumMedia": "0",
}


def parse(form: dict[str, str]) -> InboundMessage:
    return CHANNEL.parse_inbound(MultiDict(form), NOW)


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES), st.booleans())
def test_any_form_is_read_or_refused_by_a_field(form: dict[str, str], complete: bool) -> None:
    refused = ""
    try:
        message = parse({**GOOD, **form} if complete else form)
    except BadRequest as error:
        refused = str(error)
    if refused:
        assert refused.partition(":")[0] in ("MessageSid", "From", "To", "ExternalUserId")
        return
    assert parse_address(message.sender).kind in ("number", "bsuid")
    assert message.also is None or parse_address(message.also) != parse_address(message.sender)
    assert from_payload(Content, to_payload(message.content)) == message.content
    assert "\x00" not in repr(message.content)


@given(st.text(max_size=260), st.integers(1, 99))
def test_an_options_id_comes_back_from_a_tap(option_id: str, number: int) -> None:
    sent = reply_id(option_id, number)
    assert 0 < size(sent) <= MAX_ID
    for fields in ({"ButtonPayload": sent, "ButtonText": "Sí"}, {"ListId": sent, "ListTitle": "Sí"}):
        assert parse({**GOOD, **fields}).content in (Choice(option_id, "Sí"), Text(str(number)))


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]) | st.sampled_from(":-_."), min_size=1, max_size=200))
def test_an_id_as_ours_are_comes_back_as_it_is(option_id: str) -> None:
    assert picked(reply_id(option_id, 1), "x") == Choice(option_id, "x")


def test_only_a_voice_note_keeps_its_address() -> None:
    for kind in ("image/jpeg", "video/mp4", "application/pdf", "image/webp", "text/vcard"):
        content = parse({**GOOD, "NumMedia": "1", "MediaContentType0": kind, "MediaUrl0": "https://x/y"}).content
        assert isinstance(content, Media)
        assert content.url == ""


@pytest.mark.parametrize("name", ["acta.pdf", "Mi acta de nacimiento (1).PDF", "IMG_1234.docx"])
def test_a_files_name_is_no_question(name: str) -> None:
    form = {**GOOD, "Body": name, "NumMedia": "1", "MediaContentType0": "application/pdf"}
    assert parse(form).content == Media("document")
