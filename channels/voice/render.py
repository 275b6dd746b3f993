"""A turn as pieces of speech: the essentials first, a breath each, and at the end what is asked.

Texts stay as they are written: whoever reads the conversation later reads figures and addresses. They are put into
spoken words when they are said (:mod:`ivr.spoken`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.core.delivery import Outgoing, Rendered
from bot.core.interactive import Listen, ListItem
from bot.core.phrases import Phrases
from bot.core.replies import Ask, Handoff, Reply, ShowLifeEvent, open_options
from channels.compose import compose, shown_options
from channels.lines import choose, shown
from channels.wording import site_name
from ivr.spoken import spoken

MAX_CHARACTERS = 4096
"""Of one ``<Say>``: https://www.twilio.com/docs/voice/twiml/say."""
BREATH = 240
"""Spoken characters of a piece: some 16 seconds of a voice at its usual pace."""
TITLE = 80
"""Spoken characters of a first line that is only a title."""
LONGEST_ADDRESS = 48
"""Characters of a web address that is said whole."""
LINES = 3
"""Lines of a piece, its title and headings not counted."""
ESSENTIALS = 560
"""Spoken characters of what is said first, in breaths: more is told only to who asks for it."""


def render(replies: Sequence[Reply], phrases: Phrases) -> Rendered:
    """Render a turn: pieces, then the question (its text holds the options too; ``interactive`` says them apart).

    Raises:
        MissingPhrase: ``locale/`` lacks a phrase or one of its parameters.
    """
    asking = _asking(replies)
    told = [reply for reply in replies if not isinstance(reply, (Ask, Handoff)) or reply is not asking]
    pieces = _pieces([_without_options(reply) for reply in told], phrases, brief=_decides(asking))
    person = next((reply for reply in replies if isinstance(reply, Handoff)), None)
    messages = [Outgoing("voice", piece) for piece in pieces]
    question = _question(replies, asking, person, phrases)
    return Rendered((*messages, *([question] if question else [])))


def _asking(replies: Sequence[Reply]) -> Reply | None:
    """Return the reply whose question stays open: the last with options, else the last question."""
    having = [reply for reply in replies if isinstance(reply, (Ask, ShowLifeEvent)) and reply.options]
    asks = [reply for reply in replies if isinstance(reply, Ask)]
    return having[-1] if having else asks[-1] if asks else None


def _decides(asking: Reply | None) -> bool:
    """Say whether the answer comes again for what is replied to the question: the rest of it can wait till then."""
    if isinstance(asking, Ask):
        return bool(asking.options) or asking.wants is not None
    return False


def _without_options(reply: Reply) -> Reply:
    """Return a reply without what is picked from it: steps are said as options, an earlier question without its own."""
    if isinstance(reply, Ask):
        return Ask(reply.phrase, (), reply.params)
    return reply


def _question(
    replies: Sequence[Reply], asking: Reply | None, person: Handoff | None, phrases: Phrases
) -> Outgoing | None:
    if person is not None:
        reason = person.reason
        brought = Listen(person=True, urgent=reason == "emergency", by_rule=reason == "rule")
        return Outgoing("voice", phrases("voice_to_person"), interactive=brought)
    if asking is None:
        return None
    options = shown_options(replies, phrases) if open_options(tuple(replies)) else ()
    if isinstance(asking, Ask):
        text, wants = phrases(asking.phrase, asking.params), asking.wants
        details = [""] * len(options)
    elif isinstance(asking, ShowLifeEvent):
        text, wants = phrases("voice_pick_step"), None
        steps = asking.life_event.steps
        details = [steps[at].deadline or "" if at < len(steps) else "" for at in range(len(options))]
    else:
        return None
    items = tuple(ListItem(o.id, o.label, detail) for o, detail in zip(options, details, strict=True))
    lines = [
        text,
        *(phrases("voice_option", {"label": item.title, "digit": number}) for number, item in enumerate(items, 1)),
    ]
    return Outgoing("voice", "\n".join(lines)[:MAX_CHARACTERS], interactive=Listen(text, items, wants))


def _pieces(replies: Sequence[Reply], phrases: Phrases, brief: bool = False) -> list[str]:
    """Return what is told, in pieces of at most three lines and a breath each: first what matters most.

    ``brief``: nothing but that.
    """
    first: list[str] = []
    rest: list[str] = []
    for reply in replies:
        if isinstance(reply, ShowLifeEvent):
            first += [line for line in reply.life_event.opening.splitlines() if line.strip()]
            done = getattr(reply, "done", ())
            if done:
                first.append(phrases("voice_steps_done", {"number": str(len(done))}))
            if not reply.options:
                rest += [step.title for step in reply.life_event.steps]
            rest += list(reply.life_event.notes) if not reply.options else []
            continue
        lines = compose((reply,), phrases)
        chosen = choose(lines, lambda text: len(spoken(text)) <= ESSENTIALS)
        first += shown(lines, chosen).splitlines()
        for line, form in zip(lines, chosen, strict=True):
            rest += [part for text in line.rest(form) for part in text.splitlines()]
    if brief:
        rest = []
    if len(first) == 1:
        first, rest = [*first, *rest], []
    return [*_gathered(first, titled=True), *_gathered(rest)]


def _gathered(lines: Sequence[str], titled: bool = False) -> list[str]:
    """Return lines in pieces; a line longer than a breath is broken after a sentence, a comma or a word.

    A title (``titled``: the first line, if short) or a heading says nothing alone: what it stands over is in the same
    piece.
    """
    pieces: list[list[str]] = []
    used = counted = 0
    for line in map(_bare, lines):
        # A heading, or nothing but a title was said yet.
        over = bool(pieces) and (_heading(pieces[-1][-1]) or not counted)
        for part in _broken(line, max(BREATH - used, BREATH // 2) if over else BREATH):
            size = len(spoken(part))
            # A heading needs room for what follows it.
            fits = counted < LINES and used + size <= (BREATH // 2 if _heading(part) else BREATH)
            if pieces and (over or fits):
                pieces[-1].append(part)
                used += size
            else:
                pieces.append([part])
                used, counted = size, 0
            # A title comes on top of the lines that a piece may have.
            title = titled and len(pieces) == 1 == len(pieces[0]) and size <= TITLE
            counted += 0 if title or _heading(part) else 1
            over = False
    return ["\n".join(piece) for piece in pieces]


def _heading(line: str) -> bool:
    return line.endswith(":")


def _bare(line: str) -> str:
    """Return a line without the mark of a list, and with the site alone of an address that nobody could note down."""
    line = re.sub(r"^\s*[-•*]\s+", "", line).strip()
    return re.sub(r"https?://[^\s,;)]+", lambda found: _sayable(found.group()), line)


def _sayable(url: str) -> str:
    return url if len(url) <= LONGEST_ADDRESS else site_name(url)


def _broken(line: str, room: int = BREATH) -> Iterator[str]:
    """Yield a line in parts: the first has at most ``room`` spoken characters, the others a breath."""
    if not line:
        return
    if len(spoken(line)) <= room:
        yield line
        return
    for pattern in (r"(?<=[.;?!])\s+", r"(?<=,)\s+", r"\s+"):
        parts = re.split(pattern, line)
        if len(parts) > 1:
            middle, best = len(line) / 2, 1
            for count in range(1, len(parts)):
                if abs(len(" ".join(parts[:count])) - middle) < abs(len(" ".join(parts[:best])) - middle):
                    best = count
            yield from _broken(" ".join(parts[:best]), room)
            yield from _broken(" ".join(parts[best:]))
            return
    yield line[:room]
    yield from _broken(line[room:])
