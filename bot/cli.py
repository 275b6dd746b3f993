"""The ``ventanilla`` command. What needs Rasa or the search runs in the engine environment, by exec.

Commands import what they need: SQLAlchemy, YAML and circus take a second that a question need not wait for.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, NoReturn, ParamSpec, TypeVar

import typer

from bot.catalogue.reader import CatalogueError
from bot.core.ids import BadNumber
from bot.run import secrets
from bot.run.errors import RunError
from bot.run.programs import engine_command, engine_environment
from bot.settings import ROOT, Settings, SettingsError, load_settings
from channels.twin.chat import ChannelUnavailable, chat
from channels.twin.client import TwinPhone, TwinUnavailable

P = ParamSpec("P")
R = TypeVar("R")

_FAILURES = (RunError, SettingsError, CatalogueError, BadNumber, TwinUnavailable, ChannelUnavailable, OSError)
_PASSED_THROUGH: dict[str, Any] = {
    "context_settings": {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
}

app = typer.Typer(
    help="Public procedures by SMS: run it, try it, check its cards.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
catalogue_app = typer.Typer(help="The cards: check, build, search.", no_args_is_help=True)
languages_app = typer.Typer(help="The phrases: check, build.", no_args_is_help=True)
whatsapp_app = typer.Typer(help="What WhatsApp shows besides text.", no_args_is_help=True)
contents_app = typer.Typer(help="Buttons, lists and approved templates at Twilio.", no_args_is_help=True)
db_app = typer.Typer(help="The database.", no_args_is_help=True)
voice_app = typer.Typer(help="Calls.", no_args_is_help=True)
app.add_typer(catalogue_app, name="catalogue")
app.add_typer(languages_app, name="languages")
app.add_typer(whatsapp_app, name="whatsapp")
whatsapp_app.add_typer(contents_app, name="contents")
app.add_typer(db_app, name="db")
app.add_typer(voice_app, name="voice")
agents_app = typer.Typer(help="The people who answer in the console.", no_args_is_help=True)
app.add_typer(agents_app, name="agents")

desk_app = typer.Typer(
    help="A contact centre's own desk: tokens of the API, and what it is told.", no_args_is_help=True
)
token_app = typer.Typer(help="Tokens that open the API.", no_args_is_help=True)
app.add_typer(desk_app, name="desk")
desk_app.add_typer(token_app, name="token")

From = Annotated[str, typer.Option("--from", help="The phone's number, +52 and ten digits")]


def one_line(command: Callable[P, R]) -> Callable[P, R]:
    """Let a command's foreseen failures end it with their sentence on standard error and exit code 1."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except _FAILURES as error:
            fail(str(error))

    return wrapped


def fail(sentence: str) -> NoReturn:
    """End with a sentence on standard error."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(1)


def _settings(create: bool = False) -> Settings:
    """Return the settings with the secrets that a run has kept; ``create``: makes those that a trial lacks."""
    config = load_settings()
    config = config.model_copy(update={"var": config.var.resolve()})
    return secrets.complete(config, create=create) if config.twin_is_carrier else config


@app.command()
@one_line
def run(
    only: Annotated[str, typer.Option(help="Only these processes, separated by commas")] = "",
    scale: Annotated[list[str] | None, typer.Option(help="Several of one kind: worker=2 (repeatable)")] = None,
) -> None:
    """Start everything and keep it running until Ctrl-C."""
    from bot.run import start

    start.run(load_settings(), only=only, scale=scale or ())


@app.command()
@one_line
def train(force: Annotated[bool, typer.Option(help="Train even when nothing has changed")] = False) -> None:
    """Train the model, if what it is made of has changed."""
    from bot.run import prepare

    prepare.train(_settings(), force=force)


@app.command()
@one_line
def ask(text: str, number: From = "+525512345678") -> None:
    """Send one message to the running assistant and print its answer."""
    with TwinPhone(_twin_url(), number) as phone:
        exchange = phone.send(text)
    if not exchange.replies:
        fail(f"No answer came in {exchange.seconds:.0f} seconds.")
    print("\n".join(reply.body for reply in exchange.replies))


@app.command(name="chat")
@one_line
def chat_(
    channel: Annotated[str, typer.Option(help="sms, whatsapp or voice")] = "sms",
    number: From = "+525512345678",
    json_mode: Annotated[bool, typer.Option("--json", help="One JSON line for each message")] = False,
) -> None:
    """Talk to the running assistant like a phone: each line of standard input is one message."""

    def write(line: str) -> None:
        print(line, flush=True)

    lines = iter(_typed_line, None) if sys.stdin.isatty() and not json_mode else sys.stdin
    chat(channel, number, lines, write, _twin_url(), json_mode)


def _typed_line() -> str | None:
    try:
        return input("> ")
    except EOFError:
        return None


def _twin_url() -> str:
    config = load_settings()
    if not config.twin_is_carrier:
        raise RunError("Twilio is the carrier here (TWILIO_ACCOUNT_SID is set): write from a real phone.")
    return f"http://127.0.0.1:{config.twin_port}"


@app.command(**_PASSED_THROUGH)
@one_line
def understand(context: typer.Context) -> None:
    """Say what is understood: --jsonl reads one JSON object a line and writes one a line; nothing has to run."""
    _make_what_is_missing()
    _become_engine("bot.engine", "understand", *context.args)


@app.command(name="eval", **_PASSED_THROUGH)
@one_line
def evaluate(context: typer.Context) -> None:
    """Score the understanding on the project's own phrases: --json, --fit."""
    _make_what_is_missing()
    _become_engine("bot.engine", "eval", *context.args)


