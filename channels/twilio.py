"""Twilio: checks its signatures, sends by its REST API, and turns its error codes into ours, in one table.

The only importer of the ``twilio`` package.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from twilio.base import values  # type: ignore[import-untyped]
from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]
from urllib3.exceptions import MaxRetryError, NewConnectionError

from bot.core.delivery import (
    CarrierUnavailable,
    DeliveryError,
    OptedOut,
    Outgoing,
    OutsideWindow,
    Rejected,
    Throttled,
    Unreachable,
)
from channels.carrier import CarrierMisconfigured
from channels.whatsapp.contents import OURS, ContentBook, Definition, filled, without_blank_lines
from channels.whatsapp.sync import KnownContent

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Code:
    error: type[DeliveryError]
    meaning: str


_CODES: Mapping[str, _Code] = {
    # https://www.twilio.com/docs/api/errors (codes), answers of POST Messages.json
    "20003": _Code(CarrierMisconfigured, "Twilio does not accept the account SID and auth token."),
    "20005": _Code(CarrierMisconfigured, "The Twilio account is not active."),
    "20404": _Code(CarrierMisconfigured, "Twilio has no such account or resource: check the SID and the API address."),
    "20429": _Code(Throttled, "Too many requests at once to Twilio's API; none of the refused ones was processed."),
    "20500": _Code(CarrierUnavailable, "Twilio had an internal error."),
    "20503": _Code(CarrierUnavailable, "Twilio's API is temporarily unavailable."),
    "21211": _Code(Unreachable, "The recipient's number is not a valid phone number."),
    "21212": _Code(CarrierMisconfigured, "The sender's number is not valid: check TWILIO_SMS_FROM."),
    "21214": _Code(Unreachable, "The recipient's number cannot be reached."),
    "21217": _Code(Unreachable, "The recipient's number does not look like a phone number."),
    "21219": _Code(Rejected, "A trial account sends only to numbers verified in Twilio's console."),
    "21408": _Code(Rejected, "The account has no permission to send to the recipient's country (geo permissions)."),
    "21602": _Code(Rejected, "The message had no text."),
    "21603": _Code(Rejected, "The message had no sender."),
    "21604": _Code(Rejected, "The message had no recipient."),
    "21606": _Code(Rejected, "The sender's number cannot send to this recipient, or is not of this account."),
    "21608": _Code(Rejected, "A trial account sends only to numbers verified in Twilio's console."),
    "21609": _Code(CarrierMisconfigured, "The status callback is not a valid public address: check PUBLIC_URL."),
    "21610": _Code(OptedOut, "The recipient told the carrier to stop; only START from that phone lifts it."),
    "21611": _Code(Throttled, "The sender's queue at Twilio is full."),
    "21612": _Code(Rejected, "There is no route from this sender to this recipient."),
    "21614": _Code(Unreachable, "The recipient's number is not a mobile: it cannot receive SMS."),
    "21617": _Code(Rejected, "The text is longer than 1,600 characters."),
    "21619": _Code(Rejected, "The message had no text."),
    "21624": _Code(CarrierMisconfigured, "The validity period is not between 1 and 36,000 seconds."),
    "21635": _Code(Unreachable, "The recipient's number is a landline."),
    "21654": _Code(Rejected, "Variables were given without a content."),
    "21655": _Code(Rejected, "The content does not exist, or has nothing for this channel."),
    "21656": _Code(Rejected, "The content's variables are not valid: one is empty or has a line break."),
    "21658": _Code(Rejected, "The content's variables are too long."),
    "21659": _Code(CarrierMisconfigured, "The sender's number is not a Twilio number of this account."),
    "21701": _Code(CarrierMisconfigured, "The Messaging Service does not exist: check TWILIO_MESSAGING_SERVICE_SID."),
    "21703": _Code(CarrierMisconfigured, "The Messaging Service has no number to send from."),
    "21705": _Code(CarrierMisconfigured, "The Messaging Service SID is not valid."),
    # What comes later, in ErrorCode of a status callback (undelivered or failed). 30001 and 30002 come either way.
    "30001": _Code(Throttled, "The sender's queue at Twilio overflowed."),
    "30002": _Code(CarrierMisconfigured, "The Twilio account was suspended between accepting and sending."),
    "30003": _Code(Unreachable, "The phone is off, out of coverage, or cannot receive SMS at the moment."),
    "30004": _Code(Unreachable, "The message was blocked: the phone or its carrier does not accept it."),
    "30005": _Code(Unreachable, "The number is unknown to its carrier, or no longer exists."),
    "30006": _Code(Unreachable, "The number is a landline, or its carrier cannot be reached."),
    "30007": _Code(Rejected, "A carrier filtered the message as unwanted."),
    "30008": _Code(Rejected, "The carrier failed to deliver and did not say why."),
    "30036": _Code(Rejected, "The message waited longer than its validity period and was not sent."),
    # WhatsApp, either way (https://www.twilio.com/docs/api/errors, 63xxx).
    "21910": _Code(CarrierMisconfigured, "Sender and recipient are of different channels: check TWILIO_WHATSAPP_FROM."),
    "63001": _Code(CarrierMisconfigured, "WhatsApp does not accept the credentials of the sender."),
    "63002": _Code(CarrierMisconfigured, "WhatsApp does not know the sender."),
    "63003": _Code(Unreachable, "The recipient's number is not on WhatsApp."),
    "63005": _Code(Rejected, "WhatsApp did not accept the message's content."),
    "63007": _Code(CarrierMisconfigured, "The sender is not on WhatsApp for this account: check TWILIO_WHATSAPP_FROM."),
    "63010": _Code(CarrierUnavailable, "WhatsApp had an internal error."),
    "63012": _Code(CarrierUnavailable, "WhatsApp had an internal error."),
    "63013": _Code(Rejected, "The message breaks a rule of WhatsApp."),
    "63014": _Code(Rejected, "WhatsApp refused the message for a reason of the person: blocked, or a limit of hers."),
    "63015": _Code(Rejected, "The recipient has not joined the sandbox."),
    "63016": _Code(OutsideWindow, "WhatsApp takes free text only in the 24 hours after the person's last message."),
    "63017": _Code(Throttled, "WhatsApp's limit of messages was reached."),
    "63018": _Code(Throttled, "WhatsApp's rate limit for this sender is exceeded."),
    "63019": _Code(Rejected, "A file could not be fetched or sent."),
    "63020": _Code(CarrierMisconfigured, "The WhatsApp Business account has not accepted Twilio's invitation."),
    "63021": _Code(Rejected, "WhatsApp does not carry such content, or it is too long."),
    "63024": _Code(Unreachable, "WhatsApp cannot deliver to this recipient."),
    "63025": _Code(Rejected, "The media file of the message is known already."),
    "63027": _Code(Rejected, "The template does not exist in this language."),
    "63028": _Code(Rejected, "The number of values does not fit the template."),
    "63029": _Code(Rejected, "A value breaks the template's format."),
    "63030": _Code(Rejected, "A value of the template is not valid."),
    "63031": _Code(Rejected, "Sender and recipient are the same."),
    "63032": _Code(Rejected, "WhatsApp does not deliver to this person (an experiment of Meta's)."),
    "63033": _Code(Rejected, "The person blocked the sender."),
    "63036": _Code(Unreachable, "The recipient cannot be reached on WhatsApp."),
    "63038": _Code(Throttled, "The account's daily limit of messages was reached."),
    "63040": _Code(Rejected, "The template was refused by WhatsApp."),
    "63041": _Code(Rejected, "The template is paused by WhatsApp for its quality."),
    "63042": _Code(Rejected, "The template is disabled by WhatsApp."),
    "63049": _Code(Rejected, "Meta chose not to deliver this message."),
    "63051": _Code(CarrierMisconfigured, "The WhatsApp Business account is locked by Meta."),
}
"""Twilio's code -> the kind of failure, and what it means to an operator. A code not here is Rejected, visibly."""

