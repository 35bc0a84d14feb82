"""What is shipped: the wheel holds all that the program needs, and the image and the compose file say what README says.

No container engine takes part; what an engine would be told is read and held to the code.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import pytest

from server import environment as environment_
from server.settings import Settings
from tests.test_architecture import tracked
from tests.turn import SECRET, TURN_NAME
from tests.turn import compose as filled

ROOT = Path(__file__).parents[1]
ADDRESS = "203.0.113.5"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as the Dockerfile does: from the tracked files and the built bundle, and nothing else."""
    source = tmp_path_factory.mktemp("source")
    for path in tracked("pyproject.toml", "README.md", "LICENSE", "server", "signalling", "web"):
        target = source / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    shutil.copytree(ROOT / "web/static/built", source / "web/static/built")
    command = [
        sys.executable,
        "-m",
        "pip",
        "-qq",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        "out",
        ".",
    ]
    subprocess.run(command, cwd=source, check=True, timeout=120)
    (built,) = (source / "out").iterdir()
    return built


def test_the_wheel_holds_all_that_is_read_at_run_time(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    needed = {
        path.relative_to(ROOT).as_posix() for path in tracked("web/templates", "web/static", "server", "signalling")
    }
    needed |= {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "web/static/built").iterdir() if path.name[0] != "."
    }
    assert {"server/realtime/PROTOCOL.md", "web/static/built/manifest.json"} <= needed
    assert {name for name in needed - inside if not name.endswith("README.md")} == set()


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    inside = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in inside} == {"server", "signalling", "web", "talkingpiece"}
    assert [name for name in inside if "node_modules" in name or name.startswith(("web/client", "tests"))] == []
    assert any(name.endswith("licenses/LICENSE") for name in inside)


def test_the_program_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    """Started from an empty folder by the installed console script, it serves, migrates its database and stops."""
    site = tmp_path / "site"
    install = ["-qq", "install", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True, timeout=120)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TALKINGPIECE_")}
    environ |= {"PYTHONPATH": str(site), "PORT": "0", "TALKINGPIECE_MEDIA_PORT": "0"}
    environ |= {"TALKINGPIECE_DATA_DIR": str(tmp_path / "data")}
    where = [sys.executable, "-c", "import server, web; print(server.__file__, web.__file__)"]
    places = subprocess.run(where, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True).stdout.split()
    assert [Path(place).is_relative_to(site) for place in places] == [True, True]
    program = subprocess.Popen(
        [sys.executable, str(site / "bin/talkingpiece")],
        cwd=tmp_path,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        url = _address(program)
        assert _get(f"{url}/health")[0] == 200
        status, page = _get(url)
        assert status == 200
        (sheet,) = set(re.findall(r'href="(/static/built/pages[^"]+\.css)"', page))
        assert _get(url + sheet)[0] == 200
    finally:
        program.terminate()
        said, _ = program.communicate(timeout=15)
    assert program.returncode == 0, said
    assert any((tmp_path / "data").iterdir())


def _address(program: subprocess.Popen[str]) -> str:
    assert program.stdout is not None
    for line in program.stdout:
        if found := re.search(r"http://localhost:\d+", line):
            return found[0]
    raise AssertionError("the program ended before it said where to open it")


def _get(url: str) -> tuple[int, str]:
    with urllib.request.urlopen(url, timeout=10) as response:
        return response.status, response.read().decode()


def _stages() -> list[list[tuple[str, str]]]:
    """The Dockerfile as its stages, each a list of (instruction, arguments)."""
    text = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE))
    stages: list[list[tuple[str, str]]] = []
    for line in filter(str.strip, text.splitlines()):
        instruction, _, arguments = line.strip().partition(" ")
        if instruction == "FROM":
            stages.append([])
        stages[-1].append((instruction, arguments))
    return stages


def test_the_image_is_built_in_stages_and_its_last_has_no_node_and_no_root() -> None:
    web, environment, last = _stages()
    assert web[0][1].startswith("node:")
    assert ("RUN", "npm run build") in web
    assert last[0][1].startswith("python:3.11-slim")
    assert any("--require-hashes" in arguments for instruction, arguments in environment if instruction == "RUN")
    assert not [arguments for _, arguments in last if re.search(r"\bnpm\b|\bnode\b|--from=web", arguments)]
    users = [arguments for instruction, arguments in last if instruction == "USER"]
    assert users == ["talkingpiece"]
    assert last.index(("USER", "talkingpiece")) < [instruction for instruction, _ in last].index("CMD")


