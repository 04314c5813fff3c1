"""Migration of real Iceberg tables: declared changes are applied in one commit, undeclared changes are rejected."""

from __future__ import annotations

from datetime import date
from importlib import import_module

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contender.lake import LakeError, evolution, migrate_table, plan_migration, stage
from contender.lake.schema import arrow_schema
from contender.specs import Added, Column, Contract, Days, Renamed, Widened
from tests.made_up_catalog import install

DAY = Column(name="day", type="date", description="day")
SHOP = Column(name="shop", type="string", description="shop")
AMOUNT = Column(name="amount", type="integer", description="EUR")
PRICE = Column(name="amount", type="number", description="EUR")
COLOUR = Column(name="colour", type="string", nullable=True, description="of the ware")
STORE = Column(name="store", type="string", description="shop")
FIRST, SECOND = date(2013, 9, 1), date(2013, 9, 2)
BOTH = Days(first=FIRST, last=SECOND)


def contract(*columns: Column, key: str = "shop", **given) -> Contract:
    return Contract(
        table="datasets.sales",
        owner="sales@contender.example",
        columns=(DAY, *columns),
        primary_key=("day", key),
        **given,
    )


OLD = contract(SHOP, AMOUNT)
WITH_ADDED = contract(SHOP, COLOUR, AMOUNT, version=2, changes=(Added(version=2, column="colour"),))
WIDENED = contract(SHOP, PRICE, version=2, changes=(Widened(version=2, column="amount", was="integer"),))
RENAMED = contract(
    STORE, AMOUNT, key="store", version=2, changes=(Renamed(version=2, column="store", was="shop"),)
)
ALL = contract(
    STORE,
    Column(name="paid", type="number", description="EUR"),
    COLOUR,
    key="store",
    version=4,
    changes=(
        Added(version=2, column="colour"),
        Renamed(version=3, column="paid", was="amount"),
        Widened(version=3, column="paid", was="integer"),
        Renamed(version=4, column="store", was="shop"),
    ),
)
ROWS = [
    {"day": FIRST, "shop": "a", "amount": 1},
    {"day": FIRST, "shop": "b", "amount": 2},
    {"day": SECOND, "shop": "a", "amount": 3},
]


@pytest.fixture
def put(lake, here):
    def put(by: Contract, rows, days=BOTH):
        table = pa.Table.from_pylist(rows, schema=arrow_schema(by))
        return lake.publish(by, stage(table, by, days, here.staging))

    return put


@pytest.fixture
def filled(put):
    return put(OLD, ROWS)


@pytest.fixture
def migrate_to(lake, book, here):
    return lambda to: migrate_table(lake, book.acts, to, here.staging, "carl")


def held(lake, by: Contract):
    return lake.read(by).to_pylist()


def files_of(lake) -> list[pa.Schema]:
    return [pq.read_schema(file.removeprefix("file://")) for file in lake.pin(OLD.table).files]


