"""Nights whose lake is on a real disk that is full or read-only: they stop, and go on once it is mended."""

from __future__ import annotations

import logging
from collections import Counter

import pytest

from tests import disks
from tests.faults.injection import DISK_KINDS, Fault
from tests.faults.nights import World

WRITING = (
    "ingest.publish",
    "features.publish features",
    "features.publish labels",
    "score.publish",
    "retrain.publish",
)


@pytest.fixture(scope="module")
def disk_world(tmp_path_factory):
    if obstacle := disks.find_obstacle():
        pytest.skip(obstacle)
    folder = tmp_path_factory.mktemp("nights")
    logging.disable(logging.WARNING)
    with disks.mounted(folder / "home" / "lake", megabytes=16) as disk:
        world = World.prepare(folder, disk)
        try:
            yield world
        finally:
            world.close()
            logging.disable(logging.NOTSET)


@pytest.mark.parametrize("kind", DISK_KINDS)
def test_a_night_recovers_or_stops_with_one_incident_wherever_the_disk_of_the_lake_fails(disk_world, kind):
    story = disk_world.stories["nightly"]
    first = {site.task: site for site in reversed(story.sites)}
    outcomes = Counter()
    for task in story.tasks:
        result = disk_world.run(story, [Fault(kind, first[task.title])])
        assert result.broken == (), task.title
        outcomes[result.outcome, task.title] += 1
    assert {task for outcome, task in outcomes if outcome == "stopped"} == set(WRITING)


@pytest.mark.parametrize(
    ("kind", "named"), [("full disk", "lake is full (0.0 of "), ("read-only disk", "lake is read-only: ")]
)
def test_the_incident_and_its_mail_name_the_disk_and_the_remedy(disk_world, kind, named):
    story = disk_world.stories["nightly"]
    site = next(site for site in story.sites if site.task == "ingest.publish")
    result = disk_world.run(story, [Fault(kind, site)])
    assert result.outcome == "stopped"
    here = disk_world.here
    (incident,) = here.book.incidents.newest()
    assert f"publish failed: {here.settings.home}/{named}" in incident.what
    assert "then clear the failed tasks" in incident.what
    mail = next(one for one in here.book.alerts.newest() if "publish failed" in one.subject)
    assert f"{here.settings.home}/{named}" in mail.text
    assert "#a-disk-is-full-or-read-only" in mail.text
    assert here.settings.platform_owner in mail.to
