"""Replays of decisions with real fits, a real lake, registry and book, and a real git repository."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from contender.installation import Installation
from contender.lake import list_table_files, places
from contender.lake.snapshots import expire
from contender.promoting import ManualDecision, decide_by_hand, verify_ledger
from contender.replaying import ReplayError, find_entry, replay
from contender.retraining import InstalledStores
from contender.settings import Settings, settings
from contender.specs import Days, load_catalog
from tests.command import run_command
from tests.integration.contents import digest_contents
from tests.integration.keeping import Kept, keep
from tests.integration.made_up import (
    NIGHT,
    copy_catalog,
    install_flights,
    make_flights,
    publish,
    run_night,
    tomorrow,
)

MODEL = "flight_delay"
FIRST_NIGHT = NIGHT - timedelta(days=3)
BEHAVIOUR = """
from contender.specs import Direction

BEHAVIOUR = (
    Direction(
        name="a carrier that was late more often is late more often",
        change=lambda flights: flights.assign(carrier_late=flights["carrier_late"] + 20),
        expect="up",
    ),
)
"""
ESTIMATOR = Path("models") / MODEL / "estimator.py"


def git(folder: Path, *words: str) -> str:
    asked = ["git", "-C", str(folder), "-c", "user.name=ana", "-c", "user.email=ana@b.example", *words]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> InstalledStores:
    """An installation whose catalog is committed to a repository, with three months of made-up flights."""
    catalog = copy_catalog(folder / "catalog")
    (catalog.model_home(MODEL) / "behaviour.py").write_text(BEHAVIOUR)
    git(folder, "init", "--quiet")
    git(folder, "add", "catalog")
    git(folder, "commit", "--quiet", "--message", "the catalog")
    monkeypatch.setattr("contender.training.fit.code_version", lambda: git(folder, "rev-parse", "HEAD")[:12])
    here = Settings(home=folder / "home")
    return install_flights(here, catalog)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Three nights, a roll-back by a person, and a night after it in which refreshes are suspended."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        made = install(tmp_path_factory.mktemp("lived"), monkeypatch)
        for ahead in range(3):
            run_night(made, FIRST_NIGHT + timedelta(days=ahead))
        decide_by_hand(made.installation, MODEL, ManualDecision("rolled_back", "ana", "refunds went up"))
        run_night(made, NIGHT)
    return made


@pytest.fixture(scope="module")
def one_night(tmp_path_factory) -> Kept:
    with pytest.MonkeyPatch.context() as monkeypatch:
        made = install(tmp_path_factory.mktemp("one_night"), monkeypatch)
        run_night(made, FIRST_NIGHT)
    return keep(made)


@pytest.fixture
def own(one_night):
    """An installation with one night, for tests that break something."""
    return one_night.reset()


def entries(place):
    return place.installation.book.ledger.newest(MODEL)[::-1]


def again(place, entry, catalog=None):
    return replay(Installation(place.installation.settings, catalog or place.installation.catalog), entry)


def differing(found) -> list[str]:
    return [part.name for part in found.parts if not part.identical]


def notes(found) -> list[str]:
    """What has changed since, except the code: these versions name the commits of the test's own repository."""
    return [note for note in found.notes if not note.startswith("code: ")]


def test_the_replay_of_every_decision_is_identical(place):
    kinds = [entry.decision.kind for entry in entries(place)]
    assert kinds == ["first", "refreshed", "refreshed", "rolled_back", "held"]
    for entry in entries(place):
        found = again(place, entry)
        assert differing(found) == []
        assert notes(found) == []
        assert found.report()[-1].endswith("predictions and decision are identical.")


def test_a_replay_compares_data_predictions_measures_evidence_guards_and_the_decision(place):
    names = {part.name.partition(":")[0] for part in again(place, entries(place)[2]).parts}
    assert names >= {
        "ledger",
        "pins",
        "version",
        "recipe",
        "training data",
        "predictions",
        "predictions of the baseline",
        "measures of the challenger",
        "measures of the champion",
        "disagreement",
        "shift",
        "calibration",
        "slices",
        "behaviour",
        "evidence",
        "guard",
        "decision",
    }


def test_a_replay_changes_nothing(place):
    before = digest_contents(place.installation.settings)
    again(place, entries(place)[1])
    assert digest_contents(place.installation.settings) == before


