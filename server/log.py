"""The log: events with ids, codes, counts and durations, and nothing that a person said, is called or sent (R34).

The filter is a list of what may pass, not of what may not: a key that is not in `ALLOWED` is dropped, and text that
does not look like an id or a code is withheld.  Libraries log through the standard `logging` and write what they like
into their messages (addresses, SDP, the input that failed), so of a library's record only where it came from passes.
Of a fault, the classes and the places in the code pass; never its message, because messages quote their input.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TextIO

import structlog

ALLOWED = frozenset(
    {
        # added here
        "event",
        "level",
        "timestamp",
        "fault",
        "fault_class",
        "where",
        "withheld",
        # ids
        "account",
        "command",
        "fault_id",
        "meeting",
        "person",
        # codes
        "code",
        "kind",
        "method",
        "phase",
        "reason",
        "route",
        "source",
        "status",
        "version",
        # counts and durations
        "attempt",
        "bytes",
        "count",
        "generation",
        "ms",
        "people",
        "port",
        "rooms",
        "seq",
        "seconds",
    }
)
_CODE = re.compile(r"[A-Za-z0-9_.:/{}<>\-]{0,120}\Z")
_ROOT = Path(__file__).parents[1]

Event = MutableMapping[str, Any]
Logger = structlog.typing.FilteringBoundLogger


def logger() -> Logger:
    """The logger that every module of the server uses: `log.info("meeting_planned", meeting=id, people=4)`."""
    made: Logger = structlog.get_logger()
    return made


def configure(
    level: Literal["debug", "info", "warning", "error"],
    form: Literal["auto", "text", "json"] = "auto",
    stream: TextIO = sys.stderr,
) -> None:
    """Set the log up for the whole process, our own events and those of the libraries alike."""
    text = form == "text" or (form == "auto" and stream.isatty())
    least = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _only_what_may_pass,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _as_text if text else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in root.handlers[:]:
        root.removeHandler(handler)
    root.addHandler(_LibraryHandler())
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)
    for name in ("aiohttp.access", "engineio.server", "socketio.server"):
        # The access log has paths and addresses; the others have payloads and log a traceback for each bad packet.
        logging.getLogger(name).disabled = True


class _LibraryHandler(logging.Handler):
    """Passes on that a library had something to say, and where; its words stay out."""

    def emit(self, record: logging.LogRecord) -> None:
        level = record.levelname.lower() if record.levelno <= logging.ERROR else "error"
        values: dict[str, object] = {"source": f"{record.name}:{record.funcName}:{record.lineno}"}
        if record.exc_info and record.exc_info[1] is not None:
            values["exc_info"] = record.exc_info
        getattr(logger(), level, logger().warning)("library", **values)


def _only_what_may_pass(_logger: object, _method: str, event: Event) -> Event:
    exc_info = event.pop("exc_info", None)
    if exc_info is True:
        exc_info = sys.exc_info()
    elif isinstance(exc_info, BaseException):
        exc_info = (type(exc_info), exc_info, exc_info.__traceback__)
    passed: Event = {}
    withheld = []
    for key, value in event.items():
        if key in ALLOWED and _may_pass(value):
            passed[key] = value
        else:
            withheld.append(key if _CODE.match(key) else "?")
    passed.setdefault("event", "withheld")
    if withheld:
        passed["withheld"] = sorted(withheld)
    if exc_info and exc_info[1] is not None:
        passed["fault_class"] = _classes(exc_info[1])
        passed["where"] = _places(exc_info[2])
    return passed


def _may_pass(value: object) -> bool:
    return (
        value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and bool(_CODE.match(value)))
    )


def _classes(fault: BaseException) -> list[str]:
    """The class of the fault and of those that led to it, the last first."""
    names: list[str] = []
    seen: BaseException | None = fault
    while seen is not None and len(names) < 8:
        names.append(f"{type(seen).__module__}.{type(seen).__qualname__}")
        seen = seen.__cause__ or seen.__context__
    return names


def _places(trace: TracebackType | None) -> list[str]:
    """file:line:function of each frame, the innermost last.  No source line and no value is in it."""
    return [f"{_file(frame.filename)}:{frame.lineno}:{frame.name}" for frame in traceback.extract_tb(trace)[-20:]]


def _file(name: str) -> str:
    """A file of ours from the project's folder on, another one by its last folder: whose machine it is says nothing."""
    path = Path(name)
    return str(path.relative_to(_ROOT)) if path.is_relative_to(_ROOT) else "/".join(path.parts[-2:])


def _as_text(_logger: object, _method: str, event: Event) -> str:
    """One line for a person at a terminal, and the places of a fault below it."""
    places = event.pop("where", ())
    head = f"{event.pop('timestamp')[11:19]} {event.pop('level'):7} {event.pop('event').replace('_', ' ')}"
    rest = " ".join(f"{key}={value}" for key, value in event.items())
    return "\n".join([f"{head}  {rest}".rstrip(), *(f"    {place}" for place in places)])
