import pytest

from bot.settings import Settings, SettingsError, load_settings, settings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(name, raising=False)
    settings.cache_clear()


def test_without_any_variable_everything_is_embedded():
    config = load_settings()
    assert config.twin_is_carrier
    assert config.database.startswith("sqlite:////")
    assert config.redis.startswith("unix:///")
    assert config.engines == ["http://127.0.0.1:5005"]
    assert config.webhook_url == "http://127.0.0.1:8000"
    assert config.carrier_api_url == "http://127.0.0.1:8010"


def test_twilio_credentials_make_twilio_the_carrier(monkeypatch):
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", " AC123 ")
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "token")
    monkeypatch.setenv("PUBLIC_URL", "https://v.example.gob.mx/")
    config = load_settings()
    assert (config.account_sid, config.auth_token, config.carrier_api_url) == ("AC123", "token", "")
    assert config.webhook_url == "https://v.example.gob.mx"


def test_several_engines(monkeypatch):
    monkeypatch.setenv("ENGINE_URLS", "http://a:1, http://b:2 ,")
    assert load_settings().engines == ["http://a:1", "http://b:2"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "no"), ("PORT", "0"), ("PORT", "70000"), ("ENGINE_TIMEOUT", "0"), ("LEASE_SECONDS", "1"),
     ("WORKER_THREADS", "0"), ("LOG_LEVEL", "LOUD"), ("PUBLIC_URL", "example.com"), ("TWILIO_API_URL", "ftp://x")],
)  # fmt: skip
def test_a_wrong_value_names_its_variable(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{name}: "):
        load_settings()


def test_every_wrong_variable_is_named_at_once_and_no_value_is_repeated(monkeypatch):
    monkeypatch.setenv("PORT", "secret-port")
    monkeypatch.setenv("LOG_LEVEL", "secret-level")
    with pytest.raises(SettingsError, match=r"PORT.*LOG_LEVEL|LOG_LEVEL.*PORT") as wrong:
        load_settings()
    assert "secret" not in str(wrong.value)


@pytest.mark.parametrize("secret", ["", "short", "x" * 15])
def test_a_short_secret_is_refused_in_one_sentence(monkeypatch, secret):
    monkeypatch.setenv("VENTANILLA_SECRET", secret)
    with pytest.raises(SettingsError, match="VENTANILLA_SECRET"):
        _ = load_settings().secret


def test_a_missing_token_is_refused_by_the_name_of_its_variable(monkeypatch):
    with pytest.raises(SettingsError, match="TWIN_AUTH_TOKEN"):
        _ = load_settings().auth_token
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC123")
    with pytest.raises(SettingsError, match="TWILIO_AUTH_TOKEN"):
        _ = load_settings().auth_token


def test_settings_are_read_once(monkeypatch):
    monkeypatch.setenv("PORT", "8001")
    assert settings().port == 8001
    monkeypatch.setenv("PORT", "8002")
    assert settings().port == 8001
    settings.cache_clear()


def test_secrets_do_not_show_when_settings_are_printed(monkeypatch):
    monkeypatch.setenv("VENTANILLA_SECRET", "a-very-secret-secret")
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "a-very-secret-token")
    monkeypatch.setenv("TWIN_AUTH_TOKEN", "a-very-secret-token")
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:a-very-secret-password@h/d")
    assert "a-very-secret" not in repr(load_settings()) + str(load_settings())


def test_the_twin_is_limited_only_where_a_limit_is_set(monkeypatch):
    assert load_settings().rate_limits == {}
    monkeypatch.setenv("SMS_PER_SECOND", "2")
    assert load_settings().rate_limits == {"sms": 2.0}


def test_twilio_is_always_limited(monkeypatch):
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC123")
    assert load_settings().rate_limits == {"sms": 1.0, "whatsapp": 80.0}


def test_several_numbers_send_or_the_service_that_has_them(monkeypatch):
    monkeypatch.setenv("TWILIO_SMS_FROM", "+525500000001, +525500000002")
    config = load_settings()
    assert (config.sms_senders, config.sms_number) == (("+525500000001", "+525500000002"), "+525500000001")
    monkeypatch.setenv("TWILIO_MESSAGING_SERVICE_SID", "MG1")
    assert load_settings().sms_senders == ("MG1",)


def test_earlier_secrets_are_separated_by_blanks(monkeypatch):
    monkeypatch.setenv("OLD_SECRETS", " first-one,with-a-comma   second ")
    assert load_settings().earlier_secrets == ("first-one,with-a-comma", "second")
