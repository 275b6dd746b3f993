"""Voice notes as words: one small interface, and the API that OpenAI, and servers that speak like it, offer.

``POST /v1/audio/transcriptions``: https://platform.openai.com/docs/api-reference/audio/createTranscription
"""

from __future__ import annotations

import struct
from typing import Protocol

import httpx

LARGEST = 2 * 1024 * 1024
"""Bytes of a voice note that is heard; WhatsApp's two minutes take about a quarter of a megabyte."""
LONGEST = 120.0
"""Seconds of a voice note that is heard."""
_OPUS_RATE = 48_000
_PAGE = b"OggS"
_EXTENSIONS = {
    "audio/ogg": "ogg",
    "audio/opus": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/aac": "m4a",
    "audio/amr": "amr",
    "audio/wav": "wav",
    "audio/webm": "webm",
}


class NotHeard(RuntimeError):
    """A voice note could not be turned into words; the message holds nothing of it."""


class Transcriber(Protocol):
    """Hears a voice note."""

    def words(self, audio: bytes, content_type: str) -> str:
        """Return what was said; never empty.

        Raises:
            NotHeard: nothing was understood, or the service does not answer.
        """


class HttpTranscriber:
    """An OpenAI-compatible service. Nothing is stored here; what the service keeps is its operator's matter."""

    def __init__(self, url: str, token: str, model: str, timeout: float, language: str = "es") -> None:
        """``url`` is the service's base address, with or without ``/v1``; ``timeout`` in seconds."""
        self._url = url.rstrip("/").removesuffix("/v1") + "/v1/audio/transcriptions"
        self._fields = {"model": model, "language": language, "response_format": "json"}
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(headers=headers, timeout=httpx.Timeout(timeout, connect=min(2.0, timeout)))

    def words(self, audio: bytes, content_type: str) -> str:
        """See :meth:`Transcriber.words`."""
        kind = content_type.partition(";")[0].strip().lower()
        file = (f"voice.{_EXTENSIONS.get(kind, 'ogg')}", audio, kind or "audio/ogg")
        try:
            answer = self._http.post(self._url, data=self._fields, files={"file": file})
            answer.raise_for_status()
            found = answer.json()
        except (httpx.HTTPError, ValueError, RecursionError) as error:
            raise NotHeard(type(error).__name__) from None
        text = found.get("text") if isinstance(found, dict) else None
        if not isinstance(text, str) or not text.strip():
            raise NotHeard("no words")
        return text.strip()

    def close(self) -> None:
        """Close the pooled connections."""
        self._http.close()


def seconds(audio: bytes) -> float | None:
    """Return how long an Ogg Opus file lasts (what WhatsApp's voice notes are); None for anything else.

    The last page's granule position counts samples at 48 kHz: https://www.rfc-editor.org/rfc/rfc7845#section-4
    """
    start = audio.rfind(_PAGE)
    if not audio.startswith(_PAGE) or b"OpusHead" not in audio[:256] or len(audio) < start + 14:
        return None
    (position,) = struct.unpack_from("<q", audio, start + 6)
    return float(position) / _OPUS_RATE if position >= 0 else None
