"""``python -m bot.engine train | run | understand | eval | rasa …``, from the root, in the engine environment."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.engine import lean
from bot.engine.environment import BadSetting, engine_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["rasa"]:
        return _rasa(words[1:])
    if words[:1] in (["understand"], ["eval"]):
        return _understanding(words[0], words[1:])
    options = _parser().parse_args(words)
    root = Path.cwd()
    try:
        settings = engine_settings()
    except BadSetting as error:
        sys.stderr.write(f"{error}\n")
        return 2
    lean.start()
    if options.command == "train":
        return _train(root, options.force)
    from bot.engine.server import serve
    from bot.engine.train import model_path

    code = serve(root, options.model or model_path(root), options.host, options.port, settings)
    logging.shutdown()
    # Everything is closed; taking Rasa's modules apart would only cost two more seconds.
    os._exit(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot.engine", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train the model when something it is made of has changed")
    train.add_argument("--force", action="store_true", help="train even when nothing has changed")
    run = commands.add_parser("run", help="serve POST /turns")
    run.add_argument("--host", default="127.0.0.1")
    run.add_argument("--port", type=int, default=5005)
    run.add_argument("--model", type=Path, default=None, help="a model file (models/ventanilla.tar.gz)")
    commands.add_parser("understand", help="say what texts mean (--jsonl); no server is needed")
    commands.add_parser("eval", help="score the understanding on the project's own phrases")
    commands.add_parser("rasa", help="Rasa's own command line under the lean start (train, shell, test, data …)")
    return parser


def _train(root: Path, force: bool) -> int:
    from bot.engine.train import TrainingFailed, is_current, train

    if force or not is_current(root):
        from rasa.utils.log_utils import configure_structlog

        configure_structlog(logging.INFO)  # before anything of Rasa logs: its default prints citizens' texts
    try:
        train(root, force)
    except TrainingFailed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _understanding(command: str, arguments: list[str]) -> int:
    """Run what needs no Rasa: it is ready sooner without."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # before numpy: one phrase is too little work to share among threads
    if command == "understand":
        from bot.engine.understand import main as understand

        return understand(arguments)
    from bot.engine.evaluate import main as evaluate

    return evaluate(arguments)


def _rasa(arguments: list[str]) -> int:
    """Run Rasa's own command line, which configures its logs itself and ends the process with its own code."""
    lean.start()
    lean.import_noisy()
    sys.argv = ["rasa", *arguments]
    from rasa.__main__ import main as rasa_main

    rasa_main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
