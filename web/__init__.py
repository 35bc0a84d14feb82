"""The browser's side: templates, styles and the built client, as data beside this file."""

from pathlib import Path

ASSETS = Path(__file__).parent
