"""The ports: is each of them free for the program, or has the running program got it?"""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping

import aiohttp

from server.doctor.case import Case, reachable, unchecked
from server.doctor.findings import Finding, attention, broken, ok
from server.settings import PREFIX
from signalling.insides import own_addresses

_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


async def pages_port(case: Case) -> list[Finding]:
    about, given = "pages port", case.settings
    where = f"TCP port {given.port} of {given.host}"
    if case.runs:
        if await answers_as_ours(case):
            return [ok(about, f"The program runs, and answers at {where}.")]
        return [
            broken(
                about,
                f"The program runs, but does not answer at {where}.",
                "Look at its log; it may be too busy. Is this the environment that it was started with?",
            )
        ]
    if given.port == 0:
        return [attention(about, "PORT=0 takes another port at each start.", "Give PORT a number, for the proxy.")]
    fault = _can_bind(socket.SOCK_STREAM, given.host, given.port)
    if fault is None:
        return [ok(about, f"{where} is free.")]
    if fault.errno == errno.EADDRINUSE and await answers_as_ours(case):
        return [
            broken(
                about,
                f"{where} is answered by a Talking Piece that works elsewhere, or that I may not look into.",
                "Run me with its environment and as its user; if it is another one, set PORT.",
            )
        ]
    if fault.errno == errno.EADDRINUSE:
        return [
            broken(
                about,
                f"{where} is in use, and not by the program on this data directory.",
                "Stop what uses it, or set PORT.",
            )
        ]
    return [_refused(about, where, fault, f"{PREFIX}HOST")]


async def answers_as_ours(case: Case) -> bool:
    """What listens at the pages' port is this program, and has its database."""
    host = reachable(case.settings.host)
    url = f"{'https' if case.settings.tls else 'http'}://{f'[{host}]' if ':' in host else host}:{case.settings.port}"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http,
            http.get(f"{url}/health", ssl=unchecked()) as answer,
        ):
            told = await answer.json()
            return isinstance(told, dict) and told.get("status") == "ok"
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return False


async def media_port(case: Case) -> list[Finding]:
    about, given = "media port", case.settings
    count = max(1, given.media_workers)
    where = f"UDP port {given.media_port}" + (f" to {given.media_port + count - 1}" if count > 1 else "")
    if given.media_port == 0:
        return [
            attention(
                about,
                "Each start takes another UDP port, so no firewall can be opened for it.",
                f"Give {PREFIX}MEDIA_PORT a number.",
            )
        ]
    hosts = tuple(given.media_hosts) or tuple(own_addresses())
    faults = {
        (host, number): fault
        for host in hosts
        for number in range(given.media_port, given.media_port + count)
        if (fault := _can_bind(socket.SOCK_DGRAM, host, number)) is not None
    }
    taken = [key for key, fault in faults.items() if fault.errno == errno.EADDRINUSE]
    if case.runs:
        if taken:
            return [ok(about, f"{where} is in use, as it should be while the program runs.")]
        return [
            broken(
                about,
                f"The program runs, and nothing listens at {where}.",
                "Is this the environment that it was started with?",
            )
        ]
    if taken:
        return [
            broken(
                about,
                f"{where} is in use at {', '.join(sorted({host for host, _ in taken}))}, and not by the program.",
                f"Stop what uses it, or set {PREFIX}MEDIA_PORT.",
            )
        ]
    lost = {host: fault for (host, _), fault in faults.items()}
    if len(lost) == len(hosts):
        return [_refused(about, where, next(iter(lost.values())), f"{PREFIX}MEDIA_ADDRESSES")]
    if lost and given.media_hosts:
        return [
            attention(
                about,
                f"{where} cannot be had at {', '.join(lost)}; the others do.",
                f"{PREFIX}MEDIA_ADDRESSES should name addresses of this machine.",
            )
        ]
    return [ok(about, f"{where} is free. Whether the firewall lets it through can only be seen from outside.")]


async def figures_port(case: Case) -> list[Finding]:
    """Where Prometheus reads, if that is switched on."""
    about, given = "figures port", case.settings
    if not given.metrics_port:
        return []
    where = f"TCP port {given.metrics_port} of {given.metrics_host}"
    fault = _can_bind(socket.SOCK_STREAM, given.metrics_host, given.metrics_port)
    if case.runs:
        token = given.metrics_token.get_secret_value()
        host = reachable(given.metrics_host)
        url = f"http://{f'[{host}]' if ':' in host else host}:{given.metrics_port}/metrics"
        if await _status(url, {"Authorization": f"Bearer {token}"} if token else {}) == 200:
            return [ok(about, f"Prometheus can read at {where}.")]
        return [
            broken(
                about,
                f"The program runs, and gives no figures at {where} with this token.",
                "Is this the environment that it was started with?",
            )
        ]
    if fault is None:
        return [ok(about, f"{where} is free.")]
    if fault.errno == errno.EADDRINUSE:
        return [broken(about, f"{where} is in use.", f"Stop what uses it, or set {PREFIX}METRICS_PORT.")]
    return [_refused(about, where, fault, f"{PREFIX}METRICS_HOST")]


async def _status(url: str, headers: Mapping[str, str]) -> int | None:
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http,
            http.get(url, headers=headers) as answer,
        ):
            return answer.status
    except (aiohttp.ClientError, OSError, TimeoutError):
        return None


def _refused(about: str, where: str, fault: OSError, setting: str) -> Finding:
    if fault.errno in _NOT_HERE:
        return broken(about, f"{where} is at no address of this machine.", f"{setting} should name one that it has.")
    if fault.errno == errno.EACCES:
        return broken(
            about,
            f"{where} is not allowed to this user.",
            "Take one from 1024 on, or give the program CAP_NET_BIND_SERVICE.",
        )
    return broken(about, f"{where} cannot be used ({fault.strerror}).", f"See {setting} and the port's setting.")


def _can_bind(kind: socket.SocketKind, host: str, port: int) -> OSError | None:
    """Take the port as the program would, and let it go at once.  Returns why not."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as tried:
            if kind is socket.SOCK_STREAM:
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            elif tried.family is socket.AF_INET6:
                tried.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            tried.bind((host, port))
            if kind is socket.SOCK_STREAM:
                tried.listen(1)
    except OSError as fault:
        return fault
    return None
