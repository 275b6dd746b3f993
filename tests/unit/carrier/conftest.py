from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from channels.twilio import TwilioCarrier
from channels.twin.server import TwinServer
from tests.unit.carrier.carrier_support import Gateway, carrier_to, twin_for


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway().running() as running:
        yield running


@pytest.fixture
def twin(gateway: Gateway) -> Iterator[TwinServer]:
    with twin_for(gateway) as server:
        yield server


@pytest.fixture
def carrier(twin: TwinServer) -> Iterator[TwilioCarrier]:
    with carrier_to(twin.url) as ready:
        yield ready


@pytest.fixture
def control(twin: TwinServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=twin.url, trust_env=False, timeout=20) as client:
        yield client
