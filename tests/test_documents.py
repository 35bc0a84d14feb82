"""The documents say what is true: README, CHANGELOG, the image and the compose file are held to the code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from server import environment
from tests.test_architecture import tracked

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
MADE_HERE = re.compile(r"(?<![\w.])/(?:work|farm|tmp|root|home/\w+)/")
"""A path of somebody's machine.  Tests may use /tmp through pytest's tmp_path only."""


def _targets() -> list[str]:
    return re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)


def _code_spans(text: str) -> str:
    """What stands in backticks or in fenced blocks."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))


def test_readme_names_every_make_target() -> None:
    code = _code_spans(README.read_text())
    targets = _targets()
    assert {"run", "test", "check", "bench", "bench-media", "screenshots", "clean", "help"} == set(targets)
    assert [target for target in targets if f"make {target}" not in code] == []


def test_readme_maps_every_folder() -> None:
    code = _code_spans(README.read_text())
    top = {path.relative_to(ROOT).parts[0] for path in tracked() if len(path.relative_to(ROOT).parts) > 1}
    folders = {name for name in top if not name.startswith(".")}
    assert folders == {"server", "signalling", "web", "tests"}
    inner = {path.relative_to(ROOT).parts[1] for path in tracked("server") if len(path.relative_to(ROOT).parts) > 2}
    assert [name for name in folders | inner if f"{name}/" not in code] == []


def test_readme_links_to_files_that_are_there() -> None:
    for document in tracked("*.md"):
        links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())
        assert [link for link in links if not (document.parent / link).exists()] == [], document


def test_readme_lists_every_setting_with_its_default() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*?) \|$", README.read_text(), re.MULTILINE)
    told = {name: default.strip("`") for name, default, _ in rows}
    assert told == {row.name: row.default for row in environment.table()}


def test_changelog_knows_this_version() -> None:
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert f"## {version[1]}" in (ROOT / "CHANGELOG.md").read_text()


def _registry_hosts() -> set[str]:
    """The hosts from which this machine installs, read from its own package clients, so that none stands here."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    code = "from pip._internal.models.index import PyPI as p; print(p.url, 'https://' + p.file_storage_domain)"
    listed += subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    listed += subprocess.run(["npm", "config", "get", "registry"], capture_output=True, text=True, check=True).stdout
    for sources in (Path("/etc/apt/sources.list"), *Path("/etc/apt").glob("sources.list.d/*")):
        listed += sources.read_text() if sources.is_file() else ""
    return {host for url in re.findall(r"https?://[^\s'\",]+", listed) if (host := urlsplit(url).hostname)}


def test_no_tracked_file_names_a_package_registry_or_a_path_of_a_machine() -> None:
    hosts = _registry_hosts() - {"localhost", "127.0.0.1"}
    assert hosts
    found = []
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue  # a picture
        if path != Path(__file__):
            found += [(path.name, match.group()) for match in MADE_HERE.finditer(text)]
        found += [(path.name, "a registry's host") for host in hosts if host in text]
    assert found == []


def test_the_packages_of_the_browser_are_locked_without_addresses() -> None:
    lock = (ROOT / "web/package-lock.json").read_text()
    assert '"integrity"' in lock
    assert '"resolved"' not in lock


def test_every_locked_python_package_has_its_hashes() -> None:
    for lock in (ROOT / "requirements.lock", ROOT / "web/node.lock"):
        entries = re.split(r"\n(?=[a-z])", lock.read_text())
        assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == [], lock
        assert "://" not in lock.read_text()


def test_everything_that_is_declared_is_locked() -> None:
    declared = set(re.findall(r'^  "([a-z0-9-]+)', (ROOT / "pyproject.toml").read_text(), re.MULTILINE))
    locked = set(re.findall(r"^([a-z0-9_.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert declared - locked == set()
