"""Errors of the API, as RFC 9457 has them: ``application/problem+json`` with a code for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response
from werkzeug.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
PREFIX = "/api/v1"


@dataclass(frozen=True)
class Kind:
    """One kind of problem. ``code`` is its name for programs and its anchor on the page of the API."""

    code: str
    status: int
    title: str


KINDS = {
    kind.code: kind
    for kind in (
        Kind("bad_request", 400, "The request cannot be read"),
        Kind("unauthorized", 401, "A token in force is needed"),
        Kind("forbidden", 403, "This token may not see this handoff"),
        Kind("not_found", 404, "There is nothing at this address"),
        Kind("method_not_allowed", 405, "This address has no such method"),
        Kind("not_yours", 409, "The handoff is not this desk's"),
        Kind("cannot_write", 409, "Nothing written now would reach the person"),
        Kind("too_large", 413, "The request is too large"),
        Kind("unsupported_media_type", 415, "The body must be application/json"),
        Kind("invalid", 422, "A field is wrong"),
        Kind("key_reused", 422, "The idempotency key was used for another request"),
        Kind("too_many_requests", 429, "Too many requests of this token"),
        Kind("error", 500, "Something failed here"),
    )
}
_BY_STATUS = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
}


@dataclass
class Problem(Exception):
    """Ends a request. ``errors`` name each field; ``more`` goes into the body as it is."""

    code: str
    detail: str = ""
    errors: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    def response(self) -> Response:
        """Return the answer. Nothing of what was sent is in it."""
        kind = KINDS[self.code]
        return _answer(kind, kind.status, self.detail, self.errors, self.headers, self.more)


def problem_of(error: HTTPException) -> Response:
    """Return the answer to an error that did not come from the API's own code."""
    status = error.code or 500
    if status < 400:
        return error.get_response()  # type: ignore[return-value]  # a redirect of the router's
    kind = KINDS[_BY_STATUS.get(status, "error")]
    kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return _answer(kind, status, "", (), kept, {})


def _answer(
    kind: Kind,
    status: int,
    detail: str,
    errors: tuple[tuple[str, str], ...],
    headers: Mapping[str, str],
    more: Mapping[str, Any],
) -> Response:
    body: dict[str, Any] = {
        "type": f"{PREFIX}/docs#problem-{kind.code}",
        "title": kind.title,
        "status": status,
        "code": kind.code,
        **({"detail": detail} if detail else {}),
        **({"errors": [{"field": name, "message": message} for name, message in errors]} if errors else {}),
        **more,
    }
    response = Response(json.dumps(body, ensure_ascii=False), status=status, mimetype=MEDIA_TYPE)
    response.headers.update(dict(headers))
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
