"""What is in ``deploy/`` and the Containerfile is real: paths, commands, settings and addresses are those of the program."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from kb import addresses
from kb.cli import app
from kb.settings import Settings

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
UNITS = sorted([*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")])
SERVICES = sorted(DEPLOY.glob("*.service"))
CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")
COMPOSE: Any = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
GUIDE = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(app).commands
SETTINGS = {f"KB_{name.upper()}" for name in Settings.model_fields}
HARDENED = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "RestrictSUIDSGID": "yes",
}


def _unit(path: Path) -> configparser.ConfigParser:
    read = configparser.ConfigParser(strict=True, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]  # names of systemd's keys have capitals
    read.read_string(path.read_text(encoding="utf-8"))
    return read


def _environment() -> dict[str, str]:
    lines = (DEPLOY / "kb.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def _is_command(arguments: list[str]) -> bool:
    """Whether this is a command of the program, with as many arguments as it takes."""
    command = COMMANDS[arguments[0]]
    needed = [one for one in command.params if one.param_type_name == "argument"]
    return len(arguments) - 1 == len(needed)


def test_every_unit_is_described() -> None:
    """The guide names every file of the folder."""
    assert {path.name for path in UNITS} <= set(re.findall(r"[\w-]+\.(?:service|timer)", GUIDE))
    for path in DEPLOY.iterdir():
        assert path.name in GUIDE


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_is_hardened_and_real(path: Path) -> None:
    """It runs a command of the program as its own user, is hardened, and may write only to folders of the settings."""
    service = _unit(path)["Service"]
    assert service["User"] == service["Group"] == "baza-wiedzy"
    assert {key: service[key] for key in HARDENED} == HARDENED
    assert service["MemoryMax"]
    ran = re.search(r"/opt/baza-wiedzy/\.venv/bin/kb (.*?)'?$", service["ExecStart"])
    assert ran
    assert _is_command(shlex.split(ran[1]))
    ours = _environment()
    assert service["EnvironmentFile"].endswith("/kb.env")
    writes = set(service["ReadWritePaths"].split())
    assert writes <= {ours["KB_INDEX"], ours["KB_STORE"], "/var/backups/baza-wiedzy"}
    assert ours["KB_DOCUMENTS"] not in writes


def test_timers_have_services() -> None:
    """Each timer starts the service of its name."""
    for path in DEPLOY.glob("*.timer"):
        assert path.with_suffix(".service") in SERVICES
        assert _unit(path)["Timer"]["OnCalendar"]


def test_settings_are_known() -> None:
    """The settings named in files of the folder, the Containerfile and the guide are settings of the program."""
    for path in (*DEPLOY.iterdir(), ROOT / "Containerfile", ROOT / "docs" / "deployment.md"):
        assert set(re.findall(r"\bKB_[A-Z_]+", path.read_text(encoding="utf-8"))) <= SETTINGS, path
    Settings(**{name.removeprefix("KB_").lower(): value for name, value in _environment().items()})  # type: ignore[arg-type]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    """Systemd finds nothing wrong with them, but that this machine has neither the program nor its user."""
    for path in UNITS:
        text = path.read_text(encoding="utf-8").replace("/opt/baza-wiedzy/.venv/bin/kb", "/bin/true")
        (tmp_path / path.name).write_text(re.sub(r"^(User|Group|EnvironmentFile)=.*\n", "", text, flags=re.MULTILINE))
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    said = [line for line in done.stderr.splitlines() if str(tmp_path) in line]
    assert (done.returncode, said) == (0, [])


def test_the_container_is_made_of_what_is_there() -> None:
    """Files that are copied exist and are not kept out; extras, the command and the health check's address are real."""
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    for line in re.findall(r"^COPY (?!--from)(.*)$", CONTAINERFILE, re.MULTILINE):
        for name in line.split()[:-1]:
            assert (ROOT / name).exists()
            assert f"!{name}" in ignored
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert {"meaning", "ocr"} <= extras.keys()
    assert json.loads(re.findall(r"^ENTRYPOINT (.*)$", CONTAINERFILE, re.MULTILINE)[0]) == ["kb"]
    assert _is_command(json.loads(re.findall(r"^CMD (.*)$", CONTAINERFILE, re.MULTILINE)[0]))
    checked = re.findall(r"http://127\.0\.0\.1:8000(/\w+)", CONTAINERFILE)
    assert checked == ["/readyz"]
    assert addresses.is_for_supervisors(checked[0])
    assert Settings.model_fields["port"].default == 8000
    assert re.findall(r"^USER (.*)$", CONTAINERFILE, re.MULTILINE) == ["10001"]
    # The last user set is that of the program, and what it may write to is its own.
    assert CONTAINERFILE.index("\nUSER ") > CONTAINERFILE.index("useradd")


def test_the_python_of_the_container_would_do() -> None:
    """The image has a Python that the program runs on, the same in both stages."""
    versions = re.findall(r"^FROM docker\.io/library/python:3\.(\d+)-", CONTAINERFILE, re.MULTILINE)
    assert len(versions) == 2
    assert len(set(versions)) == 1
    assert int(versions[0]) >= 11


def test_compose() -> None:
    """Every service is read-only and has no capabilities; its command is one of the program, its volumes are the container's."""
    for name, service in COMPOSE["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert _is_command(service["command"]), name
        places = {volume.split(":")[1] for volume in service["volumes"]} - {"/kopie"}
        assert places <= set(re.findall(r"KB_\w+=(/\S+)", CONTAINERFILE)), name
        build = service["build"]
        assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == ROOT / "Containerfile"
    for name in re.findall(r"run --rm (\w+)", (DEPLOY / "compose.yaml").read_text(encoding="utf-8")):
        assert name in COMPOSE["services"]


def test_logs_have_no_queries() -> None:
    """What the front server writes down of a request has no parameters: they say what people ask."""
    formats = re.findall(r"log_format\s+(\w+)\s+'([^']+)'", GUIDE)
    assert len(formats) == 1
    name, fields = formats[0]
    assert not set(re.findall(r"\$\w+", fields)) & {
        "$request",
        "$request_uri",
        "$args",
        "$query_string",
        "$http_referer",
    }
    assert re.search(rf"access_log \S+ {name};", GUIDE)
    assert re.search(r"error_log \S+ crit;", GUIDE)
