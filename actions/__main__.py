"""``python -m actions --port 5055 --host 127.0.0.1``: the action server as a process of its own."""

from __future__ import annotations

import argparse
import logging
import os


def main() -> None:
    """Serve until SIGTERM or SIGINT; open requests are finished first."""
    parser = argparse.ArgumentParser(prog="actions", description="Ventanilla's action server (loopback only).")
    parser.add_argument("--port", type=int, default=5055)
    parser.add_argument("--host", default="127.0.0.1")
    arguments = parser.parse_args()

    from actions.dialogue.knowledge import loader
    from actions.logs import configure
    from actions.server import create_app
    from bot.catalogue.reader import CatalogueError

    app = create_app()
    configure(os.environ.get("LOG_LEVEL", "INFO"))
    logger = logging.getLogger("actions.server")
    try:
        loader().current()
    except CatalogueError:  # served as 503 at /health until a catalogue is built
        logger.warning("no catalogue yet")
    logger.info("listening", extra={"fields": {"host": arguments.host, "port": arguments.port}})
    app.run(arguments.host, arguments.port, workers=1, access_log=False, motd=False)
    logger.info("stopped")


if __name__ == "__main__":
    main()
