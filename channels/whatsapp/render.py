"""A turn as WhatsApp: a text with bold titles, options as buttons or a list, and the rest in pages behind a button."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.choices import OpenOption
from bot.core.delivery import Outgoing, Rendered
from bot.core.interactive import Button, Buttons, Interactive, ListItem, ListPicker, LocationRequest
from bot.core.phrases import Phrases
from bot.core.replies import Ask, Option, Reply, Say, ShowLifeEvent, ShowProcedure, open_options
from channels.compose import compose, shown_options
from channels.lines import Form, Line, choose, shown
from channels.whatsapp.ids import MORE, reply_id
from channels.whatsapp.markup import bold, neutral
from channels.whatsapp.paginate import paginate, shortened, size

# In UTF-16 units: https://www.twilio.com/docs/content/twilio-quick-reply, …/content/twiliolist-picker and, for a text
# alone, https://www.twilio.com/docs/messaging/api/message-resource (Body).
MAX_TEXT = 1600
MAX_BODY = 1024
MAX_BUTTONS = 3
BUTTON_TITLE = 20
MAX_ITEMS = 10
ITEM_TITLE = 24
ITEM_DESCRIPTION = 72
MAX_CLOSING = 300
"""What is said after a question may take of the first message; more waits for its turn."""


def render(replies: Sequence[Reply], phrases: Phrases) -> Rendered:
    """Render a turn. Replies without words (a ``Handoff`` alone) give no message.

    Options are numbered in the text, so that a number typed, a tap and a phone that shows neither buttons nor lists
    all do. What is said after a question (the privacy sentence of a first answer) closes the first message.

    Raises:
        MissingPhrase: ``locale/`` lacks a phrase or one of its parameters.
    """
    # No line is blank: a content of Twilio's has a variable for each (channels.whatsapp.contents), and none is empty.
    body, closing = _split(replies, phrases)
    lines = [_formatted(line, _procedures(body)) for line in compose(body, phrases)]
    lines += [Line((Form(hint),)) for hint in _hints(replies, phrases)]
    options = _Options(shown_options(replies, phrases), open_options(tuple(replies)), phrases)
    texts = _texts(lines, closing, room=MAX_BODY if options else MAX_TEXT)
    pages = max(len(texts), len(options.chunks)) if texts else 0
    place = _wants_place(replies)
    messages = []
    for number in range(pages):
        text = texts[number] if number < len(texts) else options.listed(number)
        more = number < pages - 1
        interactive = options.interactive(number, more) or (LocationRequest() if place and not more else None)
        messages.append(Outgoing("whatsapp", text, interactive=interactive))
    return Rendered(tuple(messages[:1]), tuple(messages[1:]))


@dataclass(frozen=True)
class _Shown:
    id: str
    number: int
    label: str
    description: str


class _Options:
    """The open options as buttons or lists, a few on each page where there are many."""

    def __init__(self, labels: Sequence[OpenOption], options: Sequence[Option], phrases: Phrases) -> None:
        self._phrases = phrases
        ids = [label.id for label in labels]
        self._all = [
            _Shown(
                # WhatsApp refuses two equal ids; the second one is picked by its number.
                reply_id(label.id if ids.index(label.id) == number - 1 else "", number),
                number,
                neutral(label.label),
                neutral(option.description),
            )
            for number, (label, option) in enumerate(zip(labels, options, strict=True), start=1)
        ]
        per_page = MAX_ITEMS if len(self._all) <= MAX_ITEMS else MAX_ITEMS - 1
        self.chunks = [self._all[start : start + per_page] for start in range(0, len(self._all), per_page)]

    def __bool__(self) -> bool:
        return bool(self._all)

    def listed(self, page: int) -> str:
        """Return the words of a page that has options and no text of its own."""
        lines = [self._phrases("whatsapp_more_options")]
        for option in self._chunk(page):
            label = shortened(option.label, MAX_BODY // MAX_ITEMS - 10)
            lines.append(self._phrases("numbered_item", {"number": option.number, "text": label}))
        return "\n".join(lines)

    def interactive(self, page: int, more: bool) -> Interactive | None:
        """Return what a page offers to tap: its options, and "more" unless it is the last."""
        chunk = self._chunk(page)
        if not chunk and not more:
            return None
        if more and len(chunk) == MAX_ITEMS:
            chunk = chunk[:-1]  # its number can still be typed
        if len(chunk) + more <= MAX_BUTTONS:
            return Buttons((*self._buttons(chunk), *self._more_button(more)))
        items = self._items(chunk)
        if more:
            title, about = self._phrases("whatsapp_more_button"), self._phrases("whatsapp_more_description")
            items.append(ListItem(MORE, shortened(title, ITEM_TITLE), shortened(about, ITEM_DESCRIPTION)))
        return ListPicker(shortened(self._phrases("whatsapp_open_list"), BUTTON_TITLE), tuple(items))

    def _chunk(self, page: int) -> list[_Shown]:
        return self.chunks[min(page, len(self.chunks) - 1)] if self.chunks else []

    def _more_button(self, more: bool) -> tuple[Button, ...]:
        return (Button(MORE, shortened(self._phrases("whatsapp_more_button"), BUTTON_TITLE)),) if more else ()

    def _buttons(self, chunk: Sequence[_Shown]) -> list[Button]:
        titles = _titles(chunk, BUTTON_TITLE)
        return [Button(option.id, title) for option, title in zip(chunk, titles, strict=True)]

    def _items(self, chunk: Sequence[_Shown]) -> list[ListItem]:
        return [
            ListItem(option.id, title, shortened(self._about(option, title), ITEM_DESCRIPTION))
            for option, title in zip(chunk, _titles(chunk, ITEM_TITLE), strict=True)
        ]

    def _about(self, option: _Shown, title: str) -> str:
        """Return an item's description, which must not be empty: the whole label where its title is cut."""
        if not title.endswith(option.label):
            return option.label
        return option.description or self._phrases("whatsapp_item_description", {"number": option.number})


