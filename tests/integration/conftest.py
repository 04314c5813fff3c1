"""What is slow to make and never changed: a landing zone with all that a simulated source delivers in its year."""

from __future__ import annotations

import pytest

from contender.settings import Settings
from demo import source
from demo.source.groceries import SOURCE as GROCERIES


@pytest.fixture(scope="session")
def grocer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, list[source.Dropped]]:
    """An installation with the groceries of 2017 in its landing zone, and what was dropped there."""
    here = Settings(home=tmp_path_factory.mktemp("grocer") / "home")
    source.drop_reference(here.landing, [GROCERIES])
    dropped = [
        file
        for dataset in GROCERIES.daily
        for file in source.drop(dataset, GROCERIES.days.each(), here.landing)
    ]
    return here, dropped
