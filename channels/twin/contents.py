"""Twilio's Content API, its approvals by WhatsApp, and what a content becomes when it is sent with its variables."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from flask import Blueprint, Response, jsonify, request

from channels.sms.segments import MAX_CHARACTERS
from channels.twin.refusal import Refusal
from channels.twin.shown import Option, Shown
from channels.twin.state import Content, Twin

# https://www.twilio.com/docs/content/twilio-quick-reply and …/twilio-list-picker
MAX_BUTTONS_IN_SESSION = 3
MAX_BUTTONS = 10
MAX_BUTTON_TITLE = 20
MAX_ITEMS = 10
MAX_ITEM_TITLE = 24
MAX_ITEM_DESCRIPTION = 72
MAX_OPTION_ID = 200
MAX_RICH_BODY = 1024

_TYPES = ("twilio/list-picker", "twilio/quick-reply", "twilio/media", "twilio/location", "twilio/text")
"""The richest first: Twilio sends the richest one that the channel supports."""
_ONLY_IN_SESSION = ("twilio/list-picker", "twilio/location")
_VARIABLE = re.compile(r"\{\{([^{}]*)\}\}")
_VARIABLE_NAME = re.compile(r"\w{1,16}")
_CATEGORIES = ("UTILITY", "MARKETING", "AUTHENTICATION")


@dataclass(frozen=True)
class Ready:
    """A content with its variables filled in. ``template`` says that WhatsApp approved it."""

    type: str
    body: str
    shown: Shown | None
    template: bool
    problem: str = ""
    """Which limit of WhatsApp the filled-in content breaks: accepted by Twilio, and failed later."""


def blueprint(twin: Twin) -> Blueprint:
    """Return the API under ``/v1``."""
    api = Blueprint("content", __name__, url_prefix="/v1")

    @api.post("/Content")
    def create() -> tuple[Response, int]:
        given = _object()
        now = datetime.now(timezone.utc)
        content = Content(
            sid=f"HX{uuid4().hex}",
            friendly_name=str(given.get("friendly_name") or ""),
            language=_language(given),
            variables=_variables(given),
            types=_types(given),
            created=now,
            updated=now,
        )
        twin.keep_content(content)
        return jsonify(_resource(twin, content)), 201

    @api.get("/Content")
    def read_list() -> Response:
        return jsonify(_page(twin, "contents", "Content", lambda content: _resource(twin, content)))

    @api.get("/ContentAndApprovals")
    def read_with_approvals() -> Response:
        return jsonify(_page(twin, "contents", "ContentAndApprovals", lambda content: _with_approval(twin, content)))

    @api.get("/Content/<sid>")
    def fetch(sid: str) -> Response:
        return jsonify(_resource(twin, _existing(twin, sid)))

    @api.put("/Content/<sid>")
    def change(sid: str) -> Response:
        given, old = _object(), _existing(twin, sid)
        content = replace(
            old,
            friendly_name=str(given.get("friendly_name") or old.friendly_name),
            variables=_variables(given) if "variables" in given else old.variables,
            types=_types(given),
            updated=datetime.now(timezone.utc),
        )
        twin.keep_content(content)
        return jsonify(_resource(twin, content))

    @api.delete("/Content/<sid>")
    def delete(sid: str) -> tuple[str, int]:
        twin.keep_content(replace(_existing(twin, sid), deleted=True))
        return "", 204

    @api.post("/Content/<sid>/ApprovalRequests/whatsapp")
    def submit(sid: str) -> tuple[Response, int]:
        content, given = _existing(twin, sid), _object()
        name, category = str(given.get("name") or ""), str(given.get("category") or "")
        if not re.fullmatch(r"[a-z0-9_]{1,512}", name):
            raise Refusal(20001, "name")
        if category not in _CATEGORIES:
            raise Refusal(20001, "category")
        if any(kind in content.types for kind in _ONLY_IN_SESSION):
            raise Refusal(20001, "types")
        approval = {"name": name, "category": category, "content_type": richest(content.types)}
        twin.keep_content(replace(content, approval={**approval, "status": twin.approvals}))
        return jsonify({**approval, "status": "received", "rejection_reason": "", "allow_category_change": True}), 201

    @api.get("/Content/<sid>/ApprovalRequests")
    def approval(sid: str) -> Response:
        content = _existing(twin, sid)
        return jsonify(
            sid=content.sid,
            account_sid=twin.config.account_sid,
            whatsapp=_approval(content),
            url=f"{_address(content)}/ApprovalRequests",
        )

    return api


def fill(content: Content, variables: str, channel: str) -> Ready:
    """Return what a phone on ``channel`` is shown of a content.

    Raises:
        Refusal: Twilio refuses the variables (21656, 21658), or the content has nothing for the channel (21655).
    """
    kinds = content.types if channel == "whatsapp" else {k: v for k, v in content.types.items() if k == "twilio/text"}
    if not kinds:
        raise Refusal(21655, content.sid)
    kind = richest(kinds)
    values = {**content.variables, **_given_variables(variables)}
    shape = content.types[kind]
    used = set(_VARIABLE.findall(json.dumps(shape, ensure_ascii=False)))
    if any(not values.get(name) for name in used):
        raise Refusal(21656)
    # "A variable value used in the body contains a newline, a tab, or more than four consecutive spaces."
    # https://www.twilio.com/docs/api/errors/21656
    in_body = _VARIABLE.findall(str(shape.get("body", "")))
    if any(re.search(r"[\n\r\t]| {5}", values[name]) for name in in_body):
        raise Refusal(21656)
    filled = _filled(shape, values)
    approved = content.approval is not None and content.approval["status"] == "approved"
    body = str(filled.get("body") or "")
    shown = _shown(kind, filled)
    return Ready(kind, body, shown, approved, _problem(body, shown, approved))


def richest(types: Mapping[str, Any]) -> str:
    """Return the type that is sent of several."""
    return next(kind for kind in _TYPES if kind in types)


def only_in_session(kind: str) -> bool:
    """Say whether a type cannot start a conversation on WhatsApp, whatever is approved."""
    return kind in _ONLY_IN_SESSION


def _given_variables(text: str) -> dict[str, str]:
    try:
        given = json.loads(text) if text else {}
    except ValueError:
        raise Refusal(21656) from None
    if not isinstance(given, dict) or not all(isinstance(value, str) and value for value in given.values()):
        raise Refusal(21656)
    if any(len(value) > MAX_CHARACTERS for value in given.values()):
        raise Refusal(21658)
    return given


def _filled(shape: Any, values: Mapping[str, str]) -> Any:
    if isinstance(shape, str):
        return _VARIABLE.sub(lambda found: values[found[1]], shape)
    if isinstance(shape, list):
        return [_filled(item, values) for item in shape]
    if isinstance(shape, dict):
        return {name: _filled(item, values) for name, item in shape.items()}
    return shape


def _shown(kind: str, filled: Mapping[str, Any]) -> Shown | None:
    if kind == "twilio/quick-reply":
        actions = filled["actions"]
        return Shown("buttons", tuple(Option(a.get("id") or a["title"], a["title"]) for a in actions))
    if kind == "twilio/list-picker":
        items = filled["items"]
        options = tuple(Option(i["id"], i["item"], i.get("description") or "") for i in items)
        return Shown("list", options, filled["button"])
    return None


def _problem(body: str, shown: Shown | None, approved: bool) -> str:
    """Return the limit of WhatsApp that is broken, in words for an operator; empty when it is none."""
    if shown is None:
        return "body" if len(body) > MAX_CHARACTERS else ""
    listed = shown.kind == "list"
    most = MAX_ITEMS if listed else MAX_BUTTONS if approved else MAX_BUTTONS_IN_SESSION
    ids = [option.id for option in shown.options]
    title = MAX_ITEM_TITLE if listed else MAX_BUTTON_TITLE
    checks = {
        "body": len(body) > MAX_RICH_BODY,
        "number of options": not 1 <= len(shown.options) <= most,
        "title": any(not 0 < len(option.title) <= title for option in shown.options),
        "description": any(len(option.description) > MAX_ITEM_DESCRIPTION for option in shown.options),
        "id": any(len(each) > MAX_OPTION_ID for each in ids) or len(set(ids)) < len(ids),
        "same title twice": not listed and len({option.title for option in shown.options}) < len(ids),
        "button": listed and not 0 < len(shown.open) <= MAX_BUTTON_TITLE,
    }
    return next((name for name, broken in checks.items() if broken), "")


def _object() -> Mapping[str, Any]:
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise Refusal(20001, "body")
    return given


def _language(given: Mapping[str, Any]) -> str:
    language = given.get("language")
    if not isinstance(language, str) or not re.fullmatch(r"[a-z]{2,3}(_[A-Z]{2})?", language):
        raise Refusal(20001, "language")
    return language


def _variables(given: Mapping[str, Any]) -> dict[str, str]:
    variables = given.get("variables") or {}
    if not isinstance(variables, dict) or not all(isinstance(value, str) for value in variables.values()):
        raise Refusal(20001, "variables")
    if len(variables) > 100 or not all(_VARIABLE_NAME.fullmatch(name) for name in variables):
        raise Refusal(20001, "variables")
    return dict(variables)


def _types(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the types of a new content, checked as far as they can be before the variables are known."""
    types = given.get("types")
    if not isinstance(types, dict) or not types or not set(types) <= set(_TYPES):
        raise Refusal(20001, "types")
    for kind, shape in types.items():
        if not isinstance(shape, dict) or not _well_shaped(kind, shape):
            raise Refusal(20001, f"types.{kind}")
        names = _VARIABLE.findall(json.dumps(shape, ensure_ascii=False))
        if not all(_VARIABLE_NAME.fullmatch(name) for name in names):
            raise Refusal(20001, f"types.{kind}")
    return types


