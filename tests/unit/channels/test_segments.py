"""Segments, against a table and against Twilio's own calculator where node can run it."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.gsm7 import BASIC, EXTENSION
from channels.sms.segments import count, septets

NPM = Path(__file__).resolve().parents[3] / "var" / "npm"
"""Where ``npm install --prefix var/npm sms-segments-calculator`` puts the judge."""

TABLE = [
    ("", "GSM-7", 0, 1),
    ("a" * 160, "GSM-7", 160, 1),
    ("a" * 161, "GSM-7", 161, 2),
    ("a" * 306, "GSM-7", 306, 2),
    ("a" * 307, "GSM-7", 307, 3),
    ("a" * 158 + "€", "GSM-7", 160, 1),
    ("a" * 159 + "€", "GSM-7", 161, 2),
    ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),
    ("a" * 151 + "€" + "a" * 153, "GSM-7", 306, 2),
    ("í" + "a" * 69, "UCS-2", 70, 1),
    ("í" + "a" * 70, "UCS-2", 71, 2),
    ("í" + "a" * 133, "UCS-2", 134, 2),
    ("í" + "a" * 134, "UCS-2", 135, 3),
    ("a" * 66 + "😀" + "a" * 66, "UCS-2", 134, 3),
    ("a\r\nb", "GSM-7", 4, 1),
]


@pytest.mark.parametrize(("text", "encoding", "units", "segments"), TABLE)
def test_count(text: str, encoding: str, units: int, segments: int) -> None:
    counted = count(text)
    assert (counted.encoding, counted.units, counted.segments) == (encoding, units, segments)


@given(st.text(alphabet=sorted(BASIC | EXTENSION), max_size=400))
def test_segments_hold_all_of_the_text_and_no_more_than_they_can(text: str) -> None:
    counted = count(text)
    assert "".join(counted.texts) == text
    assert counted.units == septets(text)
    room = 160 if counted.segments == 1 else 153
    assert all(septets(part) <= room for part in counted.texts)


@given(st.text(max_size=200))
def test_no_surrogate_pair_is_split(text: str) -> None:
    counted = count(text)
    assert "".join(counted.texts) == text
    assert counted.segments >= 1


def test_twilio_calculator_agrees() -> None:
    node = shutil.which("node")
    if node is None or not (NPM / "node_modules" / "sms-segments-calculator").is_dir():
        pytest.skip("npm install --prefix var/npm sms-segments-calculator brings the judge")
    generator = random.Random(3)
    pool = [
        "a",
        "b",
        " ",
        "ñ",
        "é",
        "€",
        "[",
        "~",
        "\n",
        "í",
        "😀",
        "👨‍👩‍👧",
        "🇲🇽",
        "👍🏽",
        "e\u0301",
        "❤️",
        "…",
        "\r\n",
        "1️⃣",
    ]
    texts = [text for text, *_ in TABLE]
    while len(texts) < 10_000:
        letters = generator.sample(pool, generator.randint(1, 6)) + ["a"] * generator.randint(0, 30)
        length = generator.choice([5, 69, 70, 71, 133, 134, 135, 159, 160, 161, 305, 306, 307, 400])
        texts.append("".join(generator.choice(letters) for _ in range(length)))
    program = (
        "const {SegmentedMessage} = require('sms-segments-calculator');"
        "const texts = JSON.parse(require('fs').readFileSync(0));"
        "const of = (m) => [m.encodingName, m.segmentsCount,"
        " m.segments.map((s) => [...s].filter((c) => !c.isUserDataHeader).map((c) => c.raw).join(''))];"
        "console.log(JSON.stringify(texts.map((t) => of(new SegmentedMessage(t)))))"
    )
    run = subprocess.run(
        [node, "-e", program], input=json.dumps(texts), capture_output=True, text=True, cwd=NPM, check=True
    )
    for text, (encoding, segments, parts) in zip(texts, json.loads(run.stdout), strict=True):
        counted = count(text)
        assert (counted.encoding, counted.segments, list(counted.texts)) == (encoding, segments, parts), repr(text)
