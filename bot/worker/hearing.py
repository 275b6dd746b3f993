"""What happens to a WhatsApp message before its turn: shown as being answered, and heard when it is a voice note."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from bot.core.delivery import DeliveryError
from bot.core.messages import Media, Text
from bot.core.redact import redact
from bot.store import StoredMessage
from channels.transcriber import LARGEST, LONGEST, NotHeard, Transcriber, seconds

log = logging.getLogger(__name__)

_MOST_WAITING = 8

Fetch = Callable[[str, int], tuple[bytes, str]]


class Hearing:
    """Turns voice notes into text. Nothing of the sound is stored, and what was said is redacted first."""

    def __init__(self, fetch: Fetch, transcriber: Transcriber | None) -> None:
        """``fetch(url, largest)`` gets a file from the carrier; without a transcriber no file is ever fetched."""
        self._fetch = fetch
        self._transcriber = transcriber

    def can_hear(self, message: StoredMessage) -> bool:
        """Say whether :meth:`heard` would listen to this message, which takes a while."""
        content = message.content
        return self._transcriber is not None and isinstance(content, Media) and bool(content.url)

    def heard(self, message: StoredMessage) -> StoredMessage:
        """Return the message with a voice note's words as its text; unchanged when it is none or nothing was heard."""
        content = message.content
        if self._transcriber is None or not isinstance(content, Media) or not content.url:
            return message
        facts = {"inbound_id": message.inbound_id}
        try:
            audio, content_type = self._fetch(content.url, LARGEST)
            if (seconds(audio) or 0.0) > LONGEST:
                raise NotHeard("longer than we hear")
            words = redact(self._transcriber.words(audio, content_type))
        except (DeliveryError, NotHeard) as error:
            log.warning("voice note not heard: %s", error, extra=facts)
            return message
        return replace(message, content=Text(words))


class Typing:
    """Shows that an answer comes. At best: it never delays a turn, and a failure changes nothing."""

    def __init__(self, show: Callable[[str], None]) -> None:
        """``show(provider_id)`` tells the carrier."""
        self._show = show
        self._free = threading.BoundedSemaphore(_MOST_WAITING)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="typing")

    def start(self, message: StoredMessage) -> None:
        """Begin, unless too many others wait: an old one is of no use to anybody."""
        if self._free.acquire(blocking=False):
            self._thread.submit(self._tell, message.provider_id)

    def close(self) -> None:
        """Drop what waits."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _tell(self, provider_id: str) -> None:
        try:
            self._show(provider_id)
        except Exception as error:  # whatever it is, the answer itself is on its way
            log.debug("typing not shown: %s", type(error).__name__)
        finally:
            self._free.release()
