"""Settings that can be read and are yet not meant that way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from server.doctor.configuration import settings
from server.doctor.findings import State
from tests.doctor.case import broken, case, only, wants_attention


async def test_the_defaults_are_well(tmp_path: Path) -> None:
    assert (await only(settings, case(tmp_path))).state is State.OK


async def test_an_address_without_https(tmp_path: Path) -> None:
    found = await only(settings, case(tmp_path, public_url="http://meet.example.org", media_addresses=("1.2.3.4",)))
    assert broken(found, "no camera and no microphone", "TLS proxy")


async def test_a_proxy_whose_word_is_not_trusted(tmp_path: Path) -> None:
    given: dict[str, Any] = {"public_url": "https://meet.example.org", "media_addresses": ("1.2.3.4",)}
    assert wants_attention(await only(settings, case(tmp_path, **given)), "TALKINGPIECE_TRUST_PROXY=true")
    assert (await only(settings, case(tmp_path, trust_proxy=True, **given))).state is State.OK


async def test_private_addresses_for_people_outside(tmp_path: Path) -> None:
    given: dict[str, Any] = {"public_url": "https://meet.example.org", "trust_proxy": True}
    found = await only(settings, case(tmp_path, media_addresses=("10.0.0.5", "fd00::5"), **given))
    assert wants_attention(found, "private addresses only", "10.0.0.5=203.0.113.5")
    mapped = case(tmp_path, media_addresses=("10.0.0.5=1.2.3.4",), **given)
    assert (await only(settings, mapped)).state is State.OK
