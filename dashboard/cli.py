"""`mtz`: thin commands. Each imports what it needs when it is called, so that none pays for another.

`mtz web` must not serve from this process: a driver imported before gevent's patch blocks everything. It execs gunicorn.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from dashboard.exits import CannotRunError, Exit
from dashboard.settings import Settings, SettingsError, is_loopback, load_settings

EXIT_CODES = """
Exit codes: 0 done or stopped in order; 1 failed (doctor: something is wrong); 2 a setting or option is unknown or
malformed; 3 the database is unreachable, refuses or doesn't fit; 4 the gateway is unreachable or refuses, or the
account is unknown; 5 the port or data folder is taken; 6 the data folder can't be used.

Settings come from options, the environment and a file .env in the current folder, in this order: docs/settings.md.
"""

_trace_folders = [Path(tempfile.gettempdir())]
DEMO_ACCOUNTS = ["DU9000001"]

app = typer.Typer(
    name="mtz",
    help="MoneyTrailz Dashboard: real-time analytics for options-selling bots on Interactive Brokers.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

DataDir = Annotated[Path | None, typer.Option(help="Data folder (MTZ_DATA_DIR).")]
Database = Annotated[
    str | None,
    typer.Option("--database-url", help="PostgreSQL (DATABASE_URL); better in .env, an option shows in `ps`."),
]
WebHost = Annotated[str | None, typer.Option(help="Address of the web server (MTZ_HOST).")]
WebPort = Annotated[int | None, typer.Option(help="Port of the web server (MTZ_PORT).")]
IbkrHost = Annotated[str | None, typer.Option(help="TWS or IB Gateway (IBKR_HOST).")]
IbkrPort = Annotated[int | None, typer.Option(help="Its API port (IBKR_PORT).")]
ClientId = Annotated[int | None, typer.Option(help="API client id (IBKR_CLIENT_ID).")]
Account = Annotated[str | None, typer.Option(help="Account number (IBKR_ACCOUNT).")]
LogLevel = Annotated[str | None, typer.Option(help="DEBUG, INFO, WARNING or ERROR (MTZ_LOG_LEVEL).")]
LogFormat = Annotated[str | None, typer.Option(help="text or json (MTZ_LOG_FORMAT).")]


def _settings(**options: Any) -> Settings:
    from dashboard.logs import configure_logging

    settings = load_settings(**options)
    _trace_folders.insert(0, settings.data_dir / "logs")
    configure_logging(settings.log_level, settings.log_format)
    return settings


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"mtz {version('moneytrailz-dashboard')}")
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None: ...


@app.command(epilog=EXIT_CODES)
def run(
    host: WebHost = None,
    port: WebPort = None,
    data_dir: DataDir = None,
    ibkr_host: IbkrHost = None,
    ibkr_port: IbkrPort = None,
    client_id: ClientId = None,
    account: Account = None,
    database_url: Database = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
    reload: Annotated[bool, typer.Option("--reload", help="Restart the web process when its code changes.")] = False,
) -> None:
    """Run everything: embedded database, simulated gateway unless IBKR_HOST is set, poller and web server."""
    settings = _settings(
        host=host, port=port, data_dir=data_dir, ibkr_host=ibkr_host, ibkr_port=ibkr_port, ibkr_client_id=client_id,
        ibkr_account=account, database_url=database_url, log_level=log_level, log_format=log_format,
    )  # fmt: skip
    from dashboard.stack import run_stack

    raise typer.Exit(run_stack(settings, reload=reload))


@app.command(epilog=EXIT_CODES)
def web(
    host: WebHost = None,
    port: WebPort = None,
    database_url: Database = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
) -> None:
    """Serve the dashboard, REST and /ws. Without DATABASE_URL: on the database of the `mtz run` that is running."""
    settings = _settings(host=host, port=port, database_url=database_url, log_level=log_level, log_format=log_format)
    from dashboard.web import exec_gunicorn

    exec_gunicorn(settings)


@app.command(epilog=EXIT_CODES)
def poll(
    ibkr_host: IbkrHost = None,
    ibkr_port: IbkrPort = None,
    client_id: ClientId = None,
    account: Account = None,
    data_dir: DataDir = None,
    database_url: Database = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
) -> None:
    """Read one account from TWS or IB Gateway into the database until stopped. Never places an order."""
    settings = _settings(
        ibkr_host=ibkr_host, ibkr_port=ibkr_port, ibkr_client_id=client_id, ibkr_account=account, data_dir=data_dir,
        database_url=database_url, log_level=log_level, log_format=log_format,
    )  # fmt: skip
    from dashboard.polling import poll_until_stopped

    raise typer.Exit(poll_until_stopped(settings))


@app.command(epilog=EXIT_CODES)
def housekeeping(
    data_dir: DataDir = None, database_url: Database = None, log_level: LogLevel = None, log_format: LogFormat = None
) -> None:
    """Roll samples up into minutes, hours and days, compress and drop old ones, until stopped."""
    settings = _settings(data_dir=data_dir, database_url=database_url, log_level=log_level, log_format=log_format)
    from dashboard.housekeeping import housekeep_until_stopped

    raise typer.Exit(housekeep_until_stopped(settings))


@app.command(epilog=EXIT_CODES)
def agent(
    data_dir: DataDir = None, database_url: Database = None, log_level: LogLevel = None, log_format: LogFormat = None
) -> None:
    """Carry out commands to strategies, and see whether they are enforced, until stopped. Part of `mtz run`."""
    settings = _settings(data_dir=data_dir, database_url=database_url, log_level=log_level, log_format=log_format)
    from dashboard.agent import serve_until_stopped

    raise typer.Exit(serve_until_stopped(settings))


@app.command(epilog=EXIT_CODES)
def gateway(
    host: Annotated[str, typer.Option(help="Address to listen on; loopback only outside a container.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 4002,
    account: Annotated[list[str], typer.Option(help="Account number; may be given several times.")] = DEMO_ACCOUNTS,
    seed: Annotated[int, typer.Option(help="The same seed gives the same world.")] = 1,
    speed: Annotated[float, typer.Option(min=0.01, help="How fast the world's time runs.")] = 1.0,
    state: Annotated[Path | None, typer.Option(help="File that keeps the account between runs.")] = None,
    master_client_id: Annotated[int | None, typer.Option(help="The client id that sees every client's fills.")] = None,
    trader: Annotated[
        bool, typer.Option(help="Whether the house trades on the account, as somebody's bot would.")
    ] = True,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
) -> None:
    """Run the simulated IB Gateway: the TWS API over TCP, with a market and an account behind it."""
    settings = _settings(log_level=log_level, log_format=log_format)
    if not settings.in_container and not is_loopback(host):
        raise CannotRunError(
            f"--host {host} is no loopback address: the simulated gateway serves this machine only.", Exit.SETTINGS
        )
    from data.simulator.gateway import GatewayOptions, run_gateway

    options = GatewayOptions(
        host=host, port=port, accounts=tuple(account), seed=seed, speed=speed,
        hours=settings.demo_hours, state_path=state, master_client_id=master_client_id,
        trader=trader,
    )  # fmt: skip
    try:
        run_gateway(options, lambda bound: typer.echo(f"ready {host}:{bound}"))
    except OSError as error:
        raise CannotRunError(
            f"The simulated gateway can't run on {host}:{port} ({error.strerror or error}): choose another --port or --state.",
            Exit.IN_USE,
        ) from None


@app.command(epilog=EXIT_CODES)
def demobot(
    ibkr_host: IbkrHost = None,
    ibkr_port: IbkrPort = None,
    host: WebHost = None,
    port: WebPort = None,
    data_dir: DataDir = None,
    database_url: Database = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
) -> None:
    """Run the demo's bot: it trades on a simulated gateway, and obeys the dashboard."""
    settings = _settings(
        ibkr_host=ibkr_host, ibkr_port=ibkr_port, host=host, port=port, data_dir=data_dir, database_url=database_url,
        log_level=log_level, log_format=log_format,
    )  # fmt: skip
    from dashboard.demobot import trade_until_stopped

    raise typer.Exit(trade_until_stopped(settings))


