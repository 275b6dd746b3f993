"""Settings: environment variables, read and checked once. The table in README.md lists the same names."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from zoneinfo import available_timezones

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.core.hours import parse_hours

ROOT = Path(__file__).resolve().parent.parent


class SettingsError(ValueError):
    """One or more environment variables are wrong; the message names each with what is expected."""


class Settings(BaseSettings):
    """Every setting of every process. A field's name in upper case is its environment variable."""

    model_config = SettingsConfigDict(extra="ignore", str_strip_whitespace=True)

    twilio_account_sid: str = Field("", description="Twilio account (AC…). Empty: the twin is the carrier")
    twilio_auth_token: str = Field("", repr=False, description="Twilio auth token: signs webhooks, opens the API")
    twilio_api_url: str = Field("", description="Another address of Twilio's API (a proxy, a test server)")
    twilio_sms_from: str = Field("+525500000000", description="Number that SMS come from, E.164")
    twilio_messaging_service_sid: str = Field("", description="Messaging Service (MG…) instead of a number")
    public_url: str = Field("", description="Address under which Twilio reaches the gateway; signatures need it")
    database_url: str = Field("", repr=False, description="postgresql://… ; empty: SQLite under VAR")
    redis_url: str = Field("", repr=False, description="redis://… ; empty: the bundled server")
    engine_urls: str = Field("", description="Engines elsewhere, separated by commas; empty: one of our own")
    actions_url: str = Field("", description="An action server elsewhere; empty: one of our own")
    ventanilla_secret: str = Field("", repr=False, description="Keys conversation ids, encrypts numbers; must be kept")
    institution: str = Field("Ventanilla", description="Who answers, as named in the privacy notice")
    human_number: str = Field("", description="Phone number of a person, said when the assistant cannot help")
    human_hours: str = Field("", description="When people answer: lun-vie 09:00-18:00; empty: always")
    time_zone: str = Field(
        "America/Mexico_City", description="Zone of HUMAN_HOURS, and of people whose state is not known"
    )
    host: str = Field("127.0.0.1", description="Address the gateway listens on")
    port: int = Field(8000, ge=1, le=65535, description="Port the gateway listens on")
    twin_port: int = Field(8010, ge=1, le=65535, description="Port of the twin carrier")
    engine_port: int = Field(5005, ge=1, le=65535, description="Port of our own engine; more of them count up from it")
    actions_port: int = Field(5055, ge=1, le=65535, description="Port of our own action server")
    twin_account_sid: str = Field("AC" + "0" * 31 + "1", description="The twin's account")
    twin_auth_token: str = Field("", repr=False, description="The twin's auth token; made by `ventanilla run`")
    twin_contracts: str = Field("", description="Folder of Twilio's OpenAPI files that the twin checks requests by")
    var: Path = Field(ROOT / "var", description="Folder of everything that a run writes")
    engine_timeout: float = Field(3.0, gt=0, le=30, description="Seconds for a turn before degraded mode answers")
    lease_seconds: float = Field(8.0, ge=2, le=120, description="Seconds a worker holds a conversation")
    worker_threads: int = Field(4, ge=1, le=64, description="Threads for turns, and as many for deliveries")
    delivery_max_attempts: int = Field(40, ge=1, le=500, description="Attempts before a message is given up")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Level of the logs")

    @field_validator("human_hours")
    @classmethod
    def _hours(cls, value: str) -> str:
        parse_hours(value)
        return value

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("is not the name of a time zone")
        return value

    @field_validator("public_url", "twilio_api_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @property
    def twin_is_carrier(self) -> bool:
        """Whether the local twin stands in for Twilio: when no Twilio credentials are set."""
        return not self.twilio_account_sid

    @property
    def account_sid(self) -> str:
        """The account in use: Twilio's or the twin's."""
        return self.twilio_account_sid or self.twin_account_sid

    @property
    def auth_token(self) -> str:
        """The auth token in use; never empty.

        Raises:
            SettingsError: there is none.
        """
        token = self.twin_auth_token if self.twin_is_carrier else self.twilio_auth_token
        if not token:
            name = "TWIN_AUTH_TOKEN" if self.twin_is_carrier else "TWILIO_AUTH_TOKEN"
            raise SettingsError(f"{name}: is not set (`ventanilla run` sets the twin's)")
        return token

    @property
    def carrier_api_url(self) -> str:
        """The carrier's API; empty for Twilio's own."""
        if self.twilio_api_url or not self.twin_is_carrier:
            return self.twilio_api_url
        return f"http://127.0.0.1:{self.twin_port}"

    @property
    def webhook_url(self) -> str:
        """The address that webhooks and status callbacks come to: what signatures are computed over."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @property
    def secret(self) -> str:
        """The secret; never empty.

        Raises:
            SettingsError: there is none.
        """
        if len(self.ventanilla_secret) < 16:
            raise SettingsError(
                "VENTANILLA_SECRET: needs 16 characters or more (`ventanilla run` makes one for trials)"
            )
        return self.ventanilla_secret

    @property
    def database(self) -> str:
        """The database's address."""
        return self.database_url or f"sqlite:///{self.var / 'ventanilla.sqlite'}"

    @property
    def redis(self) -> str:
        """Redis' address: the bundled server's socket by default."""
        return self.redis_url or f"unix://{self.var / 'redis' / 'redis.sock'}"

    @property
    def engines(self) -> list[str]:
        """The engines' addresses."""
        given = [url.strip() for url in self.engine_urls.split(",") if url.strip()]
        return given or [f"http://127.0.0.1:{self.engine_port}"]

    @property
    def actions(self) -> str:
        """The action server's address."""
        return self.actions_url or f"http://127.0.0.1:{self.actions_port}/webhook"

    @property
    def catalogue(self) -> Path:
        """The built catalogue."""
        return self.var / "catalogue.sqlite"

    @property
    def locale_folder(self) -> Path:
        """The compiled phrases."""
        return self.var / "locale"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the process's settings, read once.

    Raises:
        SettingsError: a variable has a wrong value; each is named.
    """
    return load_settings()


def load_settings() -> Settings:
    """Read the environment afresh; raises as :func:`settings` does."""
    try:
        return Settings()
    except ValidationError as failure:
        wrong = [f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in failure.errors(include_input=False)]
        raise SettingsError("; ".join(wrong)) from None