def _well_shaped(kind: str, shape: Mapping[str, Any]) -> bool:
    if kind == "twilio/location":
        return all(isinstance(shape.get(name), (int, float)) for name in ("latitude", "longitude"))
    if kind == "twilio/media":
        return isinstance(shape.get("media"), list)
    if not isinstance(shape.get("body"), str) or not shape["body"]:
        return False
    if kind == "twilio/quick-reply":
        return _each(shape.get("actions"), MAX_BUTTONS, {"title": MAX_BUTTON_TITLE, "id": MAX_OPTION_ID}, {"title"})
    if kind == "twilio/list-picker":
        limits = {"item": MAX_ITEM_TITLE, "id": MAX_OPTION_ID, "description": MAX_ITEM_DESCRIPTION}
        fits = _each(shape.get("items"), MAX_ITEMS, limits, {"item", "id"})
        return fits and _text(shape.get("button"), MAX_BUTTON_TITLE)
    return len(shape["body"]) <= MAX_CHARACTERS


def _each(items: Any, most: int, limits: Mapping[str, int], required: set[str]) -> bool:
    return (
        isinstance(items, list)
        and 1 <= len(items) <= most
        and all(isinstance(item, dict) and required <= set(item) for item in items)
        and all(_text(item[name], limit) for item in items for name, limit in limits.items() if name in item)
    )


