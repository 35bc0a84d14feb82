"""Ports that are taken, not here, or never the same."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from server.doctor.findings import State
from server.doctor.ports import figures_port, media_port, pages_port
from tests.app import RunningApp
from tests.doctor.case import broken, case, only, wants_attention
from tests.turn import free_port


async def test_free_ports_are_free_and_still_are_afterwards(tmp_path: Path) -> None:
    looked_at = case(tmp_path, port=free_port(), media_port=free_port())
    for _ in range(2):
        assert (await only(pages_port, looked_at)).state is State.OK
        found = await only(media_port, looked_at)
        assert found.state is State.OK
        assert "only be seen from outside" in found.says, "what cannot be known is said"


async def test_a_pages_port_that_somebody_else_has(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert broken(await only(pages_port, case(tmp_path, port=port)), f"TCP port {port} of 127.0.0.1 is in use")


@pytest.mark.parametrize(("workers", "above"), [(0, 0), (3, 2)])
async def test_a_media_port_that_somebody_else_has(tmp_path: Path, workers: int, above: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        first = taken.getsockname()[1] - above
        looked_at = case(tmp_path, media_port=first, media_workers=workers)
        assert broken(await only(media_port, looked_at), f"UDP port {first}", "in use at 127.0.0.1", "MEDIA_PORT")


async def test_an_address_that_this_machine_has_not(tmp_path: Path) -> None:
    port = free_port()
    assert broken(await only(pages_port, case(tmp_path, host="203.0.113.7", port=port)), "no address of this machine")
    looked_at = case(tmp_path, media_addresses=("203.0.113.7",), media_port=port)
    assert broken(await only(media_port, looked_at), "no address of this machine", "TALKINGPIECE_MEDIA_ADDRESSES")
    looked_at = case(tmp_path, media_addresses=("127.0.0.1", "203.0.113.7"), media_port=port)
    assert wants_attention(await only(media_port, looked_at), "203.0.113.7")


async def test_the_port_for_figures(tmp_path: Path) -> None:
    assert await figures_port(case(tmp_path)) == []
    port = free_port()
    assert (await only(figures_port, case(tmp_path, metrics_port=port))).state is State.OK
    with socket.create_server(("127.0.0.1", port)):
        assert broken(await only(figures_port, case(tmp_path, metrics_port=port)), f"TCP port {port}", "METRICS_PORT")
    with RunningApp(tmp_path / "app", METRICS_PORT=str(port), METRICS_TOKEN="0" * 32):
        right = case(tmp_path, runs=True, metrics_port=port, metrics_token="0" * 32)
        assert (await only(figures_port, right)).state is State.OK
        wrong = case(tmp_path, runs=True, metrics_port=port, metrics_token="1" * 32)
        assert broken(await only(figures_port, wrong), "gives no figures")


async def test_ports_that_are_others_at_each_start(tmp_path: Path) -> None:
    assert wants_attention(await only(pages_port, case(tmp_path, port=0)), "at each start")
    assert wants_attention(await only(media_port, case(tmp_path, media_port=0)), "firewall")
