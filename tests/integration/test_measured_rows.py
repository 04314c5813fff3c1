"""Days of many rows: versions and predictions are measured on rows that are drawn by key, the same in every table."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.evaluating import Streams, pair_days
from contender.evaluating import pair as pairing
from contender.evaluating.outcomes import read_outcome_change, served_days
from contender.installation import Installation
from contender.lake import pieces, read_examples, read_measured
from contender.lake.drawing import draw_keys, hash_keys
from contender.monitoring import measure_performance
from contender.monitoring.skew import measure_skew
from contender.replaying import replay
from contender.retraining import InstalledStores
from contender.scoring import score
from contender.settings import PROJECT, Settings
from contender.specs import Days, load_catalog
from contender.training import fingerprint_recipe
from tests.integration.made_up import NIGHT, copy_catalog, deliver, make_flights, publish, run_night, tomorrow

MODEL, MOST, A_DAY = "flight_delay", 1000, 1500
FLIGHTS = load_catalog(PROJECT / "include" / "catalog").model(MODEL)
DAYS = Days.one(NIGHT).reaching_back(11)


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> InstalledStores:
    """An installation with more flights a day than are measured, which has evaluated and scored in a night."""
    home = tmp_path_factory.mktemp("many")
    spec = copy_catalog(home / "catalog").model_home(MODEL) / "spec.py"
    short = spec.read_text().replace("window_days=365", "window_days=4")
    spec.write_text(short.replace("    recipes=(\n", f"    measured_rows={MOST},\n    recipes=(\n", 1))
    here = Installation(Settings(home=home / "home"), load_catalog(home / "catalog"))
    stores = InstalledStores(here, here.catalog.model(MODEL))
    deliver(stores, make_flights(stores.model, Days(first=DAYS.first, last=tomorrow(NIGHT)), A_DAY))
    night = NIGHT - timedelta(days=1)
    run_night(stores, night, ["linear"])
    here.lake.publish(stores.model.prediction_contract, score(here, stores.model, Days.one(night)))
    return stores


def keys_of(rows, model=FLIGHTS):
    return set(map(tuple, rows[list(model.row_key)].itertuples(index=False)))


def test_tables_of_a_day_keep_the_same_rows_and_small_days_keep_all(many, monkeypatch):
    lake, model = many.installation.lake, many.model
    drawn = [
        read_measured(lake, model, contract, Days.one(NIGHT)).to_pandas()
        for contract in (model.feature_contract, model.label_contract, model.prediction_contract)
    ]
    assert [len(rows) for rows in drawn] == [MOST] * 3
    assert keys_of(drawn[0]) == keys_of(drawn[1]) == keys_of(drawn[2])
    assert drawn[0].equals(drawn[0].sort_values(list(model.row_key), ignore_index=True))
    monkeypatch.setattr(pieces, "PIECE", 7)
    assert read_measured(lake, model, model.feature_contract, Days.one(NIGHT)).to_pandas().equals(drawn[0])
    larger = model.model_copy(update={"measured_rows": A_DAY})
    whole = lake.read(model.feature_contract, Days.one(NIGHT))
    assert read_measured(lake, larger, model.feature_contract, Days.one(NIGHT)).equals(whole)


@given(
    st.integers(1, 40),
    st.lists(st.integers(0, 60), min_size=1, max_size=120),
    st.integers(1, 50),
)
def test_the_keys_with_the_lowest_numbers_are_drawn_however_the_rows_are_cut(most, flights, size):
    model = FLIGHTS
    rows = make_flights(model, Days.one(NIGHT), len(flights)).assign(
        flight=flights, carrier="AA", origin="JFK"
    )
    table = pa.Table.from_pandas(rows[list(model.row_key)], preserve_index=False)
    cut = [table.slice(begin, size) for begin in range(0, len(flights), size)]
    found = draw_keys(model, cut, most).to_pandas()
    numbers = hash_keys(model, rows, 0)
    limit = np.unique(numbers)[:most][-1]
    assert sorted(found["flight"]) == sorted(rows["flight"][numbers <= limit])


def test_a_version_is_evaluated_on_the_drawn_rows_and_a_replay_draws_them_again(many):
    here, model = many.installation, many.model
    entry = here.book.ledger.head(MODEL)
    evaluation = here.book.evaluations.of_version(MODEL, entry.decision.challenger)
    assert evaluation.challenger_measures.rows == model.evaluation_days * MOST
    rows = read_examples(here.lake, model, evaluation.judged_on, evaluation.challenger.pins, measured=True)
    assert len(rows) == evaluation.challenger_measures.rows
    assert [part for part in replay(here, entry).parts if not part.identical] == []


def test_performance_counts_all_predicted_rows_and_measures_the_drawn_ones(many):
    found = measure_performance(many.installation, many.model, NIGHT)
    assert (found.scored_rows, found.measures.rows) == (A_DAY, MOST)


def test_predictions_are_made_again_for_the_drawn_rows(many):
    skew = measure_skew(many.installation, many.model, NIGHT)
    assert (skew.rows, skew.differing) == (MOST, 0)


def test_the_agreement_of_a_day_is_kept_until_its_rows_change(many):
    here, model = many.installation, many.model

    def kept():
        read_outcome_change(here, model, NIGHT)
        return {one.id for one in here.book.agreements.newest(MODEL, 9) if one.day == NIGHT}

    first = kept()
    assert len(first) == 1
    assert kept() == first
    labels = here.lake.read(model.label_contract, Days.one(NIGHT)).to_pandas()
    publish(here.lake, model.label_contract, labels.assign(label=1 - labels["label"]), here.settings)
    assert kept() > first
    publish(here.lake, model.label_contract, labels, here.settings)
    assert NIGHT in served_days(model, NIGHT)


def test_a_paired_day_of_many_rows_is_not_read_again(many, monkeypatch):
    here, model = many.installation, many.model
    ours = fingerprint_recipe(model, model.recipe("linear"), here.catalog.model_home(MODEL))
    rows = here.lake.read(model.prediction_contract, Days.one(NIGHT)).to_pandas()
    shadow = pd.concat([rows.assign(stream=name) for name in (ours, "rival")], ignore_index=True)
    publish(here.lake, model.shadow_contract, shadow, here.settings)
    streams = Streams(champion=1, incumbent=ours, entered={})
    (pair,) = pair_days(here, model, Days.one(NIGHT), streams)
    assert (pair.rows, pair.rival) == (MOST, "rival")

    def refuse(_lake, _model, _contract, files):
        assert files == {}
        return iter(())

    monkeypatch.setattr(pairing, "read_each_measured", refuse)
    assert pair_days(here, model, Days.one(NIGHT), streams) == ()
