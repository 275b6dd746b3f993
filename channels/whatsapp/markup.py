"""WhatsApp's own formatting: *bold* titles of ours, and nothing in a card's or a person's words that formats by chance.

WhatsApp formats what stands between two equal signs on one line, the first at a word's beginning and the second at a
word's end (https://faq.whatsapp.com/539178204879377). It has no escape character: a sign that would end such a pair is
replaced by one that looks the same, and in an address by its percent code, so that the address still opens. A sign
alone is left as it is: "*765" is a number to dial.
"""

from __future__ import annotations

import re

_ALIKE = {"*": "\u2217", "_": "\uff3f", "~": "\u223c", "`": "\u02cb"}
_SIGNS = re.compile(r"[*_~`]")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+|\b[\w\-]+(?:\.[\w\-]+)+/\S*", re.IGNORECASE)
MAX_BOLD = 200
"""Characters: what is longer may be cut by a page's end, and then neither half would be bold."""


def neutral(text: str) -> str:
    """Return ``text`` in which nothing formats, whatever line breaks it has."""
    return "".join(map(_neutral_line, text.splitlines(keepends=True)))


def bold(text: str) -> str:
    """Return one neutral line in bold; a long line, or one with a sign of its own, as it is."""
    plain = text.strip()
    if not plain or len(plain) > MAX_BOLD or _SIGNS.search(plain) or len(plain.splitlines()) > 1:
        return text
    return f"*{plain}*"


def one_line(text: str) -> str:
    """Return a text as a variable of a content may hold it: on one line, without runs of blanks, without "{{"."""
    return " ".join(text.split()).replace("{{", "{ {").replace("}}", "} }")


def _neutral_line(line: str) -> str:
    addresses = [match.span() for match in _ADDRESS.finditer(line)]
    opened: set[str] = set()

    def replaced(sign: re.Match[str]) -> str:
        kind = sign.group()
        if kind == "`" or (kind in opened and _closes(sign)):  # three backticks format over several lines
            inside = any(start <= sign.start() < end for start, end in addresses)
            return f"%{ord(kind):02X}" if inside else _ALIKE[kind]
        if _opens(sign):
            opened.add(kind)
        return kind

    return _SIGNS.sub(replaced, line)


def _opens(sign: re.Match[str]) -> bool:
    return not _before(sign).isalnum() and _after(sign).strip() != ""


def _closes(sign: re.Match[str]) -> bool:
    return _before(sign).strip() != "" and not _after(sign).isalnum()


def _before(sign: re.Match[str]) -> str:
    return sign.string[max(0, sign.start() - 1) : sign.start()]


def _after(sign: re.Match[str]) -> str:
    return sign.string[sign.end() : sign.end() + 1]