@app.command(epilog=EXIT_CODES)
def migrate(
    data_dir: DataDir = None,
    database_url: Database = None,
    to_timescale: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="SOURCE_URL TARGET_URL",
            help="Copy a database to one with TimescaleDB instead. SOURCE_URL may be the word embedded.",
        ),
    ] = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
) -> None:
    """Bring the database's schema and trading calendar up to date, or copy it to a TimescaleDB server."""
    settings = _settings(data_dir=data_dir, database_url=database_url, log_level=log_level, log_format=log_format)
    if to_timescale is not None:
        from dashboard.copying import copy_to_timescale

        copy_to_timescale(settings, *to_timescale, typer.echo)
    else:
        from dashboard.migration import migrate_database

        migrate_database(settings, typer.echo)


@app.command(epilog=EXIT_CODES)
def seed(
    days: Annotated[int | None, typer.Option(min=1, max=700, help="How far back (MTZ_DEMO_HISTORY_DAYS).")] = None,
    number: Annotated[int, typer.Option("--seed", help="The same number gives the same past.")] = 1,
    state: Annotated[
        Path | None, typer.Option(help="State file of the simulated gateway that goes on (of `mtz run`, if not given).")
    ] = None,
    data_dir: DataDir = None,
    database_url: Database = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
) -> None:
    """Give a new demo database a past: trades, cash flows, prices and every chart. Needs `mtz run` to be stopped."""
    settings = _settings(data_dir=data_dir, database_url=database_url, log_level=log_level, log_format=log_format)
    from dashboard.seeding import seed as seed_demo

    raise typer.Exit(seed_demo(settings, days or settings.demo_history_days or 365, number, typer.echo, state))


