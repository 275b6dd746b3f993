"""Pages of at most two segments, broken where a reader would break them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from channels.sms.gsm7 import EXTENSION
from channels.sms.segments import count, septets

PAGE_SEGMENTS = 2
PAGE_SEPTETS = 306
"""Two joined segments of 153. A page with an extension character on the seam holds one less: see :func:`fits`."""

# A space inside a value: after a number or an area code ("3 años", "(55) 8932 4827"), a currency or numbering sign
# ("US$ 38", "No. 5"), an option's number ("1) Sí"), and between a price and its variant ("$1,795 (3 años)").
_NUMBER = re.compile(r"[0-9]$|^\([0-9]{2,3}\)$")
_SIGN = re.compile(r"^(?:[A-Za-z]{0,3}\$|[Nn][oúu]m?\.|[Aa]rt\.|#|[0-9]{1,2}\))$")
_VALUE_GOES_ON = re.compile(r"^\(?[0-9A-Za-zñÑéÉüÜ%$+*]")
_MAX_GLUED = 48
"""Septets: a longer chain (a list of bare numbers) may break at its spaces after all."""


def fits(text: str) -> bool:
    """Say whether a folded text is one page."""
    size = septets(text)
    # Below that the seam cannot matter: an extension character that moves over it costs one septet.
    return size < PAGE_SEPTETS or (size == PAGE_SEPTETS and count(text).segments <= PAGE_SEGMENTS)


def atoms(line: str) -> list[str]:
    """Split a line into the parts that are never cut: words, addresses, phones, numbers with their unit or price."""
    result: list[str] = []
    for word in line.split():
        if result and _glued(result[-1], word) and septets(result[-1]) + septets(word) < _MAX_GLUED:
            result[-1] += " " + word
        else:
            result.append(word)
    return result


def _glued(left: str, right: str) -> bool:
    last = left.rpartition(" ")[2]
    return bool(_SIGN.match(last) or (_NUMBER.search(last) and _VALUE_GOES_ON.match(right)))


def paginate(lines: Iterable[str], footer: str = "", closing: str = "") -> list[str]:
    """Pack folded lines into pages; every page but the last ends with ``footer`` on a line of its own.

    ``closing`` stands at the end of the first page, above its footer (what must be read now, whatever else waits).

    A line stays whole when a page can hold it, and a heading (a line that ends with a colon) stays with the line
    below. A longer line is broken between its atoms, and only an atom that is longer than a whole page is cut.
    Blank lines are left out; no lines give no pages.
    """
    whole = [line for line in lines if line.strip()]
    if not whole:
        return []
    if fits(_below("\n".join(whole), closing)):
        return [_below("\n".join(whole), closing)]
    # One septet is kept for an extension character that does not fit at the end of the first segment.
    room = PAGE_SEPTETS - 1 - septets(_below("", footer))
    first_room = room - septets(_below("", closing))
    pages: list[str] = []
    for line in _with_headings(whole, first_room):
        for part in [line] if septets(line) <= first_room else _break(line, first_room):
            if pages and septets(pages[-1]) + 1 + septets(part) <= (room if len(pages) > 1 else first_room):
                pages[-1] += "\n" + part
            else:
                pages.append(part)
    pages[0] = _below(pages[0], closing)
    return [_below(page, footer) for page in pages[:-1]] + pages[-1:]


def _below(text: str, ending: str) -> str:
    return f"{text}\n{ending}" if ending else text


def _with_headings(lines: list[str], room: int) -> Iterator[str]:
    """Yield lines, each heading joined to what it heads where both fit one page."""
    heading = ""
    for line in lines:
        joined = f"{heading}\n{line}" if heading else line
        if heading and septets(joined) > room:
            yield heading
            joined = line
        heading = joined if joined.endswith(":") and septets(joined) <= room else ""
        if not heading:
            yield joined
    if heading:
        yield heading


def _break(line: str, room: int) -> Iterator[str]:
    """Yield a line in parts that a page can hold."""
    part = ""
    for atom in atoms(line):
        longer = f"{part} {atom}" if part else atom
        if septets(longer) <= room:
            part = longer
            continue
        if part:
            yield part
        *full, part = _cut(atom, room)
        yield from full
    yield part


def _cut(atom: str, room: int) -> Iterator[str]:
    piece, used = "", 0
    for character in atom:
        size = 2 if character in EXTENSION else 1
        if used + size > room:
            yield piece
            piece, used = "", 0
        piece += character
        used += size
    yield piece
