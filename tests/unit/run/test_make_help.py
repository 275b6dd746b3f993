import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("arguments", [[], ["help"]], ids=["make", "make help"])
def test_make_lists_every_target(arguments):
    make = shutil.which("make")
    assert make, "make is not installed"
    done = subprocess.run([make, "-C", str(ROOT), "--no-print-directory", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split()
    listed = dict(line.strip().removeprefix("make ").split(maxsplit=1) for line in done.stdout.splitlines())
    assert set(listed) == set(phony) == {"help", "run", "test", "lint", "fmt", "lock", "envs", "clean"}


def test_ci_only_runs_make_test():
    script = ROOT / ".ci" / "run"
    commands = [line for line in script.read_text().splitlines() if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["exec make test"]
    assert script.stat().st_mode & 0o111
