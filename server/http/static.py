"""The files of web/static, read once and served from memory, each under a name that changes with its content.

Browsers may therefore keep them for ever.  The bundles in built/ carry their hash already, and manifest.json says which
is the current one; into every other name it is put here.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from aiohttp import hdrs, web

from server.http.calm import Calm
from server.http.headers import IMMUTABLE

BUNDLES = ("room.js", "shared.js", "console.js", "room.css", "pages.js", "pages.css")
_BUILT = "built"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".wav": "audio/wav",
}
"""What we have any reason to serve; a file of another kind in the folder is not."""


class NotBuilt(Exception):
    """The bundles for the browser are missing: `make run` builds them, a released wheel holds them."""


@dataclass(frozen=True, slots=True)
class _File:
    type: str
    plain: bytes
    small: bytes | None
    """Compressed by gzip, where that helps."""


class StaticFiles:
    """The files under `folder` as they were when the program started.  Raises `NotBuilt`."""

    def __init__(self, folder: Path) -> None:
        self._served: dict[str, _File] = {}
        try:
            self._current: dict[str, str] = json.loads((folder / _BUILT / "manifest.json").read_text("utf-8"))
        except OSError:
            raise NotBuilt("web/static/built/manifest.json") from None
        for path in sorted(folder.rglob("*")):
            if path.suffix in _TYPES and path.is_file():
                name = path.relative_to(folder).as_posix()
                self._add(name, path.read_bytes())
        missing = [name for name in BUNDLES if self._current.get(name) not in self._served]
        if missing:
            raise NotBuilt(", ".join(missing))

    def address(self, name: str) -> str:
        """The path for a page, of a bundle ("room.js") or of any other file ("icons/appointment.svg")."""
        return f"/static/{self._current[name]}"

    async def serve(self, request: web.Request) -> web.Response:
        """GET /static/{name}."""
        file = self._served.get(request.match_info["name"])
        if file is None:
            raise Calm("not_found")
        headers = {hdrs.CONTENT_TYPE: file.type, hdrs.CACHE_CONTROL: IMMUTABLE, hdrs.VARY: hdrs.ACCEPT_ENCODING}
        if file.small is not None and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            return web.Response(body=file.small, headers={**headers, hdrs.CONTENT_ENCODING: "gzip"})
        return web.Response(body=file.plain, headers=headers)

    def _add(self, name: str, plain: bytes) -> None:
        path = PurePosixPath(name)
        served = name
        if path.parts[0] != _BUILT:
            served = str(path.with_name(f"{path.stem}-{hashlib.sha256(plain).hexdigest()[:8]}{path.suffix}"))
            self._current[name] = served
        small = gzip.compress(plain, 9, mtime=0)
        self._served[served] = _File(_TYPES[path.suffix], plain, small if len(small) < len(plain) else None)
