"""The steps before the processes start: quick when nothing has changed, and one sentence when something is wrong."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bot import languages
from bot.catalogue.build import build
from bot.catalogue.check import CardSet, load_cards
from bot.run import stamps
from bot.run.errors import RunError
from bot.run.programs import engine_command, engine_environment, metrics_folder
from bot.settings import ROOT, Settings
from bot.store import open_engine, upgrade

LEASH = Path(__file__).with_name("leash.py")
_CATALOGUE_INPUTS = (
    "data/procedures",
    "data/life_events",
    "data/conditions",
    "data/families.yml",
    "data/places",
    "bot/catalogue",
    "bot/core",
)


def build_catalogue(config: Settings, *, force: bool = False) -> str:
    """Check the cards and build the catalogue, unless it is current. Returns what was done, in a few words.

    Raises:
        RunError: cards are wrong; each line of the message is ``file:line: field: message``.
    """
    stamp = config.var / "catalogue.digest"
    current = stamps.digest(ROOT, _CATALOGUE_INPUTS)
    if not force and config.catalogue.is_file() and stamps.is_current(stamp, current):
        return "unchanged"
    cards = check_catalogue()
    revision = build(cards, config.catalogue)
    stamps.keep(stamp, current)
    return f"{summary(cards)}, revision {revision}"


def check_catalogue() -> CardSet:
    """Return every card.

    Raises:
        RunError: cards are wrong; each line of the message is ``file:line: field: message``.
    """
    cards, errors = load_cards(ROOT / "data")
    if errors:
        raise RunError("\n".join(str(dataclasses.replace(e, file=_relative(e.file))) for e in errors))
    return cards


def summary(cards: CardSet) -> str:
    """Return how many cards there are, in words."""
    return f"{len(cards.procedures)} procedures, {len(cards.life_events)} life events"


def _relative(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else file


def build_languages(config: Settings) -> str:
    """Compile the phrases. Returns what was done, in a few words.

    Raises:
        RunError: a language's catalogue cannot be read.
    """
    try:
        return f"{len(languages.build(ROOT / 'locale', config.locale_folder))} language(s)"
    except (ValueError, OSError) as error:
        raise RunError(f"The phrases cannot be compiled: {error} (`ventanilla languages check` says more).") from None


def check_languages() -> list[str]:
    """Return everything wrong with the phrases, one line each."""
    return [str(dataclasses.replace(p, place=_relative(p.place))) for p in languages.check(ROOT)]


def train(config: Settings, *, force: bool = False) -> None:
    """Train the model if what it is made of has changed; the engine environment decides, and prints what it does.

    Raises:
        RunError: the environment is missing, or training failed.
    """
    command = engine_command("-m", "bot.engine", "train", *(("--force",) if force else ()))
    # On the leash: a start that is killed takes its training along.
    leashed = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *command]
    # Without progress bars: Rasa prints dozens, and a log keeps every state of each.
    environment = {**engine_environment(config), "TQDM_DISABLE": "1"}
    if subprocess.run(leashed, cwd=ROOT, env=environment, check=False).returncode:
        raise RunError("The model could not be trained; what is printed above says why.")


def upgrade_database(config: Settings) -> None:
    """Bring the database up to date.

    Raises:
        RunError: it does not answer or cannot be changed.
    """
    engine = None
    try:
        engine = open_engine(config.database)
        upgrade(engine)
    except Exception as error:  # every driver has its own
        reason = str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__]
        name = "DATABASE_URL" if config.database_url else str(config.var / "ventanilla.sqlite")
        raise RunError(f"The database cannot be used ({name}): {reason[0]}") from None
    finally:
        if engine is not None:
            engine.dispose()


def empty_metrics(config: Settings) -> None:
    """Start counting anew: the files of processes that are no more would otherwise be summed up for ever."""
    folder = metrics_folder(config)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