@app.command(**_PASSED_THROUGH)
@one_line
def rasa(context: typer.Context) -> None:
    """Run Rasa's own commands on this project: train, shell, test, data validate …"""
    _become_engine("bot.engine", "rasa", *context.args)


@catalogue_app.command(name="search", **_PASSED_THROUGH)
@one_line
def catalogue_search(context: typer.Context) -> None:
    """Show which cards a text finds: search "…" [--state Yucatán]."""
    _become_engine("bot.catalogue", "search", *context.args)


def _make_what_is_missing() -> None:
    """Build the catalogue and train the model where a fresh clone has neither; all words go to standard error."""
    wanted = ((_settings().catalogue, ("catalogue", "build")), (ROOT / "models" / "ventanilla.tar.gz", ("train",)))
    for file, command in wanted:
        if not file.is_file():
            made = subprocess.run([sys.executable, "-m", "bot.cli", *command], cwd=ROOT, stdout=sys.stderr, check=False)
            if made.returncode:
                raise RunError(f"`ventanilla {' '.join(command)}` failed; what is printed above says why.")


def _become_engine(module: str, *arguments: str) -> NoReturn:
    """Replace this process by one of the engine environment, from the project's root."""
    command = engine_command("-m", module, *arguments)
    environment = engine_environment(_settings())
    sys.stdout.flush()
    os.chdir(ROOT)
    os.execve(command[0], command, environment)  # noqa: S606 (no shell is wanted)


@catalogue_app.command(name="check")
@one_line
def catalogue_check() -> None:
    """Check every card; print what is wrong as file:line: field: message."""
    from bot.run import prepare

    print(f"{prepare.summary(prepare.check_catalogue())}: nothing is wrong.")


@catalogue_app.command(name="build")
@one_line
def catalogue_build() -> None:
    """Check every card and build the catalogue that the processes read."""
    from bot.run import prepare

    print(prepare.build_catalogue(_settings(), force=True))


@languages_app.command(name="check")
@one_line
def languages_check() -> None:
    """Check that every phrase in use exists in every language, and is right."""
    from bot.run import prepare

    problems = prepare.check_languages()
    if problems:
        fail("\n".join(problems))
    print("Every phrase is there.")


@languages_app.command(name="build")
@one_line
def languages_build() -> None:
    """Compile the phrases for the processes."""
    from bot.run import prepare

    print(prepare.build_languages(_settings()))


@voice_app.command(name="fallback")
@one_line
def voice_fallback() -> None:
    """Print the TwiML that the carrier says when no address of ours answers (docs/voice.md)."""
    from bot.gateway.call import fallback
    from bot.run import prepare

    config = _settings()
    prepare.build_languages(config)
    print(fallback(config))


@db_app.command(name="upgrade")
@one_line
def db_upgrade() -> None:
    """Bring the database up to date; safe to repeat, also on several machines at once."""
    from bot.run import prepare

    prepare.upgrade_database(_settings())
    print("The database is up to date.")


@db_app.command(name="rekey")
@one_line
def db_rekey() -> None:
    """Write all numbers under the present VENTANILLA_SECRET; then OLD_SECRETS may be emptied."""
    from bot.run import prepare
    from bot.store import Store, open_engine

    config = _settings()
    prepare.upgrade_database(config)
    done, failed = Store(open_engine(config.database), config.secret, *config.earlier_secrets).rekey()
    print(f"{done} addresses are under the present secret.")
    if failed:
        raise RunError(f"{failed} entries are under a secret that is in neither VENTANILLA_SECRET nor OLD_SECRETS.")


@contents_app.command(name="sync")
@one_line
def contents_sync(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done")] = False,
) -> None:
    """Create, note and delete contents until Twilio has exactly ours; ask WhatsApp to approve the templates."""
    from bot.run import prepare
    from bot.run.contents import sync

    config = _settings()
    prepare.upgrade_database(config)
    done = 0
    for sentence in sync(config, dry_run=dry_run):
        print(f"{'would be ' if dry_run else ''}{sentence}", flush=True)
        done += 1
    if not done:
        print("Everything is in step.")


