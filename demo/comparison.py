"""Row for row: what was published beside what the source has, and features beside the other engine's."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from contender.featurizing import plan_features, run_in_process
from contender.lake import places
from contender.lake.schema import arrow_schema
from contender.specs import Contract, Days
from demo import source
from demo.nights import A_DAY, FAULTY, FLIGHTS, MODEL, Expectations, World


def compare_rows(world: World, last: date, expectations: Expectations) -> None:
    """Hold everything that was published up to the night `last` against its origin."""
    outcomes = world.catalog.dataset(FAULTY).contract
    nights = Days(first=world.lake.days(outcomes.table)[0], last=last)
    for name in FLIGHTS.daily:
        spec = world.catalog.dataset(name)
        days = Days(first=nights.first, last=nights.last + spec.delivery.lead_days * A_DAY)
        delivered = source.rows_of(name, days)
        published = world.lake.read(spec.contract, days)
        expectations.expect(
            f"the {len(delivered):,} rows of {name} are the source's own, each once, to the last digit",
            _same(published, delivered, spec.contract),
        )
    _compare_features(world, Days(first=nights.first - A_DAY, last=nights.last), expectations)


def _compare_features(world: World, nights: Days, expectations: Expectations) -> None:
    """Build them once more from the published tables, in one process on DuckDB."""
    model = world.catalog.model(MODEL)
    on_duckdb = world.settings.model_copy(update={"engine": "duckdb"})
    plan = plan_features(world.catalog, model, nights, world.lake, on_duckdb)
    run_in_process(plan)
    for name, contract, days in (
        ("features", model.feature_contract, model.scored_days(nights)),
        ("labels", model.label_contract, model.matured_days(nights)),
    ):
        files = places.files(plan.outputs[name], suffix=".parquet")
        built = pa.concat_tables([places.read_rows(file.place) for file in files])
        expectations.expect(
            f"the {built.num_rows:,} rows of {name} are those that DuckDB builds in one process, to the last bit",
            _same(world.lake.read(contract, days), built, contract),
        )


def _same(published: pa.Table, origin: pa.Table, contract: Contract) -> bool:
    """Whether there are rows, and the same ones; a text of the origin is read as the contract's type."""
    key = [(name, "ascending") for name in contract.primary_key]
    schema = arrow_schema(contract)
    one, other = (rows.select(schema.names).cast(schema).sort_by(key) for rows in (published, origin))
    return one.num_rows > 0 and bool(one.equals(other))
