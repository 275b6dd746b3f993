"""`ventanilla whatsapp contents`, against the twin."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.run import contents
from bot.run.errors import RunError
from bot.settings import Settings
from bot.store import open_engine, upgrade
from channels.whatsapp.contents import Definition, buttons, list_picker
from tests.unit.carrier.carrier_support import TOKEN, Gateway, twin_for


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> list[Definition]:
    """Let a sync make few shapes."""
    shapes = [buttons(1, 1), list_picker(4, 6)]
    monkeypatch.setattr("channels.whatsapp.sync.usual", lambda: iter(shapes))
    return shapes


def settings(tmp_path: Path, url: str) -> Settings:
    config = Settings(
        twilio_account_sid="AC" + "0123456789abcdef" * 2, twilio_auth_token=TOKEN, twilio_api_url=url, var=tmp_path
    )
    upgrade(open_engine(config.database))
    return config


def test_sync_then_list(tmp_path: Path) -> None:
    with Gateway().running() as gateway, twin_for(gateway) as twin:
        config = settings(tmp_path, twin.url)
        foreseen = list(contents.sync(config, dry_run=True))
        assert list(contents.listed(config)) == []
        assert list(contents.sync(config, dry_run=False)) == foreseen
        assert list(contents.sync(config, dry_run=False)) == []
        lines = list(contents.listed(config))
    assert len(lines) == 2 + 3
    assert len([line for line in lines if line.endswith("approved")]) == 3


def test_a_carrier_that_is_away_is_said_in_one_sentence(tmp_path: Path) -> None:
    config = settings(tmp_path, "http://127.0.0.1:9")
    with pytest.raises(RunError, match=r"no_connection\)\. No connection"):
        list(contents.sync(config, dry_run=False))
    with pytest.raises(RunError, match="no_connection"):
        list(contents.listed(config))
