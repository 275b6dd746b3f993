"""What the search learned is kept in a file, and nothing that can happen to that file stops a process."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.catalogue import index as module
from bot.catalogue.index import Entry, Fitted, Index, encode_all, learned

ROOT = Path(__file__).resolve().parents[4]
SUBJECTS = ("acta de nacimiento", "licencia de conducir", "pasaporte mexicano", "cartilla militar", "pension de vejez")
ASKED = ("{}", "como saco {}", "cuanto cuesta {}", "perdi {} de mi hijo", "donde tramito {} urgente")


def make_entries() -> list[Entry]:
    return [
        Entry("procedure", f"card-{number}", f"topic-{number}", "question", asked.format(subject))
        for number, subject in enumerate(SUBJECTS)
        for asked in ASKED
    ]


class Encoder:
    """A vector from the words' digests, and a count of the texts that were encoded."""

    def __init__(self) -> None:
        self.encoded = 0

    def __call__(self, texts: list[str]) -> Any:
        self.encoded += len(texts)
        rows = np.zeros((len(texts), 32), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.split():
                row[hashlib.sha256(word.encode()).digest()[0] % 32] += 1
            row /= np.linalg.norm(row) or 1.0
        return rows


def best(index: Index, text: str) -> str:
    return str(index.topics[int(np.argmax(index.score([text])[0].scores))])


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("search-*.npz"))


def test_finds_what_it_learned(tmp_path: Path) -> None:
    index = learned(make_entries(), tmp_path, Encoder())
    for number, subject in enumerate(SUBJECTS):
        assert best(index, f"oiga necesito {subject} porfa") == f"topic-{number}"


def test_a_second_process_learns_nothing(tmp_path: Path) -> None:
    entries, encode = make_entries(), Encoder()
    first = learned(entries, tmp_path, encode)
    encoded = encode.encoded
    second = learned(entries, tmp_path, encode)
    assert encode.encoded == encoded
    for one, other in zip(first.score(list(SUBJECTS)), second.score(list(SUBJECTS)), strict=True):
        assert np.allclose(one.scores, other.scores, atol=1e-2)
        assert one.features.argmax() == other.features.argmax()


def test_a_new_phrase_costs_one_vector(tmp_path: Path) -> None:
    entries, encode = make_entries(), Encoder()
    learned(entries, tmp_path, encode)
    encode.encoded = 0
    index = learned([*entries, Entry("procedure", "card-5", "topic-5", "alias", "fierro quemador")], tmp_path, encode)
    assert encode.encoded == 1
    assert best(index, "fierro quemador") == "topic-5"


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_truncated_file(tmp_path: Path, share: float) -> None:
    entries, encode = make_entries(), Encoder()
    learned(entries, tmp_path, encode)
    (path,) = files(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert best(learned(entries, tmp_path, encode), "pasaporte mexicano") == "topic-2"
    assert Fitted.load(path) is not None  # it was made anew


def test_damaged_file(tmp_path: Path) -> None:
    entries, encode = make_entries(), Encoder()
    learned(entries, tmp_path, encode)
    (path,) = files(tmp_path)
    content = bytearray(path.read_bytes())
    for at in range(200, len(content), 997):
        content[at] ^= 0xFF
    path.write_bytes(bytes(content))
    assert best(learned(entries, tmp_path, encode), "cartilla militar") == "topic-3"


def test_another_files_content(tmp_path: Path) -> None:
    """Sizes that cannot be right: as if two digests were one."""
    entries, encode = make_entries(), Encoder()
    learned(entries[:10], tmp_path, encode)
    (other,) = files(tmp_path)
    content = other.read_bytes()
    learned(entries, tmp_path, encode)
    (path,) = [each for each in files(tmp_path) if each != other]
    path.write_bytes(content)
    assert best(learned(entries, tmp_path, encode), "pension de vejez") == "topic-4"


def test_another_version_of_a_library_makes_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries, encode = make_entries(), Encoder()
    learned(entries, tmp_path, encode)
    monkeypatch.setattr(module.sklearn, "__version__", "9.9.9")
    learned(entries, tmp_path, encode)
    assert len(files(tmp_path)) == 2
    monkeypatch.setattr(module, "_encoder_version", lambda: "another")
    encode.encoded = 0
    learned(entries, tmp_path, encode)
    assert encode.encoded == len(entries)  # vectors of another encoder are not taken


def test_a_folder_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("not a folder")
    index = learned(make_entries(), tmp_path / "file" / "below", Encoder())
    assert best(index, "pasaporte") == "topic-2"
    assert "cannot be kept" in caplog.text


def test_a_full_disk_leaves_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.np, "savez", full)
    index = learned(make_entries(), tmp_path, Encoder())
    assert best(index, "pasaporte") == "topic-2"
    assert list(tmp_path.iterdir()) == []


def test_old_files_are_removed(tmp_path: Path) -> None:
    entries, encode = make_entries(), Encoder()
    stale = tmp_path / ".search-0.npz.x.draft"
    stale.write_bytes(b"")
    os.utime(stale, (0, 0))
    fresh = tmp_path / ".search-1.npz.x.draft"
    fresh.write_bytes(b"")
    for count in range(5, 25, 4):
        learned(entries[: count + 5], tmp_path, encode)
    assert len(files(tmp_path)) == 3
    assert not stale.exists()
    assert fresh.exists()  # somebody may be writing it


def test_two_processes_at_once(tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[2]);"
        "from pathlib import Path; from test_index_cache import *;"
        "print(best(learned(make_entries(), Path(sys.argv[1]), Encoder()), 'pasaporte'))"
    )
    arguments = [sys.executable, "-c", program, str(tmp_path), str(Path(__file__).parent)]
    running = [subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate(timeout=60)[0].strip() for process in running] == ["topic-2"] * 3
    (path,) = files(tmp_path)
    assert Fitted.load(path) is not None
    assert list(tmp_path.glob(".*")) == []


@pytest.mark.parametrize("topics", [1, 2, 3])
def test_few_topics(tmp_path: Path, topics: int) -> None:
    entries = make_entries()[: topics * len(ASKED)]
    index = learned(entries, tmp_path, Encoder())
    assert best(index, SUBJECTS[topics - 1]) == f"topic-{topics - 1}"


def test_many_texts_come_back_in_order() -> None:
    texts = [f"texto {number}" for number in range(700)]
    assert np.array_equal(encode_all(texts, Encoder()), Encoder()(texts))


def test_learning_from_the_same_gives_the_same() -> None:
    entries = make_entries()
    one, other = Index(entries, Encoder()), Index(entries, Encoder())
    assert np.array_equal(one.fitted.weights, other.fitted.weights)


def test_a_cached_start_is_quick(tmp_path: Path) -> None:
    entries = [
        Entry(
            "procedure", f"c{n}", f"t{n % 90:02}", "question", f"{SUBJECTS[n % 5]} numero {n} de la colonia {n % 311}"
        )
        for n in range(6000)
    ]
    learned(entries, tmp_path, Encoder())
    started = time.process_time()
    learned(entries, tmp_path, Encoder())
    assert time.process_time() - started < 1.5
