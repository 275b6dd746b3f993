"""``ventanilla understand --jsonl``: what each line's text means, one JSON object a line. No server, no Rasa.

The trained classifier's arrays, the search and the decision are those of the running assistant.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.catalogue.entries import sane
from bot.catalogue.reader import Catalogue, CatalogueError
from bot.catalogue.wide import open_search
from bot.core.redact import redact
from bot.engine.components.sentence_vectors import sentence_vectors
from bot.engine.reading import NoModel, Reader
from bot.understanding.decision import Decider, Decision, described

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "ventanilla.tar.gz"


class Understanding:
    """The classifier and the decision, ready to be asked."""

    def __init__(self, reader: Reader, decider: Decider) -> None:
        """See :func:`load`."""
        self.reader = reader
        self.decider = decider

    def decide(self, text: str, context: Mapping[str, Any] | None = None) -> Decision:
        """Decide on one message. ``context``: ``state``, ``municipality``, ``last_procedure`` (each may be absent)."""
        text = redact(sane(text))  # as it arrives from a channel
        known = {name: value for name, value in (context or {}).items() if isinstance(value, str) and value}
        return self.decider.decide(
            text,
            self.reader.rank(text),
            state=known.get("state"),
            municipality=known.get("municipality"),
            recent=known.get("last_procedure"),
        )


def catalogue_path() -> Path:
    """Return where the catalogue is: ``VENTANILLA_CATALOGUE``, by default ``var/catalogue.sqlite``."""
    return Path(os.environ.get("VENTANILLA_CATALOGUE") or ROOT / "var" / "catalogue.sqlite")


def load(model: Path | None = None, catalogue: Path | None = None) -> Understanding:
    """Load the trained model and the catalogue.

    Raises:
        NoModel: nothing was trained yet.
        CatalogueError: no catalogue was built yet.
    """
    reader = Reader.load(model or MODEL)
    search = open_search(Catalogue(catalogue or catalogue_path()), encoder=sentence_vectors().encode)
    return Understanding(reader, Decider(search))


def answers(lines: Iterable[str], understanding: Understanding) -> Iterator[str]:
    """Yield one line of JSON for each line that is not blank; a line that cannot be read gives ``{"error": …}``."""
    for line in lines:
        if not line.strip():
            continue
        try:
            answer = _answer(line, understanding)
        except BadLine as error:
            answer = {"error": str(error)}
        yield json.dumps(answer, ensure_ascii=False)


class BadLine(ValueError):
    """A line is not ``{"text": …, "context"?: {…}}``."""


def _answer(line: str, understanding: Understanding) -> dict[str, Any]:
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError):
        raise BadLine("the line is not JSON") from None
    if not isinstance(asked, dict) or not isinstance(asked.get("text"), str):
        raise BadLine('the line must be an object with "text", a string')
    context = asked.get("context")
    if context is not None and not isinstance(context, dict):
        raise BadLine('"context" must be an object')
    # half a surrogate pair is JSON, but nothing that could be written again
    text = asked["text"].encode("utf-8", "replace").decode("utf-8")
    return described(text, understanding.decide(text, context))


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer standard input line by line until it ends; return the exit code."""
    parser = argparse.ArgumentParser(prog="ventanilla understand", description=__doc__)
    parser.add_argument("--jsonl", action="store_true", help="read and write one JSON object a line")
    parser.add_argument("text", nargs="*", help="without --jsonl: one message")
    given = parser.parse_args(arguments)
    if not given.jsonl and not given.text:
        parser.error("give a text, or --jsonl")
    try:
        understanding = load()
    except (NoModel, CatalogueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if not given.jsonl:
        text = " ".join(given.text)
        sys.stdout.write(json.dumps(described(text, understanding.decide(text)), ensure_ascii=False) + "\n")
        return 0
    lines = (raw.decode("utf-8", "replace") for raw in sys.stdin.buffer)
    for answer in answers(lines, understanding):
        sys.stdout.buffer.write(answer.encode("utf-8") + b"\n")
        sys.stdout.buffer.flush()
    return 0
