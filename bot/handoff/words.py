"""What a person is told about her handoff, in her language and her channel's form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bot.core.delivery import Outgoing, OutgoingKind
from bot.core.messages import ChannelName
from bot.core.phrases import Phrases
from bot.core.replies import Reply
from channels.channel import Channel


class Words:
    """Renders replies of the handoff part."""

    def __init__(self, folder: Path, channels: Mapping[ChannelName, Channel], kind: OutgoingKind) -> None:
        """``folder``: the compiled phrases. What is rendered goes out as ``kind``."""
        self._folder = folder
        self._channels = channels
        self._kind = kind
        self._open: dict[tuple[str, ChannelName], Phrases] = {}

    def __call__(self, channel: ChannelName, language: str, replies: tuple[Reply, ...]) -> tuple[Outgoing, ...]:
        """Return the messages; none for a call, where nothing can be said from outside."""
        rendering = self._channels.get(channel)
        if rendering is None or rendering.capabilities.spoken:
            return ()
        messages = rendering.render(replies, self._phrases(language, channel)).messages
        return tuple(replace(message, kind=self._kind) for message in messages)

    def _phrases(self, language: str, channel: ChannelName) -> Phrases:
        key = (language, channel)
        if key not in self._open:
            try:
                self._open[key] = Phrases.load(self._folder, language, channel)
            except FileNotFoundError:
                self._open[key] = Phrases.load(self._folder, "es_MX", channel)
        return self._open[key]
