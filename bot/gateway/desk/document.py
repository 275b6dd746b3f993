"""The OpenAPI 3.1 document, made of the table of operations and the models: what is checked is what is described."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from bot.gateway.desk import models
from bot.gateway.desk.operations import OPERATIONS, Operation
from bot.gateway.desk.problems import KINDS, MEDIA_TYPE, PREFIX
from bot.store.desk_events import EVENT_TYPES

_REF = "#/components/schemas/{model}"
_KEY_PATTERN = "^[A-Za-z0-9_-]{8,64}$"
_EVENTS = {
    "handoff.asked": "Somebody needs a person, or more urgently than before",
    "handoff.taken": "A handoff was taken by, or assigned to, somebody: this desk or an agent of the console",
    "handoff.released": "It is in the queue again, perhaps for a team",
    "handoff.returned": "The assistant has the conversation again: handed back, or the person left the queue",
    "handoff.closed": "The matter is done",
    "handoff.timed_out": "Nobody moved it for too long; `what` says how, `state` what became of it",
    "message.received": "The person wrote while a person is wanted or has the conversation",
    "message.status": "An agent's message got further on its way",
}


@cache
def document() -> dict[str, Any]:
    """Return the document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Ventanilla: desk API",
            "version": "1.0.0",
            "description": "For a contact centre that answers people from its own desk: docs/desk-api.md.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": PREFIX}],
        "security": [{"token": []}],
        "paths": _paths(),
        "webhooks": {name: _webhook(name) for name in EVENT_TYPES},
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "ventanilla desk token add NAME"}
            },
        },
    }


def _schemas() -> dict[str, Any]:
    ways: dict[type[BaseModel], JsonSchemaMode] = {models.ProblemBody: "validation", models.Event: "validation"}
    for operation in OPERATIONS:
        ways |= dict.fromkeys(operation.answers.values(), "serialization")
        if operation.body:
            ways[operation.body] = "validation"
    _, found = models_json_schema(list(ways.items()), ref_template=_REF)
    schemas: dict[str, Any] = found["$defs"]
    return schemas


def _paths() -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return paths


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": [*_path_parameters(operation), *_query_parameters(operation), *_headers(operation)],
        "responses": {
            **{str(status): _answer(model) for status, model in operation.answers.items()},
            **_problems(operation),
        },
    }
    if operation.about:
        described["description"] = operation.about
    if operation.body:
        described["requestBody"] = {
            "required": operation.body_required,
            "content": {"application/json": {"schema": _ref(operation.body)}},
        }
    return described


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    if not operation.of_handoff:
        return []
    schema = {"type": "integer", "minimum": 1, "maximum": models.LARGEST_ID}
    return [{"name": "handoff", "in": "path", "required": True, "schema": schema}]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    fields = operation.query.model_json_schema()["properties"]
    return [_query_parameter(name, dict(schema)) for name, schema in fields.items()]


def _query_parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    about = schema.pop("description", "")
    schema.pop("title", None)
    # An address has no null: what may be left out is simply not there.
    kept = [each for each in schema.pop("anyOf", []) if each.get("type") != "null"]
    if kept:
        schema.pop("default", None)
        schema |= kept[0]
    return {"name": name, "in": "query", "required": False, "description": about, "schema": schema}


def _headers(operation: Operation) -> list[dict[str, Any]]:
    if operation.key == "none":
        return []
    return [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": operation.key == "required",
            "description": "Yours, new for each message and the same when the request is repeated",
            "schema": {"type": "string", "pattern": _KEY_PATTERN},
        }
    ]


def _answer(model: type[BaseModel]) -> dict[str, Any]:
    about = (model.__doc__ or "").partition("\n")[0]
    return {"description": about, "content": {"application/json": {"schema": _ref(model)}}}


def _problems(operation: Operation) -> dict[str, Any]:
    """Return one answer for each status: several problems share some."""
    found: dict[str, list[str]] = {}
    for code in operation.all_problems:
        found.setdefault(str(KINDS[code].status), []).append(code)
    problem = {"content": {MEDIA_TYPE: {"schema": _ref(models.ProblemBody)}}}
    return {
        status: {"description": "; ".join(f"{code}: {KINDS[code].title}" for code in codes), **problem}
        for status, codes in sorted(found.items())
    }


def _webhook(name: str) -> dict[str, Any]:
    headers = [
        {"name": name, "in": "header", "required": True, "description": about, "schema": {"type": "string"}}
        for name, about in (
            ("webhook-id", "The event's own; the same when it is sent again"),
            ("webhook-timestamp", "Seconds since 1970 when it was sent"),
            ("webhook-signature", "v1, and base64 of HMAC-SHA256 over id.timestamp.body"),
        )
    ]
    return {
        "post": {
            "summary": _EVENTS[name],
            "parameters": headers,
            "requestBody": {"required": True, "content": {"application/json": {"schema": _ref(models.Event)}}},
            "responses": {"2XX": {"description": "Taken. Anything else: sent again later, with growing pauses"}},
        }
    }


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}
