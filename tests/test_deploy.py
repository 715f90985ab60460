"""What is deployed names only what there is: settings, verbs, metrics, probes, ports, files."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from pipelines.cli.app import app
from pipelines.config.settings import load
from serving.__main__ import DRAIN_SECONDS
from serving.settings import PREFIX, ServingSettings

DEPLOY = Path(__file__).parents[1] / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
PIPELINES = {f"{PREFIX}{one}" for one in ("DATA_FOLDER", "STORE_URL", "MLFLOW_URI")}
KNOWN = {f"{PREFIX}{one.upper()}" for one in ServingSettings.model_fields} | PIPELINES
OURS = 10001


def text(name: str) -> str:
    return (DEPLOY / name).read_text("utf-8")


def parsed(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(text(name)))


def pods() -> Iterator[dict[str, Any]]:
    [server, *_] = parsed("kubernetes/server.yaml")
    [weekly] = parsed("kubernetes/weekly.yaml")
    yield server["spec"]["template"]["spec"]
    yield weekly["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = parsed("compose.yaml")[0]["services"]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda one: one.name)
def test_every_setting_exists(path: Path) -> None:
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]+[A-Z]\b", path.read_text("utf-8"))) <= KNOWN


def test_the_weekly_run_is_one_command_and_the_same_everywhere() -> None:
    command = ["expansion", "weekly", "--config", "/etc/expansion/expansion.toml"]
    verb = typer.main.get_command(app).get_command(None, "weekly")  # type: ignore[attr-defined, arg-type]
    verb.make_context("weekly", command[2:])
    [_, weekly] = pods()
    assert weekly["containers"][0]["command"] == command
    unit = text("systemd/expansion-weekly.service")
    assert f"ExecStart=/opt/expansion/bin/{' '.join(command)}\n" in unit
    assert f"CMD {json.dumps(command)}\n" in text("Dockerfile")
    assert " ".join(command) in (DEPLOY.parent / "docs" / "operations.md").read_text("utf-8")


def test_nothing_runs_as_root_or_writes_to_its_root() -> None:
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == OURS
        for container in pod["containers"]:
            limits = container["securityContext"]
            assert limits["readOnlyRootFilesystem"] is True
            assert limits["allowPrivilegeEscalation"] is False
            assert limits["capabilities"] == {"drop": ["ALL"]}
    for name in ("server", "mlflow", "pipelines"):
        assert services()[name]["read_only"] is True
        assert services()[name]["user"] == f"{OURS}:{OURS}"
    stages = re.split(r"^FROM ", text("Dockerfile"), flags=re.MULTILINE)
    ends = [one for one in stages if "\nCMD " in one]
    assert len(ends) == 2
    assert all(f"\nUSER {OURS}:{OURS}\n" in one for one in ends)


def test_probes_ask_what_the_server_answers_and_it_has_time_to_stop() -> None:
    [server, _] = pods()
    [container] = server["containers"]
    [port] = container["ports"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = container[probe]["httpGet"]
        assert asked["path"] in ("/health/live", "/health/ready")
        assert asked["port"] == port["name"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    assert str(port["containerPort"]) in re.findall(r'"--port", "(\d+)"', text("Dockerfile"))[0]
    assert "127.0.0.1:8000/health/live" in text("Dockerfile")
    assert server["terminationGracePeriodSeconds"] > DRAIN_SECONDS + 2
    assert int(services()["server"]["stop_grace_period"].rstrip("s")) > DRAIN_SECONDS + 2


def test_every_volume_that_is_mounted_is_there() -> None:
    for pod in pods():
        known = {one["name"] for one in pod["volumes"]}
        assert {one["name"] for c in pod["containers"] for one in c["volumeMounts"]} == known
    named = {v.split(":")[0] for one in services().values() for v in one.get("volumes", ())}
    volumes = set(parsed("compose.yaml")[0]["volumes"])
    assert {one for one in named if re.fullmatch(r"[a-z]+", one)} == volumes


def test_no_file_holds_a_secret_and_secrets_go_by_name() -> None:
    for path in FILES:
        found = re.findall(r"://[^:/@\s]+:([^@\s]+)@", path.read_text("utf-8"))
        assert all(one.startswith("${") for one in found), path
    for pod in pods():
        assert {"secretRef": {"name": "expansion"}} in pod["containers"][0]["envFrom"]


def test_the_configuration_to_begin_with_fits_the_folders_mounted() -> None:
    settings = load(DEPLOY / "expansion.toml")
    [server, weekly] = pods()
    written = {one["mountPath"] for one in weekly["containers"][0]["volumeMounts"]}
    folders = (settings.work, settings.mlflow.home, settings.data_folder)
    assert {str(one) for one in folders} <= written
    [given] = parsed("kubernetes/settings.yaml")
    assert given["data"]["EXPANSION_RELEASE_FOLDER"] == str(settings.release_folder)
    read = {one["mountPath"] for one in server["containers"][0]["volumeMounts"]}
    assert {given["data"][f"{PREFIX}{one}_FOLDER"] for one in ("CACHE", "SPOOL")} < read


def test_every_alarm_asks_for_a_metric_that_exists() -> None:
    told = (DEPLOY.parent / "docs" / "serving.md").read_text("utf-8")
    manual = (DEPLOY.parent / "docs" / "operations.md").read_text("utf-8")
    rules = parsed("prometheus/alerts.yaml")[0]["groups"][0]["rules"]
    assert len(rules) >= 8
    for rule in rules:
        asked = re.findall(r"\bexpansion_\w+", rule["expr"])
        plain = {re.sub(r"_(?:bucket|count|sum)$", "", one) for one in asked}
        assert not [one for one in plain if f"`{one}`" not in told], rule["alert"]
        assert asked or rule["expr"].startswith("up{")
        assert f"`{rule['alert']}`" in manual
        assert rule["labels"]["severity"] in ("page", "ticket")


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kustomize_builds_everything() -> None:
    done = subprocess.run(["kubectl", "kustomize", DEPLOY], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    made = list(yaml.safe_load_all(done.stdout))
    kinds = sorted(one["kind"] for one in made)
    assert kinds == [
        "ConfigMap", "ConfigMap", "CronJob", "Deployment", "PodDisruptionBudget", "Service",
    ]  # fmt: skip


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_units_are_understood_and_closed() -> None:
    units = sorted((DEPLOY / "systemd").iterdir())
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    lines = [one for one in told.splitlines() if "expansion" in one]
    assert not [one for one in lines if "is not executable" not in one]
    for unit in units[:2]:
        command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", unit]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0, unit