_OWN_CODES: Mapping[str, str] = {
    "no_connection": "No connection to Twilio's API could be made: the message was not handed over.",
    "connection_lost": "The connection to Twilio's API broke: whether the message was taken is not known.",
    "timeout": "Twilio's API did not answer in time: whether the message was taken is not known.",
    "bad_answer": "Twilio's API answered with something unreadable: whether the message was taken is not known.",
    "bad_address": "TWILIO_API_URL is not an address that can be called.",
    "foreign_address": "A file's address is not of Twilio's API: it was not fetched.",
    "file_too_large": "A file is larger than we fetch.",
}

# HTTP refusals without a code of Twilio's, and mistakes of our own settings.
_OWN_MISTAKES = ("bad_address", "wrong_secret", "http_401", "http_403", "http_404")

ERROR_MEANING: Mapping[str, str] = {**{code: row.meaning for code, row in _CODES.items()}, **_OWN_CODES}
"""A delivery's error code -> one sentence for operators. ``http_<status>`` codes are Twilio's HTTP status, bare."""

_SHORT_TIMEOUT = (1.0, 2.5)
CLOCK_SKEW = timedelta(seconds=5)
"""How far Twilio's clock may be behind ours when a message is looked for by its time."""
_API = "https://api.twilio.com"
_LOOK_BACK = 100
_NO_SUCH_CONTENT = ("21654", "21655", "21656", "21658")
"""Refusals of a content at the time of sending: the same message goes as text."""
_MAX_RETRY_AFTER = 3600.0
_TRIAL_PREFIX = "Sent from your Twilio trial account - "


