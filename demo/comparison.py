"""Compare published rows with those of the source, and features with a build on the other engine, row by row."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from contender.featurizing import plan_features, read_output, run_in_process
from contender.lake.schema import arrow_schema
from contender.specs import Contract, Days
from demo import source
from demo.nights import A_DAY, FAULTY, FLIGHTS, MODEL, Expectations, World


def compare_rows(world: World, last: date, expectations: Expectations) -> None:
    """Compare all rows that were published up to the night `last` with their origin."""
    outcomes = world.installation.catalog.dataset(FAULTY).contract
    nights = Days(first=world.installation.lake.days(outcomes.table)[0], last=last)
    for name in FLIGHTS.daily:
        spec = world.installation.catalog.dataset(name)
        days = Days(first=nights.first, last=nights.last + spec.delivery.lead_days * A_DAY)
        delivered = source.rows_of(name, days)
        published = world.installation.lake.read(spec.contract, days)
        what = f"the {len(delivered):,} rows of {name} equal the source's rows to the last digit"
        _expect_equal(what, published, delivered, spec.contract, expectations)
    _compare_features(world, Days(first=nights.first - A_DAY, last=nights.last), expectations)


def _compare_features(world: World, nights: Days, expectations: Expectations) -> None:
    """Build the features again from the published tables on DuckDB, and compare them."""
    model = world.installation.catalog.model(MODEL)
    on_duckdb = world.installation.settings.model_copy(update={"engine": "duckdb"})
    plan = plan_features(world.installation.catalog, model, nights, world.installation.lake, on_duckdb)
    run_in_process(plan)
    for name, contract, days in (
        ("features", model.feature_contract, model.scored_days(nights)),
        ("labels", model.label_contract, model.matured_days(nights)),
    ):
        built = read_output(plan, name, contract)
        published = world.installation.lake.read(contract, days)
        what = f"the {built.num_rows:,} rows of {name} equal those built on DuckDB in one process to the last bit"
        _expect_equal(what, published, built, contract, expectations)


def _expect_equal(
    what: str, published: pa.Table, origin: pa.Table, contract: Contract, expectations: Expectations
) -> None:
    difference = find_difference(published, origin, contract)
    expectations.expect(f"{what}, but {difference}" if difference else what, not difference)


def find_difference(published: pa.Table, origin: pa.Table, contract: Contract) -> str:
    """Describe how the rows differ, with the first different row; empty if both have the same rows, and at least one.

    Rows are matched by primary key; texts of the origin are cast to the contract's types. Missing values are equal.
    """
    key, schema = list(contract.primary_key), arrow_schema(contract)
    order = [(name, "ascending") for name in key]
    one, other = (rows.select(schema.names).cast(schema).sort_by(order) for rows in (published, origin))
    if not one.select(key).equals(other.select(key)):
        return f"{one.num_rows:,} rows are published, but {other.num_rows:,} expected, or their keys differ"
    if not one.num_rows:
        return "there are no rows"
    differences = []
    for name in schema.names:
        if one[name].equals(other[name]):
            continue
        one_is_missing = pc.xor(pc.is_null(one[name]), pc.is_null(other[name]))
        unlike = pc.indices_nonzero(pc.coalesce(pc.not_equal(one[name], other[name]), one_is_missing))
        at = unlike[0].as_py()
        row = ", ".join(f"{part} {one[part][at]}" for part in key)
        differences.append(
            f"{name} differs in {len(unlike):,} rows, first {one[name][at]} instead of {other[name][at]} ({row})"
        )
    return "; ".join(differences)
