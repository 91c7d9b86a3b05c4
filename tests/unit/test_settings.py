"""Settings: what is refused, by name and without secrets; what wins; what the table says."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from pydantic import ValidationError

from dashboard.settings import (
    LOOPBACK_NAMES,
    Settings,
    SettingsError,
    child_environment,
    documentation,
    environment_names,
    load_settings,
)

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def problems(**options: object) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(**options)
    return "\n".join(caught.value.problems)


def test_defaults() -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.ibkr_client_id) == ("127.0.0.1", 8000, 30)
    assert settings.database_url is None
    assert settings.ibkr_host is None
    assert settings.source == "auto"
    assert settings.url == "http://127.0.0.1:8000"
    assert settings.allowed_hosts == LOOPBACK_NAMES
    assert settings.data_dir.is_absolute()


def test_settings_are_frozen() -> None:
    with pytest.raises((ValidationError, dataclasses.FrozenInstanceError)):
        load_settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "near"),
    [("MTZ_PROT", "MTZ_PORT"), ("IBKR_HOSTS", "IBKR_HOST"), ("mtz_port", "MTZ_PORT"), ("MTZ-PORT", "MTZ_PORT")],
)
def test_an_unknown_name_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, near: str) -> None:
    monkeypatch.setenv(name, "hunter2")
    text = problems()
    assert f"{name} is no setting" in text
    assert near in text
    assert "hunter2" not in text


def test_an_unknown_name_in_the_env_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("POSTGRES_PASSWORD=x\nIBKR_PRT=4001\n")
    assert problems().startswith("IBKR_PRT in .env is no setting")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MTZ_PORT\n", "MTZ_PORT in .env has no value (line 1)"),
        ("A=1\n=oops\n", "Line 2 of .env is malformed"),
        ("MTZ_IN_CONTAINER=1\n", "MTZ_IN_CONTAINER is set by the container image alone"),
        ("MTZ_PORT=80a\n", "MTZ_PORT is '80a'; it must be a whole number"),
    ],
)
def test_a_malformed_env_file_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / ".env").write_text(text)
    assert expected in problems()


def test_an_unreadable_env_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00")
    assert problems().startswith(".env can't be read")


def test_options_beat_the_environment_and_that_the_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("MTZ_PORT=8001\nIBKR_HOST=10.0.0.1\nIBKR_PORT=7497\n")
    monkeypatch.setenv("MTZ_PORT", "8002")
    monkeypatch.setenv("IBKR_HOST", "")
    settings = load_settings(port=8003)
    assert settings.port == 8003
    assert load_settings().port == 8002
    assert settings.ibkr_host is None  # an empty value unsets what .env says
    assert settings.ibkr_port == 7497


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MTZ_PORT", "0"),
        ("MTZ_PORT", "65536"),
        ("IBKR_PORT", "http"),
        ("IBKR_CLIENT_ID", "-1"),
        ("IBKR_HOST", "gateway:4001"),
        ("IBKR_HOST", "tcp://10.0.0.1"),
        ("IBKR_ACCOUNT", "my account"),
        ("MTZ_SOURCE", "live"),
        ("MTZ_BENCHMARK", "^GSPC"),
        ("MTZ_BAR_REQUESTS", "41"),
        ("MTZ_LOG_LEVEL", "LOUD"),
        ("MTZ_LOG_FORMAT", "xml"),
        ("MTZ_HOST", "0.0.0.0"),
        ("MTZ_TRUSTED_PROXIES", "proxy"),
        ("MTZ_LOGIN", "never"),
        ("MTZ_SESSION_IDLE_MIN", "0"),
    ],
)
def test_a_malformed_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    text = problems()
    assert text.startswith(name)
    assert value in text
    assert len(text.splitlines()) == 1


def test_every_problem_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTZ_PORT", "x")
    monkeypatch.setenv("IBKR_PORT", "y")
    monkeypatch.setenv("MTZ_NONSENSE", "z")
    assert len(problems().splitlines()) == 3


def test_kubernetes_names_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTZ_PORT", "tcp://10.1.2.3:80")
    monkeypatch.setenv("MTZ_SERVICE_HOST", "10.1.2.3")
    assert problems().count("enableServiceLinks: false") == 2


@pytest.mark.parametrize(
    "url", ["mysql://u:hunter2@h/d", "postgresql://u:hunter2@h", "hunter2", "postgres://u:p@h:hunter2/d"]
)
def test_a_wrong_database_url_is_refused_without_its_password(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    text = problems()
    assert text.startswith("DATABASE_URL must be")
    assert "hunter2" not in text


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_form_of_database_url(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    url = f"{scheme}://user:hunter2@localhost:5432/mtz"
    monkeypatch.setenv("DATABASE_URL", url)
    settings = load_settings()
    assert settings.database_url == url
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_is_served(host: str) -> None:
    settings = load_settings(host=host)
    assert host in settings.allowed_hosts
    assert settings.url == (f"http://[{host}]:8000" if ":" in host else f"http://{host}:8000")


def test_others_are_served_under_names_that_are_known() -> None:
    settings = load_settings(host="192.168.1.5")
    assert settings.allowed_hosts == LOOPBACK_NAMES | {"192.168.1.5"}
    assert not settings.is_local
    assert settings.url == "http://192.168.1.5:8000"
    settings = load_settings(host="0.0.0.0", more_hosts="Dash.example, 10.0.0.9")
    assert settings.allowed_hosts == LOOPBACK_NAMES | {"dash.example", "10.0.0.9"}
    assert not settings.is_local
    assert settings.url == "http://127.0.0.1:8000"
    assert "MTZ_ALLOWED_HOSTS" in problems(host="::")


def test_a_secret_key_is_long_and_never_shown() -> None:
    assert "hunter2" not in problems(secret_key="hunter2")
    assert "x" * 40 not in repr(load_settings(secret_key="x" * 40))


def test_the_image_may_listen_on_its_own_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTZ_IN_CONTAINER", "1")
    settings = load_settings(host="0.0.0.0")
    assert settings.allowed_hosts == LOOPBACK_NAMES
    assert settings.url == "http://127.0.0.1:8000"


def test_a_child_sees_exactly_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:p@h/d")
    settings = load_settings(port=8123, data_dir=tmp_path / "data", log_level="debug")
    (tmp_path / ".env").write_text("IBKR_HOST=10.0.0.1\nMTZ_PORT=1\n")
    for name, value in child_environment(settings).items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


def test_the_table_in_the_docs_is_the_model() -> None:
    text = (PROJECT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert text == documentation(), "run `make docs`"
    for name, field in environment_names().items():
        assert f"| `{name}` |" in text
        assert field.description


def test_the_table_is_linked_from_the_readme() -> None:
    assert "docs/settings.md" in (PROJECT / "README.md").read_text(encoding="utf-8")


def test_every_setting_is_documented() -> None:
    for name, field in Settings.model_fields.items():
        assert field.validation_alias, f"{name} has no environment name"
        assert field.description, f"{name} has no description"
