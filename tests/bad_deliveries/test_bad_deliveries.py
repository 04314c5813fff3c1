"""Every kind of bad delivery gets the right verdict and message, is not published, and is not lost."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from contender.admission import publish_batch, quarantine_batch
from contender.gating import check, read_past
from contender.ingesting import land
from contender.installation import Installation
from contender.landing import LandingError, NotDelivered
from contender.records import GateResult, StagedBatch, migrate
from contender.settings import Settings
from contender.specs import Days
from demo import source
from tests.bad_deliveries.kinds import KINDS, Kind
from tests.bad_deliveries.places import PLACES
from tests.bad_deliveries.shapes import SHAPES, Shape

DAY = Days.one("2013-09-02")
MONTH = Days(first=date(2013, 7, 29), last=date(2013, 9, 2))
DAILY = ("schedule", "departures", "weather")


@pytest.fixture(scope="module")
def stores(tmp_path_factory) -> Installation:
    """Where five weeks and the day itself are published."""
    here = Installation(Settings(home=tmp_path_factory.mktemp("home")))
    migrate(here.settings.records)
    for dataset in DAILY:
        spec = here.catalog.dataset(dataset)
        source.drop(dataset, MONTH.each(), here.settings.landing)
        publish_batch(here, land(spec, MONTH, here.settings), "history")
    return here


def landed(stores: Installation, dataset: str, content: bytes | None = None) -> Path:
    """The dataset's file of the day, good or as given."""
    (dropped,) = source.drop(dataset, DAY.each(), stores.settings.landing)
    file = Path(dropped.place or "")
    if content is not None:
        file.write_bytes(content)
    return file


def judge(stores: Installation, dataset: str) -> tuple[StagedBatch, GateResult]:
    spec = stores.catalog.dataset(dataset)
    batch = land(spec, DAY, stores.settings)
    past = read_past(spec.contract, batch, stores.lake, stores.book)
    return batch, check(spec.contract, batch, "night", past)


def message(result: GateResult) -> str:
    told = [f"{d.where}: {d.what}; {d.way_out}" for d in result.defects]
    told += [f"{e.expectation}: {e.observed} {e.failing_keys}" for e in result.failed]
    return "\n".join(told)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_bad_delivery_gets_its_verdict_and_says_why(stores, kind: Kind):
    good = landed(stores, kind.dataset).read_bytes()
    landed(stores, kind.dataset, kind.make(good))
    _, result = judge(stores, kind.dataset)
    assert result.verdict == kind.outcome, message(result)
    for words in kind.told:
        assert words in message(result)


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.outcome == "fail"], ids=lambda kind: kind.name
)
def test_a_failed_delivery_is_quarantined_byte_for_byte(stores, kind: Kind):
    bad = kind.make(landed(stores, kind.dataset).read_bytes())
    landed(stores, kind.dataset, bad)
    batch, result = judge(stores, kind.dataset)
    (kept,) = (Path(quarantine_batch(batch, result, stores.settings).quarantine or "") / "raw").iterdir()
    assert kept.read_bytes() == bad


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_an_unusable_file_is_retried_or_rejected(stores, monkeypatch, place):
    file = landed(stores, "departures")
    place.arrange(file, monkeypatch)
    error = {"waits": NotDelivered, "refused": LandingError}[place.outcome]
    try:
        with pytest.raises(error) as told:
            judge(stores, "departures")
    finally:
        file.rmdir() if file.is_dir() else file.unlink(missing_ok=True)
        file.with_name("2013-9-2.csv").unlink(missing_ok=True)
    for words in place.told:
        assert words in str(told.value)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_bad_delivery_in_another_shape_gets_its_verdict_and_says_why(here, shape: Shape):
    for name, content in shape.files.items():
        file = Path(here.landing) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    try:
        result = check(shape.spec.contract, land(shape.spec, Days.one("2024-03-01"), here), "night")
        outcome, said = result.verdict, message(result)
    except NotDelivered as late:
        outcome, said = "waits", str(late)
    assert outcome == shape.outcome, said
    for words in shape.told:
        assert words in said


@pytest.mark.parametrize("dataset", DAILY)
def test_the_good_delivery_passes_in_the_same_installation(stores, dataset):
    landed(stores, dataset)
    _, result = judge(stores, dataset)
    assert result.verdict == "pass", message(result)


def test_the_same_day_delivered_twice_changes_nothing(stores):
    landed(stores, "departures")
    contract = stores.catalog.dataset("departures").contract
    before = stores.lake.snapshot(contract.table)
    batch, _ = judge(stores, "departures")
    assert not publish_batch(stores, batch, "again").changed
    assert stores.lake.snapshot(contract.table) == before


def test_columns_that_are_not_in_the_contract_are_kept_with_their_keys(stores):
    import pyarrow.parquet as pq

    added = next(kind for kind in KINDS if kind.name == "column_added")
    landed(stores, "departures", added.make(landed(stores, "departures").read_bytes()))
    judge(stores, "departures")
    (kept,) = (Path(stores.settings.aside) / "departures").glob("2013-09-02-*.parquet")
    rows = pq.read_table(kept)
    assert rows.column_names == ["day", "carrier", "flight", "origin", "gate"]
    assert set(rows["gate"].to_pylist()) == {"B12"}


def test_there_are_at_least_forty_kinds_and_no_two_of_a_name():
    names = [kind.name for kind in (*KINDS, *PLACES, *SHAPES)]
    assert len(names) == len(set(names)) >= 40
