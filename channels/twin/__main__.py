"""``python -m channels.twin``: the twin as a process of its own."""

from __future__ import annotations

import argparse
import logging
import re
import signal
import sys
import threading
from pathlib import Path

from bot.logs import configure
from bot.settings import SettingsError, load_settings
from channels.twin.server import TwinServer
from channels.twin.state import TwinConfig

log = logging.getLogger("channels.twin")


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; 2 when it cannot start."""
    try:
        config = load_settings()
    except SettingsError as error:
        return _refuse(str(error))
    parser = argparse.ArgumentParser(prog="python -m channels.twin", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=config.twin_port, help="port to listen on (%(default)s)")
    parser.add_argument(
        "--inbound-url", default=f"{config.webhook_url}/channels/sms/inbound", help="where messages go (%(default)s)"
    )
    parser.add_argument("--whatsapp-inbound-url", default="", help="where WhatsApp messages go (beside the others)")
    parser.add_argument("--journal", type=Path, help="file that keeps the messages from one run to the next")
    parser.add_argument(
        "--opt-out", action="store_true", help="handle STOP, START and HELP as Twilio's Advanced Opt-Out does"
    )
    given = parser.parse_args(arguments)
    if not config.twin_auth_token:
        return _refuse("TWIN_AUTH_TOKEN: is not set (`ventanilla run` makes one)")
    if not re.fullmatch(r"AC[0-9a-fA-F]{32}", config.twin_account_sid):
        return _refuse("TWIN_ACCOUNT_SID: AC and 32 hexadecimal digits")
    configure("twin", config.log_level)
    try:
        server = TwinServer(
            TwinConfig(
                account_sid=config.twin_account_sid,
                auth_token=config.twin_auth_token,
                inbound_url=given.inbound_url,
                number=config.sms_number,
                whatsapp_number=config.twilio_whatsapp_from,
                voice_number=config.voice_from,
                whatsapp_inbound_url=given.whatsapp_inbound_url,
                messaging_service_sid=config.twilio_messaging_service_sid,
                handles_opt_out=given.opt_out,
                journal=given.journal,
                contracts=Path(config.twin_contracts) if config.twin_contracts else None,
            ),
            given.host,
            given.port,
        )
    except OSError as error:
        return _refuse(f"{given.host}:{given.port}: {error.strerror}")
    stopping = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    with server:
        log.info("listening", extra={"url": server.url})
        stopping.wait()
    return 0


def _refuse(reason: str) -> int:
    print(reason, file=sys.stderr)  # noqa: T201 (a command's own error)
    return 2


if __name__ == "__main__":
    sys.exit(main())
