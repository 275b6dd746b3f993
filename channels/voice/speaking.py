"""From the flow's words to the lines of a prompt: phrases filled in, recordings where there are some, spoken forms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from bot.core.phrases import Phrases
from channels.voice.twiml import Line
from ivr.model import Words
from ivr.spoken import spoken

FORMATS = (".mp3", ".wav")
"""What Twilio plays and we accept: https://www.twilio.com/docs/voice/twiml/play#supported-audio-file-types."""


class Recordings:
    """The phrases of each language that somebody recorded: ``locale/<language>/audio/<key>.mp3`` (or .wav).

    A recording replaces a phrase that takes no values: one that does is said by the voice.
    """

    def __init__(self, folder: Path, address: str) -> None:
        """``folder``: ``locale/``; ``address``: where the gateway serves the files."""
        self._address = address.rstrip("/")
        self._files = {
            (path.parent.parent.name, path.stem): path
            for path in sorted(folder.glob("*/audio/*"))
            if path.suffix in FORMATS
        }

    def file(self, language: str, name: str) -> Path | None:
        """Return the file of a recording by its name in an address (``voice_greeting.mp3``)."""
        path = self._files.get((language, name.rpartition(".")[0]))
        return path if path is not None and path.name == name else None

    def address(self, language: str, words: Words) -> str:
        """Return where a phrase's recording is played from; "" when it has none."""
        path = self._files.get((language, words.key)) if words.key and not words.params else None
        return f"{self._address}/{language}/{path.name}" if path else ""


def lines(said: Iterable[Words], language: str, phrases: Phrases, recordings: Recordings | None = None) -> list[Line]:
    """Return what is said, in words for a voice.

    Raises:
        MissingPhrase: ``locale/`` lacks a phrase.
    """
    found = []
    for words in said:
        recording = recordings.address(language, words) if recordings else ""
        if words.pause:
            found.append(Line(pause=max(1, round(words.pause))))
        elif recording:
            found.append(Line(recording=recording))
        else:
            found.append(Line(spoken(words.text or phrases(words.key, words.params))))
    return found


def plain(said: Sequence[Words], phrases: Phrases) -> str:
    """Return what is said as one written text."""
    return " ".join(words.text or phrases(words.key, words.params) for words in said if not words.pause)
