"""Every setting that the deployments name exists in what is installed: Airflow, its providers, Spark, and our own."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path

import airflow
import pyspark
import pytest
import yaml
from airflow.providers.celery.get_provider_info import get_provider_info as of_celery
from airflow.providers.fab.get_provider_info import get_provider_info as of_fab
from airflow.providers.openlineage.get_provider_info import get_provider_info as of_openlineage

from contender.settings import PROJECT, Settings

KUBERNETES = (
    "apache-airflow-providers-cncf-kubernetes==10.25.0"  # not locked: fetched to be asked for its settings
)
DEPLOYMENTS = (
    "docs/SCALING.md",
    "docs/DEPLOYMENT.md",
    "docs/ACCESS.md",
    "docker-compose.yaml",
    "Dockerfile",
    "deploy/kubernetes/values.yaml",
    "deploy/kubernetes/spark-defaults.conf",
)
TEXT = "\n".join((PROJECT / name).read_text() for name in DEPLOYMENTS)
OF_AIRFLOW = sorted(set(re.findall(r"AIRFLOW__([A-Z_]+?)__([A-Z][A-Z_]*[A-Z])", TEXT)))
OF_SPARK = sorted(set(re.findall(r"(?<![\w.])spark(?:\.[a-zA-Z]\w*){2,}", TEXT)))


@cache
def sections() -> dict[str, set[str]]:
    """The settings of the installed Airflow and providers, by section."""
    core = yaml.safe_load((Path(airflow.__file__).parent / "config_templates" / "config.yml").read_text())
    found: dict[str, set[str]] = {}
    for told in (core, *(info()["config"] for info in (of_celery, of_fab, of_openlineage))):
        for section, content in told.items():
            found.setdefault(section, set()).update(content["options"])
    return found


@cache
def words_of_spark() -> str:
    """What the classes of Spark's own jars hold as constants, the names of its settings among them."""
    jars = (Path(pyspark.__file__).parent / "jars").glob("spark-*.jar")
    named = re.compile(rb"spark\.[a-zA-Z][\w.]+")
    words: set[bytes] = set()
    for jar in jars:
        if re.match(r"spark-(core|config|kubernetes|yarn|sql|catalyst|network-common|common)", jar.name):
            with zipfile.ZipFile(jar) as opened:
                for part in opened.namelist():
                    if part.endswith(".class"):
                        words.update(named.findall(opened.read(part)))
    return "\n".join(word.decode() for word in words) + "\n"


@pytest.fixture(scope="session")
def of_kubernetes(tmp_path_factory) -> dict[str, set[str]]:
    """The settings of the Kubernetes provider, by section; its code is read and nothing else of it is installed."""
    folder = tmp_path_factory.mktemp("provider")
    command = [shutil.which("uv"), "pip", "install", "--quiet", "--no-deps", "--python", sys.executable]
    done = subprocess.run(
        [*command, "--target", str(folder), KUBERNETES], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"{KUBERNETES} could not be fetched: {done.stderr.strip().splitlines()[-1]}")
    program = "import json, runpy, sys; print(json.dumps(runpy.run_path(sys.argv[1])['get_provider_info']()['config']))"
    (file,) = folder.rglob("cncf/kubernetes/get_provider_info.py")
    told = subprocess.run(
        [sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=True
    )
    return {section: set(content["options"]) for section, content in json.loads(told.stdout).items()}


@pytest.mark.parametrize(("section", "name"), OF_AIRFLOW)
def test_airflow_has_the_setting(request, section, name):
    known = sections()
    if section.startswith("KUBERNETES"):
        known = request.getfixturevalue("of_kubernetes")
    assert name.lower().removesuffix("_cmd") in known[section.lower()]


@pytest.mark.parametrize("name", OF_SPARK)
def test_spark_has_the_setting(name):
    assert f"{name}\n" in words_of_spark()


def test_contender_has_the_setting():
    known = {f"CONTENDER_{name.upper()}" for name in Settings.model_fields} | {"CONTENDER_UI_PASSWORD"}
    assert set(re.findall(r"\bCONTENDER_[A-Z][A-Z_]*[A-Z]\b", TEXT)) <= known


def test_every_connection_of_spark_comes_to_a_command_for_its_master(monkeypatch):
    from airflow.providers.apache.spark.hooks import spark_submit

    # Its hook asks whether the Kubernetes provider is there, which is not locked.
    monkeypatch.setattr(spark_submit, "kube_client", object(), raising=False)
    given = re.findall(r'`(\{"conn_type": "spark".*?\})` \|', (PROJECT / "docs" / "SCALING.md").read_text())
    masters = []
    for text in given:
        monkeypatch.setenv("AIRFLOW_CONN_SPARK_DEFAULT", text)
        hook = spark_submit.SparkSubmitHook(conn_id="spark_default")
        words = hook._build_spark_submit_command("job.py")
        masters.append(words[words.index("--master") + 1])
        assert ("cluster" in words) is False
    assert masters == ["spark://master:7077", "k8s://https://kubernetes.default.svc:443", "yarn"]


@pytest.mark.parametrize("name", ["LocalExecutor", "CeleryExecutor"])
def test_the_executor_can_be_loaded_with_the_packages_that_are_locked(name):
    from airflow.executors.executor_loader import ExecutorLoader

    module, _, executor = ExecutorLoader.executors[name].rpartition(".")
    assert getattr(importlib.import_module(module), executor).__name__ == name
