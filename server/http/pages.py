"""Pages from templates.  Everything is escaped, and a name that a template misspells is a fault, not an empty place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from aiohttp import hdrs, web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from server.http.origin import CSRF_FIELD
from server.http.words import moment_element, plainly

if TYPE_CHECKING:
    from server.http.calm import Calm
    from server.http.identity import SignedIn
    from server.http.static import StaticFiles


class Pages:
    """The templates, compiled when they are first needed."""

    def __init__(self, folder: Path, files: StaticFiles, *, exit_url: str, time_zone: str) -> None:
        self._jinja = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        zone = ZoneInfo(time_zone)
        self._jinja.globals.update(
            asset=files.address,
            exit_url=exit_url,
            time_zone=time_zone,
            moment=lambda moment: moment_element(moment, zone),
            spoken=lambda moment: plainly(moment, zone),
        )

    def page(self, template: str, *, status: int = 200, **values: object) -> web.Response:
        """A page for anybody."""
        text = self._jinja.get_template(template).render(values)
        return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")

    def desk(self, who: SignedIn, template: str, *, status: int = 200, **values: object) -> web.Response:
        """A page behind an account, whose forms carry the token of its session."""
        field = Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, who.csrf)
        return self.page(
            template,
            status=status,
            account=who.account,
            csrf_field=field,
            at_home=template == "meetings.html",
            **values,
        )

    def calm(self, calm: Calm) -> web.Response:
        response = self.page(
            "calm.html", status=calm.words.status, words=calm.words, code=calm.code, detail=calm.detail
        )
        if calm.retry_after is not None:
            response.headers[hdrs.RETRY_AFTER] = str(calm.retry_after)
        return response


def see_other(path: str) -> web.Response:
    """303: what was sent has been taken; look there with a GET."""
    return web.Response(status=303, headers={hdrs.LOCATION: path})
