"""Voice notes as words, over real HTTP."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.wrappers import Request, Response

from channels.transcriber import HttpTranscriber, NotHeard, seconds
from tests.unit.carrier.carrier_support import answering


def opus(samples: int) -> bytes:
    """Return the frame of an Ogg Opus file that ends after ``samples`` samples."""
    first = b"OggS\x00\x02" + struct.pack("<q", 0) + bytes(14) + b"OpusHead" + bytes(11)
    return first + b"sound" * 10 + b"OggS\x00\x04" + struct.pack("<q", samples) + bytes(14) + b"end"


def test_the_request_is_openais() -> None:
    seen: list[Request] = []

    def respond(request: Request) -> Response:
        seen.append(request)
        assert request.files["file"].read() == b"sound"
        return Response('{"text": " Quiero mi acta. "}', mimetype="application/json")

    with answering(respond) as url:
        made = HttpTranscriber(url, "secret", "whisper-1", 5)
        assert made.words(b"sound", "audio/ogg; codecs=opus") == "Quiero mi acta."
        made.close()
    (request,) = seen
    assert (request.method, request.path) == ("POST", "/v1/audio/transcriptions")
    assert request.headers["Authorization"] == "Bearer secret"
    assert request.form.to_dict() == {"model": "whisper-1", "language": "es", "response_format": "json"}
    assert (request.files["file"].filename, request.files["file"].mimetype) == ("voice.ogg", "audio/ogg")


def test_the_address_may_name_the_version_and_the_token_may_be_missing() -> None:
    def respond(request: Request) -> Response:
        assert request.path == "/v1/audio/transcriptions"
        assert "Authorization" not in request.headers
        return Response('{"text": "sí"}', mimetype="application/json")

    with answering(respond) as url:
        made = HttpTranscriber(f"{url}/v1/", "", "m", 5)
        assert made.words(b"x", "") == "sí"
        made.close()


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, "{}"), (401, "{}"), (200, "no json"), (200, '{"text": "  "}'), (200, '{"text": 3}'), (200, "[]"), (302, "")],
)
def test_an_answer_without_words_is_not_heard(status: int, body: str) -> None:
    with answering(lambda request: Response(body, status=status, mimetype="application/json")) as url:
        made = HttpTranscriber(url, "t", "m", 5)
        with pytest.raises(NotHeard):
            made.words(b"x", "audio/ogg")
        made.close()


def test_a_service_that_is_away_is_not_heard() -> None:
    made = HttpTranscriber("http://127.0.0.1:9", "t", "m", 2)
    with pytest.raises(NotHeard):
        made.words(b"x", "audio/ogg")
    made.close()


def test_the_length_of_a_voice_note_is_known() -> None:
    assert seconds(opus(48_000 * 90)) == 90.0


@pytest.mark.parametrize("audio", [b"", b"OggS", b"ID3 something", b"OggS" * 3, opus(-1), opus(48_000)[:-20]])
def test_what_is_no_whole_voice_note_has_no_length(audio: bytes) -> None:
    assert seconds(audio) in (None, 0.0)


@given(st.binary(max_size=400))
def test_any_bytes_have_a_length_or_none(audio: bytes) -> None:
    for each in (audio, b"OggS" + audio, opus(5) + audio):
        found = seconds(each)
        assert found is None or found >= 0
