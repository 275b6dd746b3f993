"""What a call is made of: its state between two webhooks, what the caller did, and what is said and done next."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from bot.core.choices import OpenOption
from bot.core.messages import Content
from bot.core.replies import HandoffReason

Wanted = Literal["place", "yes_no", "date"]


class State(str, Enum):
    """What the caller is asked for when a step ends. THINKING, QUEUED, TALKING and ENDED wait for no words."""

    LANGUAGE = "language"
    RESUME = "resume"
    OPEN = "open"
    MENU = "menu"
    MORE = "more"
    CONFIRM = "confirm"
    OFFER = "offer"
    NOBODY = "nobody"
    THINKING = "thinking"
    QUEUED = "queued"
    TALKING = "talking"
    ENDED = "ended"


class Event(str, Enum):
    """What happened: the caller spoke, pressed a key, kept silent, or the answer came (or did not).

    ``TALKED``: the talk with a person is over, and so is the call. ``HANDED_BACK``: the agent put the phone down, the
    caller did not; ``TRANSFERRED``: for another agent to take her. ``IN_WRITING``: an agent answers by message instead.
    """

    SPEECH = "speech"
    YES = "yes"
    NO = "no"
    OPTION = "option"
    OTHERS = "others"
    WRONG_KEY = "wrong_key"
    SILENCE = "silence"
    NOISE = "noise"
    UNSURE = "unsure"
    PERSON = "person"
    REPEAT = "repeat"
    HOLD = "hold"
    SLOWER = "slower"
    FASTER = "faster"
    BY_SMS = "by_sms"
    BACK = "back"
    GOODBYE = "goodbye"
    ANSWER = "answer"
    STILL_THINKING = "still_thinking"
    NO_ANSWER = "no_answer"
    NOT_CONNECTED = "not_connected"
    CALL_ME = "call_me"
    TALKED = "talked"
    HANDED_BACK = "handed_back"
    TRANSFERRED = "transferred"
    IN_WRITING = "in_writing"
    HANG_UP = "hang_up"


@dataclass(frozen=True)
class Words:
    """Something to say: a phrase of ``locale/`` (``key``), a text (an answer's), or seconds of silence (``pause``).

    ``fact``: never left out of an answer, however often it was heard.
    """

    key: str = ""
    params: dict[str, str] = field(default_factory=dict)
    text: str = ""
    pause: float = 0.0
    fact: bool = False

    @property
    def identity(self) -> str:
        """What is counted, so that nobody hears it three times."""
        return self.text or "|".join((self.key, *(f"{name}={value}" for name, value in sorted(self.params.items()))))


@dataclass(frozen=True)
class Question:
    """What an answer asked at its end: what is said, what can be picked, and what else may be said.

    ``details``: by an option's id, what is told after its key.
    """

    text: str = ""
    options: tuple[OpenOption, ...] = ()
    wants: Wanted | None = None
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """A turn's answer: ``pieces`` one breath each; ``person``: it brings a person.

    ``urgent``: where there is nobody, that is not said: the line to call was. ``by_rule``: nor is it where a card's
    rule brings one, unasked. ``goodbye``: it is nothing else.
    """

    pieces: tuple[str, ...] = ()
    question: Question | None = None
    person: bool = False
    urgent: bool = False
    by_rule: bool = False
    goodbye: bool = False


@dataclass(frozen=True)
class Scene:
    """What # goes back to."""

    said: tuple[Words, ...]
    question: Question | None
    page: int = 0


@dataclass(frozen=True)
class Earlier:
    """Where an earlier call of the same number ended. Nothing of it is said before the caller says that it is hers."""

    said: tuple[Words, ...] = ()
    pieces: tuple[str, ...] = ()
    question: Question | None = None
    last_answer: tuple[str, ...] = ()


@dataclass(frozen=True)
class Call:
    """Everything that is remembered of a call between two webhooks; JSON in SQL."""

    state: State = State.OPEN
    language: str = "es_MX"
    rate: int = 0
    textable: bool = True
    pieces: tuple[str, ...] = ()
    said: tuple[Words, ...] = ()
    question: Question | None = None
    page: int = 0
    misses: int = 0
    silences: int = 0
    steps: int = 0
    waits: int = 0
    heard: dict[str, int] = field(default_factory=dict)
    unsure: str = ""
    before: tuple[Scene, ...] = ()
    last_answer: tuple[str, ...] = ()
    offered: bool = False
    warned: bool = False
    called_by_us: bool = False
    topic: str = ""
    earlier: Earlier | None = None
    urgent: bool = False
    """The last answer was about danger."""
    menu: bool = False
    """Keys mean what is asked most again: after #, or after a key that meant nothing."""


@dataclass(frozen=True)
class Around:
    """What the flow must know of the world: nothing in it is read from a clock or a database by the flow itself.

    ``resumable``: an earlier call or message of the same number may be gone on with. ``languages``: code and name of
    each that is spoken. ``menu``: what is asked most, first. ``hours``: when people answer, in words.
    """

    seconds: float = 0.0
    people: bool = False
    hours: str = ""
    resumable: bool = False
    topic: str = ""
    languages: tuple[tuple[str, str], ...] = (("es_MX", ""),)
    menu: tuple[OpenOption, ...] = ()
    recorded: bool = False
    max_seconds: float = 900.0


Act = Literal["listen", "think", "person", "hang_up", "wait"]
Effect = Literal["send_sms", "call_back", "set_language", "start_fresh", "resume"]


@dataclass(frozen=True)
class Move:
    """What a step does: the call afterwards, what is said, what follows, and what is written besides.

    ``reason``: why a person is brought, where ``act`` is "person".
    """

    call: Call
    say: tuple[Words, ...]
    act: Act = "listen"
    content: Content | None = None
    effects: tuple[Effect, ...] = ()
    reason: HandoffReason = "asked"
