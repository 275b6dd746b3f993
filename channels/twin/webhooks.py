"""Calls the gateway as Twilio would: signed, with Twilio's fields, timeouts and retries, in each number's order."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qsl, urldefrag, urlencode
from uuid import uuid4
from xml.etree import ElementTree

import httpx
import phonenumbers

from channels.twin.addresses import PREFIX, with_old_prefix, written
from channels.twin.shown import Attachment, Pin
from channels.twin.signing import sign
from channels.twin.state import CallbackMode, ChannelKind, Message, Twin

log = logging.getLogger(__name__)

API_VERSION = "2010-04-01"
Form = Sequence[tuple[str, str]]

_AT_ONCE = 64
_PAUSE_BETWEEN_TRIES = 0.1
# Twilio's own keywords, when it handles opt-out (off by default here: then ours does).
# https://help.twilio.com/articles/223134027
_OPT_OUT_WORDS = {
    **dict.fromkeys(("STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"), "STOP"),
    **dict.fromkeys(("START", "YES", "UNSTOP"), "START"),
    **dict.fromkeys(("HELP", "INFO"), "HELP"),
}


class TwimlError(ValueError):
    """A webhook's answer is not what Twilio reads; ``code`` is Twilio's."""

    def __init__(self, code: int) -> None:
        """See https://www.twilio.com/docs/api/errors for the codes."""
        super().__init__(str(code))
        self.code = code


@dataclass(frozen=True)
class Overrides:
    """Connection overrides of a webhook's address: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides.

    Seconds here, milliseconds there. ``policy`` is what is retried: ``ct``, ``rt``, ``4xx``, ``5xx`` or ``all``.
    """

    connect: float = 5.0
    read: float = 15.0
    total: float = 15.0
    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})

    @classmethod
    def of(cls, url: str) -> tuple[str, Overrides]:
        """Split an address into what is called and its overrides; values out of range are brought into it."""
        plain, fragment = urldefrag(url)
        given = dict(parse_qsl(fragment))

        def seconds(name: str, most: int, default: int) -> float:
            return min(max(int(given.get(name, default)), 100), most) / 1000

        policy = frozenset(given.get("rp", "ct").split(","))
        return plain, cls(
            connect=seconds("ct", 10_000, 5_000),
            read=seconds("rt", 15_000, 15_000),
            total=seconds("tt", 15_000, 15_000),
            retries=min(max(int(given.get("rc", 1)), 0), 5),
            policy=frozenset({"ct", "rt", "4xx", "5xx"}) if "all" in policy else policy,
        )


@dataclass(frozen=True)
class Answer:
    """How a webhook ended. ``texts`` are what its TwiML asks to send.

    ``error`` is the code that Twilio's debugger would show: 11200 no proper answer, 11205 no connection, 12100 and
    12300 an unreadable one.
    """

    status: int | None
    attempts: int
    content_type: str = ""
    body: bytes = b""
    error: int | None = None
    texts: Sequence[str] = ()


@dataclass(frozen=True)
class Sent:
    """What a phone sends. ``kind`` is Twilio's MessageType; ``more`` are fields that only this kind has.

    ``old_prefix``: WhatsApp names a Mexican number with the 1 that the telephone network has dropped.
    """

    body: str = ""
    channel: ChannelKind = "sms"
    to: str | None = None
    sid: str | None = None
    kind: str = "text"
    pin: Pin | None = None
    files: tuple[Attachment, ...] = ()
    quotes: str | None = None
    profile: str = ""
    old_prefix: bool = True
    more: tuple[tuple[str, str], ...] = ()

    def address(self, number: str) -> str:
        """Return the phone's address as the carrier writes it."""
        if self.channel == "sms":
            return number
        return written("whatsapp", with_old_prefix(number) if self.old_prefix else number)

    def fields(self) -> dict[str, str]:
        """Return the fields that are not the message's own."""
        return dict(self.more) | ({"ProfileName": self.profile} if self.profile else {})


