"""The page of a quarantined batch shows failing rows beside the last good ones, with personal data masked."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pytest

from contender.admission import compare_failing, discard_batch, gate_batch, list_quarantined, publish_batch
from contender.admission.comparing import EXAMPLES
from contender.installation import Installation
from contender.lake import stage
from contender.lake.schema import arrow_schema
from contender.specs import Between, Column, DatasetSpec, Days, Delivery
from tests.made_up_catalog import install

FIRST = date(2013, 9, 1)
SALES = DatasetSpec(
    name="sales",
    description="what was sold",
    owner="sales@contender.example",
    delivery=Delivery(path="sales/{day}.csv", cron="30 3 * * *"),
    columns=(
        Column(name="day", type="date", description="day"),
        Column(name="shop", type="integer", description="shop"),
        Column(name="amount", type="number", unit="EUR", nullable=True, description="amount"),
        Column(name="cashier", type="string", pii=True, nullable=True, description="who sold it"),
    ),
    primary_key=("day", "shop"),
    expectations=(Between(column="amount", low=0.0, high=100.0),),
)
CONTRACT = SALES.contract


@pytest.fixture
def sales(installation) -> Installation:
    return install(installation.settings, [SALES], [])


def staged(sales: Installation, nth: int, *sold: tuple[int, float | None]):
    day = FIRST + timedelta(days=nth)
    rows = [{"day": day, "shop": shop, "amount": amount, "cashier": "ada"} for shop, amount in sold]
    table = pa.Table.from_pylist(rows, arrow_schema(CONTRACT))
    return stage(table, CONTRACT, Days.one(day), sales.settings.staging)


@pytest.fixture
def compare(sales):
    """Return what the page compares for a batch that fails."""

    def compare_batch(nth: int, *sold: tuple[int, float | None], pii: bool = True):
        result = gate_batch(sales, staged(sales, nth, *sold), f"run {nth}")
        assert result.verdict == "fail"
        return compare_failing(result, CONTRACT, sales.lake, pii=pii)

    return compare_batch


def shown(compared) -> list[tuple[str, ...]]:
    return [("good" if row.good else "failing", *row.values) for row in compared.rows]


def test_a_failing_row_is_followed_by_the_last_good_one_with_its_key(sales, compare):
    publish_batch(sales, staged(sales, 0, (1, 5.0), (2, 6.0)), "run")
    publish_batch(sales, staged(sales, 1, (1, 7.0), (2, 8.0)), "run")
    publish_batch(sales, staged(sales, 3, (1, 9.0)), "run")
    found = compare(2, (1, 10.0), (2, 5000.0))
    assert found.good_day == "2013-09-02"
    assert found.columns == ("day", "shop", "amount", "cashier")
    assert shown(found) == [
        ("failing", "2013-09-03", "2", "5000.0", "ada"),
        ("good", "2013-09-02", "2", "8.0", "ada"),
    ]


def test_repeated_rows_are_both_shown_before_the_good_one(sales, compare):
    publish_batch(sales, staged(sales, 0, (1, 5.0)), "run")
    found = compare(1, (1, 10.0), (1, 11.0))
    assert [row[0] for row in shown(found)] == ["failing", "failing", "good"]


def test_without_a_good_row_of_the_key_the_first_good_ones_are_shown(sales, compare):
    publish_batch(sales, staged(sales, 0, *((shop, 5.0) for shop in range(10, 20))), "run")
    found = compare(1, (1, 5000.0))
    assert [row[0] for row in shown(found)] == ["failing", *["good"] * EXAMPLES]


def test_without_a_good_day_only_failing_rows_are_shown(compare):
    found = compare(1, (1, 5000.0))
    assert (found.good_day, [row[0] for row in shown(found)]) == (None, ["failing"])


def test_personal_data_is_masked_in_both(sales, compare):
    publish_batch(sales, staged(sales, 0, (1, 5.0)), "run")
    assert [row[-1] for row in shown(compare(1, (1, 5000.0), pii=False))] == ["***", "***"]


def test_rows_with_personal_data_in_their_key_are_not_searched_for(sales):
    columns = tuple(c.model_copy(update={"pii": True}) if c.name == "shop" else c for c in SALES.columns)
    hidden = install(sales.settings, [SALES.model_copy(update={"columns": columns})], [])
    result = gate_batch(hidden, staged(hidden, 1, (1, 5000.0)), "run")
    assert compare_failing(result, hidden.catalog.contract(CONTRACT.table), hidden.lake, pii=True) is None


def test_a_discarded_batch_has_no_rows_to_compare(sales, compare):
    compare(1, (1, 5000.0))
    (item,) = list_quarantined(sales)
    discard_batch(sales, item.id, "ada", "wrong file")
    assert compare_failing(item.result, CONTRACT, sales.lake, pii=True) is None


def test_a_failure_without_keys_has_no_rows_to_compare(sales):
    result = gate_batch(sales, staged(sales, 1, (1, 5000.0)), "run")
    without = result.model_copy(
        update={"expectations": tuple(e.model_copy(update={"failing_keys": ()}) for e in result.expectations)}
    )
    assert compare_failing(without, CONTRACT, sales.lake, pii=True) is None
