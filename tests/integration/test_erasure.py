"""Erasing a key from a lake with real Iceberg tables removes all reachable rows with the key, and no others."""

from __future__ import annotations

import gzip
import os
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contender.admission import find_quarantined, quarantine_batch
from contender.cli.erase import render_erasure
from contender.erasing import ErasureError, erase, erasure, plan_erasure
from contender.lake import Evidence, stage
from contender.lake.schema import arrow_schema
from contender.records import Evaluation, GateResult, Measures, Pin, TrainedVersion
from contender.specs import Column, DatasetSpec, Days, Delivery, Input, ModelSpec, Recipe
from tests.made_up_catalog import install

OWNER = "sales@contender.example"
FIRST, SECOND, THIRD = (date(2013, 9, number) for number in (1, 2, 3))
SALES = DatasetSpec(
    name="sales",
    description="what was bought",
    owner=OWNER,
    delivery=Delivery(path="sales/{day}.csv", cron="30 3 * * *"),
    columns=(
        Column(name="day", type="date", description="day"),
        Column(name="customer", type="string", pii=True, description="who bought"),
        Column(name="amount", type="number", description="EUR"),
    ),
    primary_key=("day", "customer"),
)
PEOPLE = SALES.model_copy(
    update={
        "name": "people",
        "kind": "reference",
        "primary_key": ("customer",),
        "delivery": Delivery(path="people.csv", cron="30 3 * * *"),
    }
)
MODEL = ModelSpec(
    name="returns",
    description="who comes back",
    owner=OWNER,
    label="comes back",
    inputs=(Input(dataset="sales", history_days=2),),
    keys=(Column(name="customer", type="string", pii=True, description="who"),),
    features=(Column(name="spent", type="number", description="EUR"),),
    recipes=(Recipe(name="plain", window_days=10),),
    baseline_features=("spent",),
)
MEASURES = Measures(rows=1, mean_label=0, loss=0.1, calibration_error=0.1)
KEY = "customer=ann"


@pytest.fixture
def stores(here, book):
    return install(here, [SALES, PEOPLE], [MODEL])


def rows(contract, *named: tuple[date, str], value: float = 1.0) -> pa.Table:
    names = contract.column_names
    return pa.Table.from_pylist(
        [dict(zip(names, (day, who, value), strict=True)) for day, who in named],
        schema=arrow_schema(contract),
    )


@pytest.fixture
def fill(here, lake):
    def fill(contract, days, *named, value=1.0):
        return lake.publish(
            contract, stage(rows(contract, *named, value=value), contract, days, here.staging)
        )

    return fill


@pytest.fixture
def filled(stores, fill):
    """Three days of sales and features, the second without ann; ann and bob in `people`."""
    days = Days(first=FIRST, last=THIRD)
    named = [(FIRST, "ann"), (FIRST, "bob"), (SECOND, "bob"), (THIRD, "ann")]
    fill(SALES.contract, days, *named)
    fill(MODEL.feature_contract, days, *named)
    fill(PEOPLE.contract, Days.one(FIRST), (FIRST, "ann"), (FIRST, "bob"))
    for attempt in Path(stores.settings.staging).iterdir():
        for file in attempt.rglob("*.parquet"):
            file.unlink()
    return stores


def evaluation(stores, version, trained_on):
    table = MODEL.feature_contract.table
    trained = TrainedVersion(
        model="returns",
        version=version,
        night=THIRD,
        recipe="plain",
        recipe_fingerprint="x",
        features=(),
        trained_on=trained_on,
        days_with_rows=1,
        rows=1,
        mean_label=0,
        pins=(Pin(table=table, snapshot=stores.lake.snapshot(table)),),
        seed=0,
        code_version="x",
        environment="x",
    )
    stores.book.evaluations.add(
        Evaluation(
            id=f"e{version}",
            model="returns",
            night=THIRD,
            judged_on=Days.one(THIRD),
            challenger=trained,
            champion=None,
            challenger_measures=MEASURES,
            champion_measures=None,
            baseline_measures=MEASURES,
            disagreement=None,
        )
    )


