"""Features from a broken feed fail their gate before they are published, if the model's spec says so."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from contender.admission import gate_batch, list_quarantined, record_release
from contender.lake import stage
from contender.specs import Days
from tests.made_up_catalog import set_catalog

DAY = date(2013, 3, 31)
RECENT = Days(first=DAY - timedelta(days=40), last=DAY - timedelta(days=1))


@pytest.fixture
def holding(installation):
    """Return the model, with a spec that lets it hold broken feeds."""
    catalog = installation.catalog
    shipped = catalog.model("flight_delay")
    watch = shipped.monitoring.model_copy(update={"hold_broken_feed": True})
    model = shipped.model_copy(update={"monitoring": watch})
    set_catalog(installation, catalog.model_copy(update={"models": {**catalog.models, model.name: model}}))
    return model


@pytest.fixture
def arrive(installation):
    """Publish the recent days of a table, and stage its newest one, with a fault or without."""

    def publish_and_stage(contract, fault=lambda rows: rows):
        batches = []
        for days in (RECENT, Days.one(DAY)):
            rows = make_rows(contract, days)
            table = pa.Table.from_pandas(fault(rows) if days.is_single else rows, preserve_index=False)
            batches.append(stage(table, contract, days, installation.settings.staging))
        installation.lake.publish(contract, batches[0])
        return batches[1]

    return publish_and_stage


def make_rows(contract, days: Days) -> pd.DataFrame:
    random = np.random.default_rng(days.first.toordinal())
    rows = pd.DataFrame({"day": np.repeat(list(days.each()), 400)})
    for column in contract.columns[1:]:
        whole = column.type == "integer"
        if column.type == "string":
            rows[column.name] = random.choice(["AA", "UA"], len(rows))
        else:
            rows[column.name] = random.normal(50, 5, len(rows)).round(0 if whole else 6)
            rows[column.name] = rows[column.name].astype("int64" if whole else "float64")
    rows["flight"] = np.tile(np.arange(400), len(rows) // 400)
    return rows


def empty_humidity(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(humid=pd.Series([None] * len(rows), dtype="float64"))


def test_features_with_an_empty_column_wait_in_quarantine(installation, holding, arrive):
    batch = arrive(holding.feature_contract, empty_humidity)
    result = gate_batch(installation, batch, "run")
    assert result.verdict == "fail"
    assert [failed.columns for failed in result.failed] == [("humid",)]
    assert [item.state for item in list_quarantined(installation)] == ["waiting"]


def test_the_owners_of_the_inputs_are_notified_too(installation, holding, arrive):
    batch = arrive(holding.feature_contract, empty_humidity)
    result = gate_batch(installation, batch, "run")
    assert result.recipients == (
        "flight-models@contender.example",
        "flight-data@contender.example",
    )


def test_a_usual_day_passes(installation, holding, arrive):
    batch = arrive(holding.feature_contract)
    assert gate_batch(installation, batch, "run").verdict == "pass"


def test_a_broken_feed_is_only_reported_by_default(installation, arrive):
    batch = arrive(installation.catalog.model("flight_delay").feature_contract, empty_humidity)
    assert gate_batch(installation, batch, "run").verdict == "pass"


def test_a_person_can_release_the_day(installation, holding, arrive):
    batch = arrive(holding.feature_contract, empty_humidity)
    gate_batch(installation, batch, "run")
    (item,) = list_quarantined(installation)
    record_release(installation, item.id, "ann", "the station was closed today")
    assert gate_batch(installation, batch, "the run after").verdict == "warn"
