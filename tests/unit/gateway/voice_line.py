"""A phone line for tests: the gateway's application, a worker's turns, and callers as Twilio carries them.

There is no engine: turns are answered from the real cards by degraded mode, or by what a test puts in its place.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

import pytest
from twilio.request_validator import RequestValidator

from bot.catalogue.plain import PlainSearch
from bot.core.phrases import Phrases
from bot.core.turns import TurnRequest, TurnResult
from bot.gateway import app as app_module
from bot.settings import Settings
from bot.store import Store, open_engine
from bot.store.calls import Calls
from bot.store.clock import utc_now
from bot.wake import ANSWERED, Told
from bot.worker.degraded import Degraded
from bot.worker.engine_client import EngineUnavailable
from bot.worker.turn import PhraseBook, TurnHandler
from channels.registry import CHANNELS
from tests.people import AUTH_TOKEN, ROSA, SECRET
from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[3]
PUBLIC = "https://ventanilla.example.gob.mx"
OURS = "+525500000000"


class NoEngine:
    """An engine that is away."""

    def turn(self, request: TurnRequest) -> TurnResult:
        raise EngineUnavailable("away")


@dataclass
class Scripted:
    """An engine that answers as a test says; what it was asked is kept."""

    answer: Callable[[TurnRequest], TurnResult]
    asked: list[TurnRequest] = field(default_factory=list)

    def turn(self, request: TurnRequest) -> TurnResult:
        self.asked.append(request)
        return self.answer(request)


class Said:
    """A TwiML document, read as a caller hears it."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        self.text = text
        self.tree = ElementTree.fromstring(text)

    @property
    def words(self) -> list[str]:
        return ["".join(each.itertext()) for each in self.tree.iter("Say")]

    @property
    def heard(self) -> str:
        return " ".join(self.words)

    def verb(self, name: str) -> Any:
        return self.tree.find(f".//{name}")

    def has(self, name: str) -> bool:
        return self.verb(name) is not None

    @property
    def next(self) -> str | None:
        """The address that is asked next, or None when the call ends or is put through."""
        gather = self.tree.find("Gather")
        if gather is not None:
            return str(gather.get("action"))
        redirect = self.tree.find("Redirect")
        return redirect.text if redirect is not None else None


class Line:
    """The gateway as Twilio sees it. ``folder`` holds the compiled phrases and the built catalogue."""

    def __init__(self, folder: Path, url: str, redis_url: str, engine: Any, **settings: Any) -> None:
        values: dict[str, Any] = {"voice_wait_seconds": 5.0, "public_url": PUBLIC, **settings}
        self.config = Settings(
            twilio_account_sid="AC" + "1" * 32, twilio_auth_token=AUTH_TOKEN, database_url=url, redis_url=redis_url,
            ventanilla_secret=SECRET, var=folder, engine_urls=f"http://127.0.0.1:{free_port()}", **values,
        )  # fmt: skip
        self.database = open_engine(url)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(app_module, "open_engine", lambda *_: self.database)
            self.app = app_module.create_app(self.config)
        self.store = Store(self.database, SECRET)
        self.calls = Calls(self.database, SECRET)
        self.engine = engine
        self.turns = TurnHandler(
            engine=engine,
            degraded=Degraded(PlainSearch.open(folder / "catalogue.sqlite", ROOT / "data" / "places"), ""),
            channels=CHANNELS,
            phrases=PhraseBook(lambda language, channel: Phrases.load(folder / "locale", language, channel)),
            institution="Ventanilla",
        )
        self._told = Told(redis_url, ANSWERED)
        self._stopping = threading.Event()
        self._worker = threading.Thread(target=self._work, daemon=True)

    @contextmanager
    def working(self) -> Iterator[Line]:
        """Run a worker while the block runs."""
        self._worker.start()
        try:
            yield self
        finally:
            self._stopping.set()
            self._worker.join(10)

    def close(self) -> None:
        """Let go of the database."""
        self.database.dispose()

    def _work(self) -> None:
        while not self._stopping.is_set():
            if not self.one_turn():
                self._stopping.wait(0.005)

    def one_turn(self) -> bool:
        """Run what waits in one conversation; False when nothing does."""
        lease = self.store.lease_conversation("tests", 30)
        if lease is None:
            return False
        while (message := self.store.next_message(lease)) is not None:
            outcome = self.turns.handle_turn(message, self.store.state(lease.conversation_id), utc_now())
            self.store.commit_turn(lease, message, outcome)
            self._told.tell(message.provider_id)
        self.store.release(lease)
        return True

    def post(self, address: str, form: dict[str, str], signed: bool = True) -> Any:
        parts = urlsplit(address)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        signature = RequestValidator(AUTH_TOKEN).compute_signature(PUBLIC + path, form)
        headers = {"X-Twilio-Signature": signature} if signed else {}
        kind = "application/x-www-form-urlencoded"
        return self.app.test_client().post(path, data=urlencode(form), content_type=kind, headers=headers)

    def caller(self, sid: str = "CA1", number: str = ROSA, **more: str) -> Caller:
        return Caller(self, sid, number, more)


class Caller:
    """Somebody on the phone."""

    def __init__(self, line: Line, sid: str, number: str, more: dict[str, str]) -> None:
        self._line = line
        self.base = {
            "CallSid": sid, "AccountSid": "AC" + "1" * 32, "From": number, "To": OURS, "CallStatus": "in-progress",
            "Direction": "inbound", "ApiVersion": "2010-04-01", **more,
        }  # fmt: skip
        self.last: Said | None = None
        self.sentences: list[str] = []

    def ask(self, address: str, **form: str) -> Said:
        answer = self._line.post(address, {**self.base, **form})
        assert answer.status_code == 200, answer.text
        self.last = Said(answer.status_code, answer.text)
        self.sentences += self.last.words
        return self.last

    def dial(self, query: str = "") -> Said:
        return self._on(self.ask("/channels/voice/inbound" + query))

    def say(self, words: str, confidence: str = "0.92") -> Said:
        return self._turn(SpeechResult=words, Confidence=confidence)

    def press(self, key: str) -> Said:
        return self._turn(Digits=key)

    def keep_silent(self) -> Said:
        return self._turn()

    def hang_up(self, seconds: int = 60) -> None:
        form = {**self.base, "CallStatus": "completed", "CallDuration": str(seconds)}
        assert self._line.post("/channels/voice/status", form).status_code == 204

    def _turn(self, **form: str) -> Said:
        assert self.last is not None
        assert self.last.next is not None, f"the call is over: {self.last.text}"
        return self._on(self.ask(self.last.next, **form))

    def _on(self, said: Said) -> Said:
        while not said.has("Gather") and said.next:
            said = self.ask(said.next)
        return said
