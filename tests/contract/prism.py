"""Prism, which serves Twilio's own OpenAPI descriptions and refuses what they do not allow."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.servers import eventually, free_port

ROOT = Path(__file__).resolve().parents[2]
PRISM = ROOT / "var" / "npm" / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
CONTRACTS = ROOT / "tests" / "contracts"
OF_A_SHAPE = 5
"""Requests with the same method, path and names of parameters that are sent to Prism."""
_SID = re.compile(r"\b[A-Z]{2}[0-9a-f]{32}\b")


def installed() -> bool:
    """Say whether npm has brought Prism here."""
    return shutil.which("node") is not None and PRISM.is_file()


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """Serve the descriptions while the block runs; the value is the address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder) / "twilio.json"
        document.write_text(json.dumps(_answerable(_merged(url))), encoding="utf-8")
        command = ["node", str(PRISM), "mock", "--errors", "--dynamic", "--seed", "1", "-h", "127.0.0.1", "-p"]
        with subprocess.Popen(
            [*command, str(port), "-v", "error", str(document)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                eventually(lambda: _listens(port, process), 60, "a listening Prism")
                yield url
            finally:
                process.terminate()


def shapes(requests: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return some requests of each shape; ``requests`` are as the twin's ``GET /twin/requests`` lists them."""
    seen: Counter[str] = Counter()
    kept = []
    for request in requests:
        path = _SID.sub("SID", request["path"])
        shape = f"{request['method']} {path} {sorted(request['params'] or ())}"
        seen[shape] += 1
        if seen[shape] <= OF_A_SHAPE:
            kept.append(request)
    return kept


def replayed(url: str, requests: Sequence[Mapping[str, Any]]) -> list[str]:
    """Send requests to Prism; return what it refuses, without values: these are numbers and texts."""
    refused = []
    with httpx.Client(base_url=url, trust_env=False, auth=("AC" + "0" * 32, "token"), timeout=20) as client:
        for request in requests:
            written = request["method"] == "POST"
            form = written and request["path"].startswith("/2010-04-01/")
            answer = client.request(
                request["method"],
                request["path"],
                params=None if written else request["params"],
                data=request["params"] if form else None,
                json=request["params"] if written and not form else None,
            )
            if answer.status_code not in (200, 201, 204) or "sl-violations" in answer.headers:
                places = (
                    [each.get("location") for each in answer.json().get("validation", ())] if answer.content else []
                )
                refused.append(f"{request['method']} {_SID.sub('SID', request['path'])}: {answer.status_code} {places}")
    return refused


def _merged(url: str) -> dict[str, Any]:
    """Return the descriptions as one document, served at ``url``: their paths do not meet."""
    specs = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(CONTRACTS.glob("twilio_*.json"))]
    whole: dict[str, Any] = {**specs[0], "paths": {}, "components": {"schemas": {}, "securitySchemes": {}}}
    for spec in specs:
        assert not set(spec["paths"]) & set(whole["paths"])
        whole["paths"] |= spec["paths"]
        for part in ("schemas", "securitySchemes"):
            whole["components"][part] |= spec["components"][part]
    for operations in whole["paths"].values():
        operations.pop("servers", None)
    return {**whole, "servers": [{"url": url}]}


def _listens(port: int, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "Prism ended at once"
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _answerable(part: Any) -> Any:
    """Let Prism's made-up answers be of use: a value where one may also be null, and one page of every list."""
    if isinstance(part, dict):
        kept = {name: _answerable(value) for name, value in part.items() if name != "nullable"}
        last_page = {"type": "string", "enum": [""]}
        return kept | {name: last_page for name in ("next_page_uri", "next_page_url") if name in kept}
    return [_answerable(value) for value in part] if isinstance(part, list) else part
