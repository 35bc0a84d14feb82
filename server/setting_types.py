"""How a setting is written: what each kind accepts, and the words for what it does not."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

_TURN_URL = re.compile(r"turns?:([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?(\?transport=(udp|tcp))?")


def is_loopback(host: str) -> bool:
    """Nobody but this machine reaches what listens there.  Names other than `localhost` are not looked up."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _addresses(value: tuple[str, ...]) -> tuple[str, ...]:
    for entry in value:
        for part in entry.split("=", 1):
            try:
                ip_address(part)
            except ValueError:
                raise ValueError("should be IP addresses, or pairs of them like 10.0.0.5=203.0.113.5") from None
    return value


def _turn_urls(value: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_TURN_URL.fullmatch(url) for url in value):
        raise ValueError("should be like turn:turn.example.org:3478?transport=udp, each of them")
    return value


def _relays(value: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(str(ip_address(entry)) for entry in value)
    except ValueError:
        raise ValueError("should be IP addresses") from None


def _origin(value: str) -> str:
    if not value:
        return value
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("should be like https://meet.example.org, without a path")
    return f"{parts.scheme}://{parts.netloc}".lower()


def _exit(value: str) -> str:
    if value != "about:blank" and not value.startswith("https://"):
        raise ValueError("should be about:blank or begin with https://")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("should be the name of a time zone, like Europe/London") from None
    return value


def _secret(value: SecretStr) -> SecretStr:
    if value.get_secret_value() and len(value.get_secret_value()) < 32:
        raise ValueError("should have at least 32 characters")
    return value


Port = Annotated[int, Field(ge=0, le=65535)]
Hours = Annotated[float, Field(gt=0, le=24 * 30)]
Secret = Annotated[SecretStr, AfterValidator(_secret)]
Addresses = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_addresses)]
TurnUrls = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_turn_urls)]
Relays = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_relays)]
Origin = Annotated[str, AfterValidator(_origin)]
Exit = Annotated[str, AfterValidator(_exit)]
Zone = Annotated[str, AfterValidator(_zone)]
