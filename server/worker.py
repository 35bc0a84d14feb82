"""One media worker of the program as a process of its own: signalling's, with the program's log."""

from __future__ import annotations

import argparse

from server import log
from signalling import worker


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m server.worker", description="Started by the program itself.")
    parser.add_argument("log_level", choices=["debug", "info", "warning", "error"])
    parser.add_argument("log_format", choices=["auto", "text", "json"])
    asked = parser.parse_args()
    log.configure(asked.log_level, asked.log_format)
    worker.main()


if __name__ == "__main__":
    main()