def failure(code: str) -> DeliveryError:
    """Return what an error code of a status callback means; one that we do not know is Rejected."""
    row = _CODES.get(code)
    return row.error(code, row.meaning) if row else Rejected(code)


def misconfigured(codes: Iterable[str]) -> bool:
    """Say whether one of these error codes means that nothing can be sent until an operator acts."""
    return any(isinstance(failure(code), CarrierMisconfigured) or code in _OWN_MISTAKES for code in codes)


def valid_signature(auth_token: str, public_url: str, form: Mapping[str, str], signature: str | None) -> bool:
    """Say whether Twilio signed this webhook request.

    ``public_url`` is the address as Twilio called it (``PUBLIC_URL`` + path + query, never the ``Host`` header);
    ``form`` is the request's MultiDict with its blank fields: repeated keys count. The SDK tries the address with and
    without a port, and compares in constant time.
    """
    if not auth_token or not signature:
        return False
    return bool(RequestValidator(auth_token).validate(public_url, form, signature))


class TwilioCarrier:
    """Sends through Twilio's REST API, or through the twin's when ``api_url`` points at it. Threads may share one."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        sender: str = "",
        messaging_service_sid: str = "",
        api_url: str = "",
        validity_period: int | None = None,
        connect_timeout: float = 3.0,
        read_timeout: float = 8.0,
    ) -> None:
        """Use ``messaging_service_sid`` (MG…) when given, else the number ``sender``; timeouts are in seconds.

        ``validity_period`` (seconds, 1 to 36,000) is how long Twilio may hold a message before it gives up.
        """
        self._sender = sender
        self._service = messaging_service_sid
        self._validity_period = validity_period
        self._http = _Http(api_url, (connect_timeout, read_timeout))
        # Blank credentials would make the SDK look for others in the environment; these are refused by Twilio instead.
        self._client = Client(account_sid or "unset", auth_token or "unset", http_client=self._http)

    def send(
        self, to: str, outgoing: Outgoing, *, delivery_id: str, status_callback: str, sender: str | None = None
    ) -> str:
        """See :meth:`channels.carrier.Carrier.send`."""
        return self._create(
            to=to,
            body=outgoing.text,
            from_=values.unset if self._service else sender or self._sender,
            messaging_service_sid=self._service or values.unset,
            status_callback=_with_delivery(status_callback, delivery_id) if status_callback else values.unset,
            validity_period=values.unset if self._validity_period is None else self._validity_period,
        )

    def _create(self, **fields: object) -> str:
        try:
            message = self._client.messages.create(**fields)
        except TwilioException:
            raise _unavailable("bad_answer") from None
        if not message.sid:
            raise _unavailable("bad_answer")
        return str(message.sid)

    def find_sent(
        self, to: str, text: str, since: datetime, *, known: Collection[str] = (), sender: str | None = None
    ) -> str | None:
        """See :meth:`channels.carrier.Carrier.find_sent`. The oldest fitting message is the one.

        A message that still waits in Twilio's queue has no date of sending, so the first look, by that date, may miss
        it; the second takes the newest messages whatever their date. Twilio's times have whole seconds.
        """
        earliest = since.astimezone(timezone.utc).replace(microsecond=0) - CLOCK_SKEW
        for filters in ({"date_sent_after": earliest}, {}):
            fitting = [
                message
                for message in self._list(to, sender, filters)
                if message.sid not in known
                and str(message.direction).startswith("outbound")
                and message.date_created is not None
                and message.date_created >= earliest
                and _same_text(message.body, text)
            ]
            if fitting:
                return str(min(fitting, key=lambda message: message.date_created).sid)
        return None

    def close(self) -> None:
        """Close the pooled connections."""
        self._http.close()

    def _list(self, to: str, sender: str | None, filters: Mapping[str, datetime]) -> Iterator[Any]:
        # A Messaging Service picks the sender later: until then the message has no From to filter by.
        from_ = values.unset if self._service else sender or self._sender
        try:
            yield from self._client.messages.list(to=to, from_=from_, limit=_LOOK_BACK, page_size=_LOOK_BACK, **filters)
        except TwilioException:
            raise _unavailable("bad_answer") from None


class WhatsAppCarrier(TwilioCarrier):
    """Sends WhatsApp messages: texts, and contents of the Content API where there is something to tap."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        sender: str,
        contents: ContentBook,
        templates: Mapping[str, Definition],
        api_url: str = "",
        connect_timeout: float = 3.0,
        read_timeout: float = 8.0,
    ) -> None:
        """``sender``: our number on WhatsApp. ``contents`` remembers Twilio's ids of contents for all workers."""
        super().__init__(
            account_sid,
            auth_token,
            sender=_whatsapp_address(sender),
            api_url=api_url,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
        )
        self._contents = contents
        self._templates = templates
        self._password = (account_sid, auth_token)
        # What is done on the side takes little of a delivery's or a turn's time.
        self._aside = _Http(api_url, _SHORT_TIMEOUT, loud=False)
        self._side_client = Client(account_sid or "unset", auth_token or "unset", http_client=self._aside)
        self._api = ContentApi(self._side_client)

    def send(
        self, to: str, outgoing: Outgoing, *, delivery_id: str, status_callback: str, sender: str | None = None
    ) -> str:
        """See :meth:`channels.carrier.Carrier.send`. Where a content cannot be had, the text goes alone."""
        fields = {
            "to": _whatsapp_address(to),
            "from_": _whatsapp_address(sender) if sender else self._sender,
            "status_callback": _with_delivery(status_callback, delivery_id) if status_callback else values.unset,
        }
        content = filled(outgoing, self._templates)
        sid = self._sid(content.definition) if content else None
        if content is None or sid is None:
            return self._create(body=outgoing.text, **fields)
        variables = json.dumps(content.variables, ensure_ascii=False) if content.variables else values.unset
        try:
            return self._create(content_sid=sid, content_variables=variables, **fields)
        except Rejected as error:
            if error.code not in _NO_SUCH_CONTENT:
                raise
            log.warning("sent as text: the content was refused", extra={"code": error.code})
            self._contents.forget(content.definition.name)
        return self._create(body=outgoing.text, **fields)

    def find_sent(
        self, to: str, text: str, since: datetime, *, known: Collection[str] = (), sender: str | None = None
    ) -> str | None:
        """See :meth:`channels.carrier.Carrier.find_sent`."""
        ours = _whatsapp_address(sender) if sender else None
        return super().find_sent(_whatsapp_address(to), text, since, known=known, sender=ours)

    def show_typing(self, provider_id: str) -> None:
        """Show the person that an answer comes, and her message as read, until it does (25 seconds at most).

        https://www.twilio.com/docs/whatsapp/api/typing-indicators-resource

        Raises:
            DeliveryError: it could not be shown.
        """
        self._side_client.request(
            "POST",
            "https://messaging.twilio.com/v3/Indicators/Typing.json",
            data={"channel": "WHATSAPP", "messageId": provider_id},
            headers={"Content-Type": "application/json", "Accept": "application/json"},
        )

    def fetch(self, url: str, largest: int) -> tuple[bytes, str]:
        """Return a file that a person sent, of at most ``largest`` bytes, and its MIME type.

        Raises:
            DeliveryError: it cannot be had, or is larger.
        """
        return self._http.fetch(url, self._password, largest)

    def close(self) -> None:
        """Close the pooled connections."""
        super().close()
        self._aside.close()

    def _sid(self, definition: Definition) -> str | None:
        """Return the content's id; it is created when nobody did. None when it cannot be: a template is not, here.

        A template that was not approved could not be sent anyway.
        """
        sid = self._contents.find(definition.name)
        if sid is None and not definition.category:
            try:
                sid = self._api.create(definition)
            except DeliveryError as error:
                log.warning("sent as text: no content could be created", extra={"code": error.code})
                return None
            self._contents.keep(definition.name, sid)
        return sid


