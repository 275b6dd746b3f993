"""TwiML for calls, read as Twilio reads it: https://www.twilio.com/docs/voice/twiml.

A document that cannot be parsed ends a call (12100). What Twilio's schema does not know is left out and noted (12200),
and a value out of range falls back to its default, so that a call goes on as it would there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from channels.twin.caller import KEYS
from channels.twin.webhooks import TwimlError

MOST_BYTES = 64 * 1024
"""Of one document: https://www.twilio.com/docs/api/errors/11750."""
MOST_SAID = 4096
"""Characters of one ``<Say>``."""
_CONTENT_TYPES = ("text/xml", "application/xml", "text/html")
_SSML = frozenset({"break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w"})


@dataclass(frozen=True)
class Verb:
    """One verb (or noun) with the attributes that are right; what was left out of the document takes its default."""

    name: str
    attributes: Mapping[str, str]
    text: str = ""
    children: tuple[Verb, ...] = ()

    def get(self, name: str, default: str = "") -> str:
        """Return an attribute."""
        return self.attributes.get(name, default)

    def seconds(self, name: str, default: float) -> float:
        """Return an attribute that is a number of seconds."""
        return float(self.attributes.get(name, default))

    def true(self, name: str, default: bool = False) -> bool:
        """Return an attribute that is true or false."""
        return self.attributes.get(name, str(default)).lower() == "true"


@dataclass(frozen=True)
class Warned:
    """Something that Twilio's debugger would show and that does not end the call."""

    code: int
    detail: str


