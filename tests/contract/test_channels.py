"""Every channel of the registry against its recorded requests: ``tests/channels/<name>/*.json``.

A recording holds ``about`` (a sentence), ``kind`` ("inbound" or "status"), ``form``, ``query`` (status only) and
either ``expected`` (fields of the message or update, as :mod:`bot.core.codec` writes them) or ``error`` (the field
that BadRequest must name).
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from bot import languages
from bot.core.codec import to_payload
from bot.core.phrases import Phrases
from bot.core.replies import Ask, Option, Say
from channels.channel import BadRequest
from channels.registry import CHANNELS

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT / "tests" / "channels"
NOW = datetime(2026, 11, 22, 15, 30, tzinfo=timezone.utc)
RECORDINGS = [
    pytest.param(name, path, id=f"{name}/{path.stem}")
    for name in CHANNELS
    for path in sorted((RECORDED / name).glob("*.json"))
]


def _read(path: Path) -> dict[str, Any]:
    recording: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return recording


def _parse(name: str, recording: dict[str, Any]) -> dict[str, Any]:
    channel = CHANNELS[name]  # type: ignore[index]
    if recording["kind"] == "status":
        payload = to_payload(channel.parse_status(recording["form"], recording.get("query", {})))
    else:
        message = channel.parse_inbound(recording["form"], NOW)
        assert (message.channel, message.received_at) == (name, NOW)
        payload = to_payload(message)
    return dict(payload)


@pytest.mark.parametrize(("name", "path"), RECORDINGS)
def test_a_recorded_request_is_read_as_expected(name: str, path: Path) -> None:
    recording = _read(path)
    if "error" in recording:
        with pytest.raises(BadRequest) as refused:
            _parse(name, recording)
        assert str(refused.value).startswith(recording["error"] + ":")
        return
    found = _parse(name, recording)
    assert {key: found[key] for key in recording["expected"]} == recording["expected"]


@pytest.mark.parametrize(("name", "path"), RECORDINGS)
def test_a_refusal_never_repeats_what_was_sent(name: str, path: Path) -> None:
    recording = _read(path)
    form = {**recording["form"], "From": "55-secreto", "MessageStatus": "secreto", "OptOutType": "secreto"}
    with pytest.raises(BadRequest) as refused:
        _parse(name, {**recording, "form": form})
    assert "secreto" not in str(refused.value)


def test_every_channel_has_recordings_of_messages_and_statuses() -> None:
    for name in CHANNELS:
        kinds = {_read(path)["kind"] for path in (RECORDED / name).glob("*.json")}
        assert kinds == {"inbound", "status"}, f"tests/channels/{name} has only {kinds}"


def test_every_folder_of_recordings_is_a_channel() -> None:
    assert {path.name for path in RECORDED.iterdir() if path.is_dir()} == set(CHANNELS)


def test_the_registry_names_channels_as_they_name_themselves() -> None:
    assert {name: channel.name for name, channel in CHANNELS.items()} == {name: name for name in CHANNELS}


@pytest.fixture(scope="module")
def locale(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("locale")
    languages.build(ROOT / "locale", folder)
    return folder


@pytest.mark.parametrize("name", CHANNELS)
def test_every_channel_renders_words_and_options_within_its_limits(name: str, locale: Path) -> None:
    channel = CHANNELS[name]  # type: ignore[index]
    phrases = Phrases.load(locale, "es_MX", name)
    options = tuple(Option(f"menu:{n}", f"Tema {n}") for n in range(channel.capabilities.max_options))
    rendered = channel.render((Say("thanks"), Ask("menu", options)), phrases)
    assert rendered.messages
    for message in (*rendered.messages, *rendered.more):
        assert message.channel == name
        assert 0 < len(message.text) <= channel.capabilities.max_characters
    shown = "\n".join(message.text for message in (*rendered.messages, *rendered.more))
    assert all(option.label in shown for option in options)
