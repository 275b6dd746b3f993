"""Plain full-text search with SQLite's FTS5, for degraded mode: no engine, no model, any environment."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from bot.catalogue.places import Place, Places
from bot.catalogue.reader import Catalogue
from bot.catalogue.text import keywords, normalise, stem
from bot.core.procedures import Procedure

_MIN_SHARE = 0.5
"""Share of the query's meaningful words that a phrase must hold to count as found."""


class PlainSearch:
    """Finds procedures whose phrases share the query's words; place decides between siblings."""

    def __init__(self, catalogue: Catalogue, places: Places) -> None:
        """Keep both; nothing is read before the first query."""
        self._catalogue = catalogue
        self._places = places

    @classmethod
    def open(cls, catalogue: Path, places: Path) -> PlainSearch:
        """Open the built catalogue and the folder of places.

        Raises:
            bot.catalogue.reader.CatalogueError: there is no catalogue.
        """
        return cls(Catalogue(catalogue), Places.load(places))

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue that is searched."""
        return self._catalogue

    def find(self, text: str, limit: int = 3) -> tuple[list[Procedure], Place | None]:
        """Return the best procedures, best first (none when nothing fits), and the place that the text names."""
        normalised = normalise(text)
        mention = self._places.find(normalised)
        place = mention.candidates[0] if mention else None
        words = keywords(normalised)
        stems = [stem(word) for word in words]
        if not stems:
            return [], place
        share: dict[str, float] = defaultdict(float)
        query = " OR ".join(f'"{each}"*' for each in dict.fromkeys(stems))
        for id_, text_found, rank in self._catalogue.query(
            "SELECT id, text, bm25(entry) FROM entry WHERE entry MATCH ? AND kind = 'procedure' ORDER BY 3 LIMIT 200",
            (query,),
        ):
            found = {stem(word) for word in text_found.split()}
            matched = sum(1 for each in stems if each in found) / len(stems)
            if matched >= _MIN_SHARE:
                share[id_] = max(share[id_], matched - rank / 100)
        scored = sorted(share.items(), key=lambda item: (-self._placed(item[0], item[1], place), item[0]))
        return [self._catalogue.procedures[id_] for id_, _ in scored[:limit]], place

    def _placed(self, id_: str, score: float, place: Place | None) -> float:
        where = self._catalogue.procedures[id_].jurisdiction
        if place is None or where.state is None:
            return score
        return score + 0.5 if where.state == place.state else score - 1.0
