"""The catalogue, its search and the gazetteer, as one thing that is replaced whole when a new catalogue is built."""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process

from actions.dialogue.residence import of_matter
from bot.catalogue.entries import sane
from bot.catalogue.places import Mention, Place, Places
from bot.catalogue.reader import Catalogue
from bot.catalogue.search import Search
from bot.catalogue.spelling import default_speller
from bot.catalogue.text import normalise
from bot.catalogue.wide import open_search
from bot.understanding.decision import Decider
from bot.understanding.words import without_place

logger = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parents[2]
_FUZZY_AT = 84
"""Out of 100: "jalizco" and "guanajato" pass, "guerra" for "Guerrero" does not."""
_MOST_WORDS, _LONGEST_NAME = 6, 60
"""Words and letters of an answer that is compared with names as a whole."""


@dataclass(frozen=True)
class Knowledge:
    """What answers are made of. Immutable: a turn keeps the one that it began with."""

    catalogue: Catalogue
    search: Search
    places: Places
    decider: Decider

    @cached_property
    def kept(self) -> dict[Any, Any]:
        """What was worked out from it once, by whoever did."""
        return {}

    def place_in(self, text: str) -> Place | None:
        """Return the place that a text names, if it names one; of several namesakes the biggest.

        Of two, the one a thing is asked of rather than the one where somebody lives.
        """
        read = _read(text)
        mention = self.places.find(read)
        if mention is not None and len(every := self.places.every(read)) > 1:
            mention = of_matter(read.split(), every) or mention
        return mention.candidates[0] if mention else None

    def is_at(self, text: str) -> bool:
        """Say whether a text says that something is at the place that it names ("en Juárez", "desde Puebla")."""
        read = _read(text)
        mention = self.places.find(read)
        return mention is not None and bool(_AT.search(" ".join(read.split()[: mention.start])))

    def places_in(self, text: str) -> tuple[Place, ...]:
        """Return all the places that a text names, in its order ("en Jalisco y en Puebla")."""
        found = (mention.candidates[0] for mention in self.places.every(_read(text)))
        return tuple(dict.fromkeys(found))

    def without_place(self, text: str) -> str:
        """Return the normalised text with the words of its place left out."""
        return without_place(_read(text), self.places)

    def place_answered(self, text: str, near: frozenset[str] = frozenset()) -> Place | None:
        """Return the place that answers "where?", misspelled too; of one name, one in the states ``near``."""
        mention = self._answered(text)
        if mention is None:
            return None
        return next((p for p in mention.candidates if p.state in near), mention.candidates[0])

    def places_meant(self, text: str, near: frozenset[str] = frozenset()) -> tuple[Place, ...]:
        """Return the places that may answer "where?": several for "Juárez" or "San Pedro", to ask which one.

        One is enough where only one is in the states ``near``.
        """
        mention = self._answered(text)
        if mention is None:
            return ()
        rivals = self.places.rivals(mention)
        close = tuple(place for place in rivals if place.state in near)
        return close or rivals

    def _answered(self, text: str) -> Mention | None:
        words = [word for word in _read(text).split() if word not in _LEAD]
        mention = self.places.find(_read(text))
        if mention is not None and mention.end - mention.start >= len(words):
            return mention
        # "nueo leon" is Nuevo León, though León is a city
        tail = " ".join(words)
        whole = self.places.named(tail)
        if whole is not None:
            return whole
        if not 4 <= len(tail) <= _LONGEST_NAME or len(words) > _MOST_WORDS:
            return mention
        best = process.extractOne(tail, self.places.well_known, scorer=fuzz.ratio, score_cutoff=_FUZZY_AT)
        return self.places.named(best[0]) if best else mention


_AT = re.compile(r"(?<!\w)(?:en|desde|hasta|por|a|in|at)(?: (?:el|la|los|las|ciudad|estado|municipio|de))*$")


def _read(text: str) -> str:
    return default_speller().correct(normalise(sane(text)))


_LEAD = frozenset(
    "en de del el la los las soy vivo estado municipio es aqui aca pues yo es que desde somos estoy".split()  # noqa: SIM905
)


PREPARES: list[Callable[[Knowledge], None]] = []
"""What works something out for a newly opened catalogue, rather than in a citizen's turn; modules add theirs."""


class Loader:
    """Opens the catalogue when first needed, and again when its file is replaced: no restart, no stall."""

    def __init__(self, path: Path) -> None:
        """``path``: the SQLite file that ``ventanilla catalogue build`` moves into place."""
        self._path = path
        self._lock = threading.Lock()
        self._loaded: tuple[object, Knowledge] | None = None
        self._reloading: threading.Thread | None = None
        self._refused: object = None

    def current(self) -> Knowledge:
        """Return the knowledge in force; when the file changed, the old one serves until the new one is indexed.

        Raises:
            CatalogueError: there is no readable catalogue yet.
        """
        loaded = self._loaded
        if loaded is None:
            with self._lock:
                if self._loaded is None:
                    self._loaded = self._load()
                return self._loaded[1]
        if self._signature() not in (loaded[0], self._refused, None):
            self._reload()
        return loaded[1]

    def _signature(self) -> object:
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _load(self) -> tuple[object, Knowledge]:
        signature = self._signature()
        catalogue = Catalogue(self._path)
        search = open_search(catalogue)
        search.find("acta de nacimiento")  # what is loaded at first use is loaded now, not in a citizen's turn
        logger.info("catalogue opened", extra={"fields": {"revision": catalogue.revision}})
        knowledge = Knowledge(catalogue, search, search.places, Decider(search))
        for prepare in PREPARES:
            prepare(knowledge)
        return signature, knowledge

    def _reload(self) -> None:
        with self._lock:
            if self._reloading is not None and self._reloading.is_alive():
                return
            self._reloading = threading.Thread(target=self._replace, name="catalogue", daemon=True)
            self._reloading.start()

    def _replace(self) -> None:
        signature = self._signature()
        try:
            self._loaded = self._load()
        except Exception as error:  # a half-written or foreign file must not take the old catalogue away
            self._refused = signature
            logger.error("catalogue not replaced", extra={"fields": {"error": type(error).__name__}})


def default_path() -> Path:
    """Return where the catalogue is: ``VENTANILLA_CATALOGUE``, by default ``var/catalogue.sqlite``."""
    return Path(os.environ.get("VENTANILLA_CATALOGUE") or _ROOT / "var" / "catalogue.sqlite")


_loader: Loader | None = None
_loader_lock = threading.Lock()


def loader() -> Loader:
    """Return the process's loader, made at first use (nothing is read at import)."""
    global _loader
    with _loader_lock:
        if _loader is None:
            _loader = Loader(default_path())
        return _loader
