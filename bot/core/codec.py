"""Frozen dataclasses to plain JSON values and back: the one codec of every contract between processes.

A dataclass becomes an object; the members of a closed union carry their class name under ``"type"``.
Decimals travel as strings, tuples as lists, enums as their values. Decoding is strict: a missing field,
an unknown field or a value of the wrong shape raises :class:`PayloadError` naming the path, so a process
that speaks another version of a contract fails where it speaks, not later.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeVar, Union

T = TypeVar("T")


class PayloadError(ValueError):
    """A payload does not fit its contract; the message starts with the path of the value at fault."""


def to_payload(value: Any) -> Any:
    """Return ``value`` as JSON-ready objects, lists and scalars (what :func:`from_payload` reads back)."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        payload = {f.name: to_payload(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"type": type(value).__name__, **payload}  # a field of that name wins: see _decode_dataclass
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): to_payload(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, frozenset, set)):
        return [to_payload(item) for item in value]
    return value


def from_payload(kind: Any, payload: Any) -> Any:
    """Read ``payload`` as ``kind`` (a dataclass, a union of dataclasses, or any field type made of them).

    Raises:
        PayloadError: the payload has a missing, unknown or ill-shaped value; the message names its path.
    """
    return _decode(kind, payload, "$")


@cache
def _fields(cls: type) -> tuple[tuple[dataclasses.Field[Any], Any], ...]:
    hints = typing.get_type_hints(cls)
    return tuple((f, hints[f.name]) for f in dataclasses.fields(cls))


def _decode(kind: Any, payload: Any, path: str) -> Any:
    if kind is Any:
        return payload
    origin = typing.get_origin(kind)
    if origin in (Union, types.UnionType):
        return _decode_union(typing.get_args(kind), payload, path)
    if origin is Literal:
        if payload not in typing.get_args(kind):
            raise PayloadError(f"{path}: {payload!r} is none of {typing.get_args(kind)}")
        return payload
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(typing.cast(type, kind), payload, path)
    if origin in (tuple, list, Sequence, frozenset):
        return _decode_sequence(kind, origin, payload, path)
    if origin in (dict, Mapping):
        return _decode_mapping(kind, payload, path)
    return _decode_scalar(kind, payload, path)


def _decode_union(members: tuple[Any, ...], payload: Any, path: str) -> Any:
    if payload is None and type(None) in members:
        return None
    members = tuple(m for m in members if m is not type(None))
    if isinstance(payload, Mapping) and "type" in payload:
        for member in members:
            if dataclasses.is_dataclass(member) and getattr(member, "__name__", "") == payload["type"]:
                return _decode(member, payload, path)
        raise PayloadError(f"{path}.type: {payload['type']!r} is not expected here")
    errors = []
    for member in members:
        try:
            return _decode(member, payload, path)
        except PayloadError as error:
            errors.append(str(error))
    raise PayloadError("; ".join(errors))


def _decode_dataclass(cls: type, payload: Any, path: str) -> Any:
    if not isinstance(payload, Mapping):
        raise PayloadError(f"{path}: an object is expected, not {type(payload).__name__}")
    known = {"type"}
    values: dict[str, Any] = {}
    for field, hint in _fields(cls):
        known.add(field.name)
        if field.name in payload:
            values[field.name] = _decode(hint, payload[field.name], f"{path}.{field.name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise PayloadError(f"{path}.{field.name}: is missing")
    unknown = set(payload) - known
    if unknown:
        raise PayloadError(f"{path}.{min(unknown)}: is not a field of {cls.__name__}")
    # A class with a field "type" of its own carries no tag, and so is never a member of a union.
    tagged = all(field.name != "type" for field, _ in _fields(cls))
    if tagged and payload.get("type", cls.__name__) != cls.__name__:
        raise PayloadError(f"{path}.type: {payload['type']!r} is not {cls.__name__}")
    return cls(**values)


def _decode_sequence(kind: Any, origin: Any, payload: Any, path: str) -> Any:
    if isinstance(payload, (str, bytes)) or not isinstance(payload, Sequence):
        raise PayloadError(f"{path}: a list is expected, not {type(payload).__name__}")
    item = typing.get_args(kind)[0]
    items = [_decode(item, value, f"{path}[{index}]") for index, value in enumerate(payload)]
    if origin is tuple:
        return tuple(items)
    return frozenset(items) if origin is frozenset else items


def _decode_mapping(kind: Any, payload: Any, path: str) -> dict[str, Any]:
    if not isinstance(payload, Mapping):
        raise PayloadError(f"{path}: an object is expected, not {type(payload).__name__}")
    value_kind = typing.get_args(kind)[1]
    return {str(key): _decode(value_kind, value, f"{path}.{key}") for key, value in payload.items()}


def _decode_scalar(kind: Any, payload: Any, path: str) -> Any:
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(payload)
        except ValueError as error:
            raise PayloadError(f"{path}: {error}") from None
    if kind is Decimal and isinstance(payload, (str, int)) and not isinstance(payload, bool):
        try:
            return Decimal(payload)
        except InvalidOperation:
            raise PayloadError(f"{path}: {payload!r} is not a decimal number") from None
    if kind is datetime and isinstance(payload, str):
        try:
            return datetime.fromisoformat(payload)
        except ValueError as error:
            raise PayloadError(f"{path}: {error}") from None
    if kind is float and isinstance(payload, int) and not isinstance(payload, bool):
        try:
            return float(payload)
        except OverflowError as error:
            raise PayloadError(f"{path}: {error}") from None
    if isinstance(kind, type) and isinstance(payload, kind) and not (kind is int and isinstance(payload, bool)):
        return payload
    raise PayloadError(f"{path}: {getattr(kind, '__name__', kind)} is expected, not {type(payload).__name__}")
