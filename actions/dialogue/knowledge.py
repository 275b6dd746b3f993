"""The catalogue, its search and the gazetteer, as one thing that is replaced whole when a new catalogue is built."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz, process

from bot.catalogue.places import Place, Places
from bot.catalogue.reader import Catalogue
from bot.catalogue.search import Search
from bot.catalogue.text import normalise
from bot.catalogue.wide import open_search
from bot.understanding.decision import Decider
from bot.understanding.words import without_place

logger = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parents[2]
_FUZZY_AT = 84
"""Out of 100: "jalizco" and "guanajato" pass, "guerra" for "Guerrero" does not."""
_SMALLEST_FUZZY = 100_000
"""People in a municipality that is recognised misspelled: smaller names look too much like other words."""


@dataclass(frozen=True)
class Knowledge:
    """What answers are made of. Immutable: a turn keeps the one that it began with."""

    catalogue: Catalogue
    search: Search
    places: Places
    decider: Decider

    def place_in(self, text: str) -> Place | None:
        """Return the place that a text names, if it names one."""
        mention = self.places.find(normalise(text))
        return mention.candidates[0] if mention else None

    def without_place(self, text: str) -> str:
        """Return the normalised text with the words of its place left out."""
        return without_place(text, self.places)

    def place_answered(self, text: str, near: frozenset[str] = frozenset()) -> Place | None:
        """Return the place that answers "where?", misspelled too; of one name, one in the states ``near``."""
        normalised = normalise(text)
        mention = self.places.find(normalised)
        if mention is not None:
            return next((p for p in mention.candidates if p.state in near), mention.candidates[0])
        words = normalised.split()
        if len(words) > 6:
            return None
        tail = " ".join(word for word in words if word not in _LEAD)
        if len(tail) < 4:
            return None
        names = [name for name, found in self.places.aliases.items() if self._well_known(found[0])]
        best = process.extractOne(tail, names, scorer=fuzz.ratio, score_cutoff=_FUZZY_AT)
        return self.places.aliases[best[0]][0] if best else None

    def _well_known(self, place: Place) -> bool:
        return place.municipality is None or self.places.population.get(place, 0) >= _SMALLEST_FUZZY


_LEAD = frozenset(
    "en de del el la los las soy vivo estado municipio es aqui aca pues yo es que desde somos estoy".split()  # noqa: SIM905
)


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
        return signature, Knowledge(catalogue, search, search.places, Decider(search))

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