def read(body: bytes, content_type: str) -> tuple[tuple[Verb, ...], tuple[Warned, ...]]:
    """Return a document's verbs, and what is wrong with it and does not matter.

    Raises:
        TwimlError: 11750 it is too large, 12300 it is of another content type, 12100 it cannot be parsed.
    """
    if len(body) > MOST_BYTES:
        raise TwimlError(11750)
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in _CONTENT_TYPES:
        raise TwimlError(12300)
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 (our own gateway's answer)
    except ElementTree.ParseError:
        raise TwimlError(12100) from None
    if root.tag != "Response":
        raise TwimlError(12100)
    reader = _Reader()
    verbs = reader.children(root, _VERBS, "Response")
    if root.text and root.text.strip():
        reader.warn("Response: text outside of a verb")
    return verbs, tuple(reader.warned)


def _flag(value: str) -> bool:
    return value.lower() in ("true", "false")


def _whole(least: int, most: int) -> Callable[[str], bool]:
    return lambda value: value.isascii() and value.isdigit() and least <= int(value) <= most


def _one_of(*words: str) -> Callable[[str], bool]:
    return lambda value: value in words


def _anything(value: str) -> bool:
    return True


def _address(value: str) -> bool:
    return bool(value.strip()) and not re.search(r"\s", value.strip())


def _input(value: str) -> bool:
    words = value.split()
    return 1 <= len(words) <= 2 and set(words) <= {"dtmf", "speech"}


def _hints(value: str) -> bool:
    hints = [hint.strip() for hint in value.split(",")]
    return len(hints) <= 500 and all(len(hint) <= 100 for hint in hints)


_METHOD = _one_of("GET", "POST")
_SAY = {"voice": _anything, "language": _anything, "loop": _whole(0, 1000)}
_PLAY = {"loop": _whole(0, 1000), "digits": lambda value: re.fullmatch(r"[0-9wW*#A-D]+", value) is not None}
_GATHER: dict[str, Callable[[str], bool]] = {
    "action": _address,
    "method": _METHOD,
    "input": _input,
    "timeout": _whole(1, 600),
    "finishOnKey": lambda value: value in KEYS or all(each in KEYS for each in value),
    "numDigits": _whole(1, 1000),
    "speechTimeout": lambda value: value == "auto" or _whole(1, 600)(value),
    "maxSpeechTime": _whole(1, 600),
    "speechModel": _anything,
    "enhanced": _flag,
    "hints": _hints,
    "language": _anything,
    "bargeIn": _flag,
    "actionOnEmptyResult": _flag,
    "profanityFilter": _flag,
    "partialResultCallback": _address,
    "partialResultCallbackMethod": _METHOD,
    "dtmfDetection": _anything,
    "debug": _flag,
}
_DIAL: dict[str, Callable[[str], bool]] = {
    "action": _address,
    "method": _METHOD,
    "timeout": _whole(1, 600),
    "timeLimit": _whole(1, 86400),
    "callerId": _anything,
    "answerOnBridge": _flag,
    "hangupOnStar": _flag,
    "ringTone": _anything,
    "sequential": _flag,
}
_NOUN = {
    "url": _address,
    "method": _METHOD,
    "statusCallback": _address,
    "statusCallbackEvent": _anything,
    "statusCallbackMethod": _METHOD,
}


@dataclass(frozen=True)
class _Form:
    """What Twilio's schema lets a verb have. ``text``: whether it has words of its own."""

    attributes: Mapping[str, Callable[[str], bool]]
    children: frozenset[str] = frozenset()
    text: bool = False


_PROMPTS = frozenset({"Say", "Play", "Pause"})
_NOUNS = frozenset({"Number", "Sip", "Queue", "Client"})
_FORMS: dict[str, _Form] = {
    "Say": _Form(_SAY, text=True),
    "Play": _Form(_PLAY, text=True),
    "Pause": _Form({"length": _whole(1, 3600)}),
    "Gather": _Form(_GATHER, _PROMPTS),
    "Redirect": _Form({"method": _METHOD}, text=True),
    "Enqueue": _Form({"action": _address, "method": _METHOD, "waitUrl": _address, "waitUrlMethod": _METHOD}, text=True),
    "Leave": _Form({}),
    "Dial": _Form(_DIAL, _NOUNS, text=True),
    "Hangup": _Form({}),
    "Reject": _Form({"reason": _one_of("rejected", "busy")}),
    "Number": _Form({**_NOUN, "sendDigits": _anything}, text=True),
    "Sip": _Form({**_NOUN, "username": _anything, "password": _anything}, text=True),
    "Client": _Form(_NOUN, text=True),
    "Queue": _Form({"url": _address, "method": _METHOD}, text=True),
}
# Twilio's own verbs that calls of ours must not have: nothing of what people say is kept as sound.
_VERBS = frozenset(_FORMS) - _NOUNS


class _Reader:
    def __init__(self) -> None:
        self.warned: list[Warned] = []

    def warn(self, detail: str) -> None:
        self.warned.append(Warned(12200, detail))

    def children(self, parent: ElementTree.Element, allowed: frozenset[str], where: str) -> tuple[Verb, ...]:
        found = []
        for element in parent:
            if element.tag not in allowed:
                self.warn(f"{where}: {element.tag} is not allowed here")
            else:
                found.append(self.verb(element))
        return tuple(found)

    def verb(self, element: ElementTree.Element) -> Verb:
        form = _FORMS[element.tag]
        attributes = {}
        for name, value in element.attrib.items():
            right = form.attributes.get(name)
            if right is None:
                self.warn(f"{element.tag}: unknown attribute {name}")
            elif not right(value):
                self.warn(f"{element.tag}: {name} has no such value")
            else:
                attributes[name] = value
        text = " ".join("".join(element.itertext()).split()) if form.text else ""
        if element.tag == "Say":
            text = self.said(element, text)
        children = () if element.tag == "Say" else self.children(element, form.children, element.tag)
        if element.tag == "Dial" and children:
            text = ""
        if form.text and not text and not children:
            self.warn(f"{element.tag}: is empty")
        return Verb(element.tag, attributes, text, children)

    def said(self, element: ElementTree.Element, text: str) -> str:
        for inner in element.iter():
            if inner is not element and inner.tag not in _SSML:
                self.warn(f"Say: {inner.tag} is not SSML that its voices read")
        if len(text) > MOST_SAID:
            self.warn(f"Say: more than {MOST_SAID} characters")
            return text[:MOST_SAID]
        return text
