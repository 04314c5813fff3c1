"""Conventions for every service of docker-compose.yaml, including those in profiles."""

from __future__ import annotations

import re

import pytest
import yaml

from contender.settings import PROJECT

STACK = yaml.safe_load((PROJECT / "docker-compose.yaml").read_text())
SERVICES = STACK["services"]
RUNNING = {name: service for name, service in SERVICES.items() if service.get("restart") != "no"}
# Services that may start as root, on a writable root file system, and why.
AS_ROOT = {
    "postgres": "it changes the owner of its volume at start, and then runs as its own user",
    "own-objects": "it changes the owner of the S3 server's new volume, has no network, and exits",
}
PUBLISHED = {"api-server", "s3", "mailpit", "grafana", "serve"}


@pytest.mark.parametrize("name", SERVICES)
def test_the_image_has_a_pinned_version(name):
    image = SERVICES[name]["image"]
    assert re.search(r":v?\d+\.\d+[\w.-]*$", image), image


@pytest.mark.parametrize("name", RUNNING)
def test_a_running_service_restarts_and_has_a_health_check_and_a_memory_limit(name):
    service = RUNNING[name]
    assert service["restart"] in ("always", "unless-stopped")
    assert service["healthcheck"]["test"]
    assert service["mem_limit"]


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_published_on_localhost_only(name):
    ports = SERVICES[name].get("ports", [])
    assert all(str(port).startswith("127.0.0.1:") for port in ports)
    assert bool(ports) == (name in PUBLISHED)


@pytest.mark.parametrize("name", sorted(set(SERVICES) - set(AS_ROOT)))
def test_a_service_has_a_read_only_root_and_no_privileges(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert str(service.get("user", "1")) not in ("0", "root", "0:0")


@pytest.mark.parametrize("name", RUNNING)
def test_only_published_services_are_on_the_outside_network(name):
    assert STACK["networks"]["inside"] == {"internal": True}
    networks = set(RUNNING[name]["networks"])
    assert networks == ({"inside", "outside"} if name in PUBLISHED else {"inside"})


def test_secrets_have_no_value_in_the_file():
    for service in SERVICES.values():
        for name, value in (service.get("environment") or {}).items():
            if re.search(r"PASSWORD$|SECRET|_KEY$", name):
                assert re.fullmatch(r"\$\{\w+(:\?[\w ,./]+)?\}", str(value)), name