@app.command("import-flex", epilog=EXIT_CODES)
def import_flex(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Activity Flex XML.")],
    as_json: Annotated[bool, typer.Option("--json", help="The result as one JSON object.")] = False,
    data_dir: DataDir = None,
    database_url: Database = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
) -> None:
    """Import the broker's statements: trades, cash flows, net asset values. The same file twice changes nothing."""
    settings = _settings(data_dir=data_dir, database_url=database_url, log_level=log_level, log_format=log_format)
    from dashboard.flexing import import_files

    raise typer.Exit(import_files(settings, files, typer.echo, as_json=as_json))


@app.command("fetch-flex", epilog=EXIT_CODES)
def fetch_flex(
    data_dir: DataDir = None, database_url: Database = None, log_level: LogLevel = None, log_format: LogFormat = None
) -> None:
    """Get a statement from the broker's Flex Web Service (MTZ_FLEX_TOKEN, MTZ_FLEX_QUERY_ID) and import it."""
    settings = _settings(data_dir=data_dir, database_url=database_url, log_level=log_level, log_format=log_format)
    from dashboard.flexing import fetch_statement

    raise typer.Exit(fetch_statement(settings, typer.echo))


@app.command(epilog=EXIT_CODES)
def connect(
    host: Annotated[str, typer.Argument(help="Where TWS or IB Gateway runs.")] = "127.0.0.1",
    port: Annotated[list[int] | None, typer.Option(help="Ports to try instead of 4001, 4002, 7496 and 7497.")] = None,
    client_id: ClientId = None,
    account: Account = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write .env without asking.")] = False,
    env_file: Annotated[Path, typer.Option(help="The file to write.")] = Path(".env"),
) -> None:
    """Find TWS or IB Gateway, check what it lets us do, and write .env for it."""
    settings = _settings(ibkr_client_id=client_id, ibkr_account=account)
    from dashboard.connect import connect_account

    raise typer.Exit(connect_account(settings, host, tuple(port or ()), yes=yes, env_file=env_file))


strategy_app = typer.Typer(help="Pause, resume and stop strategies, and see whether it happened.", no_args_is_help=True)
app.add_typer(strategy_app, name="strategy")
audit_app = typer.Typer(help="The audit log.", no_args_is_help=True)
app.add_typer(audit_app, name="audit")

StrategyName = Annotated[str, typer.Argument(metavar="BOT/STRATEGY")]
Reason = Annotated[str | None, typer.Option(help="Why; kept in the audit log.")]
Symbol = Annotated[str | None, typer.Option(help="One symbol of the strategy only.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Don't watch until it is settled.")]