def _titles(chunk: Sequence[_Shown], room: int) -> list[str]:
    """Return the options' titles; where one is cut, or two would read the same, all begin with their number."""
    titles = [shortened(option.label, room) for option in chunk]
    whole = all(title == option.label for title, option in zip(titles, chunk, strict=True))
    if whole and "" not in titles and len({title.casefold() for title in titles}) == len(titles):
        return titles
    return [shortened(f"{option.number}. {option.label}", room) for option in chunk]


def _texts(lines: Sequence[Line], closing: str, room: int) -> list[str]:
    """Return the pages' texts: one when all there is to say fits; else the first in the forms that fit, then the rest.

    Several pages have buttons, and so less room each than one text alone.
    """
    whole = choose(lines, lambda text: size(_closed(text, closing)) <= room)
    first = shown(lines, whole)
    if not first:
        return [closing] if closing else []
    if not _rest(lines, whole) and size(_closed(first, closing)) <= room:
        return [_closed(first, closing)]
    chosen = choose(lines, lambda text: size(_closed(text, closing)) <= MAX_BODY)
    first, rest = shown(lines, chosen), _rest(lines, chosen)
    if size(_closed(first, closing)) <= MAX_BODY:
        return [_closed(first, closing), *paginate(rest, MAX_BODY)]
    pages = paginate([*first.splitlines(), *rest], MAX_BODY, MAX_BODY - size(_closed("", closing)))
    return [_closed(pages[0], closing), *pages[1:]]


def _rest(lines: Sequence[Line], chosen: Sequence[int]) -> list[str]:
    texts = (text for line, form in zip(lines, chosen, strict=True) for text in line.rest(form))
    return [part for text in texts for part in text.splitlines()]


def _closed(text: str, closing: str) -> str:
    return f"{text}\n{closing}" if closing else text


def _split(replies: Sequence[Reply], phrases: Phrases) -> tuple[Sequence[Reply], str]:
    """Return the replies up to the last that is not a ``Say``, and the few words said after it."""
    end = len(replies)
    while end and isinstance(replies[end - 1], Say):
        end -= 1
    after = (_safe(phrases(reply.phrase, reply.params)) for reply in replies[end:] if isinstance(reply, Say))
    closing = "\n".join(after) if end else ""
    return (replies[:end], closing) if 0 < size(closing) <= MAX_CLOSING else (replies, "")


def _procedures(replies: Sequence[Reply]) -> frozenset[str]:
    """Return the lines that are titles: the names of the procedures that are answered."""
    return frozenset(reply.procedure.short for reply in replies if isinstance(reply, ShowProcedure))


def _formatted(line: Line, titles: frozenset[str]) -> Line:
    title = len(line.forms) == 1 and line.forms[0].text in titles
    safe = line.map(_safe)
    return Line((Form(bold(safe.forms[0].text), safe.forms[0].rank),), safe.if_shortened, safe.later) if title else safe


def _safe(text: str) -> str:
    return "\n".join(neutral(part.strip()) for part in text.splitlines() if part.strip())


def _hints(replies: Sequence[Reply], phrases: Phrases) -> list[str]:
    """Return the words that say how to answer, where it does not show: a step behind its number, a position."""
    steps = [reply for reply in replies if isinstance(reply, ShowLifeEvent)]
    options = open_options(tuple(replies))
    hints = [phrases("pick_step")] if options and steps and steps[-1].options == options else []
    return [*hints, *([phrases("whatsapp_share_location")] if _wants_place(replies) else [])]


def _wants_place(replies: Sequence[Reply]) -> bool:
    questions = [reply for reply in replies if isinstance(reply, Ask)]
    return bool(questions) and questions[-1].wants == "place"
