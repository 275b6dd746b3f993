"""The command as it is typed: exit codes, one line when something is wrong, never a traceback."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import Settings
from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def ventanilla(tmp_path):
    """Run the command with a var/ of its own and ports that nobody listens on."""

    def run(*arguments, **settings):
        environment = {k: v for k, v in os.environ.items() if k.lower() not in Settings.model_fields}
        ports = {name: str(free_port()) for name in ("PORT", "TWIN_PORT", "ENGINE_PORT", "ACTIONS_PORT")}
        environment |= {"VAR": str(tmp_path / "var"), "COLUMNS": "200", **ports, **settings}
        return subprocess.run(
            [sys.executable, "-m", "bot.cli", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            input="hola\n",
        )

    return run


def refused(done):
    """Return the one line with which a command was refused."""
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr.strip()


def test_the_commands_of_the_contract_exist(ventanilla):
    listed = ventanilla("--help").stdout
    for name in ("run", "train", "chat", "ask", "understand", "catalogue", "languages", "db", "rasa", "deliveries"):
        assert f" {name} " in listed
    listed = ventanilla("catalogue", "--help").stdout
    assert all(f" {name} " in listed for name in ("check", "build", "search"))


@pytest.mark.parametrize("command", [["ask", "hola"], ["chat", "--channel", "sms", "--json"]])
def test_when_nothing_runs_one_sentence_says_what_to_start(ventanilla, command):
    assert "ventanilla run" in refused(ventanilla(*command))


def test_a_number_that_is_none_is_refused_without_repeating_it(ventanilla):
    assert "12ab" not in refused(ventanilla("ask", "hola", "--from", "12ab"))


def test_an_unknown_channel_is_refused(ventanilla):
    assert "pigeon" in refused(ventanilla("chat", "--channel", "pigeon"))


def test_with_twilio_the_twin_is_not_asked(ventanilla):
    assert "TWILIO_ACCOUNT_SID" in refused(ventanilla("ask", "hola", TWILIO_ACCOUNT_SID="AC1"))


def test_a_wrong_setting_is_named(ventanilla):
    assert "PORT" in refused(ventanilla("run", PORT="eight"))


def test_run_with_a_taken_port_names_it_and_starts_nothing(ventanilla, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        line = refused(ventanilla("run", TWIN_PORT=str(port)))
    assert str(port) in line
    assert "TWIN_PORT" in line
    assert not (tmp_path / "var" / "catalogue.sqlite").exists()


def test_run_with_twilio_names_every_setting_that_is_missing(ventanilla):
    line = refused(ventanilla("run", TWILIO_ACCOUNT_SID="AC1", TWILIO_AUTH_TOKEN="t"))
    assert "PUBLIC_URL" in line
    assert "VENTANILLA_SECRET" in line


def test_run_with_a_short_secret_names_it(ventanilla):
    assert "VENTANILLA_SECRET" in refused(ventanilla("run", VENTANILLA_SECRET="short"))


def test_run_with_an_unknown_process_names_it(ventanilla):
    assert "egnine" in refused(ventanilla("run", "--only", "egnine"))


def test_deliveries_before_anything_ran_is_an_answer(ventanilla):
    done = ventanilla("deliveries", VENTANILLA_SECRET="s" * 32)
    assert (done.returncode, done.stdout) == (0, "No message was given up.\n")


def test_the_database_can_be_brought_up_to_date_twice(ventanilla):
    assert ventanilla("db", "upgrade").returncode == 0
    assert ventanilla("db", "upgrade").returncode == 0


def test_numbers_can_be_written_under_a_new_secret(ventanilla):
    assert ventanilla("db", "upgrade").returncode == 0
    done = ventanilla("db", "rekey", VENTANILLA_SECRET="n" * 32, OLD_SECRETS="s" * 32)
    assert (done.returncode, done.stdout.strip()) == (0, "0 addresses are under the present secret.")


def test_the_first_agent_is_made_and_listed(ventanilla):
    made = ventanilla("agents", "add", "admin", "--role", "admin", "--name", "Administración")
    assert made.returncode == 0, made
    assert "Password, shown only now: " in made.stdout
    listed = ventanilla("agents", "list").stdout
    assert re.search(r"^admin +admin +active +Administración$", listed, re.MULTILINE)
    assert "no team sees them" in listed
    assert "'admin' is in use" in refused(ventanilla("agents", "add", "admin"))


def test_an_agents_password_is_read_and_a_weak_one_is_refused(ventanilla):
    weak = refused(ventanilla("agents", "add", "ana", "--password-stdin"))  # "hola", of the fixture
    assert "12" in weak
    assert "hola" not in weak
    assert "role" in refused(ventanilla("agents", "add", "ana", "--role", "boss"))


def test_a_demonstration_is_made_by_one_command_again_and_again_but_never_for_real(ventanilla):
    for _ in range(2):
        made = ventanilla("agents", "demo")
        assert made.returncode == 0, made
        assert {line.split()[0] for line in made.stdout.splitlines()[1:5]} == {"ana", "beto", "supervisora", "admin"}
        assert "run this again while" in made.stdout
    listed = ventanilla("agents", "list").stdout.splitlines()
    assert len(listed) == 4
    assert "no team sees them" not in listed[-1]
    assert "TWILIO_ACCOUNT_SID" in refused(ventanilla("agents", "demo", TWILIO_ACCOUNT_SID="AC" + "1" * 32))
