"""Building a big catalogue: ``.venv/bin/python -m benchmarks.build [--cards 100000] [--keep FILE]``.

Time and peak memory; building a tenth of it in the same run shows whether the time grows faster than the cards.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

from benchmarks import generated
from bot.catalogue.build import build


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, help="where to leave the catalogue")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.keep or Path(folder) / "catalogue.sqlite"
        small = _timed(given.cards // 10, path)
        large = _timed(given.cards, path)
        print(
            json.dumps(
                {
                    "cards": given.cards,
                    "seconds": round(large[0], 1),
                    "processor_seconds": round(large[1], 1),
                    "times_a_tenth_of_the_cards": round(large[1] / small[1], 1),
                    "file_mb": round(path.stat().st_size / 1e6, 1),
                    "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
                }
            )
        )


def _timed(count: int, path: Path) -> tuple[float, float]:
    cards = generated.cards(count)
    wall, processor = time.perf_counter(), time.process_time()
    build(cards, path)
    return time.perf_counter() - wall, time.process_time() - processor


if __name__ == "__main__":
    main()