@strategy_app.command("list", epilog=EXIT_CODES)
def strategy_list(data_dir: DataDir = None, database_url: Database = None) -> None:
    """The strategies and what is in force."""
    from dashboard import control

    raise typer.Exit(control.list_strategies(_settings(data_dir=data_dir, database_url=database_url), typer.echo))


@strategy_app.command("show", epilog=EXIT_CODES)
def strategy_show(
    command_id: Annotated[str, typer.Argument(metavar="COMMAND")],
    data_dir: DataDir = None,
    database_url: Database = None,
) -> None:
    """How far a command is."""
    from dashboard import control

    raise typer.Exit(control.show(_settings(data_dir=data_dir, database_url=database_url), command_id, typer.echo))


@strategy_app.command("pause", epilog=EXIT_CODES)
def strategy_pause(
    name: StrategyName,
    opening: Annotated[bool, typer.Option("--opening", help="Only writes and buys; rolls and closes go on.")] = False,
    symbol: Symbol = None,
    reason: Reason = None,
    no_wait: NoWait = False,
    data_dir: DataDir = None,
    database_url: Database = None,
) -> None:
    """No new orders. Nothing is cancelled, positions stay."""
    from dashboard import control
    from data.strategies.desired import Action

    request = control.parse(name, Action.PAUSE, opening=opening, symbol=symbol, reason=reason)
    settings = _settings(data_dir=data_dir, database_url=database_url)
    raise typer.Exit(control.give(settings, request, typer.echo, wait=not no_wait))


@strategy_app.command("resume", epilog=EXIT_CODES)
def strategy_resume(
    name: StrategyName,
    symbol: Symbol = None,
    reason: Reason = None,
    no_wait: NoWait = False,
    data_dir: DataDir = None,
    database_url: Database = None,
) -> None:
    """Back to normal."""
    from dashboard import control
    from data.strategies.desired import Action

    request = control.parse(name, Action.RESUME, opening=False, symbol=symbol, reason=reason)
    settings = _settings(data_dir=data_dir, database_url=database_url)
    raise typer.Exit(control.give(settings, request, typer.echo, wait=not no_wait))


@strategy_app.command("stop", epilog=EXIT_CODES)
def strategy_stop(
    name: StrategyName,
    reason: Reason = None,
    no_wait: NoWait = False,
    data_dir: DataDir = None,
    database_url: Database = None,
) -> None:
    """No new orders, and working orders are cancelled. Positions are never closed."""
    from dashboard import control
    from data.strategies.desired import Action

    request = control.parse(name, Action.STOP, opening=False, symbol=None, reason=reason)
    settings = _settings(data_dir=data_dir, database_url=database_url)
    raise typer.Exit(control.give(settings, request, typer.echo, wait=not no_wait))


@app.command(epilog=EXIT_CODES)
def kill(
    reason: Reason = None,
    release: Annotated[
        bool, typer.Option("--release", help="Release it; each strategy stays stopped until it is resumed.")
    ] = False,
    data_dir: DataDir = None,
    database_url: Database = None,
) -> None:
    """Stop every strategy, also with the database and the agent down: no bot of this machine starts from now on."""
    from dashboard import control

    settings = _settings(data_dir=data_dir, database_url=database_url)
    raise typer.Exit((control.release if release else control.kill)(settings, reason, typer.echo))


@audit_app.command("verify", epilog=EXIT_CODES)
def audit_verify(data_dir: DataDir = None, database_url: Database = None) -> None:
    """Find a changed, missing or reordered event of the audit log, and an end that was cut off."""
    from dashboard import control

    raise typer.Exit(control.verify_audit(_settings(data_dir=data_dir, database_url=database_url), typer.echo))


user_app = typer.Typer(help="Who may log in.", no_args_is_help=True)
app.add_typer(user_app, name="user")
token_app = typer.Typer(help="API tokens, for programs.", no_args_is_help=True)
app.add_typer(token_app, name="token")

