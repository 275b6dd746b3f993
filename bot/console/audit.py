"""Who read and did what: shown, checked and exported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from flask import Blueprint, Response, render_template, request

from bot.console.parts import parts
from bot.console.security import current_agent, needs
from bot.store.store import utc_now

_PAGE = 100


def register(console: Blueprint) -> None:
    """Add these pages."""
    console.add_url_rule("/audit", "audit", audit, methods=["GET"])
    console.add_url_rule("/audit.jsonl", "export_audit", export, methods=["GET"])


@needs("supervisor")
def audit() -> str:
    """Show the log, newest first; with ``?check=1`` also whether the chain holds."""
    before = request.args.get("before", "")
    entries = parts().audit.entries(
        before=int(before) if before.isdecimal() else None,
        limit=_PAGE,
        username=request.args.get("username", "").strip().lower() or None,
    )
    checked = "check" in request.args
    broken = parts().audit.verify() if checked else None
    return render_template(
        "console/audit.html", entries=entries, checked=checked, broken=broken, more=len(entries) == _PAGE
    )


@needs("supervisor")
def export() -> Response:
    """Send the whole log, one JSON object a line, hashes included."""
    me = current_agent()
    parts().audit.note("audit_exported", me.username, utc_now(), agent=me.id)
    log = parts().audit

    def lines() -> Iterator[str]:
        for entry in log.all():
            yield json.dumps({**asdict(entry), "at": entry.at.isoformat()}, ensure_ascii=False) + "\n"

    response = Response(lines(), mimetype="application/jsonl")
    response.headers["Content-Disposition"] = "attachment; filename=auditoria.jsonl"
    return response