@contents_app.command(name="list")
@one_line
def contents_list() -> None:
    """List our contents at Twilio, and what WhatsApp says of the templates."""
    from bot.run.contents import listed

    lines = list(listed(_settings()))
    print("\n".join(lines) or "Twilio has no content of ours.")


@agents_app.command(name="add")
@one_line
def agents_add(
    username: Annotated[str, typer.Argument(help="What the person signs in with")],
    name: Annotated[str, typer.Option(help="What citizens read; the username by default")] = "",
    role: Annotated[str, typer.Option(help="agent, supervisor or admin")] = "agent",
    capacity: Annotated[int, typer.Option(min=1, max=50, help="Conversations at a time")] = 5,
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input")] = False,
) -> None:
    """Add an agent. Without --password-stdin on a terminal the password is asked for; else one is made and printed."""
    import secrets as random

    from bot.console import passwords
    from bot.run import prepare
    from bot.store import open_engine
    from bot.store.agents import ROLES, Agents, NameTaken
    from bot.store.store import utc_now

    if role not in ROLES:
        fail(f"--role: {role!r} is none of {', '.join(ROLES)}.")
    config = _settings(create=True)
    prepare.upgrade_database(config)
    made = ""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    elif sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = made = random.token_urlsafe(12)
    try:
        agents = Agents(open_engine(config.database), config.secret, *config.earlier_secrets)
        stored = passwords.hashed(password)
        agents.add(username, name or username, role, stored, utc_now(), capacity=capacity)
    except (passwords.WeakPassword, NameTaken) as error:
        fail(f"{error}.")
    print(f"{username} may sign in at {config.webhook_url}/console/ as {role}.")
    if made:
        print(f"Password, shown only now: {made}")


@agents_app.command(name="demo")
@one_line
def agents_demo() -> None:
    """Make agents, teams and ready answers to try the console with; people of the twin's wait if everything runs."""
    from bot.console import demo
    from bot.run import prepare
    from bot.store import open_engine
    from bot.store.agents import Agents
    from bot.store.store import utc_now
    from channels.twin.client import TwinUnavailable

    config = _settings(create=True)
    if not config.twin_is_carrier:
        fail("A demonstration is for trials: it is made only where the twin is the carrier (no TWILIO_ACCOUNT_SID).")
    prepare.upgrade_database(config)
    agents = Agents(open_engine(config.database), config.secret, *config.earlier_secrets)
    print(f"Sign in at {config.webhook_url}/console/ (passwords are shown only now):")
    for account in demo.hire(agents, utc_now()):
        print(f"  {account.username:<12}  {account.role:<10}  {account.password}")
    try:
        waiting = sum(1 for _ in demo.let_people_ask(config.carrier_api_url))
    except TwinUnavailable:
        print("Nobody waits yet: run this again while `ventanilla run` runs.")
    else:
        print(f"{waiting} people wait for an answer.")


@agents_app.command(name="list")
@one_line
def agents_list() -> None:
    """List the agents."""
    from bot.run import prepare
    from bot.store import open_engine
    from bot.store.agents import Agents
    from bot.store.handoffs import Handoffs

    config = _settings()
    prepare.upgrade_database(config)
    database = open_engine(config.database)
    found = Agents(database, config.secret, *config.earlier_secrets).all()
    for each in found:
        print(f"{each.username:<20}  {each.role:<10}  {'active' if each.active else 'inactive':<8}  {each.name}")
    if not found:
        print("There are no agents: `ventanilla agents add NAME --role admin` makes the first.")
    elif not Handoffs(database).sees_sensitive():
        print("Sensitive matters (violence, health, emergencies) are seen by administrators only: no team sees them.")


@token_app.command(name="add")
@one_line
def desk_token_add(
    name: Annotated[str, typer.Argument(help="The token's name: lower-case letters, digits, hyphens")],
    desk: Annotated[str, typer.Option(help="The desk that it acts as; of the token's name by default")] = "",
    shown: Annotated[str, typer.Option("--name", help="What citizens read; INSTITUTION by default")] = "",
    team: Annotated[list[str] | None, typer.Option(help="A team that the desk belongs to (repeatable)")] = None,
) -> None:
    """Make a token and print it, the only time that it is shown."""
    from bot.store.agents import NameTaken
    from bot.store.desk_tokens import BadTokenName
    from bot.store.store import utc_now

    config = _settings(create=True)
    try:
        token = _desk_tokens(config).add(
            name, utc_now(), desk=desk, shown=shown or config.institution, in_teams=team or ()
        )
    except (BadTokenName, NameTaken, LookupError) as error:
        fail(f"{error.args[0]}.")
    print(token)
    print(f"Shown only now. The API is at {config.webhook_url}/api/v1/docs", file=sys.stderr)