class Webhooks:
    """Sends inbound messages and status callbacks, in the background."""

    def __init__(self, twin: Twin) -> None:
        """Start no thread yet; :meth:`close` ends those that run."""
        self._twin = twin
        self._stopping = threading.Event()
        self._queue = _Queue()
        for channel in ("sms", "whatsapp"):
            Overrides.of(twin.config.inbound(channel))  # fails now rather than with the first message
        # No proxy from the environment: the gateway is reached directly. No kept connections: one that the gateway
        # closes at that very moment would lose a message in a way that Twilio does not.
        limits = httpx.Limits(max_connections=_AT_ONCE, max_keepalive_connections=0)
        self._http = httpx.Client(trust_env=False, limits=limits)

    def phone_sends(
        self,
        number: str,
        sent: Sent,
        *,
        repeat: int = 1,
        parallel: bool = False,
        fields: dict[str, str] | None = None,
    ) -> tuple[Message, list[Future[Answer]]]:
        """Send what a phone sent to the gateway, ``repeat`` times with one MessageSid; ``parallel``: all at once.

        ``fields`` are added to the form, or replace what it has.
        """
        recipient = sent.to or self._twin.config.own_number(sent.channel)
        message = self._twin.message(sent.sid) if sent.sid else None
        if message is None:
            message = self._twin.add(
                "inbound",
                number,
                recipient,
                sent.body,
                status="received",
                sid=sent.sid or f"{'MM' if sent.files else 'SM'}{uuid4().hex}",
                channel=sent.channel,
                address=sent.address(number),
                kind=sent.kind,
                mark="sent",
                pin=sent.pin,
                files=sent.files,
                quotes=sent.quotes,
            )
        opt_out = self._handle_opt_out(number, sent.body, sent.channel)
        form = inbound_form(self._twin, message, opt_out) | sent.fields() | (fields or {})
        token = str(uuid4())
        return message, [
            self._queue.submit(
                (f"in {number} {index}" if parallel else f"in {number}"),
                lambda: self._inbound(message, list(form.items()), token),
            )
            for index in range(repeat)
        ]

    def follow(self, message: Message, undelivered: int | None = None) -> None:
        """Carry an accepted message to its end, with its status callbacks."""
        mode = self._twin.callbacks
        self._queue.submit(f"out {message.recipient}", lambda: self._progress(message, undelivered, mode))

    def request(self, kind: str, sid: str, url: str, form: Form, method: str = "POST") -> Answer:
        """Ask the gateway for something at once, and return what it said; ``kind`` names it in the records."""
        return self._call(kind, sid, url, form, "", method)

    def clear(self) -> None:
        """Forget what has not begun."""
        self._queue.clear()

    def idle(self, timeout: float) -> bool:
        """Wait until nothing is under way; False when ``timeout`` seconds did not suffice."""
        return self._queue.idle(timeout)

    def close(self) -> None:
        """Stop; what is under way may finish."""
        self._stopping.set()
        self._queue.close()
        self._http.close()

    def _handle_opt_out(self, number: str, body: str, channel: str) -> str | None:
        kind = _OPT_OUT_WORDS.get(body.strip().upper()) if self._twin.config.handles_opt_out else None
        if kind in ("STOP", "START"):
            self._twin.opt_out(number, kind == "STOP", channel)
        return kind

    def _inbound(self, message: Message, form: Form, token: str) -> Answer:
        answer = self._call("inbound", message.sid, self._twin.config.inbound(message.channel), form, token)
        if answer.error is None:
            self._twin.mark(message.sid, "delivered")
        elif answer.status is None or not 200 <= answer.status < 300:
            self._twin.mark(message.sid, "failed")
        for text in answer.texts:
            self._reply(message, text)
        return answer

    def _reply(self, message: Message, text: str) -> None:
        if self._twin.is_opted_out(message.sender, message.channel):
            return
        same = {"channel": message.channel, "address": message.address}
        reply = self._twin.add("outbound-reply", message.recipient, message.sender, text, status="queued", **same)
        self.follow(reply)

    def _progress(self, message: Message, undelivered: int | None, mode: CallbackMode) -> Answer:
        path = _path(message, undelivered, self._twin.reads)
        if mode.shuffle:
            for status, code in path:
                self._advance(message, status, code)
            path = path[::-1]
        for status, code in path:
            for _ in range(mode.repeat):
                if mode.delay and self._stopping.wait(mode.delay):
                    return Answer(None, 0)
                self._callback(message, status, code, advance=not mode.shuffle)
        return Answer(None, 0)

    def _callback(self, message: Message, status: str, code: int | None, advance: bool) -> None:
        if advance:
            self._advance(message, status, code)
        if message.status_callback:
            self._call(
                "status", message.sid, message.status_callback, status_form(self._twin, message, status, code), ""
            )

    def _advance(self, message: Message, status: str, code: int | None) -> None:
        now = datetime.now(timezone.utc)
        sender = message.sender or self._twin.config.own_number(message.channel)
        sent = {"sent": now} if status in ("sent", "failed", "undelivered") else {}
        self._twin.update(message.sid, status=status, error_code=code, sender=sender, **sent)

    def _call(self, kind: str, sid: str, url: str, form: Form, token: str, method: str = "POST") -> Answer:
        fields = dict(form)
        record = self._twin.record("webhook", kind=kind, sid=sid, message_status=fields.get("MessageStatus"))
        begun = time.monotonic()
        answer = self._send(url, form, token or str(uuid4()), method)
        took = round(time.monotonic() - begun, 3)
        if kind == "inbound" and answer.error is None:
            try:
                answer = replace(answer, texts=twiml_messages(answer.body, answer.content_type))
            except TwimlError as error:
                answer = replace(answer, error=error.code)
        self._twin.amend(record, status=answer.status, attempts=answer.attempts, error=answer.error, seconds=took)
        level = logging.INFO if answer.error is None else logging.WARNING
        log.log(level, "webhook", extra={"kind": kind, "sid": sid, "status": answer.status, "error": answer.error})
        return answer

    def _send(self, url: str, form: Form, token: str, method: str) -> Answer:
        plain, overrides = Overrides.of(url)
        if method == "GET":  # its parameters are part of the address that is signed
            plain, form = f"{plain}{'&' if '?' in plain else '?'}{urlencode(form)}", ()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "User-Agent": "TwilioProxy/1.1",
            "X-Twilio-Signature": sign(self._twin.config.auth_token, plain, form),
            "I-Twilio-Idempotency-Token": token,
        }
        deadline = time.monotonic() + overrides.total
        attempt = 0
        while True:
            attempt += 1
            left = max(deadline - time.monotonic(), 0.1)
            timeout = httpx.Timeout(min(overrides.read, left), connect=min(overrides.connect, left))
            answer, failure = self._try(method, plain, form, headers, timeout, attempt)
            again = failure in overrides.policy and attempt <= overrides.retries and time.monotonic() < deadline
            if not again or self._stopping.wait(_PAUSE_BETWEEN_TRIES * attempt):
                return answer

    def _try(
        self, method: str, url: str, form: Form, headers: dict[str, str], timeout: httpx.Timeout, attempt: int
    ) -> tuple[Answer, str | None]:
        """Return the answer, and the kind of failure that a retry policy names (None: it went well)."""
        try:
            response = self._http.request(method, url, content=urlencode(form), headers=headers, timeout=timeout)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            return Answer(None, attempt, error=11205), "ct"
        except (httpx.HTTPError, httpx.InvalidURL, RuntimeError):  # RuntimeError: closed while it waited
            return Answer(None, attempt, error=11200), "rt"
        error = None if response.is_success else 11200
        answer = Answer(
            response.status_code, attempt, response.headers.get("Content-Type", ""), response.content, error
        )
        return answer, None if error is None else f"{response.status_code // 100}xx"


