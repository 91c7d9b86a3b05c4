"""Environment and `.env` → frozen :class:`Settings`. The only reader of the environment; imports no driver, no web.

Command line options win over the environment, the environment over `.env` in the current folder. An empty value is the
same as none. `python -m dashboard.settings` prints docs/settings.md.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import sys
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_FILE = Path(".env")
OURS = re.compile(r"(MTZ|IBKR)[_\W]", re.IGNORECASE)
KUBERNETES = re.compile(r"MTZ_(SERVICE_(HOST|PORT)|PORT_\d+_)")
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
POSTGRES_SCHEMES = frozenset({"postgres", "postgresql", "postgresql+psycopg"})


class SettingsError(Exception):
    """Settings that can't be used: one sentence per problem, never a secret's value."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__(" ".join(self.problems))


def default_data_dir() -> Path:
    """Where data lives unless MTZ_DATA_DIR says otherwise.

    As root it is outside /root: the embedded database runs as an unprivileged user, who can't enter there.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/moneytrailz")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "moneytrailz"
    return Path.home() / ".local" / "share" / "moneytrailz"


def _setting(name: str, default: Any, expects: str, about: str, *, secret: bool = False, **limits: Any) -> Any:
    """A field under its environment name; `expects` completes "it must be …", `shown` is the default in the docs."""
    shown = limits.pop("shown", None)
    kwargs = {"default_factory": default} if callable(default) else {"default": default}
    return Field(
        validation_alias=name,
        description=about,
        repr=not secret,
        json_schema_extra={"expects": expects, "secret": secret, "shown": shown},
        **kwargs,
        **limits,
    )


class Settings(BaseSettings):
    """Everything that can be set. Frozen: what a process was started with is what it runs with."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=True, env_file_encoding="utf-8")

    database_url: str | None = _setting(
        "DATABASE_URL", None, "a URL like postgresql://user:password@host:5432/database",
        "PostgreSQL 15 or newer, with or without TimescaleDB: `postgres://`, `postgresql://` or `postgresql+psycopg://`. "
        "Not set: `mtz run` brings a PostgreSQL of its own.",
        secret=True, shown="embedded",
    )  # fmt: skip
    ibkr_host: str | None = _setting(
        "IBKR_HOST", None, "a host name or address without a port (the port is IBKR_PORT)",
        "Where TWS or IB Gateway listens. Not set: `mtz run` starts a simulated gateway (the demo).",
        shown="simulated gateway",
    )  # fmt: skip
    ibkr_port: int = _setting(
        "IBKR_PORT", 4002, "a whole number from 1 to 65535",
        "Its API port: IB Gateway 4001 live, 4002 paper; TWS 7496 live, 7497 paper.", ge=1, le=65535,
    )  # fmt: skip
    ibkr_client_id: int = _setting(
        "IBKR_CLIENT_ID", 30, "a whole number from 0 to 2147483647",
        "The API client id. As the Master Client ID of TWS it also sees the fills of your bots.", ge=0, le=2147483647,
    )  # fmt: skip
    ibkr_account: str | None = _setting(
        "IBKR_ACCOUNT", None, "an account number like U1234567 or DU1234567",
        "Which account, when the log-in has several.", pattern=r"^[A-Za-z]{1,3}[0-9]{3,12}[A-Za-z]?$", shown="the only one",
    )  # fmt: skip
    source: Literal["auto", "demo"] = _setting(
        "MTZ_SOURCE", "auto", "auto or demo",
        "`auto`: the gateway says whether the account is paper or live. `demo`: the gateway at IBKR_HOST is a simulated one.",
    )  # fmt: skip
    host: str = _setting(
        "MTZ_HOST", "127.0.0.1", "an address or name of this machine",
        "Where the web server listens. Anything but loopback (127.0.0.1, ::1, localhost) needs a user first: docs/users.md.",
    )  # fmt: skip
    more_hosts: str | None = _setting(
        "MTZ_ALLOWED_HOSTS", None, "names or addresses separated by commas, without ports",
        "Under which further names browsers reach the server: a proxy's, or this machine's where MTZ_HOST is 0.0.0.0. "
        "Setting it makes a log-in necessary.",
        pattern=r"^[A-Za-z0-9._:-]+(\s*,\s*[A-Za-z0-9._:-]+)*$", shown="none",
    )  # fmt: skip
    trusted_proxies: str | None = _setting(
        "MTZ_TRUSTED_PROXIES", None, "addresses or networks separated by commas, like 127.0.0.1,10.0.0.0/8",
        "Which proxies are believed when they say who asks and that it was https (X-Forwarded-For, X-Forwarded-Proto).",
        shown="none",
    )  # fmt: skip
    login: Literal["auto", "always"] = _setting(
        "MTZ_LOGIN", "auto", "auto or always",
        "`auto`: no log-in for the demo on loopback, else one is needed. `always`: the demo needs one too.",
    )  # fmt: skip
    secret_key: str | None = _setting(
        "MTZ_SECRET_KEY", None, "at least 32 characters",
        "Signs sessions and encrypts what authenticator apps share. Not set: made once and kept in the data folder.",
        secret=True, min_length=32, shown="file `secret-key` in the data folder",
    )  # fmt: skip
    session_idle_min: float = _setting(
        "MTZ_SESSION_IDLE_MIN", 60.0, "minutes from 0.01 to 10080",
        "A session ends when nobody did anything for so long; what a page does by itself doesn't count.",
        ge=0.01, le=10080,
    )  # fmt: skip
    session_hours: float = _setting(
        "MTZ_SESSION_HOURS", 24.0, "hours from 0.001 to 720", "A session ends after so long in any case.", ge=0.001, le=720,
    )  # fmt: skip
    port: int = _setting(
        "MTZ_PORT", 8000, "a whole number from 1 to 65535", "The web server's port.", ge=1, le=65535
    )  # fmt: skip
    data_dir: Path = _setting(
        "MTZ_DATA_DIR", default_data_dir, "a folder",
        "Where the embedded database, the demo's state, the poller's spool and the logs live. As root it must lie outside /root.",
        shown="`~/.local/share/moneytrailz` (macOS: `~/Library/Application Support/moneytrailz`; root: `/var/lib/moneytrailz`)",
    )  # fmt: skip
    demo_hours: Literal["always", "real"] = _setting(
        "MTZ_DEMO_HOURS", "always", "always or real",
        "`always`: the demo's market is open whenever somebody looks. `real`: it keeps the exchange's hours and holidays.",
    )  # fmt: skip
    demo_history_days: int = _setting(
        "MTZ_DEMO_HISTORY_DAYS", 365, "a whole number of days from 0 to 700",
        "How long a past a new demo is given at its first start; 0: none.", ge=0, le=700,
    )  # fmt: skip
    demo_bot: Literal["on", "off"] = _setting(
        "MTZ_DEMO_BOT", "on", "on or off",
        "`on`: where `mtz run` brings the simulated gateway, a small bot trades on it, which can be paused and stopped. "
        "`off`: the gateway's own trader keeps the account in business.",
    )  # fmt: skip
    portfolio_sample_s: float = _setting(
        "MTZ_PORTFOLIO_SAMPLE_S", 1.0, "seconds from 0.1 to 60",
        "A row of the account's history at every change, but at most one in this many seconds.", ge=0.1, le=60,
    )  # fmt: skip
    position_sample_s: float = _setting(
        "MTZ_POSITION_SAMPLE_S", 5.0, "seconds from 0.1 to 60",
        "A row of a position's history when it changed, but at most one in this many seconds for each.", ge=0.1, le=60,
    )  # fmt: skip
    market_data_lines: int = _setting(
        "MTZ_MARKET_DATA_LINES", 40, "a whole number from 0 to 100",
        "How many of the account's market data lines (usually 100) the poller may use; the rest stay your bots'.",
        ge=0, le=100,
    )  # fmt: skip
    benchmark: str = _setting(
        "MTZ_BENCHMARK", "SPY", "the symbol of a stock or fund in USD",
        "What the account is compared with: the poller fetches its price bars too.", pattern=r"^[A-Z][A-Z0-9. ]{0,11}$",
    )  # fmt: skip
    risk_free_pct: float = _setting(
        "MTZ_RISK_FREE_PCT", 0.0, "percent a year from -5 to 30",
        "The risk-free rate that Sharpe ratios are measured against and payoffs are computed with; every page names it.", ge=-5, le=30,
    )  # fmt: skip
    margin: Literal["reg_t", "portfolio"] = _setting(
        "MTZ_MARGIN", "reg_t", "reg_t or portfolio",
        "How the broker computes the account's margin, which the API doesn't say. `portfolio`: returns on an estimate of "
        "Regulation T's margin are left out, because they would say nothing.",
    )  # fmt: skip
    profit_target_pct: float = _setting(
        "MTZ_PROFIT_TARGET_PCT", 50.0, "percent of the premium from 1 to 100",
        "Today lists a short option that has kept so much of its premium.", ge=1, le=100,
    )  # fmt: skip
    dte_limit: int = _setting(
        "MTZ_DTE_LIMIT", 21, "a whole number of days from 0 to 365",
        "Today lists a short option that expires in so many days or fewer.", ge=0, le=365,
    )  # fmt: skip
    cash_funds: str | None = _setting(
        "MTZ_CASH_FUNDS", "SGOV", "symbols separated by commas, or none",
        "Funds in which cash is parked: their value is shown as near-cash beside free cash and never counted in it. "
        "`none`: there is no such fund.",
        pattern=r"^[A-Za-z][A-Za-z0-9. ]{0,11}(\s*,\s*[A-Za-z][A-Za-z0-9. ]{0,11})*$",
    )  # fmt: skip
    bar_requests: int = _setting(
        "MTZ_BAR_REQUESTS", 20, "a whole number from 0 to 40",
        "How many requests for price bars the poller may send in ten minutes. IBKR allows a log-in 60, which your bots "
        "share; 0 fetches no bars.",
        ge=0, le=40,
    )  # fmt: skip
    timescaledb: Literal["auto", "off"] = _setting(
        "MTZ_TIMESCALEDB", "auto", "auto or off",
        "`auto`: a new database uses TimescaleDB where the server has its community edition. `off`: plain tables.",
    )  # fmt: skip
    refresh_s: float = _setting(
        "MTZ_REFRESH_S", 60.0, "seconds from 5 to 3600",
        "How often new rows are rolled up into minutes, hours and days; charts are right in between all the same.",
        ge=5, le=3600,
    )  # fmt: skip
    raw_retention_days: int = _setting(
        "MTZ_RAW_RETENTION_DAYS", 400, "a whole number of days from 14",
        "How long the account's raw samples are kept; their minutes, hours and days stay.", ge=14,
    )  # fmt: skip
    position_retention_days: int = _setting(
        "MTZ_POSITION_RETENTION_DAYS", 60, "a whole number of days from 14",
        "How long the raw samples of positions are kept; their minutes, hours and days stay.", ge=14,
    )  # fmt: skip
    minute_retention_days: int = _setting(
        "MTZ_MINUTE_RETENTION_DAYS", 800, "a whole number of days from 30",
        "How long minutes are kept; hours and days are kept for ever.", ge=30,
    )  # fmt: skip
    compress_after_days: int = _setting(
        "MTZ_COMPRESS_AFTER_DAYS", 7, "a whole number of days from 2",
        "TimescaleDB only: raw samples older than this are compressed.", ge=2,
    )  # fmt: skip
    spool_mb: int = _setting(
        "MTZ_SPOOL_MB", 64, "a whole number from 1 to 100000",
        "How much waits on disk while the database is away, in MB; beyond it samples are thinned, fills never.",
        ge=1, le=100000,
    )  # fmt: skip
    dead_man_minutes: int = _setting(
        "MTZ_DEAD_MAN_MINUTES", 0, "a whole number of minutes from 0 to 1440",
        "The dead-man rule: when the poller or the feed has been dead for so long in the exchange's session, openings are "
        "paused (everything, where a bot can't tell openings apart) until somebody resumes; 0: off. See docs/control.md.",
        ge=0, le=1440,
    )  # fmt: skip
    account_zone: str = _setting(
        "MTZ_ACCOUNT_ZONE", "America/New_York", "a time zone like America/New_York or Europe/London",
        "The account's time zone: times in statements that name no zone are read in it.",
    )  # fmt: skip
    flex_token: str | None = _setting(
        "MTZ_FLEX_TOKEN", None, "the token of the Flex Web Service",
        "Lets `mtz fetch-flex` get statements from the broker. docs/statements.md says how to make one.",
        secret=True, pattern=r"^[A-Za-z0-9]{6,64}$", shown="none",
    )  # fmt: skip
    flex_query_id: str | None = _setting(
        "MTZ_FLEX_QUERY_ID", None, "the number of a Flex query", "Which Activity Flex query it gets.", pattern=r"^[0-9]{1,12}$", shown="none",
    )  # fmt: skip
    flex_fetch: Literal["off", "nightly"] = _setting(
        "MTZ_FLEX_FETCH", "off", "off or nightly",
        "`nightly`: housekeeping gets the statement every night at five in the account's time zone, and imports it.",
    )  # fmt: skip
    flex_url: str = _setting(
        "MTZ_FLEX_URL", "https://ndcdyn.interactivebrokers.com/AccountManagement/FlexWebService", "an address that begins with https://",
        "Where the Flex Web Service is.",
    )  # fmt: skip
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = _setting(
        "MTZ_LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR", "How much is logged.",
    )  # fmt: skip
    log_format: Literal["text", "json"] = _setting(
        "MTZ_LOG_FORMAT", "text", "text or json", "One line of text or one JSON object for each log record.",
    )  # fmt: skip
    in_container: bool = _setting(
        "MTZ_IN_CONTAINER", False, "1 or 0",
        "Set by the container image, where MTZ_HOST may be 0.0.0.0 because compose publishes the port on 127.0.0.1 only. "
        "Not for `.env`.",
        shown="0",
    )  # fmt: skip

    @model_validator(mode="before")
    @classmethod
    def _empty_means_unset(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {key: value for key, value in values.items() if not (isinstance(value, str) and not value.strip())}

    @field_validator("*", mode="before")
    @classmethod
    def _strip(cls, value: Any) -> Any:
        return value.strip() if isinstance(value, str) else value

    @field_validator("log_level", "benchmark", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator("source", "demo_hours", "demo_bot", "log_format", "login", "flex_fetch", "margin", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _postgres_only(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in POSTGRES_SCHEMES or not parts.path.strip("/"):
            raise ValueError("not a PostgreSQL URL with a database name")
        _ = parts.port  # raises ValueError when it is no number
        return value

    @field_validator("account_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("no time zone") from None
        return value

    @field_validator("flex_url")
    @classmethod
    def _encrypted(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            raise ValueError("not encrypted: the token would be read by others")
        return value.rstrip("/")

    @field_validator("ibkr_host")
    @classmethod
    def _host_without_port(cls, value: str | None) -> str | None:
        if value is not None and not _is_address(value) and not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*)", value):
            raise ValueError("not a host name")
        return value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return Path(os.path.abspath(value.expanduser()))  # noqa: PTH100 - resolve() would follow links

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str | None) -> str | None:
        for item in (value or "").split(",") if value else []:
            ipaddress.ip_network(item.strip(), strict=False)  # raises ValueError when it is none
        return value

    @model_validator(mode="after")
    def _names_are_known(self) -> Settings:
        if is_wildcard(self.host) and not self.in_container and not self.more_hosts:
            raise ValueError(
                f"MTZ_HOST is {self.host!r}, every address of this machine: "
                "say in MTZ_ALLOWED_HOSTS under which names browsers reach it."
            )
        return self

    @property
    def control_dir(self) -> Path:
        """What bots read before they start: the kill switch, the states last known, their locks."""
        return self.data_dir / "control"

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """Names (without port) that a request's Host and Origin may carry: loopback's, the bind address and MTZ_ALLOWED_HOSTS."""
        more = {name.strip().lower() for name in (self.more_hosts or "").split(",")} - {""}
        return LOOPBACK_NAMES | more | (set() if is_wildcard(self.host) else {self.host.lower()})

    @property
    def proxy_networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """MTZ_TRUSTED_PROXIES."""
        items = (self.trusted_proxies or "").split(",")
        return tuple(ipaddress.ip_network(item.strip(), strict=False) for item in items if item.strip())

    @property
    def cash_fund_symbols(self) -> frozenset[str]:
        """MTZ_CASH_FUNDS."""
        return frozenset(name.strip().upper() for name in (self.cash_funds or "").split(",")) - {"", "NONE"}

    @property
    def is_demo(self) -> bool:
        """Whether these settings themselves name no real gateway; a database may still hold a real account."""
        return self.ibkr_host is None or self.source == "demo"

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches the server: loopback, or a container whose port is published there."""
        return self.more_hosts is None and (self.in_container or is_loopback(self.host))

    @property
    def own_host(self) -> str:
        """How this machine itself reaches the server."""
        return "127.0.0.1" if is_wildcard(self.host) else self.host

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the dashboard."""
        host = self.own_host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def is_wildcard(host: str) -> bool:
    """Whether `host` means every address of this machine."""
    return _is_address(host) and ipaddress.ip_address(host).is_unspecified


def is_loopback(host: str) -> bool:
    """Whether `host` is an address or name of this machine alone."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def environment_names() -> dict[str, FieldInfo]:
    """Environment name → field, in the order of the documentation."""
    return {str(field.validation_alias): field for field in Settings.model_fields.values()}


def given_names(env_file: Path = ENV_FILE) -> set[str]:
    """The names that the environment or `.env` give a value."""
    given: dict[str, str | None] = dict(dotenv_values(env_file)) if env_file.is_file() else {}
    return {name for name in environment_names() if (given | dict(os.environ)).get(name)}


def load_settings(env_file: Path = ENV_FILE, **options: Any) -> Settings:
    """The settings of this process; `options` (by field name, None = not given) win.

    Raises:
        SettingsError: an unknown or malformed name, a malformed value, an unreadable `.env`.
    """
    problems = _unknown_names(os.environ, "") + _env_file_problems(env_file)
    given = {str(Settings.model_fields[key].validation_alias): v for key, v in options.items() if v is not None}
    try:
        settings = Settings(_env_file=env_file if env_file.is_file() else None, **given)
    except ValidationError as error:
        raise SettingsError(problems + [_sentence(dict(item)) for item in error.errors()]) from None
    except (OSError, UnicodeDecodeError):
        raise SettingsError(problems) from None
    if problems:
        raise SettingsError(problems)
    return settings


def child_environment(settings: Settings) -> dict[str, str]:
    """The environment of a process that must see exactly `settings`, whatever `.env` says by then."""
    env = {key: value for key, value in os.environ.items() if key not in environment_names() and not OURS.match(key)}
    for name, field in environment_names().items():
        value = getattr(settings, _field_name(field))
        env[name] = "" if value is None else str(int(value)) if isinstance(value, bool) else str(value)
    return env


def _field_name(field: FieldInfo) -> str:
    return next(name for name, candidate in Settings.model_fields.items() if candidate is field)


def _unknown_names(names: Iterable[str], where: str) -> list[str]:
    known = environment_names()
    problems = []
    for name in sorted(names):
        if name in known or not OURS.match(name):
            continue
        if KUBERNETES.match(name):
            problems.append(
                f"{name}{where} was injected by Kubernetes for a service named mtz: set enableServiceLinks: false."
            )
            continue
        near = difflib.get_close_matches(re.sub(r"\W", "_", name).upper(), known, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]}?" if near else "docs/settings.md lists those that exist."
        problems.append(f"{name}{where} is no setting of this program; {hint}")
    return problems


def _env_file_problems(path: Path) -> list[str]:
    if not path.exists():
        return []
    try:
        bindings = list(parse_stream(StringIO(path.read_text(encoding="utf-8"))))
    except (OSError, UnicodeDecodeError):
        return [f"{path} can't be read: make it a readable text file (UTF-8), or remove it."]
    problems = [f"Line {b.original.line} of {path} is malformed: write NAME=value." for b in bindings if b.error]
    keys = [b.key for b in bindings if b.key and not b.error]
    problems += [
        f"{b.key} in {path} has no value (line {b.original.line}): write {b.key}=value."
        for b in bindings
        if b.key and b.value is None and not b.error and (OURS.match(b.key) or b.key in environment_names())
    ]
    if "MTZ_IN_CONTAINER" in keys:
        problems.append(f"MTZ_IN_CONTAINER is set by the container image alone: remove it from {path}.")
    return problems + _unknown_names(set(keys), f" in {path}")


def _sentence(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors in words of our own: theirs would echo secrets."""
    field = environment_names().get(str(error["loc"][0])) if error["loc"] else None
    if field is None:
        return str(error["ctx"]["error"])
    extra: Any = field.json_schema_extra
    name, value = field.validation_alias, str(error.get("input", ""))
    if name == "MTZ_PORT" and value.startswith("tcp://"):
        return (
            "MTZ_PORT is an address that Kubernetes injected for a service named mtz: "
            "set enableServiceLinks: false, or name the service otherwise."
        )
    shown = "" if extra["secret"] else f" is {value[:60]!r}; it"
    return f"{name}{shown} must be {extra['expects']}."


def documentation() -> str:
    """docs/settings.md, made from the model."""
    rows = []
    for name, field in environment_names().items():
        extra: Any = field.json_schema_extra
        default = extra["shown"] or f"`{field.default}`"
        rows.append(f"| `{name}` | {default} | {field.description} |")
    return DOCUMENT.format(rows="\n".join(rows))


DOCUMENT = """# Settings

Made from `dashboard/settings.py` by `make docs`; a test fails when they differ.

Command line options win over the environment, the environment over a file `.env` in the current folder. An empty value
is the same as none. A name that begins with `MTZ_` or `IBKR_` and isn't in this table is refused at start, by name.

| name | default | what it does |
|---|---|---|
{rows}
"""


if __name__ == "__main__":
    sys.stdout.write(documentation())
