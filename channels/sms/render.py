"""A turn as SMS: one message of at most two GSM-7 segments now, the rest in pages that MAS brings one by one."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.delivery import Outgoing, Rendered
from bot.core.phrases import Phrases
from bot.core.replies import Reply, Say, ShowLifeEvent, open_options
from channels.compose import compose
from channels.lines import Line, choose, shown
from channels.sms.gsm7 import fold
from channels.sms.paginate import fits, paginate
from channels.sms.segments import septets

MAX_CLOSING = 110
"""Septets that words after a question may take of the first message; longer ones wait for their turn."""


def render(replies: Sequence[Reply], phrases: Phrases) -> Rendered:
    """Render a turn. Replies without words (a ``Handoff`` alone) give no message.

    What is said after a question (the privacy sentence of a first answer) closes the first message, even where the
    question's options go on in the next.

    Raises:
        MissingPhrase: ``locale/`` lacks a phrase or one of its parameters.
    """
    body, closing = _split(replies, phrases)
    lines = [line.map(fold) for line in compose(body, phrases)]
    pages = _one_page(lines, _joined(closing, _hint(replies, phrases)))
    pages = pages or _pages(lines, *_endings(lines, closing, _short_closing(body, replies, phrases), replies, phrases))
    messages = tuple(Outgoing("sms", page) for page in pages)
    return Rendered(messages[:1], messages[1:])


def _endings(
    lines: Sequence[Line], closing: str, short_closing: str, replies: Sequence[Reply], phrases: Phrases
) -> tuple[str, str]:
    """Return closing and footer: their long words only where they cost the answer nothing."""
    long_footer, short_footer = _footer(replies, phrases), _footer(replies, phrases, short=True)
    fullest = choose(lines, lambda text: fits(_joined(text, _joined(short_closing, short_footer))))
    for end, foot in ((closing, long_footer), (closing, short_footer), (short_closing, long_footer)):
        if choose(lines, lambda text, end=end, foot=foot: fits(_joined(text, _joined(end, foot)))) == fullest:  # type: ignore[misc]
            return end, foot
    return short_closing, short_footer


def _short_closing(body: Sequence[Reply], replies: Sequence[Reply], phrases: Phrases) -> str:
    """Return the words said after a question in their short form (``<key>_short``), where ``locale/`` has one."""
    after = [reply for reply in replies[len(body) :] if isinstance(reply, Say)]
    keys = [f"{reply.phrase}_short" if phrases.has(f"{reply.phrase}_short") else reply.phrase for reply in after]
    return fold("\n".join(phrases(key, reply.params) for key, reply in zip(keys, after, strict=True)))


def _split(replies: Sequence[Reply], phrases: Phrases) -> tuple[Sequence[Reply], str]:
    """Return the replies up to the last that is not a ``Say``, and the few words said after it."""
    end = len(replies)
    while end and isinstance(replies[end - 1], Say):
        end -= 1
    after = (phrases(reply.phrase, reply.params) for reply in replies[end:] if isinstance(reply, Say))
    closing = fold("\n".join(after)) if end else ""
    return (replies[:end], closing) if 0 < septets(closing) <= MAX_CLOSING else (replies, "")


def _one_page(lines: Sequence[Line], ending: str) -> list[str]:
    """Return the only page of a turn that has nothing to leave for later, else no page."""
    chosen = choose(lines, lambda text: fits(_joined(text, ending)))
    page = _joined(shown(lines, chosen), ending)
    return [] if not page or _rest(lines, chosen) or not fits(page) else [page]


def _pages(lines: Sequence[Line], closing: str, footer: str) -> list[str]:
    """Return the first page, packed by what matters most, and the pages of what it leaves out."""
    ending = _joined(closing, footer)
    chosen = choose(lines, lambda text: fits(_joined(text, ending)))
    first, rest = shown(lines, chosen), _rest(lines, chosen)
    if first and rest and fits(_joined(first, ending)):
        return [_joined(first, ending), *paginate(rest, footer)]
    return paginate([*first.splitlines(), *rest], footer, closing)


def _rest(lines: Sequence[Line], chosen: Sequence[int]) -> list[str]:
    texts = (text for line, form in zip(lines, chosen, strict=True) for text in line.rest(form))
    return [part for text in texts for part in text.splitlines()]


def _joined(text: str, ending: str) -> str:
    return f"{text}\n{ending}" if text and ending else text or ending


def _hint(replies: Sequence[Reply], phrases: Phrases) -> str:
    """Return the words that say a step has an answer behind its number; a question's options need none."""
    steps = [reply for reply in replies if isinstance(reply, ShowLifeEvent)]
    options = open_options(tuple(replies))
    return fold(phrases("pick_step")) if options and steps and steps[-1].options == options else ""


def _footer(replies: Sequence[Reply], phrases: Phrases, short: bool = False) -> str:
    if open_options(tuple(replies)):
        return fold(phrases("more_or_number_short" if short else "more_or_number"))
    return fold(phrases("more_short" if short else "more"))
