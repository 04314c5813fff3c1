"""`contender new` on the real deliveries: what it writes holds at once, for the catalog, the gate and ruff."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from typer.testing import CliRunner, Result

from contender.cli import app
from contender.drafting import DraftError
from contender.featurizing import collect, plan_features, run_in_process
from contender.gating import check
from contender.ingesting import land
from contender.installation import Installation
from contender.lake import open_lake, stage
from contender.lake.tables import Lake
from contender.records import StagedBatch, migrate
from contender.retraining import InstalledStores, run_night
from contender.scoring import score
from contender.settings import PROJECT, Settings, settings
from contender.specs import Catalog, Days, Guards, ModelSpec, load_catalog
from contender.training import fit_recipe, load_functions
from demo import source

DAY = date(2013, 9, 1)
# A day of each source, by dataset.
DAILY = dict.fromkeys(source.flights.SOURCE.daily, DAY)
DAILY |= {name: date(2017, 9, 4) for name in source.groceries.SOURCE.daily}
REFERENCE = tuple(name for known in source.SOURCES for name in known.reference)
NIGHTS = Days(first=DAY, last=DAY + timedelta(days=2))
# Nights before those, whose features a first version is trained on.
EARLIER = 14

New = Callable[..., Result]


def invoke(here: Settings, *arguments: str) -> Result:
    """Run the command in an installation."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CONTENDER_HOME", str(here.home))
        patched.setenv("CONTENDER_CATALOG_HOME", str(here.catalog_home))
        settings.cache_clear()
        result = CliRunner().invoke(app, arguments)
    settings.cache_clear()
    return result


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An installation with the source's deliveries, and a catalog without drafts."""
    home = tmp_path_factory.mktemp("new")
    (home / "catalog").mkdir()
    found = Settings(home=home / "home", catalog_home=home / "catalog")
    source.drop_reference(found.landing)
    for name, day in DAILY.items():
        source.drop(name, [day], found.landing)
    return found


@pytest.fixture(scope="module")
def new(here: Settings) -> New:
    """The command, in that installation."""

    def run(*arguments: str) -> Result:
        return invoke(here, "new", *arguments)

    return run


@pytest.fixture(scope="module")
def drafted(here: Settings, new: New) -> Catalog:
    """The catalog after a draft of each of the source's datasets."""
    for name, day in DAILY.items():
        assert new("dataset", name, "--from", f"{here.landing}/{name}/{day}.csv").exit_code == 0
    for name in REFERENCE:
        done = new("dataset", name, "--from", f"{here.landing}/{name}.csv", "--kind", "reference")
        assert done.exit_code == 0
    return load_catalog(here.catalog_home)


@pytest.fixture(scope="module")
def model(here: Settings, new: New, drafted: Catalog) -> Catalog:
    """The catalog after a draft of a model of each kind, of departures."""
    for name, predicts in (("late", "probability"), ("minutes", "quantity")):
        asked = ("--from", "departures", "--owner", "a@b.example", "--predicts", predicts)
        assert new("model", name, *asked).exit_code == 0
    return load_catalog(here.catalog_home)


@pytest.fixture(scope="module")
def lake(here: Settings, model: Catalog) -> Lake:
    """A lake with the departures that a model needs for NIGHTS."""
    lake = open_lake(here)
    spec = model.dataset("departures")
    days = NIGHTS.reaching_back(28 + EARLIER)
    source.drop(spec.name, days.each(), here.landing)
    lake.publish(spec.contract, land(spec, days, here))
    return lake


def ruff(command: str, file: Path, home: Path) -> str:
    """What ruff says of a file as if it lay in the project's catalog, by the rules of the project's own code."""
    place = PROJECT / "include" / "catalog" / file.relative_to(home)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            *command.split(),
            "--config",
            "pyproject.toml",
            "--stdin-filename",
            str(place),
            "-",
        ],
        input=file.read_text(),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize("name", [*DAILY, *REFERENCE])
def test_a_delivery_passes_the_gate_of_its_own_draft(here, drafted, name):
    spec = drafted.dataset(name)
    batch = land(spec, Days.one(DAILY.get(name, DAY)), here)
    assert batch.defects == ()
    result = check(spec.contract, batch, "run 1")
    assert (result.verdict, result.failed) == ("pass", ())


