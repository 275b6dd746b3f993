"""Read cards from YAML into the dataclasses of :mod:`bot.core.procedures`; every error names file, line and field.

The dataclasses are the schema. pydantic checks them here, in the gateway environment only: authors need every
error of a file at once, and what is built (:mod:`bot.catalogue.build`) is read back by the engine with the
standard library alone.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bot.core import procedures as cards

T = TypeVar("T")

_FORBID = ConfigDict(extra="forbid", str_min_length=1, str_strip_whitespace=True)
for _cls in (
    cards.Source,
    cards.Authority,
    cards.Jurisdiction,
    cards.Requirement,
    cards.Amount,
    cards.Cost,
    cards.ServiceChannel,
    cards.Procedure,
    cards.ConditionValue,
    cards.Condition,
    cards.Family,
    cards.LifeEventStep,
    cards.LifeEvent,
):
    # pydantic reads a standard dataclass's configuration from this attribute; bot.core itself stays standard library.
    setattr(_cls, "__pydantic_config__", _FORBID)  # noqa: B010  (no such attribute for a type checker)


@dataclass(frozen=True, order=True)
class CardError:
    """One thing wrong on a card. ``line`` counts from 1; ``field`` is a dotted path (``requirements.2.copies``)."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        """Return ``file:line: field: message``, the form that editors jump to."""
        return f"{self.file}:{self.line}: {self.field}: {self.message}"


@dataclass(frozen=True)
class Loaded(Generic[T]):
    """A card with the place it was read from, so that later checks can name lines too."""

    path: Path
    card: T
    tree: Any

    def error(self, field: str, message: str) -> CardError:
        """Return an error at ``field`` (a dotted path) of this card."""
        return CardError(str(self.path), line_of(self.tree, tuple(field.split("."))), field, message)


def line_of(tree: Any, path: Sequence[str | int]) -> int:
    """Return the line (from 1) of the deepest part of ``path`` that the YAML tree has."""
    line = 1
    for part in path:
        try:
            if isinstance(tree, Mapping):
                line = tree.lc.key(part)[0] + 1  # type: ignore[attr-defined]
                tree = tree[part]
            elif isinstance(tree, list):
                index = int(part)
                line = tree.lc.item(index)[0] + 1  # type: ignore[attr-defined]
                tree = tree[index]
        except (KeyError, IndexError, ValueError, TypeError):
            break
    return line


def load_card(kind: type[T], path: Path, errors: list[CardError]) -> Loaded[T] | None:
    """Read one YAML file as one card of ``kind``; on failure append what is wrong to ``errors`` and return None."""
    tree = _parse(path, errors)
    if tree is None:
        return None
    return _validate(kind, path, tree, tree, (), errors)


def load_list(kind: type[T], path: Path, errors: list[CardError]) -> Iterator[Loaded[T]]:
    """Read one YAML file that holds a list of cards (small shared lists such as the families)."""
    tree = _parse(path, errors)
    if tree is None:
        return
    if not isinstance(tree, list):
        errors.append(CardError(str(path), 1, "(file)", "a list is expected"))
        return
    for index, item in enumerate(tree):
        loaded = _validate(kind, path, item, tree, (index,), errors)
        if loaded is not None:
            yield loaded


def _parse(path: Path, errors: list[CardError]) -> Any:
    yaml = YAML(typ="rt")
    try:
        return yaml.load(path.read_text(encoding="utf-8"))
    except (MarkedYAMLError, YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        errors.append(CardError(str(path), line, "(file)", f"is not valid YAML: {getattr(error, 'problem', error)}"))
    except UnicodeDecodeError:
        errors.append(CardError(str(path), 1, "(file)", "is not UTF-8 text"))
    return None


def _validate(
    kind: type[T], path: Path, tree: Any, root: Any, prefix: tuple[str | int, ...], errors: list[CardError]
) -> Loaded[T] | None:
    if not isinstance(tree, Mapping):
        errors.append(CardError(str(path), line_of(root, prefix), "(file)", "a mapping of fields is expected"))
        return None
    try:
        card = TypeAdapter(kind).validate_python(_plain(tree))
    except ValidationError as failure:
        for detail in failure.errors(include_url=False, include_input=False):
            location = tuple(part for part in detail["loc"] if isinstance(part, (str, int)))
            field = ".".join(str(part) for part in location) or "(file)"
            errors.append(CardError(str(path), line_of(root, prefix + location), field, detail["msg"]))
        return None
    return Loaded(path, card, tree)


def _plain(value: Any) -> Any:
    """Turn ruamel's tree into builtins: dates back to the text they were, floats to exact decimals."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, int):
        return int(value)
    return str(value)
