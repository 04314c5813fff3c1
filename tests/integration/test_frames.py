"""Published features, labels and served predictions of a model as one DataFrame; the example of the documentation."""

from __future__ import annotations

import re

import pytest

from contender.featurizing import FrameError, read_frame
from contender.installation import Installation
from contender.retraining import InstalledStores
from contender.scoring import score
from contender.settings import PROJECT, Settings, settings
from contender.specs import Days
from tests.integration.made_up import NIGHT, copy_catalog, install_flights, run_night, tomorrow

MODEL = "flight_delay"


@pytest.fixture(scope="module")
def stores(tmp_path_factory) -> InstalledStores:
    """Made-up flights up to tomorrow, of which today's and tomorrow's were scored."""
    home = tmp_path_factory.mktemp("frames")
    here = Settings(home=home / "home", catalog_home=home / "catalog")
    made = install_flights(here, copy_catalog(home / "catalog"))
    run_night(made, NIGHT, ["linear"])
    for day in (NIGHT, tomorrow(NIGHT)):
        batch = score(made.installation, made.model, Days.one(day).shifted(-1))
        made.installation.lake.publish(made.model.prediction_contract, batch)
    return made


@pytest.fixture
def installation(stores) -> Installation:
    return stores.installation


def test_a_frame_has_the_keys_features_label_and_served_prediction_of_each_row(installation, stores):
    frame = read_frame(installation, MODEL, Days.one(NIGHT))
    model = stores.model
    assert list(frame) == [*model.row_key, *model.feature_names, "label", "score", "model_version"]
    assert len(frame) == 60
    assert not frame[["label", "score", "model_version"]].isna().any(axis=None)


def test_labels_and_predictions_that_do_not_exist_are_missing(installation):
    frame = read_frame(installation, MODEL, f"{NIGHT}..{tomorrow(NIGHT)}")
    known = frame.groupby("day")[["label", "score"]].count()
    assert known.loc[NIGHT].tolist() == [60, 60]
    assert known.loc[tomorrow(NIGHT)].tolist() == [0, 60]
    before = read_frame(installation, MODEL, Days.one(NIGHT).shifted(-1))
    assert before["score"].isna().all()


def test_days_without_features_are_reported_with_two_ways_to_get_them(installation):
    with pytest.raises(FrameError, match="no features of 2014-01-01 are published") as error:
        read_frame(installation, MODEL, "2014-01-01")
    assert (
        "run features__flight_delay for these days, or build them from the datasets with fresh=True"
        in str(error)
    )


def test_reading_a_frame_changes_no_table(installation, stores):
    tables = [contract.table for contract in stores.model.contracts]
    before = [installation.lake.snapshot(table) for table in tables]
    read_frame(installation, MODEL, Days.one(NIGHT))
    assert [installation.lake.snapshot(table) for table in tables] == before


def test_the_example_of_the_documentation_runs(installation, monkeypatch):
    text = (PROJECT / "docs" / "MODELS.md").read_text()
    (example,) = re.findall(r"```python\n(from contender.featurizing.*?)```", text, re.DOTALL)
    monkeypatch.setenv("CONTENDER_HOME", str(installation.settings.home))
    monkeypatch.setenv("CONTENDER_CATALOG_HOME", str(installation.settings.catalog_home))
    settings.cache_clear()
    names: dict = {}
    exec(example, names)
    settings.cache_clear()
    assert names["frame"]["day"].nunique() == 7
    assert names["late"].between(0, 1).all()