def test_a_draft_sees_what_the_catalog_of_the_project_says(drafted, catalog):
    for name, spec in drafted.datasets.items():
        known = catalog.dataset(name)
        assert spec.delivery.path == known.delivery.path
        assert spec.contract.column_names == known.contract.column_names
        assert set(spec.primary_key) <= {"day", *known.primary_key}


def test_all_that_is_written_is_in_ruffs_form(here, model):
    files = sorted(here.catalog_home.rglob("*.py"))
    assert len(files) == len(DAILY) + len(REFERENCE) + 2 * 5
    assert [said for file in files if (said := ruff("check --quiet", file, here.catalog_home))] == []
    assert [said for file in files if (said := ruff("format --check", file, here.catalog_home))] == []


def test_awkward_names_and_values_are_in_ruffs_form_too(here, new, tmp_path):
    (tmp_path / "odd 'file' {x}.csv").write_text(
        "class,password,in,this_column_has_a_name_that_is_as_long_as_a_contract_allows_,huge,tiny,text\n"
        + "\n".join(
            f'{n},"Zürich, Bahnhofstrasse and {n % 9} more",{n % 2},{n / 7},{n}e300,{n}e-300,"/tmp/""{n}"'
            for n in range(60)
        )
    )
    for name in ("import", "calendar", "this"):
        done = new("dataset", name, "--from", f"{tmp_path}/odd 'file' {{x}}.csv", "--kind", "reference")
        assert (done.exit_code, done.exception) == (0, None)
        file = here.catalog_home / "datasets" / f"{name}.py"
        assert ruff("check --quiet", file, here.catalog_home) == ""
        assert ruff("format --check", file, here.catalog_home) == ""
        load_catalog(here.catalog_home)
        file.unlink()


@pytest.mark.parametrize("written", ["datasets/*.py", "models/late/spec.py", "models/minutes/spec.py"])
def test_mypy_accepts_the_contracts_that_are_written(here, model, written):
    files = sorted(here.catalog_home.glob(written))
    assert files
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", *map(str, files)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_written_files_and_next_steps_are_shown(here, new, model):
    told = new("model", "late", "--from", "departures", "--predicts", "probability", "--force").output
    for said in (
        "spec.py",
        "features.py",
        "estimator.py",
        "baseline.py",
        "behaviour.py",
        "guesses to check",
        "contender check",
        "retrain__late",
    ):
        assert said in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("dataset", "sales", "--from", "nowhere.csv"), "nowhere.csv: does not exist"),
        (("dataset", "sales", "--from", "."), "cannot be read"),
        (("dataset", "planes", "--from", "{landing}/planes.csv", "--kind", "reference"), "'planes' is taken"),
        (("dataset", "sales", "--from", "{landing}/planes.csv"), "a daily dataset needs the column day"),
        (("model", "new"), "there are: departures, schedule, "),
        (("model", "late", "--from", "departures"), "'late' is taken"),
    ],
)
def test_a_mistake_is_one_line(here, new, model, arguments, said):
    done = new(*(argument.format(landing=here.landing) for argument in arguments))
    assert done.exit_code == 1
    assert isinstance(done.exception, DraftError)
    assert said in str(done.exception)
    assert "\n" not in str(done.exception)


@pytest.mark.parametrize("command", ["dataset", "model"])
def test_help_has_examples(new, command):
    assert f"contender new {command}" in new(command, "--help").output


def build_batches(
    spec: ModelSpec, catalog: Catalog, nights: Days, lake: Lake, here: Settings
) -> dict[str, StagedBatch]:
    """A drafted model's features and labels of these nights, after they have passed their gates."""
    plan = plan_features(catalog, spec, nights, lake, here.model_copy(update={"engine": "duckdb"}))
    run_in_process(plan)
    contracts = {"features": spec.feature_contract, "labels": spec.label_contract}
    batches = collect(spec, plan, here)
    for name, batch in batches.items():
        assert check(contracts[name], batch, "run 1").verdict == "pass"
    return batches


