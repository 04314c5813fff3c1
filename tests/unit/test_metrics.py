"""The dashboard queries metrics that Airflow sends with the settings of docker-compose.yaml."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import airflow
import pytest
import yaml

from contender.settings import PROJECT

OBSERVABILITY = PROJECT / "docker" / "observability"
DASHBOARD = json.loads((OBSERVABILITY / "grafana" / "dashboards" / "nights.json").read_text())
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
REGISTRY = Path(airflow.__file__).parent / "_shared" / "observability" / "metrics" / "metrics_template.yaml"
OF_A_HISTOGRAM = ("_bucket", "_sum", "_count")


def sent() -> dict[str, dict]:
    """Every metric of the installed Airflow, by the exporter's name for it."""
    found = {}
    for measure in yaml.safe_load(REGISTRY.read_text())["metrics"]:
        name = "airflow_" + re.sub(r"\W", "_", measure["name"])
        found |= {name + end: measure for end in (OF_A_HISTOGRAM if measure["type"] == "timer" else ("",))}
    return found


@pytest.mark.parametrize("query", QUERIES)
def test_each_metric_of_the_dashboard_is_sent_by_airflow(query):
    names = set(re.findall(r"airflow_\w+", query))
    assert names
    assert names <= set(sent())


@pytest.mark.parametrize("query", [one for one in QUERIES if "{" in one or " by " in one])
def test_each_label_of_the_dashboard_is_a_tag_of_its_metric(query):
    labels = {part for group in re.findall(r"by \(([^)]*)\)", query) for part in group.split(", ")} - {"le"}
    labels |= set(re.findall(r"\{(\w+)=", query))
    for name in re.findall(r"airflow_\w+", query):
        assert labels <= set(sent()[name]["name_variables"])


def test_the_dashboard_uses_the_provisioned_data_source():
    (source,) = yaml.safe_load(
        (OBSERVABILITY / "grafana" / "provisioning" / "datasources" / "prometheus.yaml").read_text()
    )["datasources"]
    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]} == {source["uid"]}


def test_airflow_sends_metrics_with_tags_in_the_exporters_format():
    stack = yaml.safe_load((PROJECT / "docker-compose.yaml").read_text())
    given = {
        k: str(v)
        for k, v in stack["x-contender"]["environment"].items()
        if k.startswith("AIRFLOW__METRICS__")
    }
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(30)
        given |= {
            "AIRFLOW__METRICS__STATSD_ON": "True",
            "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
            "AIRFLOW__METRICS__STATSD_PORT": str(listening.getsockname()[1]),
        }
        # The scheduler and each task initialize their metrics in this way.
        program = (
            "from airflow.configuration import conf;"
            "from airflow.observability.metrics import stats_utils;"
            "from airflow._shared.observability.metrics import stats;"
            "legacy = conf.getboolean('metrics', 'legacy_names_on');"
            "stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=legacy);"
            "stats.incr('ti.finish', tags={'dag_id': 'd', 'task_id': 't', 'state': 'success', 'run_id': 'r'})"
        )
        subprocess.run([sys.executable, "-c", program], env=os.environ | given, check=True, timeout=120)
        wanted = "airflow.ti.finish,dag_id=d,task_id=t,state=success:1|c"
        while listening.recv(1000).decode() != wanted:  # until the socket times out
            pass
