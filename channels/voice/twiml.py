"""TwiML, with Twilio's own classes: https://www.twilio.com/docs/voice/twiml.

Every ``<Say>`` and ``<Gather>`` names its language: the default of both is US English.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from twilio.twiml.voice_response import Dial, Gather, Say, VoiceResponse  # type: ignore[import-untyped]

LANGUAGE = "es-MX"
RATES = {-2: "70%", -1: "85%", 1: "115%", 2: "130%"}


@dataclass(frozen=True)
class Line:
    """One thing of a prompt: words to say, a recording to play, or seconds of silence."""

    text: str = ""
    recording: str = ""
    pause: int = 0


@dataclass(frozen=True)
class Prompt:
    """Lines as they are said: by which voice, how fast (-2 to 2, 0 is the voice's own pace)."""

    lines: tuple[Line, ...]
    voice: str
    rate: int = 0


@dataclass(frozen=True)
class Listening:
    """A listening window. ``action`` gets what was heard, silence too."""

    action: str
    timeout: int
    longest: int
    hints: tuple[str, ...] = ()


def listen(prompt: Prompt, window: Listening) -> str:
    """Say a prompt and listen; keys and words may interrupt it."""
    response = VoiceResponse()
    gather = Gather(
        input="dtmf speech",
        language=LANGUAGE,
        action=window.action,
        method="POST",
        timeout=window.timeout,
        speech_timeout="auto",
        max_speech_time=window.longest,
        num_digits=1,
        # No key ends the input: # and * are keys of our own.
        finish_on_key="",
        action_on_empty_result=True,
        barge_in=True,
        profanity_filter=False,
        hints=", ".join(window.hints) or None,
    )
    _say(gather, prompt)
    response.append(gather)
    # Reached only by a carrier that does not know actionOnEmptyResult.
    response.redirect(window.action, method="POST")
    return str(response)


def go_on(prompt: Prompt, action: str, pause: int = 0) -> str:
    """Say something and ask ``action`` what comes next."""
    response = VoiceResponse()
    _say(response, prompt)
    if pause:
        response.pause(length=pause)
    response.redirect(action, method="POST")
    return str(response)


def hang_up(prompt: Prompt) -> str:
    """Say a last word and end the call."""
    response = VoiceResponse()
    _say(response, prompt)
    response.hangup()
    return str(response)


def reject() -> str:
    """Do not take the call."""
    response = VoiceResponse()
    response.reject(reason="busy")
    return str(response)


def enqueue(prompt: Prompt, queue: str, *, action: str, wait: str) -> str:
    """Put the caller in a queue. ``wait`` says what she hears there; ``action`` is asked when she leaves it."""
    response = VoiceResponse()
    _say(response, prompt)
    response.enqueue(queue, action=action, method="POST", wait_url=wait, wait_url_method="POST")
    return str(response)


def dial(prompt: Prompt, number: str, *, action: str, whisper: str, caller_id: str, seconds: int) -> str:
    """Ring a person for ``seconds``; ``whisper`` is what she hears before she is connected."""
    response = VoiceResponse()
    _say(response, prompt)
    ringing = Dial(action=action, method="POST", timeout=seconds, caller_id=caller_id or None, answer_on_bridge=True)
    ringing.number(number, url=whisper, method="POST")
    response.append(ringing)
    return str(response)


def waiting(prompt: Prompt, action: str, again: str) -> str:
    """Say something to who waits in a queue, and listen for a key only (Twilio allows no more there)."""
    response = VoiceResponse()
    gather = Gather(
        input="dtmf",
        language=LANGUAGE,
        action=action,
        method="POST",
        timeout=12,
        num_digits=1,
        finish_on_key="",
        action_on_empty_result=True,
    )
    _say(gather, prompt)
    response.append(gather)
    response.redirect(again, method="POST")
    return str(response)


def ask_key(prompt: Prompt, action: str) -> str:
    """Say something to an agent and wait for one key; ``action`` gets it, silence too."""
    response = VoiceResponse()
    gather = Gather(
        input="dtmf",
        language=LANGUAGE,
        action=action,
        method="POST",
        timeout=6,
        num_digits=1,
        finish_on_key="",
        action_on_empty_result=True,
    )
    _say(gather, prompt)
    response.append(gather)
    response.redirect(action, method="POST")
    return str(response)


def dial_queue(prompt: Prompt, queue: str, *, action: str, before: str, seconds: int) -> str:
    """Connect who hears this with the first caller of a queue; ``before`` says what that one hears first.

    An empty queue is waited at for ``seconds``: https://www.twilio.com/docs/voice/twiml/queue.
    """
    response = VoiceResponse()
    _say(response, prompt)
    dialling = Dial(action=action, method="POST", timeout=seconds)
    dialling.queue(queue, url=before, method="POST")
    response.append(dialling)
    return str(response)


def leave_queue() -> str:
    """Take the caller out of the queue: Twilio asks the queue's ``action`` next."""
    response = VoiceResponse()
    response.leave()
    return str(response)


def say(prompt: Prompt) -> str:
    """Say something, and nothing after it (a whisper)."""
    response = VoiceResponse()
    _say(response, prompt)
    return str(response)


def said(answer: str) -> str:
    """Return the words of a document that was answered, for who reads the call later."""
    try:
        root = ElementTree.fromstring(answer)  # noqa: S314 (our own)
    except ElementTree.ParseError:
        return ""
    return " ".join(" ".join("".join(each.itertext()).split()) for each in root.iter("Say"))


def _say(parent: Any, prompt: Prompt) -> None:
    for line in _joined(prompt.lines):
        if line.pause:
            parent.pause(length=line.pause)
        elif line.recording:
            parent.play(line.recording)
        elif prompt.rate in RATES:
            said = Say(voice=prompt.voice, language=LANGUAGE)
            said.prosody(line.text, rate=RATES[prompt.rate])
            parent.append(said)
        else:
            parent.say(line.text, voice=prompt.voice, language=LANGUAGE)


def _joined(lines: Sequence[Line]) -> list[Line]:
    """Return lines that say, play or pause; nothing else is worth a verb."""
    return [line for line in lines if line.text or line.recording or line.pause]
