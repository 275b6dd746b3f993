"""`ventanilla whatsapp contents`: the contents of the carrier in use, kept in step with ours."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.delivery import DeliveryError
from bot.run.errors import RunError
from bot.settings import ROOT, Settings
from bot.store import open_engine
from bot.store.contents import ContentStore
from channels.twilio import ERROR_MEANING, ContentApi
from channels.whatsapp import sync as steps
from channels.whatsapp.contents import Definition
from channels.whatsapp.templates import TemplatesError, load_templates


def sync(config: Settings, *, dry_run: bool) -> Iterator[str]:
    """Yield what is done (or would be).

    Raises:
        RunError: Twilio refuses or does not answer, or the templates cannot be read.
    """
    book = ContentStore(open_engine(config.database), config.account_sid)
    templates = _templates()
    try:
        yield from steps.sync(_api(config), book, templates, dry_run=dry_run)
    except DeliveryError as error:
        raise _in_words(error) from None


def listed(config: Settings) -> Iterator[str]:
    """Yield one line a content.

    Raises:
        RunError: as :func:`sync`.
    """
    templates = _templates()
    try:
        yield from steps.states(_api(config).ours(), templates)
    except DeliveryError as error:
        raise _in_words(error) from None


def _api(config: Settings) -> ContentApi:
    return ContentApi.open(config.account_sid, config.auth_token, config.carrier_api_url)


def _templates() -> dict[str, Definition]:
    try:
        return load_templates(ROOT / "data" / "whatsapp" / "templates.yml")
    except TemplatesError as error:
        raise RunError(str(error)) from None


def _in_words(error: DeliveryError) -> RunError:
    return RunError(f"Twilio did not do it ({error.code}). {ERROR_MEANING.get(error.code, '')}".strip())