UserName = Annotated[str, typer.Argument(metavar="NAME")]
UserRole = Annotated[str, typer.Option("--role", help="viewer, trader or admin.")]


@user_app.command("create", epilog=EXIT_CODES)
def user_create(
    name: UserName, role: UserRole = "viewer", data_dir: DataDir = None, database_url: Database = None
) -> None:
    """A new user. The password is asked for; without a terminal it is one line of standard input."""
    from dashboard import users

    raise typer.Exit(users.create(_settings(data_dir=data_dir, database_url=database_url), name, role, typer.echo))


@user_app.command("first", epilog=EXIT_CODES)
def user_first(
    why: Annotated[str, typer.Option(help="Why it is needed.")] = "you asked",
    data_dir: DataDir = None,
    database_url: Database = None,
) -> None:
    """Make the owner, if there is no admin yet."""
    from dashboard import users

    raise typer.Exit(users.create_first(_settings(data_dir=data_dir, database_url=database_url), why, typer.echo))


@user_app.command("list", epilog=EXIT_CODES)
def user_list(data_dir: DataDir = None, database_url: Database = None) -> None:
    """The users, who is disabled and who is locked out."""
    from dashboard import users

    raise typer.Exit(users.list_users(_settings(data_dir=data_dir, database_url=database_url), typer.echo))


@user_app.command("password", epilog=EXIT_CODES)
def user_password(name: UserName, data_dir: DataDir = None, database_url: Database = None) -> None:
    """Set a new password; every session of the user ends."""
    from dashboard import users

    raise typer.Exit(users.set_password(_settings(data_dir=data_dir, database_url=database_url), name, typer.echo))


@user_app.command("role", epilog=EXIT_CODES)
def user_role(
    name: UserName,
    role: Annotated[str, typer.Argument(metavar="ROLE", help="viewer, trader or admin.")],
    data_dir: DataDir = None,
    database_url: Database = None,
) -> None:
    """Change what a user may do; it counts at once."""
    from dashboard import users

    raise typer.Exit(users.set_role(_settings(data_dir=data_dir, database_url=database_url), name, role, typer.echo))


@user_app.command("disable", epilog=EXIT_CODES)
def user_disable(name: UserName, data_dir: DataDir = None, database_url: Database = None) -> None:
    """Keep a user out: sessions end at once, tokens count no more."""
    from dashboard import users

    settings = _settings(data_dir=data_dir, database_url=database_url)
    raise typer.Exit(users.set_active(settings, name, active=False, say=typer.echo))


@user_app.command("enable", epilog=EXIT_CODES)
def user_enable(name: UserName, data_dir: DataDir = None, database_url: Database = None) -> None:
    """Let a disabled user in again."""
    from dashboard import users

    settings = _settings(data_dir=data_dir, database_url=database_url)
    raise typer.Exit(users.set_active(settings, name, active=True, say=typer.echo))


@user_app.command("unlock", epilog=EXIT_CODES)
def user_unlock(name: UserName, data_dir: DataDir = None, database_url: Database = None) -> None:
    """Forget the wrong passwords and codes of a user, so that they needn't wait."""
    from dashboard import users

    raise typer.Exit(users.unlock(_settings(data_dir=data_dir, database_url=database_url), name, typer.echo))


@user_app.command("code", epilog=EXIT_CODES)
def user_code(
    name: UserName,
    remove: Annotated[bool, typer.Option("--remove", help="Ask for no code any more: the phone is lost.")] = False,
    data_dir: DataDir = None,
    database_url: Database = None,
) -> None:
    """Remove the authenticator app of a user."""
    from dashboard import users

    if not remove:
        raise CannotRunError("Say --remove: an app is set up by its user, on the account page.", Exit.SETTINGS)
    raise typer.Exit(users.remove_code(_settings(data_dir=data_dir, database_url=database_url), name, typer.echo))


@token_app.command("create", epilog=EXIT_CODES)
def token_create(
    name: UserName,
    scope: Annotated[str, typer.Option(help="read, or control: pause, resume, stop, and what bots report.")] = "read",
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it counts.")] = 90,
    user: Annotated[str | None, typer.Option(help="Whose it is; it never does more than they may.")] = None,
    data_dir: DataDir = None,
    database_url: Database = None,
) -> None:
    """A new token on standard output, shown this once."""
    from dashboard import users

    settings = _settings(data_dir=data_dir, database_url=database_url)
    raise typer.Exit(users.create_token(settings, name, scope, days, user, typer.echo))


