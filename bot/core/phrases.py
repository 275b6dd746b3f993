"""Every sentence that a citizen reads or hears, by key, from the gettext catalogues of ``locale/``."""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from pathlib import Path
from string import Formatter

DOMAIN = "ventanilla"
REFERENCE = "es_MX"


class MissingPhrase(LookupError):
    """No catalogue has the phrase: a defect of ours, never shown to a citizen."""


class Phrases:
    """The phrases of one language, with the variants of one channel.

    The ``msgid`` is a key (``not_understood``); ``msgctxt`` names the channel a variant is for (``sms``, ``voice``).
    """

    def __init__(self, translations: gettext.NullTranslations, channel: str, fallback: Phrases | None = None) -> None:
        """Use :meth:`load` outside tests. ``fallback`` says what these lack, in any variant."""
        self._translations = translations
        self.channel = channel
        self._fallback = fallback

    @classmethod
    def load(cls, folder: Path, language: str, channel: str) -> Phrases:
        """Open the compiled catalogue ``<folder>/<language>/LC_MESSAGES/ventanilla.mo``; es_MX fills what it lacks.

        Raises:
            FileNotFoundError: there is no compiled catalogue (``ventanilla languages build`` makes them).
        """
        # Not gettext's own fallback: it would take es_MX's variant for a channel before the language's plain phrase.
        if language == REFERENCE:
            return cls(gettext.translation(DOMAIN, str(folder), languages=[language]), channel)
        reference = cls.load(folder, REFERENCE, channel)
        if gettext.find(DOMAIN, str(folder), languages=[language]) is None:
            return reference
        return cls(gettext.translation(DOMAIN, str(folder), languages=[language]), channel, reference)

    def __call__(self, key: str, params: Mapping[str, object] | None = None, n: int | None = None) -> str:
        """Return the phrase ``key`` with ``params`` filled in; ``n`` chooses its plural form.

        Raises:
            MissingPhrase: neither the channel's variant nor the plain phrase exists, or a parameter is missing.
        """
        text = self._find(key, n)
        values = dict(params or {})
        if n is not None:
            values.setdefault("n", n)
        try:
            return Formatter().vformat(text, (), values)
        except (KeyError, IndexError) as error:
            raise MissingPhrase(f"phrase {key!r} needs parameter {error}") from None

    def has(self, key: str) -> bool:
        """Say whether ``key`` exists for this channel."""
        try:
            self._find(key, None)
        except MissingPhrase:
            return False
        return True

    def _find(self, key: str, n: int | None) -> str:
        if n is None:
            for found in (self._translations.pgettext(self.channel, key), self._translations.gettext(key)):
                if found != key:
                    return found
        else:
            plural = key + ".plural"
            for found in (
                self._translations.npgettext(self.channel, key, plural, n),
                self._translations.ngettext(key, plural, n),
            ):
                if found not in (key, plural):
                    return found
        if self._fallback is not None:
            return self._fallback._find(key, n)
        raise MissingPhrase(f"no phrase {key!r} in locale/")