def who(lake, contract):
    return [(row["day"], row["customer"]) for row in lake.read(contract).to_pylist()]


def parquet_with(name: str, folder: Path) -> list[Path]:
    files = folder.rglob("*.parquet")
    return [file for file in files if name in pq.read_table(file)["customer"].to_pylist()]


def test_a_plan_shows_tables_days_and_rows_and_changes_nothing(filled):
    before = {path: path.stat().st_mtime_ns for path in Path(filled.settings.home).rglob("*.parquet")}
    plan = plan_erasure(filled, KEY)
    assert {h.table: h.rows for h in plan.holdings if h.rows} == {
        "datasets.sales": {"2013-09-01": 1, "2013-09-03": 1},
        "datasets.people": {"all": 1},
        "features.returns": {"2013-09-01": 1, "2013-09-03": 1},
    }
    assert before == {path: path.stat().st_mtime_ns for path in Path(filled.settings.home).rglob("*.parquet")}
    assert filled.book.acts.newest() == []


def test_the_rows_are_removed_from_every_table_and_others_are_kept(filled):
    erase(filled, KEY, "carl", "she asked")
    assert who(filled.lake, SALES.contract) == [(FIRST, "bob"), (SECOND, "bob")]
    assert who(filled.lake, MODEL.feature_contract) == [(FIRST, "bob"), (SECOND, "bob")]
    assert who(filled.lake, PEOPLE.contract) == [(FIRST, "bob")]


def test_no_file_of_the_installation_contains_the_rows_afterwards(filled, fill):
    fill(SALES.contract, Days.one(FIRST), (FIRST, "ann"), value=2.0)
    erase(filled, KEY, "carl", "she asked")
    assert parquet_with("ann", filled.settings.home) == []
    left = [path for path in filled.settings.home.rglob("*.avro") if b"ann" in path.read_bytes()]
    assert left == []


def test_an_unaffected_day_keeps_its_file_and_an_affected_one_is_named_by_its_bytes(filled):
    days = Days(first=FIRST, last=THIRD)
    before = filled.lake.day_files(SALES.contract.table, days)
    erase(filled, KEY, "carl", "she asked")
    after = filled.lake.day_files(SALES.contract.table, days)
    batch = stage(
        rows(SALES.contract, (FIRST, "bob")), SALES.contract, Days.one(FIRST), filled.settings.staging
    )
    assert after[SECOND] == before[SECOND]
    assert after[FIRST].digest == batch.files[0].digest
    assert filled.lake.holds(batch)


def test_a_pinned_snapshot_stays_readable_and_is_reported_with_its_reason(filled, fill):
    evaluation(filled, 1, Days(first=FIRST, last=SECOND))
    pinned = filled.lake.snapshot(MODEL.feature_contract.table)
    done = erase(filled, KEY, "carl", "she asked")
    (pin,) = [pin for holding in done.holdings for pin in holding.pinned]
    assert (pin.table, pin.snapshot) == (MODEL.feature_contract.table, pinned)
    assert "returns v1 of the night 2013-09-03" in pin.why
    read = filled.lake.read(MODEL.feature_contract, snapshot=pinned)
    assert "ann" in read["customer"].to_pylist()
    assert "ann" not in filled.lake.read(MODEL.feature_contract)["customer"].to_pylist()


def test_the_plan_names_versions_that_were_fitted_on_days_built_from_the_rows(filled):
    evaluation(filled, 1, Days.one(date(2013, 8, 20)))
    evaluation(filled, 2, Days.one(date(2013, 9, 5)))  # built from the third and the fourth
    evaluation(filled, 3, Days.one(date(2013, 9, 6)))
    assert plan_erasure(filled, KEY).versions == ("returns v2",)


