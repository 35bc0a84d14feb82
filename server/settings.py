"""Everything that can be set from outside, as one frozen value.  `environment` reads it.

A setting comes from its environment variable, or from a file of the same name (lower case) in the folder named by
`TALKINGPIECE_SECRETS_DIR`, which is how containers hand over secrets.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SecretsSettingsSource, SettingsConfigDict

from server.setting_types import Addresses, Exit, Hours, Origin, Port, Relays, Secret, TurnUrls, Zone, is_loopback

PREFIX = "TALKINGPIECE_"
SECRETS_DIR = f"{PREFIX}SECRETS_DIR"
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class Settings(BaseSettings):
    """`environment.table()` has the names of the variables; the texts are what `talkingpiece settings` prints."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="forbid",
        env_ignore_empty=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    port: Port = Field(
        default=8080,
        validation_alias="PORT",
        description="The one TCP port for pages and live messages; 0 takes a free one.",
    )
    host: str = Field(default="127.0.0.1", description="The address to listen on; 0.0.0.0 for every interface.")
    data_dir: Path = Field(
        default=Path("var"), description="The folder of the SQLite database and of the journal's key."
    )
    database_url: str = Field(
        default="",
        repr=False,
        description="SQLAlchemy URL; empty for SQLite in the data directory. "
        "For PostgreSQL: postgresql+asyncpg://user:password@host/name.",
    )
    public_url: Origin = Field(
        default="",
        description="The address that people open, as it stands in their links; empty for localhost and the port. "
        "Browsers give camera and microphone only to https and to localhost.",
    )
    tls_certificate: Path | None = Field(
        default=None, description="PEM file with the certificate chain, to serve https."
    )
    tls_key: Path | None = Field(default=None, description="PEM file with the key of the certificate.")
    trust_proxy: bool = Field(
        default=False,
        description="A proxy in front sets X-Forwarded-For: take the caller's address from its last entry. "
        "Only for counting attempts to sign in.",
    )
    media_addresses: Addresses = Field(
        default=(),
        description="IP addresses of this machine at which browsers reach the sound and pictures, separated by commas; "
        "empty for all. Behind a router that translates, with what browsers call it: 10.0.0.5=203.0.113.5.",
    )
    media_port: Port = Field(
        default=10000,
        description="The one UDP port for everybody's sound and pictures; 0 takes a free one. "
        "With media workers the first one's, and the next one has the next.",
    )
    media_workers: Annotated[int, Field(ge=0, le=64)] = Field(
        default=0,
        description="Processes that carry sound and pictures, each a whole core's worth of meetings; "
        "0 for the program's own, which is enough for about ten meetings at a time.",
    )
    turn_urls: TurnUrls = Field(
        default=(),
        description="Where browsers find the TURN server, separated by commas: turn:turn.example.org?transport=udp, "
        "the same with tcp, turns:turn.example.org:443?transport=tcp. Empty for none.",
    )
    turn_secret: Secret = Field(
        default=SecretStr(""),
        description="Secret that the TURN server shares with us, at least 32 characters (coturn: static-auth-secret).",
    )
    turn_relays: Relays = Field(
        default=(),
        description="IP addresses from which the TURN server relays (coturn: relay-ip), separated by commas. "
        "Needed to hide addresses: sound and pictures of these people are taken from nowhere else.",
    )
    relay_only: bool = Field(
        default=False,
        description="Everybody's sound and pictures go by the TURN server and never directly. "
        "Without it a facilitator can ask for this for one person.",
    )
    exit_url: Exit = Field(
        default="about:blank",
        description="Where the quick exit goes: about:blank or a page that nobody would ask about.",
    )
    time_zone: Zone = Field(
        default="UTC",
        description="Time zone of a date that a facilitator types where the browser does not tell its own.",
    )
    account_session_hours: Hours = Field(default=12, description="How long a facilitator stays signed in, in hours.")
    person_session_hours: Hours = Field(
        default=12, description="How long an opened link keeps a browser in the meeting, in hours."
    )
    journal_key: Secret = Field(
        default=SecretStr(""),
        description="Secret that seals the journal, at least 32 characters; empty for one made in the data directory.",
    )
    metrics_port: Port | None = Field(
        default=None,
        description="TCP port for Prometheus to read figures from (/metrics); 0 takes a free one, empty opens none.",
    )
    metrics_host: str = Field(
        default="127.0.0.1",
        description="The address of that port. Any but 127.0.0.1 can be reached from elsewhere and needs the token.",
    )
    metrics_token: Secret = Field(
        default=SecretStr(""),
        description="Secret that Prometheus has to show to read the figures (authorization: Bearer), "
        "at least 32 characters; empty for none.",
    )
    practice: bool = Field(
        default=True,
        description="Offer practice meetings: one on an empty data directory, more by `talkingpiece practice`.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least level that is logged: debug, info, warning or error."
    )
    log_format: Literal["auto", "text", "json"] = Field(
        default="auto", description="text or json; auto is text on a terminal and json elsewhere."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What the program itself says, then the environment, then files; no `.env` is looked for."""
        folder = os.environ.get(SECRETS_DIR)
        files = (SecretsSettingsSource(settings_cls, secrets_dir=folder),) if folder else ()
        return (init_settings, env_settings, *files)

    @model_validator(mode="after")
    def _certificate_has_its_key(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("TALKINGPIECE_TLS_CERTIFICATE and TALKINGPIECE_TLS_KEY are needed together")
        return self

    @model_validator(mode="after")
    def _relay_is_whole(self) -> Self:
        if bool(self.turn_urls) != bool(self.turn_secret.get_secret_value()):
            raise ValueError("TALKINGPIECE_TURN_URLS and TALKINGPIECE_TURN_SECRET are needed together")
        if self.relay_only and not self.may_hide:
            raise ValueError("TALKINGPIECE_RELAY_ONLY needs TALKINGPIECE_TURN_URLS and TALKINGPIECE_TURN_RELAYS")
        return self

    @model_validator(mode="after")
    def _every_worker_has_a_port(self) -> Self:
        if self.media_port + max(0, self.media_workers - 1) > 65535:
            raise ValueError("TALKINGPIECE_MEDIA_PORT should leave a port up to 65535 for each media worker")
        return self

    @model_validator(mode="after")
    def _figures_are_not_for_everybody(self) -> Self:
        if self.metrics_port is not None and not (is_loopback(self.metrics_host) or self.metrics_token):
            raise ValueError("TALKINGPIECE_METRICS_TOKEN is needed where TALKINGPIECE_METRICS_HOST is not 127.0.0.1")
        return self

    @property
    def media_hosts(self) -> dict[str, str]:
        """Address of this machine -> what browsers call it; empty for all that it has."""
        pairs = (entry.partition("=") for entry in self.media_addresses)
        return {own: public or own for own, _, public in pairs}

    @property
    def may_hide(self) -> bool:
        """There is a relay, and we know from where it comes: somebody's address can be hidden."""
        return bool(self.turn_urls and self.turn_relays)

    @property
    def tls(self) -> bool:
        """We speak TLS ourselves (a proxy in front may do it instead)."""
        return self.tls_certificate is not None

    @property
    def origin(self) -> str:
        """What people's browsers call us: scheme, host and port without a trailing slash."""
        return self.public_url or f"{'https' if self.tls else 'http'}://localhost:{self.port}"

    @property
    def secure(self) -> bool:
        """Browsers reach us by https, so cookies are `Secure` and HSTS is sent."""
        return self.origin.startswith("https://")

    @property
    def local(self) -> bool:
        """We are opened on the machine that we run on, where browsers need no https."""
        return urlsplit(self.origin).hostname in ("localhost", "127.0.0.1", "::1")

    @property
    def origins(self) -> frozenset[str]:
        """Every Origin that is ours.  On localhost the other names of this machine are ours as well."""
        parts = urlsplit(self.origin)
        if not self.local:
            return frozenset({self.origin})
        port = f":{parts.port}" if parts.port else ""
        return frozenset(f"{parts.scheme}://{name}{port}" for name in _LOOPBACK)

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in use."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'talkingpiece.sqlite3').absolute()}"

    @property
    def account_session(self) -> timedelta:
        return timedelta(hours=self.account_session_hours)

    @property
    def person_session(self) -> timedelta:
        return timedelta(hours=self.person_session_hours)
