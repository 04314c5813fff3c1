"""What holds of every service of docker-compose.yaml, those of its profiles among them."""

from __future__ import annotations

import re

import pytest
import yaml

from contender.settings import PROJECT

STACK = yaml.safe_load((PROJECT / "docker-compose.yaml").read_text())
SERVICES = STACK["services"]
RUNNING = {name: service for name, service in SERVICES.items() if service.get("restart") != "no"}
# Who may start as root with a root that can be written to, and why.
AS_ROOT = {
    "postgres": "its start gives the volume to its own user, and goes on as that user",
    "own-objects": "it gives a new volume to the S3 server's user, has no network, and ends",
}
PUBLISHED = {"api-server", "s3", "mailpit", "grafana"}


@pytest.mark.parametrize("name", SERVICES)
def test_its_image_is_of_one_version(name):
    image = SERVICES[name]["image"]
    assert re.search(r":v?\d+\.\d+[\w.-]*$", image), image


@pytest.mark.parametrize("name", RUNNING)
def test_it_comes_up_again_tells_whether_it_is_well_and_has_an_end_of_memory(name):
    service = RUNNING[name]
    assert service["restart"] in ("always", "unless-stopped")
    assert service["healthcheck"]["test"]
    assert service["mem_limit"]


@pytest.mark.parametrize("name", SERVICES)
def test_it_is_published_on_this_machine_alone_if_at_all(name):
    ports = SERVICES[name].get("ports", [])
    assert all(str(port).startswith("127.0.0.1:") for port in ports)
    assert bool(ports) == (name in PUBLISHED)


@pytest.mark.parametrize("name", sorted(set(SERVICES) - set(AS_ROOT)))
def test_it_can_write_nowhere_but_in_its_volumes_and_gain_no_rights(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert str(service.get("user", "1")) not in ("0", "root", "0:0")


@pytest.mark.parametrize("name", RUNNING)
def test_it_is_reached_by_the_network_that_leads_nowhere_else(name):
    assert STACK["networks"]["inside"] == {"internal": True}
    networks = set(RUNNING[name]["networks"])
    assert networks == ({"inside", "outside"} if name in PUBLISHED else {"inside"})


def test_no_secret_has_a_value_in_the_file():
    for service in SERVICES.values():
        for name, value in (service.get("environment") or {}).items():
            if re.search(r"PASSWORD$|SECRET|_KEY$", name):
                assert re.fullmatch(r"\$\{\w+(:\?[\w ,./]+)?\}", str(value)), name
