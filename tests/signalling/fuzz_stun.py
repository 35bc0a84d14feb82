"""STUN from strangers and from somebody hostile, at a real port before a real ICE."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aioice import ice as aioice_ice
from aioice import stun

from signalling import insides, port
from signalling.counters import Counters
from signalling.insides import MOST_ADDRESSES, MOST_QUEUED, Ice
from signalling.mmsg import sockaddr
from signalling.port import Port, open_ports
from tests.signalling.fuzzing import Target, changed
from tests.signalling.wire import refill

NAME, THEIRS, KEY = "0a0b0c0d", "them", "a password of theirs, long enough"
_CASES_EACH: Final = 2000
"""Cases that one connection stands."""
_ERROR_AT_MOST: Final = 64


class Stun(Target):
    """Nothing is raised; what is not authentic changes nothing and is answered by less than twice itself; what is
    changes no more than it may.
    """

    modules = (port, insides, stun, aioice_ice)

    ice: Ice

    def __init__(self) -> None:
        self.counters = Counters()
        (self.port,) = open_ports(["127.0.0.1"], 0, {}, self.counters)
        self.out: list[bytes] = []
        self.port.sendto = self._keep
        self._rng = random.Random(0)
        self._cases = 0
        self.followed: list[tuple[str, int]] = []

    def _keep(self, data: Any, _: tuple[str, int]) -> int:
        self.out.append(bytes(data))
        return len(data)

    def follow(self, _: Port, address: tuple[str, int]) -> None:
        self.followed.append(address)

    def heard(self, _: float | None) -> None:
        return

    def good(self) -> list[bytes]:
        def request(**more: Any) -> bytes:
            message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
            message.transaction_id = b"\x0a\x0b\x0c\x0d" + b"12345678"
            message.attributes["USERNAME"] = f"{self.ice.local_username}:{THEIRS}"
            message.attributes["PRIORITY"] = 7
            message.attributes |= more
            message.add_message_integrity(self.ice.local_password.encode())
            return bytes(message)

        answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, b"\x0a\x0b\x0c\x0d" + b"12345678")
        answer.attributes["XOR-MAPPED-ADDRESS"] = "127.0.0.1", 9
        answer.add_message_integrity(KEY.encode())
        refusal = stun.Message(stun.Method.BINDING, stun.Class.ERROR, b"\x0a\x0b\x0c\x0d" + b"12345678")
        refusal.attributes["ERROR-CODE"] = 487, "Role Conflict"
        refusal.add_fingerprint()
        controlling, use = {"ICE-CONTROLLING": (1 << 64) - 1}, {"USE-CANDIDATE": None}
        return [request(**{"ICE-CONTROLLED": 5}), request(**controlling, **use), request(**use), bytes(answer),
                bytes(refusal), b"\x16\xfe\xfd" + bytes(60)]  # fmt: skip

    def change(self, rng: random.Random, corpus: Sequence[bytes]) -> bytes:
        self._rng = rng
        data = changed(rng, rng.choice(corpus), corpus)
        return self._signed(data) if rng.random() < 0.4 else data

    def _signed(self, data: bytes) -> bytes:
        """What somebody who knows the password would send of it: attributes as they are, a signature behind them."""
        whole = len(data) - len(data) % 4
        if whole < 20:
            return data
        at = 20
        while at + 4 <= whole and data[at : at + 2] != b"\x00\x08":
            at += 4 + (int.from_bytes(data[at + 2 : at + 4], "big") + 3 & ~3)
        body = data[20 : min(at, whole)]
        head = data[:2] + (len(body) + 24).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + data[8:20].ljust(12, b"\0")
        text = head + body
        signed = text + b"\x00\x08\x00\x14" + stun.message_integrity(text, self.ice.local_password.encode())
        signed = signed[:2] + (len(signed) - 20 + 8).to_bytes(2, "big") + signed[4:]
        crc = stun.message_fingerprint(signed)
        return signed + b"\x80\x28\x00\x04" + crc.to_bytes(4, "big")

    def attempt(self, data: bytes) -> None:
        ice = self.ice
        refill(*ice.allowed)
        where = "127.0.0.1", self._rng.choice((20_000, 20_001, 20_000 + self._rng.randrange(2000)))
        before, sent = self._state(), len(self.out)
        self.port._unusual(data, sockaddr(where, self.port._family)[: self.port._key])
        if not self._authentic(data):
            assert self._state() == before, "what nobody signed has changed something"
            answers = self.out[sent:]
            assert sum(map(len, answers)) < 2 * max(len(data), 28), "an answer that is larger than the question"
            assert all(len(a) <= _ERROR_AT_MOST for a in answers)
        assert len(ice._remote_candidates) <= MOST_ADDRESSES
        assert len(self.port._by_address) <= MOST_ADDRESSES
        assert len(ice._check_list) <= MOST_ADDRESSES
        assert len(ice._early_checks) <= _CASES_EACH
        assert ice._queue.qsize() <= MOST_QUEUED
        assert not self.followed, "nobody has answered a check"
        self._cases += 1

    def _state(self) -> tuple[object, ...]:
        ice = self.ice
        return (
            len(ice._remote_candidates), len(ice._check_list), len(ice._early_checks), ice.ice_controlling,
            len(self.port._by_address), len(self.port._by_name), dict(ice._nominated),
        )  # fmt: skip

    def _authentic(self, data: bytes) -> bool:
        """By aioice's own reading; it is the check before acting that is tested, and not HMAC."""
        try:
            message = stun.parse_message(data)
        except Exception:  # whatever it raises, nobody has signed that
            return False
        keys = self.ice.local_password.encode(), KEY.encode()
        return any(message.check_message_integrity(key) for key in keys)

    async def rest(self) -> None:
        """A new connection now and then, so that every one of its tables is filled from empty again."""
        await asyncio.sleep(0)
        self.out.clear()
        if self._cases >= _CASES_EACH:
            self._cases = 0
            await self.ice.close()
            assert not self.port._by_name
            assert not self.port._by_address
            self.ice = await self._begin()

    async def _begin(self) -> Ice:
        ice = Ice([self.port], self)
        ice._local_username = NAME  # always the same, so that changed copies of old inputs still find their way
        ice._local_password = "f" * 32
        ice.remote_username, ice.remote_password = THEIRS, KEY
        await ice.gather_candidates()
        ice._early_checks_done = True  # as after `connect`: each check is answered, and asked back
        return ice

    async def close(self) -> None:
        await self.ice.close()
        self.port.close()


@asynccontextmanager
async def stun_target() -> AsyncIterator[Stun]:
    target = Stun()
    target.ice = await target._begin()
    target.seeds = target.good()
    try:
        yield target
    finally:
        await target.close()
