"""Settings: environment variables, read and checked once. The table in README.md lists the same names."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from zoneinfo import available_timezones

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.core.hours import parse_days, parse_hours

ROOT = Path(__file__).resolve().parent.parent


class SettingsError(ValueError):
    """One or more environment variables are wrong; the message names each with what is expected."""


class Settings(BaseSettings):
    """Every setting of every process. A field's name in upper case is its environment variable."""

    model_config = SettingsConfigDict(extra="ignore", str_strip_whitespace=True)

    twilio_account_sid: str = Field("", description="Twilio account (AC…). Empty: the twin is the carrier")
    twilio_auth_token: str = Field("", repr=False, description="Twilio auth token: signs webhooks, opens the API")
    twilio_api_url: str = Field("", description="Another address of Twilio's API (a proxy, a test server)")
    twilio_sms_from: str = Field("+525500000000", description="Numbers that SMS come from, E.164, separated by commas")
    twilio_whatsapp_from: str = Field("+525500000001", description="Our number on WhatsApp, E.164")
    twilio_messaging_service_sid: str = Field("", description="Messaging Service (MG…) instead of a number")
    twilio_voice_from: str = Field("", description="Number that calls come from, E.164; empty: TWILIO_SMS_FROM")
    voice_name: str = Field("Polly.Mia-Neural", description="Voice of calls, as Twilio names it")
    voice_wait_seconds: float = Field(2.5, ge=0.2, le=10, description="Seconds before a caller hears a moment, please")
    voice_resume_minutes: int = Field(30, ge=0, le=1440, description="Minutes in which a call goes on where one ended")
    voice_max_minutes: float = Field(12.0, ge=1, le=120, description="Minutes after which a call is ended kindly")
    voice_missed_seconds: int = Field(
        6, ge=0, le=60, description="A call hung up sooner counts as missed; 0: none does"
    )
    voice_missed: str = Field(
        "call", pattern="^(nothing|call)$", description="What a missed call leads to: nothing, call"
    )
    voice_call_hours: str = Field("lun-dom 08:00-21:00", description="When we call people back")
    voice_recorded: bool = Field(False, description="Whether calls are recorded by the carrier: callers are told so")
    voice_queue: str = Field(
        "personas", pattern=r"^[A-Za-z0-9_-]{1,24}$", description="Beginning of the names of callers' queues"
    )
    voice_agents: str = Field(
        "take",
        pattern="^(take|auto)$",
        description="take: an agent's phone rings when she takes a call; auto: it rings by itself",
    )
    voice_queue_minutes: float = Field(
        10.0, gt=0, le=120, description="Minutes in the queue, then another way is offered"
    )
    voice_ring_seconds: int = Field(25, ge=5, le=120, description="Seconds that HUMAN_NUMBER or an agent rings")
    public_url: str = Field("", description="Address under which Twilio reaches the gateway; signatures need it")
    database_url: str = Field("", repr=False, description="postgresql://… ; empty: SQLite under VAR")
    redis_url: str = Field("", repr=False, description="redis://… ; empty: the bundled server")
    engine_urls: str = Field("", description="Engines elsewhere, separated by commas; empty: one of our own")
    actions_url: str = Field("", description="An action server elsewhere; empty: one of our own")
    ventanilla_secret: str = Field("", repr=False, description="Keys conversation ids, encrypts numbers; must be kept")
    old_secrets: str = Field("", repr=False, description="Earlier values of VENTANILLA_SECRET, separated by blanks")
    institution: str = Field("Ventanilla", description="Who answers, as named in the privacy notice")
    human_number: str = Field("", description="Phone number of a person, said when the assistant cannot help")
    human_hours: str = Field("", description="When people answer: lun-vie 09:00-18:00; empty: always")
    human_closed_days: str = Field("", description="Days without people: 2026-12-24 2026-12-28/2027-01-06")
    time_zone: str = Field(
        "America/Mexico_City", description="Zone of HUMAN_HOURS, and of people whose state is not known"
    )
    console_idle_minutes: int = Field(30, ge=1, le=720, description="Minutes without work until the console signs out")
    trusted_proxies: int = Field(
        0, ge=0, le=5, description="Reverse proxies in front of the gateway that name the browser's address"
    )
    oidc_issuer: str = Field("", description="Identity provider of the console (OpenID Connect); empty: passwords only")
    oidc_client_id: str = Field("", description="Our client id there")
    oidc_client_secret: str = Field("", repr=False, description="Our client secret there")
    oidc_claim: str = Field("preferred_username", description="Claim of the ID token that holds the username")
    desk_webhook_url: str = Field("", description="Address of a contact centre's own desk that is told of handoffs")
    desk_webhook_secret: str = Field("", repr=False, description="Signs what it is told: whsec_… or 16 characters")
    desk_sensitive: bool = Field(False, description="Whether desks are told of violence, health and emergencies too")
    desk_give_up_hours: float = Field(24.0, gt=0, le=240, description="Hours before an event for a desk is given up")
    desk_requests_per_second: float = Field(20.0, gt=0, le=1000, description="API requests a second of one token")
    chatwoot_url: str = Field("", description="Address of a Chatwoot that is the desk; empty: none")
    chatwoot_account: int = Field(0, ge=0, description="Number of the account there")
    chatwoot_inbox: int = Field(0, ge=0, description="Number of the inbox (channel API) there")
    chatwoot_token: str = Field("", repr=False, description="Access token of an agent there")
    chatwoot_secret: str = Field("", repr=False, description="The inbox's webhook secret there; empty: not signed")
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
    delivery_max_attempts: int = Field(1000, ge=1, le=10000, description="Attempts before a message is given up")
    delivery_give_up_hours: float = Field(24.0, gt=0, le=240, description="Hours before a message is given up")
    reminder_give_up_hours: float = Field(13.0, gt=0, le=240, description="Hours before a reminder is given up")
    sms_per_second: float = Field(1.0, gt=0, le=1000, description="SMS a second that one of our numbers sends")
    whatsapp_per_second: float = Field(80.0, gt=0, le=1000, description="WhatsApp messages a second of our number")
    transcriber_url: str = Field("", description="Base address of an OpenAI-compatible service that hears voice notes")
    transcriber_token: str = Field("", repr=False, description="Token of that service")
    transcriber_model: str = Field("whisper-1", description="Model of that service")
    transcriber_timeout: float = Field(10.0, gt=0, le=60, description="Seconds that hearing a voice note may take")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Level of the logs")

    @field_validator("human_hours", "voice_call_hours")
    @classmethod
    def _hours(cls, value: str) -> str:
        parse_hours(value)
        return value

    @field_validator("human_closed_days")
    @classmethod
    def _days(cls, value: str) -> str:
        parse_days(value)
        return value

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("is not the name of a time zone")
        return value

    @field_validator("public_url", "twilio_api_url", "transcriber_url", "desk_webhook_url", "chatwoot_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @property
    def voice_from(self) -> str:
        """The number that calls come from."""
        return self.twilio_voice_from or self.sms_number

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
    def sms_senders(self) -> tuple[str, ...]:
        """Our numbers for SMS, or the Messaging Service that has them."""
        if self.twilio_messaging_service_sid:
            return (self.twilio_messaging_service_sid,)
        return tuple(each.strip() for each in self.twilio_sms_from.split(",") if each.strip())

    @property
    def sms_number(self) -> str:
        """The first of our numbers for SMS."""
        return self.twilio_sms_from.partition(",")[0].strip()

    @property
    def rate_limits(self) -> dict[str, float | None]:
        """Messages a second of each sender, by channel. The twin takes all, unless a limit is set."""
        limits = {"sms": "sms_per_second", "whatsapp": "whatsapp_per_second"}
        kept = limits if not self.twin_is_carrier else {k: v for k, v in limits.items() if v in self.model_fields_set}
        return {channel: getattr(self, name) for channel, name in kept.items()}

    @property
    def earlier_secrets(self) -> tuple[str, ...]:
        """What VENTANILLA_SECRET was before."""
        return tuple(self.old_secrets.split())

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