class ContentApi:
    """Twilio's Content API: https://www.twilio.com/docs/content/content-api-resources."""

    _URL = "https://content.twilio.com/v1"
    _PAGE_SIZE = 500

    def __init__(self, client: Client) -> None:
        """``client`` is the SDK's, with our HTTP client; :meth:`open` makes one."""
        self._client = client

    @classmethod
    def open(cls, account_sid: str, auth_token: str, api_url: str = "") -> ContentApi:
        """Return the API for a command: it may take its time."""
        http = _Http(api_url, (3.0, 15.0))
        return cls(Client(account_sid or "unset", auth_token or "unset", http_client=http))

    def create(self, definition: Definition) -> str:
        """Create a content and return its id."""
        sid = self._json("POST", "/Content", definition.request()).get("sid")
        if not isinstance(sid, str) or not sid:
            raise _unavailable("bad_answer")
        return sid

    def ours(self) -> list[KnownContent]:
        """Return every content whose name begins as ours do, with what WhatsApp says of it."""
        return [content for content in self._all() if content.name.startswith(OURS)]

    def delete(self, sid: str) -> None:
        """Delete a content; one that is gone already is no error."""
        try:
            self._client.request("DELETE", f"{self._URL}/Content/{sid}")
        except CarrierMisconfigured as error:
            if error.code != "20404":
                raise

    def submit(self, sid: str, name: str, category: str) -> str:
        """Ask WhatsApp to approve a content and return the answer's status ("received")."""
        answer = self._json("POST", f"/Content/{sid}/ApprovalRequests/whatsapp", {"name": name, "category": category})
        return str(answer.get("status") or "")

    def _all(self) -> Iterator[KnownContent]:
        url = f"/ContentAndApprovals?PageSize={self._PAGE_SIZE}"
        while url:
            page = self._json("GET", url)
            for content in page.get("contents") or ():
                approval = content.get("approval_requests") or {}
                yield KnownContent(
                    str(content.get("sid") or ""),
                    str(content.get("friendly_name") or ""),
                    str(approval.get("status") or "unsubmitted"),
                    str(approval.get("rejection_reason") or ""),
                )
            following = urlsplit(str((page.get("meta") or {}).get("next_page_url") or ""))
            url = f"{following.path.removeprefix('/v1')}?{following.query}" if following.path else ""

    def _json(self, method: str, path: str, data: Mapping[str, object] | None = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"} if data is not None else {}
        answer = self._client.request(method, self._URL + path, data=data, headers=headers)
        return dict(json.loads(answer.text))


class TwilioCalls:
    """Twilio's calls: https://www.twilio.com/docs/voice/api/call-resource."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        sender: str,
        api_url: str = "",
        ring_seconds: int = 30,
        connect_timeout: float = 3.0,
        read_timeout: float = 8.0,
    ) -> None:
        """``sender``: the number that calls come from; ``ring_seconds``: how long one rings before nobody answers."""
        self._sender = sender
        self._ring_seconds = ring_seconds
        self._http = _Http(api_url, (connect_timeout, read_timeout))
        self._client = Client(account_sid or "unset", auth_token or "unset", http_client=self._http)

    def call(self, to: str, *, url: str, fallback: str, status_callback: str) -> str:
        """Ask for a call and return its id. Twilio asks ``url`` what to say once it knows whether a machine answered.

        Raises:
            DeliveryError: it was refused, or whether it was taken is not known.
        """
        try:
            call = self._client.calls.create(
                to=to,
                from_=self._sender,
                url=url,
                method="POST",
                fallback_url=fallback,
                fallback_method="POST",
                status_callback=status_callback,
                status_callback_method="POST",  # of the end alone, as long as no events are named
                machine_detection="Enable",
                machine_detection_timeout=6,
                timeout=self._ring_seconds,
            )
        except TwilioException:
            raise _unavailable("bad_answer") from None
        if not call.sid:
            raise _unavailable("bad_answer")
        return str(call.sid)

    def ring(self, to: str, *, url: str, fallback: str, status_callback: str, seconds: int) -> str:
        """Ring an agent's phone (a number or SIP address) for so long and return the call's id.

        Nobody listens for a machine: who takes it must press a key, and hears at once why it rings.

        Raises:
            DeliveryError: it was refused, or whether it was taken is not known.
        """
        try:
            call = self._client.calls.create(
                to=to,
                from_=self._sender,
                url=url,
                method="POST",
                fallback_url=fallback,
                fallback_method="POST",
                status_callback=status_callback,
                status_callback_method="POST",  # of the end alone, as long as no events are named
                timeout=seconds,
            )
        except TwilioException:
            raise _unavailable("bad_answer") from None
        if not call.sid:
            raise _unavailable("bad_answer")
        return str(call.sid)

    def remove_queue(self, queue_sid: str) -> None:
        """Remove a queue that nobody waits in any more; raises DeliveryError."""
        try:
            self._client.queues(queue_sid).delete()
        except TwilioException:
            raise _unavailable("bad_answer") from None

    def hang_up(self, call_sid: str) -> None:
        """End a call, also one that still rings; raises DeliveryError."""
        try:
            self._client.calls(call_sid).update(status="completed")
        except TwilioException:
            raise _unavailable("bad_answer") from None

    def say(self, call_sid: str, twiml: str) -> None:
        """Give a call that is going on something else to do; raises DeliveryError."""
        try:
            self._client.calls(call_sid).update(twiml=twiml)
        except TwilioException:
            raise _unavailable("bad_answer") from None

    def close(self) -> None:
        """Close the pooled connections."""
        self._http.close()


class _Http:
    """The SDK's HTTP client (``twilio.http.HttpClient``) with our address, timeouts and errors; it never retries.

    Not the SDK's own, which logs numbers, drops Retry-After and has one timeout. The SDK allows another client:
    https://github.com/twilio/twilio-python/blob/main/advanced-examples/custom-http-client.md
    """

    is_async = False

    def __init__(self, api_url: str, timeout: tuple[float, float], loud: bool = True) -> None:
        """``loud``: a wrong setting is an error in the log; not for what is done at best."""
        self._api_url = api_url.rstrip("/")
        self._timeout = timeout
        self._loud = loud
        self._session = requests.Session()
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=16, max_retries=0))
        # A proxy from the environment is for the outside world, not for the twin on this machine.
        self._session.trust_env = not _is_loopback(self._api_url)
        # urllib3 writes each request's path with its query, and so recipients' numbers, at DEBUG.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

    def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Any:
        """Make one request, as the SDK asks for it; ``timeout`` and redirects are not the caller's to choose.

        Raises:
            DeliveryError: anything but a readable success.
        """
        try:
            answer = self._session.request(
                method,
                self._rewritten(uri),
                params=dict(params or {}),  # type: ignore[arg-type]  # the SDK passes values that requests can write
                headers=dict(headers or {}),
                **_payload(data, headers),
                auth=auth,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise self._told(_network_error(error)) from None
        if not 200 <= answer.status_code < 300:
            raise self._told(_answer_error(answer))
        if answer.status_code != 204 and not isinstance(_json(answer), dict):
            raise _unavailable("bad_answer")
        return Response(answer.status_code, answer.text, answer.headers)

    def close(self) -> None:
        self._session.close()

    def fetch(self, url: str, auth: tuple[str, str], largest: int) -> tuple[bytes, str]:
        """Return a file of the API's own host and its type; it may be kept elsewhere, where the password does not go.

        Raises:
            DeliveryError: the address is of another host, the file is larger than ``largest`` bytes, or not to be had.
        """
        given, own = urlsplit(url), urlsplit(self._api_url or _API)
        if (given.scheme, given.netloc) != (own.scheme, own.netloc):
            raise Rejected("foreign_address", ERROR_MEANING["foreign_address"])
        try:
            # requests drops the password when a redirect leads to another host.
            with self._session.get(url, auth=auth, timeout=self._timeout, stream=True) as answer:
                if answer.status_code != 200:
                    raise _answer_error(answer)
                content = b""
                for chunk in answer.iter_content(65536):
                    content += chunk
                    if len(content) > largest:
                        raise Rejected("file_too_large", ERROR_MEANING["file_too_large"])
        except requests.RequestException as error:
            raise _network_error(error) from None
        return content, answer.headers.get("Content-Type", "")

    def _told(self, error: DeliveryError) -> DeliveryError:
        if self._loud and isinstance(error, CarrierMisconfigured):
            log.error("nothing can be sent: %s", error)
        return error

    def _rewritten(self, uri: str) -> str:
        if not self._api_url:
            return uri
        parts = urlsplit(uri)
        return self._api_url + urlunsplit(("", "", parts.path, parts.query, ""))


def _payload(data: Mapping[str, object] | None, headers: Mapping[str, str] | None) -> dict[str, Any]:
    """Return the request's body as the SDK means it: JSON where its header says so, else a form."""
    if (headers or {}).get("Content-Type") == "application/json":
        return {"json": dict(data or {})}
    return {"data": dict(data or {})}


def _unavailable(code: str) -> CarrierUnavailable:
    return CarrierUnavailable(code, ERROR_MEANING[code])


def _network_error(error: requests.RequestException) -> DeliveryError:
    if isinstance(error, ValueError):  # InvalidURL, InvalidSchema, MissingSchema
        return CarrierMisconfigured("bad_address", ERROR_MEANING["bad_address"])
    if isinstance(error, requests.ConnectTimeout) or _never_connected(error):
        return _unavailable("no_connection")
    return _unavailable("timeout" if isinstance(error, requests.Timeout) else "connection_lost")


def _never_connected(error: requests.RequestException) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def _answer_error(answer: requests.Response) -> DeliveryError:
    """Read a refusal. Twilio's own message may repeat the number, so ours is used instead."""
    body = _json(answer)
    code = str(body.get("code") or "") if isinstance(body, dict) else ""
    row = _CODES.get(code)
    kind = row.error if row else _kind_by_status(answer.status_code)
    retry_after = _retry_after(answer.headers.get("Retry-After")) if kind in (Throttled, CarrierUnavailable) else None
    return kind(code or f"http_{answer.status_code}", row.meaning if row else "", retry_after)


def _kind_by_status(status: int) -> type[DeliveryError]:
    if status == 429:
        return Throttled
    if status >= 500 or status == 408:
        return CarrierUnavailable
    # A redirect means that TWILIO_API_URL is not the API.
    return CarrierMisconfigured if status < 400 or status in (401, 403, 404) else Rejected


def _json(answer: requests.Response) -> Any:
    try:
        return json.loads(answer.text)
    except ValueError:
        return None


def _retry_after(header: str | None) -> float | None:
    """Read seconds or an HTTP date (RFC 9110, 10.2.3) as seconds from now; None when absent or unreadable."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(header) - datetime.now(timezone.utc)).total_seconds()
        except (ValueError, TypeError):
            return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), _MAX_RETRY_AFTER)


def _with_delivery(status_callback: str, delivery_id: str) -> str:
    parts = urlsplit(status_callback)
    if "delivery" in parse_qs(parts.query):
        return status_callback
    query = "&".join(filter(None, [parts.query, urlencode({"delivery": delivery_id})]))
    return urlunsplit(parts._replace(query=query))


def _same_text(carried: str | None, text: str) -> bool:
    """Say whether a message that Twilio lists has these words; a content's lines are as its variables hold them."""
    found = (carried or "").removeprefix(_TRIAL_PREFIX).strip()
    return found == text.strip() or found == without_blank_lines(text)


def _whatsapp_address(address: str) -> str:
    return address if address.startswith("whatsapp:") else f"whatsapp:{address}"


def _is_loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, or no address at all
        return False