def inbound_form(twin: Twin, message: Message, opt_out: str | None = None) -> dict[str, str]:
    """Return the fields of an incoming message: https://www.twilio.com/docs/messaging/guides/webhook-request."""
    form = _whatsapp_form(twin, message) if message.channel == "whatsapp" else _sms_form(message)
    form |= {
        "SmsMessageSid": message.sid,
        "NumMedia": str(len(message.files)),
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "Body": message.body,
        "NumSegments": str(message.segments),
        "MessageSid": message.sid,
        "AccountSid": twin.config.account_sid,
        "ApiVersion": API_VERSION,
    }
    for index, file in enumerate(message.files):
        path = f"/{API_VERSION}/Accounts/{twin.config.account_sid}/Messages/{message.sid}/Media/{file.sid}"
        form |= {f"MediaUrl{index}": twin.url + path, f"MediaContentType{index}": file.content_type}
    if twin.config.messaging_service_sid:
        form["MessagingServiceSid"] = twin.config.messaging_service_sid
    if opt_out:
        form["OptOutType"] = opt_out
    return form


def _sms_form(message: Message) -> dict[str, str]:
    form = {"From": message.sender, "To": message.recipient}
    for name, number in (("From", message.sender), ("To", message.recipient)):
        form |= {f"{name}Country": country(number), f"{name}State": "", f"{name}City": "", f"{name}Zip": ""}
    return form