@token_app.command("list", epilog=EXIT_CODES)
def token_list(data_dir: DataDir = None, database_url: Database = None) -> None:
    """The tokens that aren't revoked, and when each was used last."""
    from dashboard import users

    raise typer.Exit(users.list_tokens(_settings(data_dir=data_dir, database_url=database_url), typer.echo))


@token_app.command("revoke", epilog=EXIT_CODES)
def token_revoke(name: UserName, data_dir: DataDir = None, database_url: Database = None) -> None:
    """A token counts no more, at once; open sockets of it are closed."""
    from dashboard import users

    raise typer.Exit(users.revoke_token(_settings(data_dir=data_dir, database_url=database_url), name, typer.echo))


@app.command(epilog=EXIT_CODES)
def doctor(data_dir: DataDir = None, database_url: Database = None) -> None:
    """Say what is configured and reachable, which versions run, and what is wrong and how to mend it."""
    settings = _settings(data_dir=data_dir, database_url=database_url)
    from dashboard.doctor import examine

    raise typer.Exit(examine(settings))


@app.command(epilog=EXIT_CODES)
def bot(
    arguments: Annotated[list[str], typer.Argument(metavar="-- COMMAND", help="The bot's own command line.")],
    name: Annotated[str | None, typer.Option(help="What the bot is called here, if not as its program.")] = None,
    schedule: Annotated[
        str | None, typer.Option(help="When runs are expected: five cron fields, New York time, trading days only.")
    ] = None,
    longest: Annotated[
        int | None, typer.Option(min=1, help="A run that takes more seconds is shown as too long.")
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Dry run: show what it would do now, send nothing.")
    ] = False,
    data_dir: DataDir = None,
    database_url: Database = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
) -> None:
    """Start ThetaGang or MoneyTrailz in cron's place, with the strategies that may trade: mtz bot -- thetagang --config FILE.

    The exit code is the bot's; 0 where everything is paused; 1, 3, 5, 6 where it is not started.
    """
    settings = _settings(data_dir=data_dir, database_url=database_url, log_level=log_level, log_format=log_format)
    from dashboard import bot as starting

    if preview:
        raise typer.Exit(starting.preview_bot(settings, arguments, name, typer.echo))
    raise typer.Exit(starting.run_bot(settings, arguments, name, schedule, longest))


def main() -> NoReturn:
    """The console script: every failure is one sentence on stderr and an exit code."""
    try:
        app()
    except SettingsError as error:
        _fail(error.problems, Exit.SETTINGS)
    except CannotRunError as error:
        _fail([str(error)], error.code)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.FAILED)
    except Exception as error:
        _fail([_unexpected(error)], Exit.FAILED)
    sys.exit(Exit.OK)


def _fail(sentences: list[str], code: Exit) -> NoReturn:
    from dashboard.logs import redact

    for sentence in sentences:
        typer.echo(f"mtz: {redact(sentence)}", err=True)
    sys.exit(code)


def _unexpected(error: Exception) -> str:
    """A sentence for what nobody foresaw; the trace goes to a file, for whoever mends it."""
    from dashboard.logs import redact

    summary = str(error).splitlines()[0] if str(error) else type(error).__name__
    path = _write_trace(redact("".join(traceback.format_exception(error))))
    return f"Something unforeseen happened ({summary}): nothing stored is lost; the details are in {path}."


def _write_trace(text: str) -> Path:
    for folder in _trace_folders:
        with contextlib.suppress(OSError):
            path = folder / ("error.log" if folder.name == "logs" else f"mtz-error-{os.getpid()}.log")
            path.unlink(missing_ok=True)
            path.touch(mode=0o600, exist_ok=False)
            path.write_text(text, encoding="utf-8")
            return path
    return Path("nowhere: no folder could be written")


if __name__ == "__main__":
    main()
