import os
import subprocess
import sys

import pytest

from bot.run.errors import RunError
from bot.run.lock import only_one

HOLDER = """
import sys
from pathlib import Path
from bot.run.lock import only_one
with only_one(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_start_says_who_runs_and_a_killed_one_leaves_nothing(tmp_path):
    path = tmp_path / "var" / "run.lock"
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(RunError, match=f"already running.*process {holder.pid}"), only_one(path):
            pass
        holder.kill()
        holder.wait()
        with only_one(path):
            assert path.read_text() == f"{os.getpid()}\n"
