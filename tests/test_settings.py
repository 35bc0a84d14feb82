"""The settings: read from the environment or from files, frozen, and refused when they are not meant that way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from server.environment import SettingsRefused, load, table
from server.settings import PREFIX, SECRETS_DIR, Settings

SECRET = "correct horse battery staple, and more"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name == "PORT" or name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


def refused(monkeypatch: pytest.MonkeyPatch, **environ: str) -> str:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsRefused) as told:
        load()
    return str(told.value)


def test_without_a_word_everything_has_its_default() -> None:
    settings = load()
    assert settings == Settings()
    assert settings.origin == "http://localhost:8080"
    assert settings.host == "127.0.0.1"
    assert settings.database == f"sqlite:///{Path('var/talkingpiece.sqlite3').absolute()}"
    assert not settings.secure
    assert not settings.tls
    assert settings.exit_url == "about:blank"


def test_every_setting_comes_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "PORT": "9000",
        "TALKINGPIECE_HOST": "0.0.0.0",
        "TALKINGPIECE_DATA_DIR": "/srv/data",
        "TALKINGPIECE_DATABASE_URL": "postgresql+asyncpg://u:p@h/n",
        "TALKINGPIECE_PUBLIC_URL": "https://Meet.example.org/",
        "TALKINGPIECE_TLS_CERTIFICATE": "/c.pem",
        "TALKINGPIECE_TLS_KEY": "/k.pem",
        "TALKINGPIECE_TRUST_PROXY": "true",
        "TALKINGPIECE_MEDIA_ADDRESSES": "10.0.0.5=203.0.113.5, 2001:db8::5",
        "TALKINGPIECE_MEDIA_PORT": "40000",
        "TALKINGPIECE_TURN_URLS": "turn:turn.example.org?transport=udp, turns:turn.example.org:443?transport=tcp",
        "TALKINGPIECE_TURN_SECRET": SECRET,
        "TALKINGPIECE_TURN_RELAYS": "203.0.113.5, 2001:DB8::5",
        "TALKINGPIECE_RELAY_ONLY": "true",
        "TALKINGPIECE_MEDIA_WORKERS": "4",
        "TALKINGPIECE_EXIT_URL": "https://weather.example/",
        "TALKINGPIECE_TIME_ZONE": "Europe/Oslo",
        "TALKINGPIECE_ACCOUNT_SESSION_HOURS": "1.5",
        "TALKINGPIECE_PERSON_SESSION_HOURS": "2",
        "TALKINGPIECE_JOURNAL_KEY": SECRET,
        "TALKINGPIECE_METRICS_PORT": "9464",
        "TALKINGPIECE_METRICS_HOST": "10.0.0.5",
        "TALKINGPIECE_METRICS_TOKEN": SECRET,
        "TALKINGPIECE_PRACTICE": "false",
        "TALKINGPIECE_LOG_LEVEL": "warning",
        "TALKINGPIECE_LOG_FORMAT": "json",
    }
    assert {row.name for row in table()} == values.keys() | {SECRETS_DIR}, "a new setting stands in this test, too"
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    settings = load()
    assert settings.port == 9000
    assert settings.origin == "https://meet.example.org"
    assert settings.origins == {"https://meet.example.org"}
    assert settings.secure
    assert settings.media_hosts == {"10.0.0.5": "203.0.113.5", "2001:db8::5": "2001:db8::5"}
    assert settings.turn_urls == ("turn:turn.example.org?transport=udp", "turns:turn.example.org:443?transport=tcp")
    assert settings.turn_secret.get_secret_value() == SECRET
    assert settings.turn_relays == ("203.0.113.5", "2001:db8::5")
    assert settings.account_session.total_seconds() == 5400
    assert settings.journal_key.get_secret_value() == SECRET
    changed = [
        name for name in Settings.model_fields if getattr(settings, name) == getattr(Settings.model_construct(), name)
    ]
    assert changed == [], "every value is another than the default"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("TALKINGPIECE_PROT", "PORT"),
        ("TALKINGPIECE_PORT", "PORT"),
        ("TALKINGPIECE_TLS_CERT", "TALKINGPIECE_TLS_CERTIFICATE"),
        ("TALKINGPIECE_TLSKEY", "TALKINGPIECE_TLS_KEY"),
        ("TALKINGPIECE_DATADIR", "TALKINGPIECE_DATA_DIR"),
        ("TALKING_PIECE_HOST", "TALKINGPIECE_HOST"),
        ("TALKINGPEICE_LOG_LEVEL", "TALKINGPIECE_LOG_LEVEL"),
        ("talkingpiece_hots", "TALKINGPIECE_HOST"),
    ],
)
def test_a_misspelt_variable_is_refused_with_the_nearest_right_one(
    monkeypatch: pytest.MonkeyPatch, name: str, nearest: str
) -> None:
    told = refused(monkeypatch, **{name: "some value"})
    assert told == f"{name} is not a setting. Did you mean {nearest}? `talkingpiece settings` lists them all."


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"PORT": "http"}, "PORT: input should be a valid integer, unable to parse string as an integer."),
        ({"PORT": "65536"}, "PORT: input should be less than or equal to 65535."),
        (
            {"TALKINGPIECE_PUBLIC_URL": "meet.example.org"},
            "TALKINGPIECE_PUBLIC_URL: should be like https://meet.example.org, ",
        ),
        ({"TALKINGPIECE_PUBLIC_URL": "https://a.example/b"}, "without a path."),
        (
            {"TALKINGPIECE_EXIT_URL": "javascript:alert(1)"},
            "TALKINGPIECE_EXIT_URL: should be about:blank or begin with",
        ),
        ({"TALKINGPIECE_MEDIA_ADDRESSES": "meet.example"}, "TALKINGPIECE_MEDIA_ADDRESSES: should be IP addresses"),
        ({"TALKINGPIECE_MEDIA_ADDRESSES": "192.0.2.9="}, "or pairs of them like 10.0.0.5=203.0.113.5."),
        ({"TALKINGPIECE_TIME_ZONE": "Londinium"}, "TALKINGPIECE_TIME_ZONE: should be the name of a time zone"),
        (
            {"TALKINGPIECE_TLS_KEY": "k.pem"},
            "TALKINGPIECE_TLS_CERTIFICATE and TALKINGPIECE_TLS_KEY are needed together.",
        ),
        ({"TALKINGPIECE_TURN_URLS": "stun:stun.example.org"}, "TALKINGPIECE_TURN_URLS: should be like turn:turn."),
        ({"TALKINGPIECE_TURN_URLS": "turn:a.example, turn:b.example?transport=sctp"}, ", each of them."),
        ({"TALKINGPIECE_TURN_URLS": "turn:a.example"}, "TURN_URLS and TALKINGPIECE_TURN_SECRET are needed together."),
        ({"TALKINGPIECE_TURN_SECRET": SECRET}, "TURN_URLS and TALKINGPIECE_TURN_SECRET are needed together."),
        ({"TALKINGPIECE_TURN_SECRET": "short"}, "TALKINGPIECE_TURN_SECRET: should have at least 32 characters."),
        ({"TALKINGPIECE_TURN_RELAYS": "turn.example"}, "TALKINGPIECE_TURN_RELAYS: should be IP addresses."),
        (
            {"TALKINGPIECE_RELAY_ONLY": "true"},
            "TALKINGPIECE_RELAY_ONLY needs TALKINGPIECE_TURN_URLS and TALKINGPIECE_TURN_RELAYS.",
        ),
        ({"TALKINGPIECE_JOURNAL_KEY": "short one"}, "TALKINGPIECE_JOURNAL_KEY: should have at least 32 characters."),
        (
            {"TALKINGPIECE_LOG_LEVEL": "loud"},
            "TALKINGPIECE_LOG_LEVEL: input should be 'debug', 'info', 'warning' or 'error'.",
        ),
        ({"TALKINGPIECE_PRACTICE": "perhaps"}, "TALKINGPIECE_PRACTICE: input should be a valid boolean"),
        (
            {"TALKINGPIECE_ACCOUNT_SESSION_HOURS": "-7.25"},
            "TALKINGPIECE_ACCOUNT_SESSION_HOURS: input should be greater than 0.",
        ),
        ({"TALKINGPIECE_SECRETS_DIR": "/nowhere/at/all"}, "TALKINGPIECE_SECRETS_DIR should name a folder."),
    ],
)
def test_a_wrong_value_is_refused_in_words_without_the_value(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], sentence: str
) -> None:
    told = refused(monkeypatch, **environ)
    assert sentence in told
    assert len(told.splitlines()) == 1
    for value in environ.values():
        assert value not in told.replace("https://meet.example.org", "")


def test_every_fault_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told = refused(monkeypatch, PORT="x", TALKINGPIECE_LOG_LEVEL="loud", TALKINGPIECE_EXIT_URL="here")
    assert len(told.splitlines()) == 3


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for row in table():
        monkeypatch.setenv(row.name, "")
    assert load() == Settings()


def test_secrets_come_from_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "talkingpiece_journal_key").write_text(f"{SECRET}\n")
    (tmp_path / "talkingpiece_database_url").write_text("sqlite:////srv/x.db\n")
    (tmp_path / "somebody_elses").write_text("not ours")
    monkeypatch.setenv(SECRETS_DIR, str(tmp_path))
    settings = load()
    assert settings.journal_key.get_secret_value() == SECRET
    assert settings.database == "sqlite:////srv/x.db"
    monkeypatch.setenv("TALKINGPIECE_DATABASE_URL", "sqlite:////srv/y.db")
    assert load().database == "sqlite:////srv/y.db", "the environment goes before the file"
    (tmp_path / "talkingpiece_journal_kye").write_text("x")
    assert "Did you mean TALKINGPIECE_JOURNAL_KEY?" in refused(monkeypatch)


def test_no_secret_is_shown_by_accident(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALKINGPIECE_JOURNAL_KEY", SECRET)
    monkeypatch.setenv("TALKINGPIECE_DATABASE_URL", "postgresql+asyncpg://u:geheim@h/n")
    shown = f"{load()!r} {load()}"
    assert SECRET not in shown
    assert "geheim" not in shown


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        setattr(load(), "port", 1)  # noqa: B010  # mypy would not let it stand otherwise


def test_on_this_machine_every_name_of_it_is_ours() -> None:
    assert Settings(port=9000).origins == {"http://localhost:9000", "http://127.0.0.1:9000", "http://[::1]:9000"}
    assert Settings(port=443, public_url="https://localhost").origins == {
        "https://localhost",
        "https://127.0.0.1",
        "https://[::1]",
    }
    assert Settings(public_url="http://192.0.2.1:8080").origins == {"http://192.0.2.1:8080"}
    assert not Settings(public_url="http://192.0.2.1:8080").local


def test_nothing_else_reads_the_environment() -> None:
    sources = [*Path("server").rglob("*.py"), *Path("signalling").rglob("*.py")]
    readers = [str(path) for path in sources if "os.environ" in path.read_text() or "getenv" in path.read_text()]
    assert sorted(readers) == ["server/environment.py", "server/settings.py"]
