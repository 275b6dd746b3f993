"""How long a caller waits for TwiML: 20 calls at once, each step through gateway, worker, engine and back.

``.venv/bin/python -m benchmarks.calls [--calls 20] [--seconds 45] [--pause 5]`` starts the product on ports of its
own and posts signed webhooks as Twilio does. A caller needs ``pause`` seconds on average to hear a prompt and to answer
it (half to one and a half of it, evenly). The peer is one caller alone, in the same run.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import threading
import time
from collections import Counter
from urllib.parse import urlencode
from uuid import uuid4
from xml.etree import ElementTree

import httpx

from bot.run import secrets
from bot.settings import Settings
from channels.twin.signing import sign
from tests.faults.system import System

SAID = (
    "cuánto cuesta el acta de nacimiento en jalisco",
    "se me perdió la credencial para votar",
    "licencia de manejo en oaxaca",
    "consultar mi curp",
    "qué necesito para el pasaporte",
    "se murió mi papá",
)
ALONE_SECONDS = 10.0
_WAITING = re.compile("momento|buscando|casi", re.IGNORECASE)


class Caller:
    """A call by webhooks. ``times``: seconds of each step that went to the engine; a redirect's requests add up."""

    def __init__(self, system: System, token: str, number: int) -> None:
        """``token`` signs the requests; ``number``: the last eight digits of the caller's."""
        self._url, self._token = system.gateway, token
        self._form = {
            "CallSid": f"CA{uuid4().hex}",
            "AccountSid": "AC" + "0" * 31 + "1",
            "From": f"+5255{number:08d}",
            "To": "+525500000000",
            "Direction": "inbound",
            "CallStatus": "in-progress",
        }
        self._http = httpx.Client(trust_env=False, timeout=20)
        self.times: list[float] = []
        self.outcomes: Counter[str] = Counter()

    def run(self, until: float, pause: float) -> None:
        """Call, and ask until the time is over; pieces of an answer are not read on."""
        address = self._post(f"{self._url}/channels/voice/inbound", {})
        while time.monotonic() < until and address:
            time.sleep(pause * random.uniform(0.5, 1.5))
            begun = time.monotonic()
            address = self._post(address, {"SpeechResult": random.choice(SAID), "Confidence": "0.9"})
            self.times.append(time.monotonic() - begun)
        self._http.close()

    def _post(self, address: str, more: dict[str, str]) -> str:
        """Return what is asked next; a "moment, please" is followed at once."""
        form = list({**self._form, **more}.items())
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": sign(self._token, address, form),
        }
        answer = self._http.post(address, content=urlencode(form), headers=headers)
        self.outcomes[str(answer.status_code)] += 1
        answer.raise_for_status()
        tree = ElementTree.fromstring(answer.content)
        gather, redirect = tree.find("Gather"), tree.find("Redirect")
        if gather is not None:
            return str(gather.get("action"))
        if redirect is not None and redirect.text:
            self.outcomes["a moment, please"] += bool(_WAITING.search("".join(tree.itertext())))
            return self._post(redirect.text, {})
        return ""


def measure(system: System, token: str, calls: int, seconds: float, pause: float) -> tuple[list[float], Counter[str]]:
    """Return the times of all steps, sorted, and how the requests ended."""
    first = random.randrange(10_000_000, 50_000_000)
    callers = [Caller(system, token, first + index) for index in range(calls)]
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=caller.run, args=(until, pause)) for caller in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcomes: Counter[str] = Counter()
    for caller in callers:
        outcomes += caller.outcomes
    return sorted(each for caller in callers for each in caller.times), outcomes


def share(times: list[float], part: float) -> float:
    """Return the time that this part of the steps did not exceed, in milliseconds."""
    return 1000 * times[min(int(len(times) * part), len(times) - 1)] if times else 0.0


def main() -> None:
    """Run it and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=45.0)
    parser.add_argument("--pause", type=float, default=5.0)
    given = parser.parse_args()
    system = System()
    try:
        system.start()
        token = secrets.complete(Settings(var=system.var), create=False).twin_auth_token
        alone, _ = measure(system, token, 1, ALONE_SECONDS, 0.3)
        together, outcomes = measure(system, token, given.calls, given.seconds, given.pause)
    finally:
        system.kill_everything()
        shutil.rmtree(system.var, ignore_errors=True)
    for name, times in (("one call alone", alone), (f"{given.calls} calls at once", together)):
        print(
            f"{name}: {len(times)} steps, p50 {share(times, 0.5):.0f} ms, p95 {share(times, 0.95):.0f} ms, "
            f"longest {share(times, 1.0):.0f} ms"
        )
    print(f"p95 of {given.calls} at once against one alone: {share(together, 0.95) / share(alone, 0.95):.1f}")
    print(f"requests: {dict(outcomes)}")


if __name__ == "__main__":
    main()
