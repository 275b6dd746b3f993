"""Long texts in pages that end where a reader would pause: after a line, a sentence, a word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_SENTENCE = re.compile(r"(?<=[.!?…;])\s+")
_ELLIPSIS = "…"


def size(text: str) -> int:
    """Return a text's length in UTF-16 units: never less than what any of WhatsApp, Twilio and a browser count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def paginate(lines: Iterable[str], room: int, first_room: int | None = None) -> list[str]:
    """Pack lines into pages of at most ``room`` units each (``first_room`` on the first one); blank lines are left out.

    A line stays whole where a page can hold it, and a heading (it ends with a colon) stays with the line below. A
    longer one is broken after a sentence, else between words; only a word longer than a page is cut.
    """
    first_room = room if first_room is None else first_room
    pages: list[str] = []
    for line in _with_headings([line for line in lines if line.strip()], min(room, first_room)):
        for part in _broken(line, min(room, first_room)):
            limit = room if len(pages) > 1 else first_room
            if pages and size(pages[-1]) + 1 + size(part) <= limit:
                pages[-1] += "\n" + part
            else:
                pages.append(part)
    return pages


def shortened(text: str, room: int) -> str:
    """Return ``text`` within ``room`` units: cut between words where that keeps half of it, and marked as cut."""
    text = " ".join(text.split())
    if size(text) <= room:
        return text
    kept = ""
    for character in text:
        if size(kept + character) > room - 1:
            break
        kept += character
    words = kept.rpartition(" ")[0]
    cut = words if size(words) * 2 >= room and not text[len(kept) : len(kept) + 1].isspace() else kept
    return cut.rstrip(" ,;:.-(") + _ELLIPSIS


def _with_headings(lines: list[str], room: int) -> Iterator[str]:
    heading = ""
    for line in lines:
        joined = f"{heading}\n{line}" if heading else line
        if heading and size(joined) > room:
            yield heading
            joined = line
        heading = joined if joined.rstrip("*").endswith(":") and size(joined) <= room else ""
        if not heading:
            yield joined
    if heading:
        yield heading


def _broken(line: str, room: int) -> Iterator[str]:
    if size(line) <= room:
        yield line
        return
    for separator, pieces in (("\n", line.split("\n")), (" ", _SENTENCE.split(line)), (" ", line.split())):
        if len(pieces) > 1:
            yield from _packed(pieces, separator, room)
            return
    yield from _cut(line, room)


def _packed(pieces: list[str], separator: str, room: int) -> Iterator[str]:
    kept = ""
    for piece in pieces:
        longer = kept + separator + piece if kept else piece
        if size(longer) <= room:
            kept = longer
            continue
        if kept:
            yield kept
        *full, kept = _broken(piece, room)
        yield from full
    yield kept


def _cut(word: str, room: int) -> Iterator[str]:
    kept = ""
    for character in word:
        if size(kept + character) > room:
            yield kept
            kept = ""
        kept += character
    yield kept
