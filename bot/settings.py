"""Settings: environment variables, read and checked once. The table in README.md lists the same names."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class SettingsError(ValueError):
    """One or more environment variables are wrong; the message names each with what is expected."""


class Settings(BaseSettings):
    """Every setting of every process. Names are the environment variables in lower case."""

    model_config = SettingsConfigDict(extra="ignore", str_strip_whitespace=True)

    twilio_account_sid: str = ""
    twilio_auth_token: str = ""
    twilio_api_url: str = ""
    twilio_sms_from: str = "+525500000000"
    twilio_messaging_service_sid: str = ""
    public_url: str = ""
    database_url: str = ""
    redis_url: str = ""
    engine_urls: str = "http://127.0.0.1:5005"
    actions_url: str = "http://127.0.0.1:5055/webhook"
    ventanilla_secret: str = ""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    twin_port: int = Field(default=8010, ge=1, le=65535)
    var: Path = ROOT / "var"
    engine_timeout: float = Field(default=3.0, gt=0, le=30)
    lease_seconds: float = Field(default=8.0, ge=2, le=120)
    worker_threads: int = Field(default=4, ge=1, le=64)
    delivery_max_attempts: int = Field(default=8, ge=1, le=50)
    log_level: str = "INFO"
    human_number: str = ""

    @field_validator("public_url", "twilio_api_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @property
    def twin_is_carrier(self) -> bool:
        """Whether the local twin stands in for Twilio: when no Twilio credentials are set."""
        return not self.twilio_account_sid


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the process's settings.

    Raises:
        SettingsError: a variable has a wrong value; each is named.
    """
    return load_settings()


def load_settings() -> Settings:
    """Read the environment afresh (tests and the supervisor; everything else calls :func:`settings`)."""
    try:
        return Settings()
    except ValidationError as failure:
        wrong = [f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in failure.errors(include_input=False)]
        raise SettingsError("; ".join(wrong)) from None
