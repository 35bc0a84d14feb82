"""The command line: `talkingpiece run` (also without a word), `practice`, `doctor`, `settings`,
`setup-link`, `version`.

What is meant for the person at the terminal goes to standard output and nothing else does; the log goes to standard
error.  What a command stands on is imported when it is carried out: the whole program takes a second to load, and the
list of the settings must not wait for it.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from collections.abc import Sequence
from importlib.metadata import version

from server import environment, log
from server.environment import SettingsRefused
from server.listening import PortTaken, listen
from server.settings import Settings

_REFUSED = 2
"""Exit status when the program could not do what it was asked to, for a reason that it has told."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        told: str | int | None = asked.act(asked)
    except SettingsRefused as refused:
        told = f"The settings cannot be used:\n{textwrap.indent(str(refused), '  ')}"
    if told is None or isinstance(told, int):
        return told or 0
    print(told, file=sys.stderr)
    return _REFUSED


def _parser() -> argparse.ArgumentParser:
    """Each command is a function that returns why it could not be carried out, or None, or an exit status."""
    parser = argparse.ArgumentParser(prog="talkingpiece", description="Virtual mediation for restorative justice.")
    parser.set_defaults(act=_run)
    acts = parser.add_subparsers(title="what to do")
    acts.add_parser("run", help="start the program (the default)").set_defaults(act=_run)
    practice = acts.add_parser("practice", help="make a practice meeting and print a link for each role")
    practice.add_argument("--json", action="store_true", help="print JSON and nothing else")
    practice.set_defaults(act=_practice)
    doctor = acts.add_parser("doctor", help="look at the deployment, and say what is wrong and what to do about it")
    doctor.add_argument("--json", action="store_true", help="print JSON and nothing else")
    doctor.set_defaults(act=_doctor)
    acts.add_parser("settings", help="list every setting").set_defaults(act=_settings)
    acts.add_parser("setup-link", help="print a new link for making the first account").set_defaults(act=_setup_link)
    acts.add_parser("version", help="print the version").set_defaults(act=_version)
    return parser


def _run(_asked: argparse.Namespace) -> str | None:
    settings = environment.load()
    log.configure(settings.log_level, settings.log_format)
    try:
        settings, listening = listen(settings)
    except PortTaken as taken:
        return str(taken)
    from server.run import run

    return run(settings, listening)


def _practice(asked: argparse.Namespace) -> str | None:
    settings = _quietly()
    from server.beside import practice

    return practice(settings, as_json=asked.json)


def _setup_link(_asked: argparse.Namespace) -> str | None:
    settings = _quietly()
    from server.beside import setup_link

    return setup_link(settings)


def _doctor(asked: argparse.Namespace) -> int:
    log.configure("error")
    from server.doctor.terminal import doctor

    return doctor(json=asked.json)


def _quietly() -> Settings:
    """The settings, with a log that has nothing to say while all goes well."""
    settings = environment.load()
    log.configure("warning", settings.log_format)
    return settings


def _settings(_asked: argparse.Namespace) -> None:
    width = max(40, min(shutil.get_terminal_size().columns, 120) - 8)
    for row in environment.table():
        print(row.name + (f"  (default: {row.default})" if row.default else ""))
        print(textwrap.indent(textwrap.fill(row.help, width), "    "))


def _version(_asked: argparse.Namespace) -> None:
    print(version("talkingpiece"))


if __name__ == "__main__":
    sys.exit(main())