@token_app.command(name="list")
@one_line
def desk_token_list() -> None:
    """List the tokens, never their text."""
    found = _desk_tokens(_settings()).all()
    for each in found:
        used = f"{each.last_used_at:%Y-%m-%d %H:%M}" if each.last_used_at else "never used"
        state = "revoked" if each.revoked_at else "in force"
        print(f"{each.name:<20}  {state:<8}  {used:<16}  desk {each.desk}  {', '.join(each.teams)}".rstrip())
    if not found:
        print("There are no tokens: `ventanilla desk token add NAME` makes one.")


@token_app.command(name="revoke")
@one_line
def desk_token_revoke(name: Annotated[str, typer.Argument(help="The token's name")]) -> None:
    """Revoke a token: from now on it opens nothing."""
    from bot.store.store import utc_now

    if not _desk_tokens(_settings()).revoke(name, utc_now()):
        fail(f"There is no token {name!r} in force.")
    print(f"{name} is revoked.")


@desk_app.command(name="secret")
@one_line
def desk_secret() -> None:
    """Print a new secret for DESK_WEBHOOK_SECRET."""
    from bot.desk.signing import new_secret

    print(new_secret())


@desk_app.command(name="events")
@one_line
def desk_events(
    status: Annotated[str, typer.Option(help="Only pending, sending, delivered or dead ones")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many at most")] = 100,
) -> None:
    """List what desks were told, newest first, with the code of what went wrong last."""
    from bot.store.desk_events import STATUSES

    wanted = next((each for each in STATUSES if each == status), None)
    if status and wanted is None:
        fail(f"--status: {status!r} is none of {', '.join(STATUSES)}.")
    found = _desk_events(_settings()).listed(wanted, limit)
    for each in found:
        what = f"{each.status:<9}  {each.attempts:>3}  {each.error_code or '':<14}"
        print(
            f"{each.at:%Y-%m-%d %H:%M}  {each.sink:<8}  {each.type:<18}  {each.handoff_id:>6}  {what}  {each.event_id}"
        )
    if not found:
        print("There are no events.")


@desk_app.command(name="resend")
@one_line
def desk_resend(
    events: Annotated[list[str] | None, typer.Argument(help="Ids of events (evt_…)")] = None,
    dead: Annotated[bool, typer.Option("--dead", help="All that were given up")] = False,
) -> None:
    """Send events again, with the same ids: these, or all that were given up."""
    if bool(events) == dead:
        fail("Name events, or say --dead.")
    count = _desk_events(_settings()).resend(None if dead else events)
    print(f"{count} events will be sent again.")


@desk_app.command(name="chatwoot")
@one_line
def desk_chatwoot() -> None:
    """Print the address to enter in Chatwoot as the inbox's webhook, and say whether Chatwoot answers."""
    from bot.desk.chatwoot.address import webhook_url
    from bot.desk.chatwoot.client import Chatwoot
    from bot.desk.sinks import NotTaken

    config = _settings()
    if not config.chatwoot_url:
        fail("CHATWOOT_URL is not set.")
    print(webhook_url(config.webhook_url, config.secret))
    chatwoot = Chatwoot(
        config.chatwoot_url, config.chatwoot_account, config.chatwoot_inbox, config.chatwoot_token, keep=0
    )
    try:
        kind = chatwoot.inbox_kind()
    except NotTaken as refused:
        fail(f"Chatwoot does not let us in: {refused.code}.")
    if kind != "Channel::Api":
        fail(f"Inbox {config.chatwoot_inbox} is a {kind}: make one of the kind API.")
    print("Chatwoot answers, and the inbox is of the right kind.", file=sys.stderr)


def _desk_tokens(config: Settings) -> Any:
    from bot.run import prepare
    from bot.store import open_engine
    from bot.store.desk_tokens import DeskTokens

    prepare.upgrade_database(config)
    return DeskTokens(open_engine(config.database))


def _desk_events(config: Settings) -> Any:
    from bot.run import prepare
    from bot.store import open_engine
    from bot.store.desk_events import DeskEvents

    prepare.upgrade_database(config)
    return DeskEvents(open_engine(config.database))


@app.command()
@one_line
def deliveries(limit: Annotated[int, typer.Option(min=1, help="How many at most")] = 100) -> None:
    """List the messages that nobody got and those that had no turn, newest first, with the code that says why."""
    from bot.run import prepare
    from bot.store import Store, open_engine

    config = _settings()
    prepare.upgrade_database(config)
    given_up = Store(open_engine(config.database), config.secret, *config.earlier_secrets).given_up(limit)
    for each in given_up:
        print(f"{each.at:%Y-%m-%d %H:%M}  {each.direction:<3}  {each.channel:<8}  {each.code:<16}  {each.id}")
    if not given_up:
        print("No message was given up.")


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