EXPECTED = {
    "added": (WITH_ADDED, [{**row, "colour": None} for row in ROWS]),
    "widened": (WIDENED, [{**row, "amount": float(row["amount"])} for row in ROWS]),
    "renamed": (RENAMED, [{"day": r["day"], "store": r["shop"], "amount": r["amount"]} for r in ROWS]),
    "all at once": (
        ALL,
        [{"day": r["day"], "store": r["shop"], "paid": float(r["amount"]), "colour": None} for r in ROWS],
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_declared_change_is_applied_to_the_table_and_all_its_files(lake, filled, migrate_to, name):
    to, expected = EXPECTED[name]
    migrate_to(to)
    assert held(lake, to) == expected
    assert all(schema.equals(arrow_schema(to)) for schema in files_of(lake))
    assert len(files_of(lake)) == 2


@pytest.mark.parametrize("name", EXPECTED)
def test_columns_keep_their_ids_and_old_snapshots_stay_readable(lake, filled, migrate_to, name):
    before = {field.field_id for field in lake.iceberg(OLD.table).schema().fields}
    migrate_to(EXPECTED[name][0])
    table = lake.iceberg(OLD.table)
    assert before <= {field.field_id for field in table.schema().fields}
    old = (
        table.scan(snapshot_id=filled.snapshot)
        .to_arrow()
        .sort_by([("day", "ascending"), ("shop", "ascending")])
    )
    assert old.to_pylist() == ROWS


@pytest.mark.parametrize("name", EXPECTED)
def test_after_migration_only_the_new_contract_can_publish(lake, filled, put, migrate_to, name):
    to = EXPECTED[name][0]
    with pytest.raises(
        LakeError,
        match=rf"is at version 1, but its contract is at version {to.version}: run `contender migrate`",
    ):
        put(to, [{"day": FIRST}], Days.one(FIRST))
    migrate_to(to)
    put(to, [{"day": FIRST}], Days.one(FIRST))
    assert len(held(lake, to)) == 2
    with pytest.raises(LakeError, match="the table was migrated to a newer contract; use that contract"):
        put(OLD, ROWS[:1], Days.one(FIRST))


def test_migrating_again_changes_nothing(lake, filled, migrate_to, book):
    assert migrate_to(ALL) is not None
    before = lake.iceberg(OLD.table).metadata_location
    assert migrate_to(ALL) is None
    assert lake.iceberg(OLD.table).metadata_location == before
    assert [act.detail["state"] for act in book.acts.newest(OLD.table)] == ["done", "begun"]


def test_migrating_step_by_step_gives_the_same_table_as_at_once(lake, filled, migrate_to):
    steps = contract(SHOP, AMOUNT, COLOUR, version=2, changes=ALL.changes[:1])
    migrate_to(steps)
    migrate_to(ALL)
    assert held(lake, ALL) == EXPECTED["all at once"][1]


def test_the_act_records_who_migrated_what(filled, migrate_to, book):
    migrate_to(WIDENED)
    act = book.acts.newest(OLD.table)[0]
    assert (act.kind, act.by) == ("migrated", "carl")
    assert act.reason == "datasets.sales: version 1 to 2: amount widened from integer"


@pytest.mark.parametrize(
    ("step", "call"), [("_migrate", 1), ("_write_again", 1), ("_record", 1), ("_record", 2)]
)
@pytest.mark.parametrize("after", [False, True])
def test_a_killed_migration_is_completed_by_the_next_run(
    lake, filled, migrate_to, book, monkeypatch, step, call, after
):
    real, calls = getattr(evolution, step), []

    def die(*given):
        calls.append(given)
        if len(calls) != call:
            return real(*given)
        if after:
            real(*given)
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(evolution, step, die)
        with pytest.raises(KeyboardInterrupt):
            migrate_to(ALL)
    migrate_to(ALL)
    assert held(lake, ALL) == EXPECTED["all at once"][1]
    assert [act.detail["state"] for act in book.acts.newest(OLD.table)] == ["done", "begun"]


def test_a_day_that_another_writer_adds_during_the_migration_is_migrated_too(
    lake, filled, put, migrate_to, monkeypatch
):
    real, calls = evolution._write_again, []
    third = date(2013, 9, 3)

    def late(*given):
        written = real(*given)
        if not calls:
            calls.append(put(OLD, [{"day": third, "shop": "late", "amount": 9}], Days.one(third)))
        return written

    monkeypatch.setattr(evolution, "_write_again", late)
    migrate_to(ALL)
    assert [row["store"] for row in held(lake, ALL)] == ["a", "b", "a", "late"]
    assert all(schema.equals(arrow_schema(ALL)) for schema in files_of(lake))


def test_tables_without_rows_and_without_days_are_migrated(lake, put, migrate_to, here):
    put(OLD, [], Days.one(FIRST))
    migrate_to(WITH_ADDED)
    assert held(lake, WITH_ADDED) == []
    whole = {"table": "datasets.shops", "daily": False, "primary_key": ("shop",)}
    put(OLD.model_copy(update=whole), ROWS[:2], Days.one(FIRST))
    migrate_to(WITH_ADDED.model_copy(update=whole))
    assert [row["colour"] for row in held(lake, WITH_ADDED.model_copy(update=whole))] == [None, None]


def test_a_new_table_is_created_at_the_version_of_its_contract(lake, put, migrate_to):
    assert migrate_to(ALL) is None
    put(ALL, [{"day": FIRST, "store": "a"}], Days.one(FIRST))
    assert plan_migration(lake, ALL) is None


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        (contract(SHOP, AMOUNT, COLOUR), "lacks the column 'colour'"),
        (contract(SHOP), "has the column 'amount', which its contract does not declare"),
        (contract(SHOP, PRICE), "has 'amount' as integer, but its contract declares number"),
        (
            contract(SHOP, PRICE, COLOUR, version=2, changes=(Added(version=2, column="colour"),)),
            "has 'amount' as integer, but its contract declares number",
        ),
    ],
)
def test_an_undeclared_change_is_rejected_before_anything_is_written(
    lake, filled, put, migrate_to, changed, difference
):
    for refused in (lambda: put(changed, [{"day": FIRST}], Days.one(FIRST)), lambda: migrate_to(changed)):
        with pytest.raises(LakeError) as error:
            refused()
        assert str(error.value) == (
            f"datasets.sales {difference}: raise `version` and declare the change in `changes`, "
            "then run `contender migrate`"
        )
    assert held(lake, OLD) == ROWS


def test_an_integer_too_large_to_be_widened_changes_nothing(lake, put, migrate_to):
    rows = [{"day": FIRST, "shop": "a", "amount": 2**53 + 1}]
    put(OLD, rows)
    with pytest.raises(pa.ArrowInvalid):
        migrate_to(WIDENED)
    assert held(lake, OLD) == rows


def test_a_batch_staged_before_the_migration_cannot_be_published_after_it(lake, filled, migrate_to, here):
    late = stage(pa.Table.from_pylist(ROWS[:1], arrow_schema(OLD)), OLD, Days.one(FIRST), here.staging)
    migrate_to(WITH_ADDED)
    with pytest.raises(LakeError, match="staged with another version of its contract: ingest its days again"):
        lake.publish(WITH_ADDED, late)


def test_the_command_migrates_tables_and_prints_the_changes(here, lake, filled, monkeypatch):
    from typer.testing import CliRunner

    from contender import cli
    from contender.specs import DatasetSpec, Delivery

    spec = DatasetSpec(
        name="sales",
        description="sales",
        owner=OLD.owner,
        columns=WIDENED.columns,
        primary_key=("day", "shop"),
        delivery=Delivery(path="sales/{day}.csv", cron="30 3 * * *"),
        version=2,
        changes=WIDENED.changes,
    )
    commands = import_module("contender.cli.app")  # the package's own `app` is the command
    monkeypatch.setattr(commands, "open_installation", lambda: install(here, [spec]))
    result = CliRunner().invoke(cli.app, ["migrate", "--by", "carl"])
    assert result.exit_code == 0
    assert "datasets.sales: version 1 to 2: amount widened from integer" in result.output
    assert plan_migration(lake, spec.contract) is None