def _whatsapp_form(twin: Twin, message: Message) -> dict[str, str]:
    form = {
        "From": message.address,
        "To": written("whatsapp", message.recipient),
        "MessageType": message.kind,
        "ReferralNumMedia": "0",
        "Forwarded": "false",
        "FrequentlyForwarded": "false",
    }
    bare = message.address.removeprefix(PREFIX)
    if bare.startswith("+"):
        form["WaId"] = with_old_prefix(bare)[1:]
    if message.pin is not None:
        pin = message.pin
        form |= {"Latitude": str(pin.latitude), "Longitude": str(pin.longitude)}
        form |= {name: value for name, value in (("Label", pin.label), ("Address", pin.address)) if value}
    if message.quotes is not None:
        form["OriginalRepliedMessageSid"] = message.quotes
        form["OriginalRepliedMessageSender"] = form["To"]
    return form


def status_form(twin: Twin, message: Message, status: str, code: int | None) -> Form:
    """Return a status callback's fields: https://www.twilio.com/docs/messaging/guides/track-outbound-message-status."""
    sender = message.sender or twin.config.own_number(message.channel)
    form = {
        "SmsSid": message.sid,
        "SmsStatus": status,
        "MessageStatus": status,
        "To": message.address or message.recipient,
        "MessageSid": message.sid,
        "AccountSid": twin.config.account_sid,
        "From": written(message.channel, sender),
        "ApiVersion": API_VERSION,
    }
    if message.service_sid:
        form["MessagingServiceSid"] = message.service_sid
    if code is not None:
        form["ErrorCode"] = str(code)
    if message.channel == "whatsapp":
        form |= {"ChannelPrefix": "whatsapp", "ChannelToAddress": message.address or message.recipient}
        if status in ("delivered", "read"):
            form["EventType"] = status.upper()
        if code is not None:
            form["ChannelStatusMessage"] = str(code)
    elif status in ("delivered", "undelivered"):
        form["RawDlrDoneDate"] = datetime.now(timezone.utc).strftime("%y%m%d%H%M")
    return list(form.items())


def twiml_messages(body: bytes, content_type: str) -> list[str]:
    """Return the texts that a webhook's answer asks to send.

    Raises:
        TwimlError: 12300 the content type is not one that Twilio reads; 12100 the document cannot be parsed.
    """
    if not body.strip():
        return []
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/plain":  # sent back to the phone as it is
        return [body.decode("utf-8", "replace")]
    if kind not in ("text/xml", "application/xml", "text/html"):
        raise TwimlError(12300)
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 (our own gateway's answer)
    except ElementTree.ParseError:
        raise TwimlError(12100) from None
    if root.tag != "Response":
        raise TwimlError(12100)
    texts = [(verb.findtext("Body") or verb.text or "").strip() for verb in root.findall("Message")]
    return [text for text in texts if text]


def _path(message: Message, undelivered: int | None, reads: bool) -> list[tuple[str, int | None]]:
    """Return the statuses that a message goes through, each with its error code."""
    begin: list[tuple[str, int | None]] = [("queued", None)]
    if undelivered is None:
        read: list[tuple[str, int | None]] = [("read", None)] if message.channel == "whatsapp" and reads else []
        return [*begin, ("sent", None), ("delivered", None), *read]
    if undelivered in (30001, 30002) or message.channel == "whatsapp":  # never handed on, or WhatsApp took it not
        return [*begin, ("failed", undelivered)]
    return [*begin, ("sent", None), ("undelivered", undelivered)]


def country(number: str) -> str:
    """Return the country of a number; empty when it is none."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number, None)) or ""
    except phonenumbers.NumberParseException:
        return ""


class _Queue:
    """Runs jobs in threads: those of one key one after another, those of different keys at once."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="webhook")
        self._changed = threading.Condition()
        self._waiting: dict[str, deque[tuple[Callable[[], Any], Future[Any]]]] = {}
        self._closed = False

    def submit(self, key: str, job: Callable[[], Any]) -> Future[Any]:
        future: Future[Any] = Future()
        with self._changed:
            if self._closed:
                future.cancel()
                return future
            begin = key not in self._waiting
            self._waiting.setdefault(key, deque()).append((job, future))
            if begin:
                self._pool.submit(self._drain, key)
        return future

    def clear(self) -> None:
        with self._changed:
            for jobs in self._waiting.values():
                for _, future in jobs:
                    future.cancel()
                jobs.clear()

    def idle(self, timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting, timeout)

    def close(self) -> None:
        with self._changed:
            self._closed = True
        self.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _drain(self, key: str) -> None:
        while True:
            with self._changed:
                jobs = self._waiting[key]
                if not jobs:
                    del self._waiting[key]
                    self._changed.notify_all()
                    return
                job, future = jobs.popleft()
            try:
                future.set_result(job())
            except Exception as error:  # one job's failure is not the next one's
                log.exception("a webhook job failed")
                future.set_exception(error)
