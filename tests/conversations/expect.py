"""What is wrong with a turn: what the script asked for, and what every message of the bot must keep to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from bot.core.messages import ChannelName
from bot.languages import tuteo
from channels.registry import CHANNELS
from channels.sms.gsm7 import BASIC, EXTENSION, fold
from channels.sms.segments import count
from ivr.menus import PAGE
from ivr.spoken import spoken
from tests.conversations.aloud import bare, heard_form, says_aloud
from tests.conversations.facts import Facts, NoSuchFact
from tests.conversations.script import Expected
from tests.conversations.wording import says_the_same

_OPTION = re.compile(r"^\d+\) (.+)$", re.MULTILINE)
# Names that hold a "te" of their own, from the cards.
_PROPER_NAMES = re.compile(r"México te abraza", re.IGNORECASE)
# What a program lets slip: an unfilled place, a missing value, an option's id, a phrase's key.
_SLIPS = re.compile(
    r"[{}]|\b(?:None|null|nan|True|False|undefined)\b|\b(?:procedure|step|menu|state|family|place):\S"
    r"|(?<![\w./@-])[a-z]+(?:_[a-z]+)+(?![\w./@-])"
)
# How locale/ begins every answer that was made without the engine, and the apology for none at all.
_WITHOUT_ENGINE = ("tenemos una falla", "no pude contestar su mensaje")


def plain(text: str) -> str:
    """Return a text as it is compared: in the SMS alphabet, without accents and capitals, on one line."""
    decomposed = unicodedata.normalize("NFKD", fold(text).lower())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


def says(text: str, wanted: str) -> bool:
    """Say whether ``wanted`` is in ``text``; a number only as a whole: «$98» is neither in «$980» nor in «$98.50»."""
    words = plain(wanted)
    before = r"(?<!\d)(?<!\d[.,])" if words[:1].isdigit() else ""
    after = r"(?!\d)(?![.,]\d)" if words[-1:].isdigit() else ""
    return re.search(f"{before}{re.escape(words)}{after}", plain(text)) is not None


def options_of(text: str) -> list[str]:
    """Return the labels of the numbered lines."""
    return _OPTION.findall(text)


def problems(
    channel: ChannelName, said: Sequence[str], expected: Expected, facts: Facts, earlier: Sequence[str] = ()
) -> Iterator[str]:
    """Yield everything that is wrong with what was said in a turn.

    ``earlier`` was said before and counts as said now: what MAS brings may have fitted into the answer already.
    """
    if expected.silent:
        if said:
            yield "answers, where silence was asked for"
        return
    if not said:
        yield "does not answer"
        return
    if len(said) != expected.messages:
        yield f"sends {len(said)} messages, not {expected.messages}"
    for message in said:
        yield from _everywhere(message, channel)
        yield from _in_channel(channel, message, expected)
    yield from _wanted(channel, "\n".join(said), "\n".join([*earlier, *said]), expected, facts)


def _wanted(channel: ChannelName, text: str, heard: str, expected: Expected, facts: Facts) -> Iterator[str]:
    says_it = says_aloud if channel == "voice" else says

    def has(words: str) -> bool:
        if says_it(heard, words):
            return True
        if channel == "voice":
            return says_the_same(channel, heard, words, says, bare, heard_form)
        return channel != "sms" and says_the_same(channel, heard, words, says, plain)

    for words in expected.has:
        if not has(words):
            yield f"lacks «{words}»"
    if expected.any and not any(map(has, expected.any)):
        yield f"has none of {', '.join(f'«{words}»' for words in expected.any)}"
    for words in expected.never:
        if says_it(text, words):
            yield f"has «{words}»"
    for wrong, references in ((False, expected.facts), (True, expected.not_facts)):
        for reference in references:
            try:
                shown = facts.text(reference)
            except NoSuchFact as error:
                yield str(error)
                continue
            if says_it(text if wrong else heard, shown) is wrong:
                yield f"{'has' if wrong else 'lacks'} «{shown}» ({reference})"
    if channel == "voice":
        yield from _offered(options_of(text), expected)
        return
    found = options_of(text)
    if isinstance(expected.options, int) and len(found) != expected.options:
        yield f"offers {len(found)} options, not {expected.options}"
    if isinstance(expected.options, tuple) and [*map(plain, found)] != [*map(plain, expected.options)]:
        yield f"offers {found}, not {list(expected.options)}"


def _offered(found: Sequence[str], expected: Expected) -> Iterator[str]:
    """Yield what is wrong with a call's options: a page of them, whose labels may say more than in writing."""
    if isinstance(expected.options, int) and len(found) != min(expected.options, PAGE):
        yield f"offers {len(found)} options, not {min(expected.options, PAGE)}"
    if isinstance(expected.options, tuple):
        wanted = [bare(spoken(label)) for label in expected.options[:PAGE]]
        heard = [bare(label) for label in found]
        if len(heard) != len(wanted) or not all(map(str.startswith, heard, wanted)):
            yield f"offers {heard}, not {wanted}"


def _everywhere(message: str, channel: ChannelName) -> Iterator[str]:
    for slip in _SLIPS.findall(message):
        yield f"lets slip «{slip}»"
    # Letters are spelled on a call: "RFC" holds no "tú", and a "t" is said "te".
    for word in tuteo(_PROPER_NAMES.sub("", message)) if channel != "voice" else ():
        yield f"says «{word}», as to a friend"
    for words in _WITHOUT_ENGINE:
        if says(message, words):
            yield "answers without the engine"


def _in_channel(channel: ChannelName, message: str, expected: Expected) -> Iterator[str]:
    capabilities = CHANNELS[channel].capabilities
    if len(message) > capabilities.max_characters:
        yield f"writes {len(message)} characters; the channel carries {capabilities.max_characters}"
    if channel == "sms":
        foreign = sorted({c for c in message if c not in BASIC and c not in EXTENSION})
        if foreign:
            yield f"leaves the SMS alphabet with {foreign}"
        segments = count(message).segments
        if segments > expected.segments:
            yield f"takes {segments} segments, not {expected.segments}"