def build(catalog: Catalog, lake: Lake, here: Settings) -> dict[str, pd.DataFrame]:
    """The rows of the drafted model's features and labels of NIGHTS."""
    batches = build_batches(catalog.model("late"), catalog, NIGHTS, lake, here)
    return {
        name: pd.concat([pd.read_parquet(file.path) for file in batch.files], ignore_index=True)
        for name, batch in batches.items()
    }


@pytest.fixture(scope="module")
def built(model: Catalog, lake: Lake, here: Settings) -> dict[str, pd.DataFrame]:
    return build(model, lake, here)


def test_a_drafted_model_can_be_fitted_on_what_it_builds(here, model, built):
    spec = model.model("late")
    rows = built["features"].merge(built["labels"], on=list(spec.row_key))
    assert len(rows) > 500
    assert set(rows["label"]) == {0, 1}
    (recipe,) = spec.recipes
    functions = load_functions(model.model_home("late"), recipe)
    days = Days(first=rows["day"].min(), last=rows["day"].max())
    estimator, baseline = fit_recipe(spec, recipe, functions, days, rows)
    assert estimator.predict_proba(rows[list(spec.feature_names)]).shape == (len(rows), 2)
    assert baseline.predict_proba(rows[list(spec.baseline_features)]).shape == (len(rows), 2)


def test_a_drafted_feature_is_the_mean_of_the_days_before(model, lake, built):
    rows = lake.read(model.dataset("departures").contract).to_pandas()
    scored = NIGHTS.first + timedelta(days=1)
    past = rows[(rows["day"] < scored) & (rows["day"] >= scored - timedelta(days=28))]
    expected = past.groupby(["carrier", "flight"])["dep_delay"].mean()
    features = built["features"]
    found = features[features["day"] == scored].set_index(["carrier", "flight"])["dep_delay_28d"]
    pd.testing.assert_series_equal(found.sort_index(), expected.sort_index(), check_names=False, rtol=1e-9)


def test_no_drafted_feature_changes_with_its_own_day_or_a_later_one(here, model, lake, built):
    spec = model.dataset("departures")
    scored = NIGHTS.first + timedelta(days=1)
    rows = lake.read(spec.contract).to_pandas()
    for column in ("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"):
        rows.loc[rows["day"] >= scored, column] = 999
    other = Settings(home=here.home / "poisoned", catalog_home=here.catalog_home)
    poisoned = open_lake(other)
    table = pa.Table.from_pandas(rows, preserve_index=False)
    published = Days(first=rows["day"].min(), last=rows["day"].max())
    poisoned.publish(spec.contract, stage(table, spec.contract, published, other.staging))
    later = build(model, poisoned, other)["features"]
    of_the_first = [
        found[found["day"] == scored].reset_index(drop=True) for found in (built["features"], later)
    ]
    pd.testing.assert_frame_equal(*of_the_first, check_exact=True)
    assert not later.equals(built["features"])


def test_a_catalog_of_drafts_passes_its_check(here, model):
    done = invoke(here, "check")
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("name", ["late", "minutes"])
def test_a_drafted_model_runs_its_first_night(here, model, lake, name):
    migrate(here.records)
    # Two weeks around a holiday predict the days after it, so that no version is well calibrated.
    spec = model.model(name).model_copy(update={"guards": Guards(max_calibration_error=0.5)})
    stores = InstalledStores(Installation(here, model), spec)
    batches = build_batches(spec, model, NIGHTS.reaching_back(EARLIER), lake, here)
    for contract in (spec.feature_contract, spec.label_contract):
        batch = batches[contract.table.partition(".")[0]]
        stores.installation.book.gates.add(check(contract, batch, "history"))
        lake.publish(contract, batch)
    night = run_night(stores, NIGHTS.last)
    (evaluation,) = night.evaluations
    assert all(test.passed for test in evaluation.behaviour)
    assert evaluation.challenger_measures.loss < evaluation.baseline_measures.loss
    (decision,) = night.entered
    assert [reason.explanation for reason in decision.reasons if not reason.passed] == []
    assert decision.kind == "first"
    lake.publish(spec.prediction_contract, score(stores.installation, spec, Days.one(NIGHTS.last)))
    assert lake.read(spec.prediction_contract).num_rows > 500
