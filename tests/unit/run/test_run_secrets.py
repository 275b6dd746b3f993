import stat

import pytest

from bot.run import secrets
from bot.run.errors import RunError
from bot.settings import Settings


@pytest.fixture
def config(tmp_path, monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return Settings(var=tmp_path / "var")


def test_secrets_are_made_once_and_only_their_owner_can_read_them(config):
    first = secrets.complete(config, create=True)
    assert len(first.ventanilla_secret) == 64
    assert first.ventanilla_secret != first.twin_auth_token
    assert secrets.complete(config, create=True) == first
    folder = config.var / "secret"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(path.name for path in folder.iterdir()) == ["twin_auth_token", "ventanilla_secret"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_what_the_operator_sets_comes_first(config):
    given = config.model_copy(update={"ventanilla_secret": "a" * 16, "twin_auth_token": "b" * 16})
    assert secrets.complete(given, create=True) == given
    assert not (config.var / "secret").exists()


def test_a_look_makes_nothing(config):
    assert secrets.complete(config, create=False).ventanilla_secret == ""
    assert not config.var.exists()


def test_an_empty_secret_is_not_replaced_silently(config):
    secrets.complete(config, create=True)
    (config.var / "secret" / "ventanilla_secret").write_text("")
    with pytest.raises(RunError, match="is empty"):
        secrets.complete(config, create=True)


def test_with_twilio_nothing_is_made_up_and_what_is_missing_is_named(config):
    twilio = config.model_copy(update={"twilio_account_sid": "AC1"})
    with pytest.raises(RunError, match="TWILIO_AUTH_TOKEN, PUBLIC_URL, VENTANILLA_SECRET"):
        secrets.complete(twilio, create=True)
    assert not config.var.exists()
    whole = twilio.model_copy(
        update={"twilio_auth_token": "t", "public_url": "https://v.example", "ventanilla_secret": "s" * 16}
    )
    assert secrets.complete(whole, create=True) == whole
