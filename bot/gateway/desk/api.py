"""The REST API: every request is authenticated, limited, checked, carried out and noted, in this order."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from flask import Blueprint, Response, render_template, request
from pydantic import BaseModel, ValidationError

from bot.core.handoff import HandoffState
from bot.desk.service import LONGEST_TEXT, CannotWrite, DeskService, may_see
from bot.gateway.desk import models
from bot.gateway.desk.chatwoot import Webhooks, add_chatwoot
from bot.gateway.desk.document import document
from bot.gateway.desk.operations import OPERATIONS, Operation
from bot.gateway.desk.problems import KINDS, PREFIX, Problem
from bot.store.audit import Audit
from bot.store.desk_tokens import DeskAccount, DeskTokens, KeyReused
from bot.store.handoffs import HandoffRecord, NotYours
from bot.store.store import utc_now
from bot.store.thread import Entry, cursor_of, entry_at
from bot.wake import Wake
from bot.worker.limits import Limits

log = logging.getLogger(__name__)

LIMIT = "desk"
"""What the rate of requests is called in bot.worker.limits."""
_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
_ID = re.compile(r"[1-9][0-9]{0,9}")
_POLICY = "default-src 'none'; style-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"


@dataclass(frozen=True)
class Parts:
    """What the API is made of."""

    service: DeskService
    tokens: DeskTokens
    audit: Audit
    limits: Limits
    wake: Wake


@dataclass(frozen=True)
class Call:
    """A request that was let through. ``handoff`` raises where the operation is about none."""

    account: DeskAccount
    record: HandoffRecord | None
    query: Any
    body: Any
    key: str | None

    @property
    def handoff(self) -> HandoffRecord:
        """The handoff that it is about."""
        assert self.record is not None
        return self.record


Answer = tuple[int, BaseModel]
Handler = Callable[[DeskService, Call], Answer]


def desk_blueprint(parts: Parts, chatwoot: Webhooks | None = None) -> Blueprint:
    """Return the API. ``chatwoot``: what its webhooks need, where a Chatwoot is the desk."""
    api = Blueprint("desk", __name__, url_prefix=PREFIX, template_folder="templates", static_folder="static")
    for operation in OPERATIONS:
        api.add_url_rule(
            operation.path.replace("{handoff}", "<handoff>"),
            operation.id,
            _view(parts, operation, _HANDLERS[operation.id]),
            methods=[operation.method],
        )

    if chatwoot is not None:
        add_chatwoot(api, chatwoot)

    @api.get("/openapi.json")
    def openapi() -> dict[str, Any]:
        """Describe the API."""
        return document()

    @api.get("/docs")
    def docs() -> str:
        """Show the description to people."""
        return render_template("desk/docs.html", api=document(), operations=OPERATIONS, kinds=KINDS)

    @api.errorhandler(Problem)
    def refused(problem: Problem) -> Response:
        """Say what is wrong."""
        return problem.response()

    @api.after_request
    def headers(response: Response) -> Response:
        """Set the headers of every answer."""
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        if request.endpoint != "desk.static":
            response.headers["Cache-Control"] = "no-store"
        return response

    return api


def _view(parts: Parts, operation: Operation, handler: Handler) -> Callable[..., Response]:
    def view(handoff: str = "") -> Response:
        account = _authenticated(parts)
        wait = parts.limits.wait(LIMIT, account.token)
        if wait > 0:
            raise Problem("too_many_requests", headers={"Retry-After": str(int(wait) + 1)})
        record = _record(parts, operation, handoff, account)
        call = Call(account, record, _query(operation), _body(operation), _idempotency_key(operation))
        try:
            status, answer = _carried_out(parts.service, handler, call)
        except Problem as problem:
            _note(parts, operation, account, record, refused=problem.code)
            raise
        _note(parts, operation, account, record)
        if operation.method != "GET":
            parts.wake.send()
        return Response(answer.model_dump_json(), status=status, mimetype="application/json")

    view.__doc__ = operation.summary
    return view


def _authenticated(parts: Parts) -> DeskAccount:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    account = parts.tokens.find(token.strip(), utc_now()) if scheme.lower() == "bearer" and token.strip() else None
    if account is None:
        log.warning("desk: request without a token in force refused")
        raise Problem("unauthorized")
    return account


def _record(parts: Parts, operation: Operation, handoff: str, account: DeskAccount) -> HandoffRecord | None:
    if not operation.of_handoff:
        return None
    known = _ID.fullmatch(handoff) and int(handoff) <= models.LARGEST_ID
    record = parts.service.get(int(handoff)) if known else None
    if record is None:
        raise Problem("not_found", "There is no such handoff.")
    if not may_see(record, account):
        _note(parts, operation, account, record, refused="forbidden")
        raise Problem("forbidden")
    return record


def _query(operation: Operation) -> BaseModel | None:
    if operation.query is None:
        return None
    repeated = tuple((name, "is given more than once") for name, values in request.args.lists() if len(values) > 1)
    if repeated:
        raise Problem("invalid", errors=repeated)
    numbers = tuple(
        (name, "must be a whole number")
        for name, value in request.args.items()
        if name in operation.query.model_fields and _whole(operation.query, name) and not _ID.fullmatch(value)
    )
    if numbers:
        raise Problem("invalid", errors=numbers)
    try:
        return operation.query.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise _invalid(error) from None


def _whole(query: type[BaseModel], name: str) -> bool:
    """Say whether a parameter is a number: pydantic would also take 1.0 and blanks around it."""
    return int in _types(query.model_fields[name].annotation)


def _types(annotation: Any) -> set[Any]:
    return {annotation}.union(*(_types(each) for each in get_args(annotation)))


def _body(operation: Operation) -> BaseModel | None:
    if operation.body is None:
        return None
    sent = request.get_data()
    if not sent and not operation.body_required:
        return operation.body.model_validate({})
    if request.mimetype != "application/json":
        raise Problem("unsupported_media_type")
    try:
        return operation.body.model_validate_json(sent)
    except ValidationError as error:
        raise _invalid(error) from None


def _invalid(error: ValidationError) -> Problem:
    found = error.errors(include_input=False, include_context=False, include_url=False)
    if any(each["type"] == "json_invalid" for each in found):
        return Problem("bad_request", "The body is no JSON.")
    return Problem("invalid", errors=tuple((".".join(map(str, each["loc"])) or "body", each["msg"]) for each in found))


def _idempotency_key(operation: Operation) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if operation.key == "none" or (key is None and operation.key == "optional"):
        return None
    if key is None:
        raise Problem("bad_request", errors=(("Idempotency-Key", "is missing"),))
    if not _KEY.fullmatch(key):
        raise Problem("invalid", errors=(("Idempotency-Key", "must be 8 to 64 letters, digits, hyphens, underscores"),))
    return key


def _carried_out(service: DeskService, handler: Handler, call: Call) -> Answer:
    try:
        return handler(service, call)
    except NotYours as refused:
        raise Problem("not_yours", more={"state": refused.state.value, "agent": refused.agent}) from None
    except CannotWrite as refused:
        raise Problem("cannot_write", more={"obstacle": refused.obstacle}) from None
    except KeyReused:
        raise Problem("key_reused", errors=(("Idempotency-Key", "was used for another request"),)) from None


def _note(
    parts: Parts, operation: Operation, account: DeskAccount, record: HandoffRecord | None, **detail: str
) -> None:
    """Write into the audit log that a token read or did something, or wanted to. No text is in it."""
    about: Mapping[str, Any] = {"handoff": record.id} if record else {}
    parts.audit.note(
        f"desk_{operation.id}",
        f"desk:{account.token}",
        utc_now(),
        agent=account.agent_id,
        conversation=record.conversation_id if record else None,
        **about,
        **detail,
    )


# ---- what each operation does


def _list(service: DeskService, call: Call) -> Answer:
    query: models.HandoffQuery = call.query
    states = (HandoffState.WAITING, HandoffState.WITH_AGENT) if query.state == "open" else (HandoffState(query.state),)
    found = service.page(call.account, states, team=query.team, before=query.before, limit=query.limit + 1)
    page = found[: query.limit]
    following = page[-1].id if len(found) > query.limit else None
    return 200, models.HandoffPage(handoffs=[_handoff(each, call.account) for each in page], next=following)


def _read(service: DeskService, call: Call) -> Answer:
    record = call.handoff
    reach = service.reachable(record)
    reply = models.ReplyState(
        possible=reach.obstacle is None, obstacle=reach.obstacle, window_open=reach.window_open, longest=LONGEST_TEXT
    )
    return 200, models.HandoffDetail(**_handoff(record, call.account).model_dump(), reply=reply)


def _thread(service: DeskService, call: Call) -> Answer:
    query: models.ThreadQuery = call.query
    before = _before(query.before) if query.before is not None else None
    found = service.thread(call.handoff, query.limit + 1, before)
    page = found[-query.limit :]
    following = cursor_of(page[0]) if len(found) > query.limit else None
    return 200, models.ThreadPage(entries=[_entry(each) for each in page], next=following)


def _take(service: DeskService, call: Call) -> Answer:
    return _changed(call, service.take(call.handoff, call.account, call.body.agent or ""))


def _reply(service: DeskService, call: Call) -> Answer:
    assert call.key is not None
    sent = service.reply(call.handoff, call.account, call.body.text, call.key)
    messages = [
        models.SentMessage(id=each.delivery_id, channel=each.channel, status=each.status, at=each.at)
        for each in sent.messages
    ]
    answer = models.AnswerSent(messages=messages, replayed=not sent.new, segments=sent.segments)
    return (201 if sent.new else 200), answer


def _add_note(service: DeskService, call: Call) -> Answer:
    return 201, models.NoteAdded(id=service.note(call.handoff, call.account, call.body.text, call.key))


def _release(service: DeskService, call: Call) -> Answer:
    return _changed(call, service.release(call.handoff, call.account))


def _back(service: DeskService, call: Call) -> Answer:
    return _changed(call, service.hand_back(call.handoff, call.account, call.body.agent or ""))


def _close(service: DeskService, call: Call) -> Answer:
    return _changed(call, service.close(call.handoff, call.account, call.body.reason, call.body.agent or ""))


def _changed(call: Call, record: HandoffRecord) -> Answer:
    return 200, _handoff(record, call.account)


_HANDLERS: dict[str, Handler] = {
    "list": _list,
    "read": _read,
    "thread": _thread,
    "take": _take,
    "reply": _reply,
    "note": _add_note,
    "release": _release,
    "back": _back,
    "close": _close,
}


# ---- how things are shown


def _handoff(record: HandoffRecord, account: DeskAccount) -> models.Handoff:
    return models.Handoff(
        id=record.id,
        conversation=record.conversation_id,
        state=models.state_of(record.state),
        reason=record.reason,
        channel=record.channel,
        language=record.language,
        topic=record.topic,
        sensitive=record.sensitive,
        priority=record.priority,
        team=record.team,
        agent=record.agent,
        yours=record.state is HandoffState.WITH_AGENT and record.agent_id == account.agent_id,
        asked_at=record.asked_at,
        waiting_since=record.waiting_since,
        taken_at=record.taken_at,
        person_wrote_at=record.person_wrote_at,
        agent_wrote_at=record.agent_wrote_at,
        ended_at=record.ended_at,
        end_reason=record.end_reason,
    )


def _entry(entry: Entry) -> models.ThreadEntry:
    read = entry.understood
    understood = (
        models.Understanding(
            intent=read.intent, procedure=read.procedure, life_event=read.life_event, outcome=read.outcome
        )
        if read
        else None
    )
    return models.ThreadEntry(
        kind=entry.kind,
        id=entry.id,
        at=entry.at,
        channel=entry.channel,
        text=entry.text,
        media=entry.media,
        what=entry.sort,
        status=entry.status,
        error=entry.error,
        who=entry.who,
        understood=understood,
    )


def _before(cursor: str) -> Entry:
    try:
        return entry_at(cursor)
    except ValueError:
        # Well formed, and of no page of ours: nothing stands before it.
        raise Problem("not_found", "There is no such page.") from None
