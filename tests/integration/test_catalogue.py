"""The catalogue, read from a lake and a book of record, and shown in a terminal."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from contender.admission import publish_batch
from contender.catalogue import read_catalogue
from contender.cli import app
from contender.gating import check
from contender.ingesting import land
from contender.installation import Installation
from contender.lake import open_day
from contender.profiles import profile, published, read_profiles, read_stored
from contender.records import BookError
from contender.settings import settings
from contender.specs import CatalogError, Days
from demo import source

DAY, NEXT = date(2013, 9, 1), date(2013, 9, 2)
NOW = datetime(2013, 9, 3, 14, 0, tzinfo=UTC)


@pytest.fixture
def ingest(here, book, catalog):
    def ingest_day(dataset: str, day: date, fault=None):
        spec, days = catalog.dataset(dataset), Days.one(day)
        source.drop(dataset, days.each(), here.landing, fault=fault)
        batch = land(spec, days, here)
        result = book.gates.add(check(spec.contract, batch, f"run {day} {fault}"))
        if result.verdict != "fail":
            publish_batch(Installation(here), batch, "run")
        return result

    return ingest_day


@pytest.fixture
def read(installation, book):
    def read_tables(**options):
        found = read_catalogue(installation, now=NOW, **options)
        return {entry.table: entry for entry in found.entries}

    return read_tables


@pytest.fixture
def run(here, book, monkeypatch):
    """Run `contender catalog` in an installation of its own."""
    monkeypatch.setenv("CONTENDER_HOME", str(here.home))
    monkeypatch.setenv("COLUMNS", "200")
    settings.cache_clear()
    yield lambda *arguments: CliRunner().invoke(app, ["catalog", *arguments])
    settings.cache_clear()


def test_every_table_has_an_entry_before_anything_is_published(read, catalog):
    entries = read()
    assert list(entries) == list(catalog.tables)
    for entry in entries.values():
        assert entry.description
        assert (entry.snapshots, entry.gates, entry.freshness.last_good_day) == ((), (), None)


def test_an_entry_contains_schema_key_expectations_and_lineage_of_the_contract(read, catalog):
    entry = read()["datasets.departures"]
    spec = catalog.dataset("departures")
    assert (entry.owner, entry.columns, entry.primary_key) == (spec.owner, spec.columns, spec.primary_key)
    assert "there are 500 to 1300 rows" in [expectation.text for expectation in entry.expectations]
    assert entry.upstream == ()
    assert entry.downstream == ("features.flight_delay", "labels.flight_delay")
    assert entry.dag == "ingest__departures"


def test_an_entry_contains_published_days_gates_and_snapshots(read, ingest):
    ingest("departures", DAY)
    ingest("departures", NEXT, source.append_rerun)
    entry = read()["datasets.departures"]
    refused, passed = entry.gates
    assert (passed.days, passed.verdict, passed.broken) == ("2013-09-01", "pass", ())
    assert (refused.days, refused.verdict) == ("2013-09-02", "fail")
    assert "no two rows share day, carrier, flight, origin" in refused.broken
    assert [(snapshot.days, snapshot.rows) for snapshot in entry.snapshots] == [(1, passed.rows)]
    assert (entry.freshness.last_good_day, entry.freshness.overdue) == (DAY, True)


def test_a_table_with_a_corrected_delivery_is_not_overdue(read, ingest):
    ingest("departures", DAY)
    ingest("departures", NEXT)
    freshness = read()["datasets.departures"].freshness
    assert (freshness.last_good_day, freshness.overdue) == (NEXT, False)
    assert freshness.due == datetime(2013, 9, 3, 11, 30, tzinfo=UTC)


def test_a_reference_table_is_as_fresh_as_its_last_passed_delivery(here, read, catalog, book, lake):
    source.drop_reference(here.landing)
    spec = catalog.dataset("planes")
    batch = land(spec, Days.one(NEXT), here)
    book.gates.add(check(spec.contract, batch, "run"))
    assert read()["datasets.planes"].freshness.last_good_day == NEXT


def test_stored_profiles_are_those_of_the_published_rows(installation, book, lake, catalog, ingest):
    contract = catalog.dataset("departures").contract
    assert read_stored(contract, 60, lake, book) == []
    ingest("departures", DAY)
    ingest("departures", NEXT)
    files = lake.day_files(contract.table, Days(first=DAY, last=NEXT))
    computed = read_profiles(contract, {DAY: files[DAY]}, lake, book)
    assert read_stored(contract, 60, lake, book) == list(computed.values())
    assert read_stored(contract, 1, lake, book) == []
    of_replaced_rows = computed[DAY].model_copy(update={"id": "another", "day": NEXT})
    book.profiles.add(of_replaced_rows)
    assert read_stored(contract, 60, lake, book) == list(computed.values())


@pytest.mark.parametrize("dataset", ["departures", "weather"])
def test_a_day_of_many_rows_is_read_by_columns_and_has_the_same_profile(
    book, lake, catalog, ingest, monkeypatch, dataset
):
    contract, day = catalog.dataset(dataset).contract, Days.one(DAY)
    ingest(dataset, DAY)
    files = lake.day_files(contract.table, day)
    with open_day(lake, contract, DAY) as rows:
        assert isinstance(rows, pq.ParquetFile)
    by_rows = profile(contract, DAY, files[DAY].digest, lake.read(contract, day))
    monkeypatch.setattr(published, "PIECE", 10)
    by_columns = read_profiles(contract, files, lake, book)[DAY]
    assert by_columns.model_dump(exclude={"at"}) == by_rows.model_dump(exclude={"at"})


def test_tables_that_are_not_visible_are_not_mentioned(read):
    entries = read(visible={"features.flight_delay", "datasets.weather"})
    assert list(entries) == ["datasets.weather", "features.flight_delay"]
    assert entries["features.flight_delay"].upstream == ("datasets.weather",)
    assert "departures" not in json.dumps(
        [entry.freshness.model_dump(mode="json") for entry in entries.values()]
    )


def test_a_single_entry_has_its_lineage(read):
    (entry,) = read(tables={"features.flight_delay"}).values()
    assert "datasets.departures" in entry.upstream


def test_the_overview_lists_every_table(run, catalog):
    outcome = run()
    assert outcome.exit_code == 0
    for table in catalog.tables:
        assert table in outcome.output


def test_a_dataset_can_be_shown_by_its_name(run, ingest):
    ingest("departures", NEXT, source.append_rerun)
    output = run("departures").output
    for shown in (
        "ingest__departures",
        "minutes",
        "there are 500 to 1300 rows",
        "fail",
        "Nothing published yet",
    ):
        assert shown in output


def test_a_model_is_shown_as_its_tables(run):
    output = run("flight_delay").output
    assert "labels.flight_delay" in output
    assert "datasets." not in output


def test_json_contains_the_whole_entry(run, ingest):
    ingest("weather", DAY)
    (entry,) = json.loads(run("datasets.weather", "--json").output)["entries"]
    assert entry["gates"][0]["verdict"] == "pass"
    assert entry["snapshots"][0]["days"] == 1


@pytest.mark.parametrize(
    ("name", "meant"), [("wether", "weather"), ("datasets.departure", "datasets.departures")]
)
def test_the_error_for_an_unknown_name_suggests_a_similar_one(run, name, meant):
    outcome = run(name)
    assert isinstance(outcome.exception, CatalogError)
    assert str(outcome.exception) == f"there is no table {name!r}; did you mean {meant!r}?"


def test_a_missing_book_of_record_is_an_error(here, monkeypatch):
    here.home.mkdir()
    monkeypatch.setenv("CONTENDER_HOME", str(here.home))
    settings.cache_clear()
    outcome = CliRunner().invoke(app, ["catalog"])
    settings.cache_clear()
    assert isinstance(outcome.exception, BookError)


def test_the_help_contains_examples(run):
    assert "contender catalog labels.churn" in run("--help").output
