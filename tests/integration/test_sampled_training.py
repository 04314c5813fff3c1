"""A recipe with `max_rows` is trained on a stated sample: the same rows however they are read, as in a replay."""

from __future__ import annotations

import pandas as pd
import pytest

from contender.backtesting import read_history
from contender.backtesting.versions import Versions
from contender.cards import read_card, render_markdown
from contender.lake import draw_rows, pin_examples, read_examples, read_sample, sampling
from contender.replaying import replay
from contender.settings import Settings
from contender.specs import Days, load_catalog
from contender.training import training_days
from tests.integration.made_up import NIGHT, copy_catalog, install_flights, run_night

MOST = 1000
MODEL = "flight_delay"


@pytest.fixture(scope="module")
def sampled(tmp_path_factory):
    """An installation that has trained its linear recipe on a sample for a night."""
    home = tmp_path_factory.mktemp("sampled")
    spec = copy_catalog(home / "catalog").model_home(MODEL) / "spec.py"
    linear = 'Recipe(name="linear", estimator="linear", '
    spec.write_text(spec.read_text().replace(linear, f"{linear}max_rows={MOST}, "))
    stores = install_flights(Settings(home=home / "home"), load_catalog(home / "catalog"))
    run_night(stores, NIGHT, ["linear"])
    return stores


def test_the_version_states_how_many_rows_it_was_drawn_from_and_so_does_its_card(sampled):
    here, version = sampled.installation, sampled.installation.book.ledger.head(MODEL).decision.challenger
    trained = here.book.evaluations.of_version(MODEL, version).challenger
    assert MOST <= trained.rows <= MOST + len(trained.trained_on)
    assert trained.missing_days == 0
    all_rows = read_examples(here.lake, sampled.model, trained.trained_on, trained.pins)
    assert trained.drawn_from == len(all_rows)
    assert f"{trained.rows:,} rows, drawn from {len(all_rows):,}," in render_markdown(
        read_card(here, MODEL, version)
    )


def test_a_sample_is_the_same_however_few_days_are_read_at_once(sampled, monkeypatch):
    lake, model = sampled.installation.lake, sampled.model
    days, pins = training_days(model, model.recipe("linear"), NIGHT), pin_examples(lake, model)
    recipe = model.recipe("linear")
    whole = draw_rows(model, read_examples(lake, model, days, pins), MOST, recipe.seed)
    for piece in (1, 300, 100_000):
        monkeypatch.setattr(sampling, "PIECE", piece)
        found = read_sample(lake, model, days, pins, recipe)
        pd.testing.assert_frame_equal(found.rows, whole)
        assert found.drawn_from == len(read_examples(lake, model, days, pins))


def test_a_replay_and_a_backtest_draw_the_same_rows(sampled):
    here, model = sampled.installation, sampled.model
    entry = here.book.ledger.head(MODEL)
    assert [part for part in replay(here, entry).parts if not part.identical] == []
    versions = Versions(here.catalog, model, read_history(model, Days.one(NIGHT), here.lake))
    made = versions.fit(model.recipe("linear"), NIGHT)
    trained = here.book.evaluations.of_version(MODEL, entry.decision.challenger).challenger
    assert (made.version.rows, made.version.drawn_from) == (trained.rows, trained.drawn_from)
    assert made.version.mean_label == trained.mean_label
