"""The gate with real Great Expectations, on good and damaged real deliveries."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from contender.admission import quarantine_batch
from contender.gating import check
from contender.ingesting import land
from contender.landing import NotDelivered
from contender.settings import Settings
from contender.specs import Between, Days, RowCount
from demo import source

DAY = date(2013, 9, 2)
A_DAY = Days.one(DAY)
DAILY = ("schedule", "departures", "weather")


@pytest.fixture
def judge(here: Settings, catalog):
    def land_and_check(dataset: str, days: Days = A_DAY, fault=None):
        spec = catalog.dataset(dataset)
        source.drop(dataset, days.each(), here.landing, fault=fault)
        batch = land(spec, days, here)
        return batch, check(spec.contract, batch, "run 1")

    return land_and_check


@pytest.mark.parametrize("dataset", DAILY)
def test_a_real_month_passes(judge, dataset):
    _, result = judge(dataset, Days(first=date(2013, 2, 1), last=date(2013, 2, 28)))
    assert (result.verdict, result.failed) == ("pass", ())


@pytest.mark.parametrize("dataset", DAILY)
def test_christmas_passes(judge, dataset):
    _, result = judge(dataset, Days.one("2013-12-25"))
    assert result.verdict == "pass"


def test_reference_tables_pass(here, catalog):
    source.drop_reference(here.landing)
    for name in [name for each in source.SOURCES for name in each.reference]:
        spec = catalog.dataset(name)
        assert check(spec.contract, land(spec, Days.one(DAY), here), "run 1").verdict == "pass"


def test_an_export_appended_to_itself_fails_with_its_keys(judge):
    _, result = judge("departures", fault=source.append_rerun)
    broken = {e.expectation: e for e in result.failed}
    assert set(broken) == {"no two rows share day, carrier, flight, origin", "there are 500 to 1300 rows"}
    duplicated = broken["no two rows share day, carrier, flight, origin"]
    assert len(duplicated.failing_keys) == 10
    assert set(duplicated.failing_keys[0]) == {"day", "carrier", "flight", "origin"}


def test_an_upload_cut_within_a_line_fails_and_names_the_line(judge):
    _, result = judge("schedule", fault=source.cut_upload)
    assert result.verdict == "fail"
    assert "line " in result.defects[0].where


def test_another_days_rows_fail(judge):
    _, result = judge("departures", fault=lambda csv: csv.replace(b"2013-09-02,AA", b"2013-09-01,AA"))
    assert "rows are of another day, for example 2013-09-01" in result.defects[0].what


def test_a_day_without_rows_fails(judge):
    _, result = judge("weather", fault=lambda csv: csv.split(b"\n")[0] + b"\n")
    assert [e.expectation for e in result.failed] == ["there are 40 to 80 rows"]


def test_a_missing_file_is_retried(here, catalog):
    with pytest.raises(NotDelivered, match=r"departures/2013-09-02\.csv is not in the landing zone"):
        land(catalog.dataset("departures"), Days.one(DAY), here)


def test_a_warning_lets_the_batch_pass(judge, catalog):
    batch, _ = judge("weather")
    spec = catalog.dataset("weather")
    too_hot = Between(column="temp", high=0, severity="warn")
    cold = spec.model_copy(update={"expectations": (*spec.expectations, too_hot)})
    assert check(cold.contract, batch, "run 1").verdict == "warn"


def test_personal_data_is_masked_in_keys_and_values(judge, catalog):
    batch, _ = judge("departures", fault=source.append_rerun)
    contract = catalog.dataset("departures").contract
    columns = tuple(c.model_copy(update={"pii": c.name == "flight"}) for c in contract.columns)
    result = check(contract.model_copy(update={"columns": columns}), batch, "run 1")
    assert {key["flight"] for e in result.failed for key in e.failing_keys} == {"***"}


def test_a_failed_batch_waits_in_quarantine_with_its_raw_file_and_verdict(judge, here):
    batch, result = judge("departures", fault=source.append_rerun)
    noted = quarantine_batch(batch, result, here)
    place = Path(noted.quarantine or "")
    assert (place / "raw" / "departures__2013-09-02.csv").read_bytes() == Path(batch.sources[0]).read_bytes()
    assert (place / "staged" / "2013-09-02.parquet").exists()
    assert json.loads((place / "gate.json").read_text())["verdict"] == "fail"


def test_the_same_bad_delivery_is_quarantined_once(judge, here):
    places = set()
    for _ in range(2):
        batch, result = judge("departures", fault=source.append_rerun)
        places.add(quarantine_batch(batch, result, here).quarantine)
    assert len(places) == 1


def test_files_of_different_days_with_the_same_name_are_kept(here, catalog):
    spec = catalog.dataset("weather")
    nested = spec.model_copy(
        update={"delivery": spec.delivery.model_copy(update={"path": "{day}/weather.csv"})}
    )
    days = Days(first=date(2013, 9, 1), last=DAY)
    for day in days.each():
        (dropped,) = source.drop("weather", [day], here.landing)
        target = Path(here.landing) / str(day) / "weather.csv"
        target.parent.mkdir()
        Path(dropped.place).rename(target)
    batch = land(nested, days, here)
    assert len({Path(copy).read_bytes() for copy in batch.sources}) == 2


@pytest.fixture
def judge_closed(here: Settings, catalog):
    """Land and judge days of a weather station that rests on the second of September."""
    spec = catalog.dataset("weather")
    resting = spec.model_copy(update={"delivery": spec.delivery.model_copy(update={"closed": (DAY,)})})

    def land_and_check(days: Days = A_DAY):
        return check(resting.contract, land(resting, days, here), "run 1")

    return land_and_check


def test_a_closed_day_passes_without_a_file(judge_closed):
    assert (judge_closed().verdict, judge_closed().rows) == ("pass", 0)


def test_a_closed_day_passes_with_a_file_without_rows(judge_closed, here):
    source.drop("weather", [DAY], here.landing, fault=lambda csv: csv.split(b"\n")[0] + b"\n")
    assert judge_closed().verdict == "pass"


def test_rows_of_a_closed_day_fail(judge_closed, here):
    source.drop("weather", [DAY], here.landing)
    result = judge_closed()
    assert result.verdict == "fail"
    assert "rows of 2013-09-02, which the contract declares closed" in result.defects[0].what


def test_the_rows_of_a_range_are_checked_against_its_open_days(judge_closed, here, catalog):
    source.drop("weather", [date(2013, 9, 1), date(2013, 9, 3)], here.landing)
    result = judge_closed(Days(first=date(2013, 9, 1), last=date(2013, 9, 3)))
    assert result.verdict == "pass"
    assert "there are 80 to 160 rows" in {e.expectation for e in result.expectations}
    assert RowCount(low=40, high=80) in catalog.dataset("weather").expectations


def test_the_day_after_a_closed_day_needs_a_file(judge_closed):
    with pytest.raises(NotDelivered):
        judge_closed(Days.one("2013-09-03"))