def test_a_killed_replay_changes_nothing(place):
    before = digest_contents(place.installation.settings)

    def die(step: str) -> None:
        if step.startswith("evaluating"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay(place.installation, entries(place)[1], die)
    assert digest_contents(place.installation.settings) == before


def test_a_manual_decision_is_replayed_without_a_fit(place):
    found = again(place, entries(place)[3])
    details = {part.name: part.detail for part in found.parts}
    assert details["person"] == "ana decided, nothing to fit again; rolled_back: refunds went up"
    assert found.identical


def test_a_recipe_edited_since_is_refitted_from_the_sources_of_its_commit(place):
    file = place.installation.catalog.home / ESTIMATOR
    as_it_was = file.read_text()
    try:
        file.write_text("raise RuntimeError('edited')\n")
        found = again(place, entries(place)[1])
    finally:
        file.write_text(as_it_was)
    assert found.identical
    (note,) = notes(found)
    assert note.startswith(
        "models/flight_delay/estimator.py changed since: refitted from the sources of commit"
    )


def test_a_recipe_edited_outside_of_git_differs_and_the_file_is_named(place, tmp_path):
    catalog = elsewhere(place, tmp_path)
    file = catalog.home / ESTIMATOR
    file.write_text(
        file.read_text().replace("random_state=seed", "random_state=seed, l2_regularization=500.0")
    )
    found = again(place, entries(place)[1], catalog)
    assert {"recipe", "predictions", "measures of the challenger"} <= set(differing(found))
    assert "models/flight_delay/estimator.py changed since, and commit" in found.notes[0]
    assert "is not in this repository: refitted from today's sources" in found.notes[0]


def test_a_recipe_that_can_no_longer_be_fitted_is_reported_in_one_line(place, tmp_path):
    catalog = elsewhere(place, tmp_path)
    (catalog.home / ESTIMATOR).write_text("def build_estimator():\n    return 1 / 0\n")
    with pytest.raises(ReplayError, match=r"recipe 'boosted_trees' cannot be fitted from its sources"):
        again(place, entries(place)[1], catalog)


UNFIT_TEST = """
from contender.specs import Direction
BEHAVIOUR = (Direction(name="no such column", change=lambda flights: flights["nowhere"], expect="up"),)
"""
UNFIT_BASELINE = """
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder


def build_baseline(seed):
    return make_pipeline(OneHotEncoder(handle_unknown="ignore"), LinearRegression())
"""


def test_rows_whose_file_is_gone_from_the_lake_are_named_with_what_may_have_removed_it(own):
    table = own.installation.lake.iceberg(own.model.feature_contract.table)
    for file in list_table_files(table):
        if file.endswith(".parquet"):
            places.remove(places.plain(file))
    with pytest.raises(ReplayError, match=r"rows of \S+ cannot be read .*contender audit` for an erasure"):
        again(own, entries(own)[0])


@pytest.mark.parametrize(
    ("file", "source", "why"),
    [
        (
            "behaviour.py",
            UNFIT_TEST,
            "models/flight_delay/behaviour.py: 'no such column': KeyError: 'nowhere'",
        ),
        ("baseline.py", UNFIT_BASELINE, "flight_delay: the baseline .* cannot predict .*predict_proba"),
    ],
)
def test_a_file_that_can_no_longer_be_used_to_evaluate_is_named(place, tmp_path, file, source, why):
    catalog = elsewhere(place, tmp_path)
    (catalog.model_home(MODEL) / file).write_text(source)
    with pytest.raises(ReplayError, match=f"version 3 cannot be evaluated again: {why}"):
        again(place, entries(place)[1], catalog)


def elsewhere(place, folder: Path):
    shutil.copytree(place.installation.catalog.home, folder / "copied")
    return load_catalog(folder / "copied")


def test_edited_bounds_are_noted_and_the_recorded_ones_are_used(place):
    stricter = place.model.guards.model_copy(
        update={"max_loss_above_baseline": 0.0, "max_disagreement": 1e-9}
    )
    catalog = place.installation.catalog.model_copy(
        update={"models": {MODEL: place.model.model_copy(update={"guards": stricter})}}
    )
    found = again(place, entries(place)[1], catalog)
    assert found.identical
    assert any("guards.max_disagreement: was 0.1, is 1e-09" in note for note in found.notes)


def test_a_model_removed_from_the_catalog_can_be_replayed(place):
    catalog = place.installation.catalog.model_copy(update={"models": {}})
    assert again(place, entries(place)[1], catalog).identical


def test_a_changed_environment_is_reported_by_package(place, monkeypatch):
    grown = "zz-package==1.0"
    from contender.training import packages

    monkeypatch.setattr("contender.replaying.run.packages", lambda: packages() + "\n" + grown)
    monkeypatch.setattr("contender.replaying.run.environment", lambda: "another")
    (note,) = notes(again(place, entries(place)[1]))
    assert note == "environment: 1 packages differ: zz-package missing -> 1.0"


def test_changed_code_is_noted(place):
    made_by = entries(place)[1].decision.code_version
    (note,) = [note for note in again(place, entries(place)[1]).notes if note.startswith("code: ")]
    assert note.startswith(f"code: version 3 was fitted with {made_by}, this is ")


def test_an_expired_snapshot_is_named(own):
    table = own.model.feature_contract.table
    (pin,) = [p for p in entries(own)[0].decision.pins if p.table == table]
    rows = make_flights(own.model, Days.one(tomorrow(NIGHT)), a_day=61)
    publish(own.installation.lake, own.model.feature_contract, rows, own.installation.settings)
    expire(own.installation.lake, table, [pin.snapshot])
    with pytest.raises(ReplayError, match=f"snapshot {pin.snapshot} of {table} has expired"):
        again(own, entries(own)[0])


def test_a_measure_that_was_changed_in_the_book_is_found(own):
    edit(own, "evaluations", lambda record: record["challenger_measures"].update(loss=0.001))
    found = again(own, entries(own)[0])
    (part,) = [p for p in found.parts if p.name == "measures of the challenger"]
    assert [str(d).partition(",")[0] for d in part.differences] == ["loss: was 0.001"]
    assert "guard: baseline" not in differing(found)


def test_an_entry_that_was_changed_in_the_ledger_is_found(own):
    edit(own, "ledger", lambda record: record["decision"].update(why="it was always so"))
    assert verify_ledger(MODEL, own.installation.book, own.installation.registry) != ()
    assert differing(again(own, entries(own)[0])) == ["ledger"]


def test_paired_days_that_came_later_do_not_count(place):
    entry = entries(place)[1]
    late = place.installation.book.pairs.since(MODEL, "race", FIRST_NIGHT)
    assert any(pair.at > entry.decision.at for pair in late)
    assert again(place, entry).identical


def test_a_decision_without_recorded_grounds_is_replayed_from_earlier_entries(place):
    entry = entries(place)[1]
    bare = entry.model_copy(update={"decision": entry.decision.model_copy(update={"grounds": None})})
    assert differing(again(place, bare)) == []


def edit(place: InstalledStores, table: str, change) -> None:
    with sqlite3.connect(place.installation.settings.home / "records.db") as database:
        ((key, text),) = database.execute(f"select id, record from {table} limit 1").fetchall()
        record = json.loads(text)
        change(record)
        database.execute(f"update {table} set record = ? where id = ?", (json.dumps(record), key))


@pytest.fixture
def run(monkeypatch):
    def give(place: InstalledStores, *words: str):
        monkeypatch.setenv("CONTENDER_HOME", str(place.installation.settings.home))
        monkeypatch.setenv("CONTENDER_CATALOG_HOME", str(place.installation.catalog.home))
        settings.cache_clear()
        return run_command("replay", *words)

    yield give
    settings.cache_clear()


def test_the_command_exits_with_0_and_writes_its_steps_to_stderr(place, run):
    outcome = run(place, entries(place)[1].decision.id[:8], "--json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["identical"] is True
    assert "again" in outcome.err


def test_the_command_exits_with_1_if_something_differs(own, run):
    edit(own, "ledger", lambda record: record["decision"].update(why="it was always so"))
    assert run(own, MODEL, "1").code == 1


def test_the_command_takes_a_model_and_a_number(place, run):
    outcome = run(place, MODEL, "4")
    assert outcome.code == 0
    assert "ana decided" in outcome.out


def test_an_unknown_id_lists_the_entries(place, run):
    outcome = run(place, "nothing")
    assert outcome.code == 2
    for entry in entries(place):
        assert f"{entry.decision.id}  {MODEL} {entry.number}" in outcome.err


def test_an_unknown_entry_number_is_reported(place, run):
    assert run(place, MODEL, "77").err.strip() == "flight_delay has no entry 77: choose one of 1 to 5"


def test_an_ambiguous_prefix_is_rejected(place):
    with pytest.raises(ReplayError, match="the entry of flight_delay is missing: give its number or id"):
        find_entry(place.installation.book, MODEL)
