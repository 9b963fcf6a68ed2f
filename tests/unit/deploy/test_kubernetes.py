"""The example manifests: fit for Kubernetes, and for what amzsync needs of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped] # it ships no types
import pytest
import yaml

from amzsync.cli.app import run
from amzsync.config import load_config
from amzsync.ops.schedule import jobs, runs_per_day
from tests.unit.config.config_files import ENVIRON

FOLDER = Path(__file__).parents[3] / "deploy" / "kubernetes"
CONFIG = "/etc/amzsync/channel.toml"
VERSIONS = ("1.27", "1.30", "1.33")  # timeZone is of 1.27

Manifest = dict[str, Any]


def manifests() -> Iterator[Manifest]:
    """Every document of every file that is Kubernetes' own."""
    for path in sorted(FOLDER.glob("*.yaml")):
        if path.name != "kustomization.yaml":
            yield from yaml.safe_load_all(path.read_text(encoding="utf-8"))


def cron_jobs() -> list[Manifest]:
    return [each for each in manifests() if each["kind"] == "CronJob"]


def pod(manifest: Manifest) -> Manifest:
    """The pod a CronJob starts."""
    spec: Manifest = manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return spec


def containers() -> Iterator[tuple[Manifest, Manifest]]:
    for manifest in cron_jobs():
        for container in pod(manifest)["containers"]:
            yield manifest, container


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The config of the ConfigMap, as a pod finds it."""
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    (found,) = [each for each in manifests() if each["kind"] == "ConfigMap"]
    path = tmp_path / "channel.toml"
    path.write_text(found["data"]["channel.toml"], encoding="utf-8")
    return path


@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_is_what_its_schema_wants(version: str) -> None:
    for manifest in manifests():
        kubernetes_validate.validate(manifest, version, strict=True)


def test_the_checker_sees_what_is_wrong() -> None:
    manifest = cron_jobs()[0]
    manifest["spec"]["concurencyPolicy"] = "Forbid"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, VERSIONS[-1], strict=True)


def test_the_kustomization_names_every_file_and_the_image() -> None:
    found = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))
    files = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(found["resources"]) == files
    assert [image["name"] for image in found["images"]] == ["amzsync"]
    assert {container["image"] for _, container in containers()} == {"amzsync"}
    spaces = {manifest["metadata"].get("namespace") for manifest in manifests()} - {None}
    assert spaces == {found["namespace"]}


def test_the_config_is_in_order_and_holds_no_secret(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["config", "check", "--config", str(config)]) == 0, capsys.readouterr().err
    text = config.read_text(encoding="utf-8")
    assert set(re.findall(r"env:(\w+)", text)) == {*ENVIRON} - {"HOME"}


def test_everything_cron_would_start_is_started_once_and_as_often(config: Path) -> None:
    expected = {tuple(job.words): runs_per_day(job.cron) for job in jobs(load_config(config))}
    found = {}
    for manifest, container in containers():
        words = tuple(container["args"][: container["args"].index("--config")])
        assert words not in found
        found[words] = runs_per_day(manifest["spec"]["schedule"])
    assert found == expected
    morning = {m["metadata"]["name"]: m["spec"]["schedule"] for m in cron_jobs()}
    assert morning["amzsync-tr-refresh"] == "0 6 * * *"


def test_every_container_runs_a_command_on_the_mounted_config(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for _, container in containers():
        args = container["args"]
        assert args[args.index("--config") + 1] == CONFIG
        assert all(isinstance(word, str) for word in args)
        assert run([*args, "--help"]) == 0
        shown = capsys.readouterr().out
        assert all(word in shown for word in args if word.startswith("--"))
        mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        assert mounts == {
            "config": "/etc/amzsync",
            "state": "/var/lib/amzsync",
            "tmp": "/tmp",  # noqa: S108 - the pod's own
        }


def test_no_run_is_joined_by_another_and_none_goes_on_for_ever() -> None:
    for manifest in cron_jobs():
        spec = manifest["spec"]
        assert (spec["concurrencyPolicy"], spec["timeZone"]) == ("Forbid", "Etc/UTC")
        # Kubernetes looks every ten seconds; late beyond the next start is too late.
        assert 10 < spec["startingDeadlineSeconds"] <= 3600
        assert {"successfulJobsHistoryLimit", "failedJobsHistoryLimit"} <= spec.keys()
        job = spec["jobTemplate"]["spec"]
        assert job["backoffLimit"] == 0
        assert job["activeDeadlineSeconds"] > 900, "longer than --max-runtime"
        assert pod(manifest)["restartPolicy"] == "Never"


def test_pods_have_the_rights_of_the_restricted_standard_and_no_more() -> None:
    for manifest, container in containers():
        whole, own = pod(manifest)["securityContext"], container["securityContext"]
        assert whole["runAsNonRoot"] is True
        assert whole["runAsUser"] > 0
        assert whole["seccompProfile"] == {"type": "RuntimeDefault"}
        assert own == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert pod(manifest)["automountServiceAccountToken"] is False
        assert container["resources"]["limits"].keys() == {"memory"}
    (space,) = [each for each in manifests() if each["kind"] == "Namespace"]
    assert space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_all_pods_share_one_volume_and_get_the_secrets_from_a_secret() -> None:
    (claim,) = [each for each in manifests() if each["kind"] == "PersistentVolumeClaim"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]
    for manifest, container in containers():
        volumes = {volume["name"]: volume for volume in pod(manifest)["volumes"]}
        name = volumes["state"]["persistentVolumeClaim"]["claimName"]
        assert name == claim["metadata"]["name"]
        assert container["envFrom"] == [{"secretRef": {"name": "amzsync-tr"}}]
        assert "env" not in container
    assert not [each for each in manifests() if each["kind"] == "Secret"]


def test_the_image_runs_as_the_user_the_pods_run_as() -> None:
    text = (FOLDER.parent / "Containerfile").read_text(encoding="utf-8")
    (user,) = re.findall(r"^USER (\d+):\d+$", text, re.MULTILINE)
    assert {pod(manifest)["securityContext"]["runAsUser"] for manifest in cron_jobs()} == {
        int(user)
    }
    assert 'ENTRYPOINT ["amzsync"]' in text