def _text(value: Any, most: int) -> bool:
    """Say whether a text fits; one with variables is measured when they are known."""
    return isinstance(value, str) and bool(value) and (bool(_VARIABLE.search(value)) or len(value) <= most)


def _existing(twin: Twin, sid: str) -> Content:
    content = twin.content(sid)
    if content is None:
        raise Refusal(20404, request.path)
    return content


def _address(content: Content) -> str:
    return f"https://content.twilio.com/v1/Content/{content.sid}"


def _resource(twin: Twin, content: Content) -> dict[str, Any]:
    """Return a content as Twilio shows it (schema ``content.v1.content``)."""
    return {
        "sid": content.sid,
        "account_sid": twin.config.account_sid,
        "friendly_name": content.friendly_name,
        "language": content.language,
        "variables": content.variables,
        "types": content.types,
        "url": _address(content),
        "date_created": f"{content.created:%Y-%m-%dT%H:%M:%SZ}",
        "date_updated": f"{content.updated:%Y-%m-%dT%H:%M:%SZ}",
        "links": {
            "approval_create": f"{_address(content)}/ApprovalRequests/whatsapp",
            "approval_fetch": f"{_address(content)}/ApprovalRequests",
        },
    }


def _approval(content: Content) -> dict[str, Any]:
    given = content.approval or {"name": "", "category": "", "content_type": "", "status": "unsubmitted"}
    return {"type": "whatsapp", **given, "rejection_reason": "", "allow_category_change": True}


def _with_approval(twin: Twin, content: Content) -> dict[str, Any]:
    """Return a content as the list with approvals shows it (schema ``content.v1.content_and_approvals``)."""
    shown = _resource(twin, content)
    return {name: shown[name] for name in shown if name not in ("url", "links")} | {
        "approval_requests": _approval(content)
    }


def _page(twin: Twin, key: str, path: str, shown: Any) -> dict[str, Any]:
    size = _whole("PageSize", 50, 1, 1000)
    page = _whole("Page", 0, 0, 10**9)
    everything = twin.contents()
    part = everything[page * size : (page + 1) * size]

    def url(number: int) -> str:
        more = {"PageToken": f"PT{number}"} if number else {}
        return f"https://content.twilio.com/v1/{path}?{urlencode({'PageSize': size, 'Page': number, **more})}"

    return {
        key: [shown(content) for content in part],
        "meta": {
            "page": page,
            "page_size": size,
            "first_page_url": url(0),
            "previous_page_url": url(page - 1) if page else None,
            "url": url(page),
            "next_page_url": url(page + 1) if len(everything) > (page + 1) * size else None,
            "key": key,
        },
    }


def _whole(name: str, default: int, least: int, most: int) -> int:
    given = request.args.get(name, str(default))
    if not given.isdigit() or not least <= int(given) <= most:
        raise Refusal(20001, name)
    return int(given)
