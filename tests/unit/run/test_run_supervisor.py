"""The supervisor with stand-in programs, in a process of its own: signals and orphans are real."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 20

DRIVER = """
import os, sys
from pathlib import Path
from bot.run.programs import Program
from bot.run.supervisor import Supervisor

def write(text):
    sys.stdout.write(text)
    sys.stdout.flush()

async def announce():
    write("announced\\n")

environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PASSWORD": "a$HOME$B"}
programs = [
    Program(name, (sys.executable, "-c", code), environment, graceful=float(graceful))
    for name, graceful, code in (argument.split("|", 2) for argument in sys.argv[1:])
]
Supervisor(programs, write, folder=Path.cwd(), announce=announce, died=lambda pid: write(f"died {pid}\\n")).run()
"""

WAITS = """
import os, signal, sys, time
def stop(*_):
    print("bye")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("up", os.getpid())
while True: time.sleep(60)
"""

# Starts a child that ignores SIGTERM and holds the pipe, as a server's worker processes may.
HAS_A_CHILD = """
import os, subprocess, sys, time
code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready'); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-uc", code])
print("up", os.getpid(), child.pid)
time.sleep(600)
"""

IGNORES = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", os.getpid())
while True: time.sleep(60)
"""


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        return False


def until(condition: Callable[[], Any], what: Any) -> Any:
    deadline = time.monotonic() + SECONDS
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {SECONDS} s: {what() if callable(what) else what}"
        time.sleep(0.02)
    return value


class Supervised:
    """A supervisor under test, and all it prints."""

    def __init__(self, **programs: str) -> None:
        arguments = [f"{name}|{code}" for name, code in programs.items()]
        self.process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self.lines.append(line.decode().rstrip("\n"))

    def find(self, pattern: str, times: int = 1) -> list[re.Match[str]]:
        """Wait until that many lines match and return them."""

        def found() -> list[re.Match[str]] | None:
            matches = [match for line in list(self.lines) if (match := re.fullmatch(pattern, line))]
            return matches if len(matches) >= times else None

        return until(found, lambda: f"{times} x {pattern} in {self.lines}")

    def ends(self) -> int:
        code = self.process.wait(SECONDS)
        self._reader.join(SECONDS)
        return code

    def discard(self) -> None:
        self.process.kill()
        self.ends()


@pytest.fixture
def supervise() -> Iterator[type[Supervised]]:
    started = []

    def start(**programs: str) -> Supervised:
        started.append(Supervised(**programs))
        return started[-1]

    yield start
    for one in started:
        one.discard()


def test_sigterm_stops_everything_last_started_first(supervise):
    one = supervise(first=f"5|{WAITS}", second=f"5|{WAITS}")
    pids = [int(one.find(rf"{name} *\| up (\d+)")[0][1]) for name in ("first", "second")]
    one.find("announced")
    one.process.terminate()
    assert one.ends() == 0
    assert not any(running(pid) for pid in pids)
    # By their ends and not by their last words: those of the very last process can be lost on a busy machine.
    first, second = (f"died {pid}" for pid in pids)
    one.find(first)
    assert one.lines.index(second) < one.lines.index(first)


def test_what_dies_is_started_again(supervise):
    one = supervise(worker=f"5|{WAITS}", other=f"5|{WAITS}")
    pid = int(one.find(r"worker \| up (\d+)")[0][1])
    os.kill(pid, signal.SIGKILL)
    again = int(one.find(r"worker \| up (\d+)", times=2)[1][1])
    assert again != pid
    assert running(again)
    one.find(rf"died {pid}")
    one.find(r"worker ended \(killed by SIGKILL\), starting it again \.\.\.")
    assert len(one.find(r"other +\| up (\d+)")) == 1


def test_children_of_children_are_stopped_too(supervise):
    one = supervise(server=f"5|{HAS_A_CHILD}")
    parent, child = map(int, one.find(r"server \| up (\d+) (\d+)")[0].groups())
    one.find(r"server \| ready")
    one.process.send_signal(signal.SIGINT)
    assert one.ends() == 0
    until(lambda: not running(parent) and not running(child), "parent and child end")


def test_a_child_that_a_dead_process_left_behind_is_ended_before_the_next_start(supervise):
    one = supervise(server=f"5|{HAS_A_CHILD}", other=f"5|{WAITS}")
    for number in (1, 2, 3):
        parent, child = map(int, one.find(r"server \| up (\d+) (\d+)", times=number)[-1].groups())
        one.find(r"server \| ready", times=number)
        os.kill(parent, signal.SIGKILL)
        until(lambda child=child: not running(child), "the child ends with its parent")
    last = one.find(r"server \| up (\d+) (\d+)", times=4)[-1]
    one.process.terminate()
    assert one.ends() == 0
    until(lambda: not running(int(last[1])) and not running(int(last[2])), "everything ends")


def test_the_last_words_of_a_process_that_crashes_are_shown(supervise):
    one = supervise(worker="5|import sys, time; sys.stderr.write('no such table'); sys.exit(3)")
    one.find(r"worker \| no such table", times=2)
    one.find(r"worker ended \(exit code 3\), starting it again \.\.\.", times=2)


def test_a_process_that_does_not_listen_is_killed_when_its_grace_is_over(supervise):
    one = supervise(deaf=f"0.3|{IGNORES}")
    pid = int(one.find(r"deaf \| up (\d+)")[0][1])
    one.process.terminate()
    assert one.ends() == 0
    assert not running(pid)


def test_a_second_signal_ends_everything_at_once(supervise):
    one = supervise(deaf=f"600|{IGNORES}")
    pid = int(one.find(r"deaf \| up (\d+)")[0][1])
    one.process.terminate()
    one.find(r"Stopping \.\.\.")
    one.process.send_signal(signal.SIGINT)
    assert one.ends() == 0
    assert not running(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_a_supervisor_that_is_killed_leaves_no_process_behind(supervise):
    one = supervise(first=f"5|{WAITS}", second=f"5|{WAITS}")
    pids = [int(one.find(rf"{name} *\| up (\d+)")[0][1]) for name in ("first", "second")]
    one.process.kill()
    until(lambda: not any(running(pid) for pid in pids), "the processes end")


def test_a_program_that_does_not_exist_does_not_stop_the_others(supervise):
    one = supervise(missing="5|import os; os.execv('/no/such/program', ['x'])", other=f"5|{WAITS}")
    one.find(r"other +\| up (\d+)")
    one.find(r"missing ended .*", times=2)
    one.process.terminate()
    assert one.ends() == 0


def test_environment_values_arrive_as_they_are(supervise):
    one = supervise(shows="5|import os, time; print(os.environ['PASSWORD']); time.sleep(600)")
    one.find(r"shows \| a\$HOME\$B")