def test_versions_that_were_fitted_on_days_with_erased_rows_get_a_caveat(filled):
    evaluation(filled, 1, Days.one(FIRST))
    evaluation(filled, 2, Days.one(date(2013, 8, 20)))
    erase(filled, KEY, "carl", "she asked", dataset="sales")
    (caveat,) = [c for c in filled.book.caveats.newest("returns") if c.table == "features.returns"]
    assert (caveat.version, caveat.kind) == (1, "superseded")
    assert caveat.why == "features.returns 2013-09-01..2013-09-03 lost erased rows after training"
    assert filled.book.caveats.of_version("returns", 2) == []


def test_the_act_records_everything_but_the_value(filled):
    erase(filled, KEY, "carl", "she asked")
    done, begun = filled.book.acts.newest()
    assert (done.kind, done.by, done.reason, done.detail["state"]) == ("erased", "carl", "she asked", "done")
    assert begun.detail["state"] == "begun"
    assert "ann" not in done.model_dump_json()
    assert done.detail["erasure"]["holdings"][0]["rows"] == {"2013-09-01": 1, "2013-09-03": 1}


@pytest.mark.parametrize(
    ("step", "call", "after"),
    [
        ("_record", 1, True),
        ("remove_rows", 2, True),
        ("expire_holding", 1, False),
        ("clear_copies", 1, False),
        ("renew_batches", 1, False),
        ("mark_exposed", 1, False),
        ("mark_exposed", 1, True),
        ("_record", 2, False),
        ("_record", 2, True),
    ],
)
def test_a_killed_erasure_is_completed_by_the_next_attempt(filled, monkeypatch, step, call, after):
    real, calls = getattr(erasure, step), []

    def die(*given):
        calls.append(given)
        if len(calls) != call:
            return real(*given)
        if after:
            real(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(erasure, step, die)
    try:
        erase(filled, KEY, "carl", "she asked")
    except KeyboardInterrupt:
        monkeypatch.undo()
        try:
            erase(filled, KEY, "carl", "she asked")
        except ErasureError:
            assert (step, call, after) == ("_record", 2, True)  # everything was done and recorded
    done = filled.book.acts.newest()[0]
    assert done.detail["state"] == "done"
    assert [sum(h["rows"].values()) for h in done.detail["erasure"]["holdings"]] == [2, 1, 2, 0, 0, 0, 0]
    assert parquet_with("ann", filled.settings.home) == []
    assert who(filled.lake, SALES.contract) == [(FIRST, "bob"), (SECOND, "bob")]


def test_an_erasure_killed_between_deleting_rows_and_expiring_their_snapshot_is_completed(
    filled, fill, monkeypatch
):
    from pyiceberg.table.maintenance import MaintenanceTable

    fill(SALES.contract, Days.one(FIRST), (FIRST, "ann"), value=2.0)

    def die(table):
        raise KeyboardInterrupt

    monkeypatch.setattr(MaintenanceTable, "expire_snapshots", die)
    with pytest.raises(KeyboardInterrupt):
        erase(filled, KEY, "carl", "she asked")
    monkeypatch.undo()
    erase(filled, KEY, "carl", "she asked")
    table = filled.lake.iceberg(SALES.contract.table)
    for snapshot in table.snapshots():
        assert (
            "ann"
            not in filled.lake.read(SALES.contract, snapshot=snapshot.snapshot_id)["customer"].to_pylist()
        )
    assert parquet_with("ann", filled.settings.home) == []


def test_rows_that_another_writer_commits_in_between_are_kept(filled, fill, monkeypatch):
    from contender.lake import rewriting

    real, calls = rewriting.replace_days, []

    def late(table, change, files):
        if not calls:
            calls.append(fill(SALES.contract, Days.one(FIRST), (FIRST, "ann"), (FIRST, "eve")))
        real(table, change, files)

    monkeypatch.setattr(rewriting, "replace_days", late)
    erase(filled, KEY, "carl", "she asked", dataset="sales")
    assert who(filled.lake, SALES.contract) == [(FIRST, "eve"), (SECOND, "bob")]


def quarantined(stores):
    raw = Path(stores.settings.staging) / "raw" / "sales" / "x.csv"
    raw.parent.mkdir(parents=True)
    raw.write_bytes(b'\xef\xbb\xbfday,customer,amount\r\n2013-09-01,"ann",1\r\n2013-09-01,"b\r\nob",1.50\r\n')
    table = rows(SALES.contract, (FIRST, "ann"), (FIRST, "bob"))
    batch = stage(
        table, SALES.contract, Days.one(FIRST), stores.settings.staging, Evidence(sources=(str(raw),))
    )
    result = GateResult(
        id="g",
        table=batch.table,
        owner=OWNER,
        days=batch.days,
        run="r",
        verdict="fail",
        rows=2,
        fingerprint=batch.fingerprint,
        expectations=(),
        at=datetime.now(UTC),
    )
    quarantine_batch(batch, result, stores.settings)
    return batch


def test_a_quarantined_batch_loses_the_rows_and_can_still_be_released(filled):
    batch = quarantined(filled)
    erase(filled, KEY, "carl", "she asked")
    item = find_quarantined(filled, batch.fingerprint[:16])
    (file,) = item.batch.files
    assert file.rows == 1
    assert pq.read_table(file.path)["customer"].to_pylist() == ["bob"]
    filled.lake.publish(SALES.contract, item.batch)
    assert filled.lake.holds(
        stage(rows(SALES.contract, (FIRST, "bob")), SALES.contract, Days.one(FIRST), filled.settings.staging)
    )


def test_a_raw_file_in_quarantine_loses_the_lines_with_the_key_and_no_other_byte(filled):
    batch = quarantined(filled)
    erase(filled, KEY, "carl", "she asked")
    item = find_quarantined(filled, batch.fingerprint[:16])
    assert Path(item.batch.sources[0]).read_bytes() == (
        b'\xef\xbb\xbfday,customer,amount\r\n2013-09-01,"b\r\nob",1.50\r\n'
    )


def test_staged_files_are_removed_and_files_aside_are_rewritten(filled):
    quarantined(filled)
    aside = Path(filled.settings.aside) / "sales" / "2013-09-01-x.parquet"
    aside.parent.mkdir(parents=True)
    pq.write_table(pa.table({"customer": ["ann", "bob"], "shoe_size": ["37", "42"]}), aside)
    erase(filled, KEY, "carl", "she asked")
    assert pq.read_table(aside)["shoe_size"].to_pylist() == ["42"]
    assert parquet_with("ann", Path(filled.settings.staging)) == []
    assert list((Path(filled.settings.staging) / "raw").rglob("*.csv")) == []


CSV = b"day,customer,amount\n2013-09-01,ann,1\n"


@pytest.mark.parametrize(
    ("name", "content", "way"),
    [
        ("raw/x.csv.gz", gzip.compress(CSV, mtime=0), "not searched"),
        ("raw/x.csv", CSV.decode().encode("utf-16"), "not searched"),
        ("raw/x.parquet", b"PAR1 and no more", "not searched"),
        ("raw/x.parquet", CSV, "beyond reach"),
        ("raw/x.csv", CSV + b'2013-09-01,"never closed', "beyond reach"),
    ],
    ids=[
        "compressed",
        "another encoding",
        "a broken Parquet file",
        "CSV in a Parquet file",
        "a broken CSV file",
    ],
)
def test_a_file_in_quarantine_that_cannot_be_read_is_named_and_left_as_it_is(filled, name, content, way):
    raw = Path(filled.settings.quarantine) / "batch" / name
    raw.parent.mkdir(parents=True)
    raw.write_bytes(content)
    (copy,) = plan_erasure(filled, KEY).copies
    assert (copy.path, copy.rows, copy.way) == (str(raw), 0, way)
    printed = render_erasure(erase(filled, KEY, "carl", "she asked"), done=True)
    said = "cannot be read and may contain the key" if way == "not searched" else "mentioned in"
    assert any(str(raw) in str(line) and said in str(line) for line in printed)
    assert raw.read_bytes() == content


def test_a_file_that_cannot_be_changed_is_reported(filled):
    note = Path(filled.settings.quarantine) / "note.txt"
    note.parent.mkdir(parents=True)
    note.write_text("ann called; joanna did not\n")
    (copy,) = [copy for copy in plan_erasure(filled, KEY).copies if copy.way == "beyond reach"]
    assert copy.path == str(note)


def test_files_of_a_killed_commit_are_removed_once_no_commit_can_need_them(filled):
    data = Path(filled.settings.lake) / "datasets" / "sales" / "data"
    for name, hours in (("old", 25), ("young", 1)):
        stray = data / f"{name}.parquet"
        pq.write_table(rows(SALES.contract, (FIRST, "ann")), stray)
        then = time.time() - hours * 3600
        os.utime(stray, (then, then))
    done = erase(filled, KEY, "carl", "she asked")
    assert parquet_with("ann", filled.settings.home) == [data / "young.parquet"]
    assert [copy.path for copy in done.copies if copy.way == "beyond reach"] == [str(data / "young.parquet")]


def test_a_table_that_no_contract_declares_is_reported(filled, fill):
    fill(SALES.contract.model_copy(update={"table": "features.gone"}), Days.one(FIRST), (FIRST, "ann"))
    assert "the table features.gone, which no contract declares any more" in plan_erasure(filled, KEY).beyond


def test_the_landing_zone_is_reported_as_out_of_reach(filled):
    assert any("landing/sales/{day}.csv" in line for line in plan_erasure(filled, KEY).beyond)


def test_erasing_from_a_dataset_includes_its_models_and_leaves_other_datasets(filled):
    done = erase(filled, KEY, "carl", "she asked", dataset="sales")
    assert "datasets.people" not in {holding.table for holding in done.holdings}
    assert who(filled.lake, PEOPLE.contract) == [(FIRST, "ann"), (FIRST, "bob")]
    assert who(filled.lake, MODEL.feature_contract) == [(FIRST, "bob"), (SECOND, "bob")]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("custommer=ann", "no table has a column 'custommer'; did you mean 'customer'?"),
        ("customer=zoe", "there is nothing to erase: no row has customer=zoe"),
        ("customer", "'customer' is not a key: write COLUMN=VALUE, for example customer=4711"),
        ("amount=much", "there is nothing to erase: no row has amount=much"),
    ],
)
def test_a_key_that_does_not_exist_is_an_error_of_one_line(filled, key, message):
    with pytest.raises(ErasureError) as error:
        erase(filled, key, "carl", "she asked")
    assert str(error.value) == message
    assert filled.book.acts.newest() == []


@pytest.fixture
def command(monkeypatch):
    """The command on the real catalog and an empty lake."""
    from typer.testing import CliRunner

    from contender import cli
    from contender.installation import Installation
    from contender.records import migrate
    from contender.settings import Settings

    def run(home, *words):
        here = Settings(home=home)
        migrate(here.records)
        monkeypatch.setattr("contender.cli.erase.open_installation", lambda: Installation(here))
        return CliRunner().invoke(cli.app, ["erase", *words])

    return run


def test_the_command_requires_a_reason_unless_it_only_plans(command, tmp_path):
    refused = command(tmp_path / "home", "tailnum=N14228")
    assert refused.exit_code == 2
    assert "--reason" in refused.output


def test_the_command_shows_its_plan(command, tmp_path):
    staged = tmp_path / "home" / "aside" / "x.parquet"
    staged.parent.mkdir(parents=True)
    pq.write_table(pa.table({"tailnum": ["N14228"]}), staged)
    result = command(tmp_path / "home", "tailnum=N14228", "--plan")
    assert result.exit_code == 0
    assert f"rewrite: {staged} (1 rows)" in result.output
    assert "nothing was changed" in result.output
    assert pq.read_table(staged).num_rows == 1
