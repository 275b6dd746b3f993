"""``python -m bot.catalogue search "…"``: what the search makes of a text (engine environment)."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.catalogue.reader import Catalogue, CatalogueError
from bot.catalogue.search import Search, Verdict

_DEFAULT = Path(__file__).resolve().parents[2] / "var" / "catalogue.sqlite"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one search and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bot.catalogue", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    search = commands.add_parser("search", help="show what is found for a text")
    search.add_argument("text")
    search.add_argument("--state", help="the person's state, as INEGI writes it")
    given = parser.parse_args(arguments)
    try:
        catalogue = Catalogue(Path(os.environ.get("VENTANILLA_CATALOGUE") or _DEFAULT))
    except CatalogueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    verdict = Search(catalogue).find(given.text, state=given.state)
    sys.stdout.writelines(f"{line}\n" for line in describe(verdict, catalogue))
    return 0


def describe(verdict: Verdict, catalogue: Catalogue) -> Iterator[str]:
    """Yield the outcome, then each hit with its score and name."""
    place = verdict.place
    where = ", ".join(part for part in (place.municipality, place.state) if part) if place else ""
    yield f"{verdict.outcome}" + (f" ({where})" if where else "")
    for hit in verdict.hits:
        cards = catalogue.procedures if hit.kind == "procedure" else catalogue.life_events
        yield f"  {hit.score:.3f}  {hit.id:<45} {cards[hit.id].name}"


if __name__ == "__main__":
    sys.exit(main())
