"""Python-socketio alone, for comparison: a command is answered, and its room is told one body of so many characters.

    python -m tests.bench.signalling_echo CHARACTERS       prints its port

No room, no rules, no journal, no views of one's own: the body is encoded once and sent to all.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import socketio
from aiohttp import web


async def main(characters: int) -> None:
    server = socketio.AsyncServer(async_mode="aiohttp", transports=["websocket"], cors_allowed_origins="*")
    body = {"view": "x" * characters}

    @server.event  # type: ignore[untyped-decorator]  # python-socketio has no types
    async def connect(sid: str, _environ: dict[str, Any], auth: dict[str, str]) -> None:
        await server.enter_room(sid, auth["person"].partition("-")[0])
        await server.save_session(sid, auth["person"].partition("-")[0])

    @server.event  # type: ignore[untyped-decorator]
    async def command(sid: str, _given: object) -> dict[str, bool]:
        await server.emit("view", body, room=await server.get_session(sid))
        return {"ok": True}

    app = web.Application()
    server.attach(app, socketio_path="live")
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