def test_the_image_copies_what_is_there_and_what_is_sent_to_the_engine() -> None:
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for stage in _stages():
        for instruction, arguments in stage:
            if instruction == "COPY" and "--from" not in arguments:
                for source in shlex.split(arguments)[:-1]:
                    assert (ROOT / source).exists(), source
                    assert source.split("/")[0] in sent, source


def test_the_image_says_whether_it_is_well() -> None:
    last = _stages()[-1]
    (check,) = [arguments for instruction, arguments in last if instruction == "HEALTHCHECK"]
    command = json.loads(check[check.index("CMD") + 3 :])
    compile(command[2], "HEALTHCHECK", "exec")
    assert "/health" in command[2]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return filled(ADDRESS)


def _settings(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> Settings:
    for name in [name for name in os.environ if name == "PORT" or name.startswith("TALKINGPIECE_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment_.load()


def test_compose_gives_the_program_only_settings_that_it_knows(
    compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = dict(compose["services"]["talkingpiece"]["environment"])
    settings = _settings(monkeypatch, environment)
    assert settings.secure
    assert settings.may_hide
    assert settings.turn_secret.get_secret_value() == SECRET
    assert settings.turn_urls == (
        f"turn:{ADDRESS}:3478?transport=udp",
        f"turn:{ADDRESS}:3478?transport=tcp",
        f"turns:{TURN_NAME}:443?transport=tcp",
    )
    image = dict(re.findall(r"(\w+)=(\S+)", " ".join(text for name, text in _stages()[-1] if name == "ENV")))
    ours = {name: value for name, value in image.items() if name == "PORT" or name.startswith("TALKINGPIECE")}
    assert str(_settings(monkeypatch, ours).data_dir) == compose["services"]["talkingpiece"]["volumes"][0].split(":")[1]


def test_compose_puts_a_tls_proxy_and_a_turn_server_beside_the_program(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"talkingpiece", "door", "proxy", "turn"}
    port = services["talkingpiece"]["environment"]["PORT"]
    assert f"reverse_proxy 127.0.0.1:{port}" in compose["configs"]["caddyfile"]["content"]
    assert services["proxy"]["configs"][0]["source"] in compose["configs"]
    turn = services["turn"]["command"]
    assert "--use-auth-secret" in turn
    assert services["turn"]["logging"] == {"driver": "none"}, "it would keep everybody's address"
    assert "exclude http.log.error" in compose["configs"]["caddyfile"]["content"], "it would keep addresses"
    assert services["turn"]["cap_add"] == ["NET_BIND_SERVICE"], "the image's binary is not started without it"
    for service in services.values():
        assert service["cap_drop"] == ["ALL"]
        assert "latest" not in service.get("image", "")


def test_compose_hands_on_what_comes_to_443(compose: dict[str, Any]) -> None:
    """tests/test_turn_tls.py and tests/e2e/test_relay.py try it, but without the proxy."""
    configs = {name: config["content"] for name, config in compose["configs"].items()}
    for name, service in (("haproxy", "door"), ("caddyfile", "proxy"), ("turn", "turn")):
        assert [config["source"] for config in compose["services"][service]["configs"]] == [name]
    (pages,) = re.findall(r"server proxy 127\.0\.0\.1:(\d+) send-proxy-v2$", configs["haproxy"], re.MULTILINE)
    assert f"https_port {pages}\n" in configs["caddyfile"]
    assert f"servers :{pages} {{" in configs["caddyfile"]
    (tls,) = re.findall(rf"server coturn {ADDRESS}:(\d+)$", configs["haproxy"], re.MULTILINE)
    assert f"--tls-listening-port={tls}" in compose["services"]["turn"]["command"]
    assert f"\n{TURN_NAME} {{" in configs["caddyfile"]
    assert compose["services"]["turn"]["environment"]["TURN_DOMAIN"] == TURN_NAME
    kept, read = (compose["services"][service]["volumes"] for service in ("proxy", "turn"))
    assert (kept, read) == (["certificates:/data"], ["certificates:/certificates:ro"])


def test_readme_opens_the_ports_that_compose_uses(compose: dict[str, Any]) -> None:
    readme = (ROOT / "README.md").read_text()
    turn = " ".join(compose["services"]["turn"]["command"])
    ports = re.findall(r"--(?:listening|min|max)-port=(\d+)", turn)
    assert [port for port in ("80", "443", *ports) if not re.search(rf"\b{port}\b", readme)] == []
