"""Conversations as people write them down: files of a language's folder, checked as they are read (README.md here)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq

from bot.core.messages import ChannelName

HERE = Path(__file__).resolve().parent


class ScriptError(Exception):
    """A file cannot be read as conversations; the message is ``file:line: what``."""


@dataclass(frozen=True)
class Citizen:
    """What the person sends: words, and with them a file (``photo``: its content type) or a position."""

    text: str
    photo: str | None = None
    location: tuple[float, float] | None = None


@dataclass(frozen=True)
class Expected:
    """What the bot must do in a turn. ``facts`` and ``not_facts`` are references to cards (facts.py)."""

    has: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    not_facts: tuple[str, ...] = ()
    options: tuple[str, ...] | int | None = None
    segments: int = 2
    messages: int = 1
    silent: bool = False


@dataclass(frozen=True)
class Turn:
    """One exchange, and the line that it stands on. ``up_to``: how often the same is sent until the bot is right.

    ``on``: another channel than the conversation's, from the same number.
    """

    line: int
    citizen: Citizen
    bot: Expected
    up_to: int = 1
    on: ChannelName | None = None


@dataclass(frozen=True)
class Conversation:
    """A dialogue from its first message on. No channels named: it holds on every channel."""

    file: Path
    line: int
    name: str
    turns: tuple[Turn, ...]
    channels: tuple[ChannelName, ...] = ()

    @property
    def id(self) -> str:
        """Return the name that tests and reports use."""
        return f"{self.file.parent.name}/{self.file.stem}: {self.name}"


def conversations() -> Iterator[Conversation]:
    """Yield every conversation of every language.

    Raises:
        ScriptError: a file is not as README.md says.
    """
    for path in sorted(HERE.glob("*/*.yml")):
        yield from read(path)


def read(path: Path) -> Sequence[Conversation]:
    """Read one file; raises ScriptError as :func:`conversations` does."""
    return _File(path).conversations()


class _File:
    def __init__(self, path: Path) -> None:
        self._path = path

    def conversations(self) -> list[Conversation]:
        with self._path.open(encoding="utf-8") as file:
            tree = YAML(typ="rt").load(file)  # YAML 1.2: "no" is a word; keeps line numbers
        if not isinstance(tree, CommentedSeq) or not tree:
            raise self._wrong(1, "holds no list of conversations")
        found = [self._conversation(item, tree.lc.item(index)[0] + 1) for index, item in enumerate(tree)]
        names = [conversation.name for conversation in found]
        for conversation in found:
            if names.count(conversation.name) > 1:
                raise self._wrong(conversation.line, f"two conversations are called «{conversation.name}»")
        return found

    def _conversation(self, item: Any, line: int) -> Conversation:
        self._known(item, line, {"name", "channels", "talk"}, {"name", "talk"})
        talk = item["talk"]
        if not isinstance(talk, CommentedSeq) or not talk:
            raise self._wrong(line, "talk: is no list of turns")
        return Conversation(
            file=self._path,
            line=line,
            name=self._text(item["name"], line, "name"),
            turns=tuple(self._turn(turn, talk.lc.item(index)[0] + 1) for index, turn in enumerate(talk)),
            channels=cast("tuple[ChannelName, ...]", self._texts(item, "channels", line)),
        )

    def _turn(self, item: Any, line: int) -> Turn:
        self._known(item, line, {"citizen", "photo", "location", "up_to", "on", "bot"}, {"citizen", "bot"})
        location = item.get("location")
        if location is not None and not (
            isinstance(location, list) and len(location) == 2 and all(isinstance(each, float) for each in location)
        ):
            raise self._wrong(line, "location: is [latitude, longitude]")
        citizen = Citizen(
            text=self._text(item["citizen"], line, "citizen"),
            photo=self._text(item["photo"], line, "photo") if "photo" in item else None,
            location=(location[0], location[1]) if location else None,
        )
        on = cast("ChannelName | None", self._text(item["on"], line, "on") if "on" in item else None)
        return Turn(line, citizen, self._expected(item["bot"], line), self._number(item, "up_to", line, 1), on)

    def _expected(self, item: Any, line: int) -> Expected:
        words = ("has", "any", "not", "fact", "not_fact")
        self._known(item, line, {*words, "options", "segments", "messages", "silent"}, set())
        has, any_, never, facts, not_facts = (self._texts(item, word, line) for word in words)
        options = item.get("options")
        if options is not None and not isinstance(options, int):
            options = self._texts(item, "options", line)
        segments, messages = self._number(item, "segments", line, 2), self._number(item, "messages", line, 1)
        silent = item.get("silent", False)
        if "silent" in item and silent is not True:
            raise self._wrong(line, "silent: is true or is left out")
        if silent and len(item) > 1:
            raise self._wrong(line, "silent: nothing else can be expected of silence")
        if not item:
            raise self._wrong(line, "bot: says nothing of what is expected")
        return Expected(has, any_, never, facts, not_facts, options, segments, messages, silent)

    def _number(self, item: Mapping[str, Any], name: str, line: int, default: int) -> int:
        value = item.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self._wrong(line, f"{name}: is no number")
        return int(value)

    def _known(self, item: Any, line: int, known: set[str], needed: set[str]) -> None:
        if not isinstance(item, Mapping):
            raise self._wrong(line, f"is not made of {', '.join(sorted(known))}")
        for name in item:
            if name not in known:
                raise self._wrong(line, f"{name}: is not one of {', '.join(sorted(known))}")
        for name in sorted(needed - set(item)):
            raise self._wrong(line, f"{name}: is missing")

    def _texts(self, item: Mapping[str, Any], name: str, line: int) -> tuple[str, ...]:
        value = item.get(name, [])
        return tuple(self._text(each, line, name) for each in (value if isinstance(value, list) else [value]))

    def _text(self, value: Any, line: int, name: str) -> str:
        if not isinstance(value, str):
            raise self._wrong(line, f"{name}: {value!r} is no text; put it in quotation marks")
        return re.sub(r"\s*\n\s*", " ", value).strip() if name != "citizen" else str(value)

    def _wrong(self, line: int, what: str) -> ScriptError:
        return ScriptError(f"{self._path.name}:{line}: {what}")
