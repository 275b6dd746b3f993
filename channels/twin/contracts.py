"""Checks requests against Twilio's own OpenAPI files. For tests: the library that does it is none of the product's."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from flask import Request
from openapi_core import OpenAPI
from openapi_core.contrib.werkzeug import WerkzeugOpenAPIRequest
from openapi_core.exceptions import OpenAPIError


class Contracts:
    """The descriptions of one folder (``twilio_*.json``)."""

    def __init__(self, folder: Path) -> None:
        """Read them.

        Raises:
            ValueError: the folder has none.
        """
        self._specs = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("twilio_*.json"))]
        if not self._specs:
            raise ValueError(f"no twilio_*.json in {folder}")
        self._apis: list[OpenAPI] = []
        for spec in self._specs:
            for part in (spec, *spec["paths"].values()):
                part["servers"] = [{"url": "/"}]
            self._apis.append(OpenAPI.from_dict(spec))

    def problem(self, request: Request) -> str:
        """Return what Twilio's description does not allow in a request; empty when nothing.

        No value of the request is in it: values are numbers and texts of people.
        """
        for spec, api in zip(self._specs, self._apis, strict=True):
            operation = _operation(spec, request)
            if operation is None:
                continue
            unknown = _names(request) - _allowed(spec, operation, request)
            if unknown:
                return f"unknown names: {', '.join(sorted(unknown))}"
            try:
                api.validate_request(WerkzeugOpenAPIRequest(request))
            except OpenAPIError as error:
                return _told(error)
            return ""
        return "no such resource"


def _told(error: OpenAPIError) -> str:
    cause = error.__cause__
    places = [
        # Only of a missing member does the validator's message hold a name, and no value.
        each.message
        if each.validator == "required"
        else f"{'.'.join(map(str, each.absolute_path)) or 'request'}: {each.validator}"
        for each in getattr(cause, "schema_errors", ())
    ]
    return "; ".join([type(error).__name__, *places])


def _operation(spec: dict[str, Any], request: Request) -> dict[str, Any] | None:
    for path, operations in spec["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))
        if re.fullmatch(pattern, request.path):
            found: dict[str, Any] | None = operations.get(request.method.lower())
            return found
    return None


def _names(request: Request) -> set[str]:
    if request.is_json:
        given = request.get_json(silent=True)
        return set(given) if isinstance(given, dict) else set()
    return set(request.form) | set(request.args)


def _allowed(spec: dict[str, Any], operation: dict[str, Any], request: Request) -> set[str]:
    names = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
    for kind in operation.get("requestBody", {}).get("content", {}).values():
        schema = kind["schema"]
        if "$ref" in schema:
            schema = spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        names |= set(schema.get("properties", ()))
        for each in schema.get("oneOf", ()):
            names |= set(spec["components"]["schemas"][each["$ref"].rsplit("/", 1)[1]].get("properties", ()))
    return names
