"""A dataset that a database delivers passes the same gate as one in files; with real SQLite and Postgres."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import ValidationError
from sqlalchemy import create_engine, text

from connections import database_url
from contender.drafting import DraftError, draft_query
from contender.gating import check
from contender.ingesting import land
from contender.landing import LandingError, NotDelivered
from contender.specs import Column, DatasetSpec, Days, Delivery, Query, RowCount, load_module

DAY = date(2024, 3, 1)
TABLE = {
    "sqlite": "create table sales (sold_on date, id text, amount numeric, items integer, at timestamp)",
    "postgresql": "create table sales (sold_on date, id uuid, amount numeric(12, 2), items bigint, at timestamptz)",
}
SELECT = "select sold_on as day, id as receipt, amount, items, at from sales where sold_on = :day"


def dataset(sql: str = SELECT) -> DatasetSpec:
    return DatasetSpec(
        name="sales",
        description="Sales.",
        owner="shops@company.example",
        delivery=Delivery(query=Query(connection="crm", sql=sql, zone="UTC"), cron="0 6 * * *"),
        columns=(
            Column(name="day", type="date", description="day"),
            Column(name="receipt", type="string", description="receipt"),
            Column(name="amount", type="number", nullable=True, description="amount"),
            Column(name="items", type="integer", description="items"),
            Column(name="at", type="timestamp", description="time"),
        ),
        primary_key=("day", "receipt"),
        expectations=(RowCount(low=10, high=500),),
    )


@pytest.fixture(params=["sqlite", "postgres"])
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """The URL of a database with the sales of two days, 300 on each; the first has no amount."""
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("drop table if exists sales"))
        connection.execute(text(TABLE[engine.dialect.name]))
        for day in (DAY, DAY + timedelta(days=1)):
            rows = [
                {
                    "day": str(day),
                    "id": str(UUID(int=number)),
                    "amount": None if number == 0 else str(Decimal(number) / 4),
                    "items": 2**53 + number,
                    "at": f"{day} 05:00:00+00" if engine.dialect.name == "postgresql" else f"{day} 05:00:00",
                }
                for number in range(300)
            ]
            connection.execute(text("insert into sales values (:day, :id, :amount, :items, :at)"), rows)
    engine.dispose()
    return lambda name: {"crm": url}[name]


def test_the_rows_of_a_day_pass_the_gate_with_every_value_kept(here, connect):
    batch = land(dataset(), Days.one(DAY), here, connect)
    assert check(dataset().contract, batch, "run 1").verdict == "pass"
    rows = batch_rows(batch)
    assert len(rows) == 300
    assert rows[0] == {
        "day": DAY,
        "receipt": str(UUID(int=0)),
        "amount": None,
        "items": 2**53,
        "at": datetime(2024, 3, 1, 5, tzinfo=UTC),
    }
    assert (rows[3]["amount"], rows[3]["items"]) == (0.75, 2**53 + 3)


def batch_rows(batch) -> list[dict]:
    import pyarrow.parquet as pq

    return [row for file in batch.files for row in pq.read_table(file.path).to_pylist()]


def test_a_day_that_the_database_does_not_have_yet_is_late(here, connect):
    with pytest.raises(NotDelivered, match="'crm' returns no rows of 2024-03-09 yet"):
        land(dataset(), Days.one("2024-03-09"), here, connect)


def test_a_statement_that_fails_is_not_tried_again(here, connect):
    wrong = dataset(SELECT.replace("amount,", "amuont,"))
    with pytest.raises((LandingError, NotDelivered), match="amuont"):
        land(wrong, Days.one(DAY), here, connect)


def test_a_database_that_cannot_be_reached_is_tried_again(here):
    url = "postgresql+psycopg://ada:secret@127.0.0.1:1/crm?connect_timeout=2"
    with pytest.raises(NotDelivered, match="cannot be run now") as refused:
        land(dataset(), Days.one(DAY), here, lambda _: url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mysql://ann:secret@host/shop", "No module named 'MySQLdb'"),
        ("postgresql+psycopg://ann:secret@host:port/shop", "invalid literal for int"),
        ("ann:secret at host", "Could not parse SQLAlchemy URL"),
    ],
)
def test_a_connection_that_sqlalchemy_cannot_use_is_named_without_its_password(here, url, why):
    said = (
        f"the query on connection 'crm' cannot be run: {why}.*: correct the connection, or install its driver"
    )
    with pytest.raises(LandingError, match=said) as refused:
        land(dataset(), Days.one(DAY), here, lambda _: url)
    assert "secret" not in str(refused.value)


def test_without_airflow_the_connection_is_not_known(here):
    with pytest.raises(LandingError, match="run the dataset's ingest DAG"):
        land(dataset(), Days.one(DAY), here)


@pytest.mark.parametrize(
    ("connection", "url"),
    [
        (
            {
                "conn_type": "postgres",
                "host": "db",
                "port": 5432,
                "login": "ada",
                "password": "p@ss/",
                "schema": "crm",
            },
            "postgresql+psycopg://ada:p%40ss%2F@db:5432/crm",
        ),
        ({"conn_type": "sqlite", "host": "/data/crm #1.db"}, "sqlite:////data/crm %231.db"),
        ({"conn_type": "mssql", "host": "db", "extra": {"drivername": "mssql+pyodbc"}}, "mssql+pyodbc://db"),
    ],
)
def test_an_airflow_connection_becomes_a_url(connection, url, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_CRM", json.dumps(connection))
    assert database_url("crm") == url


def test_a_connection_of_another_type_says_what_to_do(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_CRM", json.dumps({"conn_type": "mysql", "host": "db"}))
    with pytest.raises(ValueError, match="name SQLAlchemy's `drivername` in its extra"):
        database_url("crm")


@pytest.mark.parametrize(
    ("delivery", "message"),
    [
        ({"query": {"connection": "crm", "sql": "select 1"}}, "a daily dataset needs `:day` in `sql`"),
        (
            {"query": {"connection": "crm", "sql": "select now()::date"}},
            "a daily dataset needs `:day` in `sql`",
        ),
        ({}, "give either `path`, for files, or `query`, for a database"),
        ({"path": "x/{day}.csv", "query": {"connection": "crm", "sql": SELECT}}, "give either"),
    ],
)
def test_a_mistake_in_a_query_is_named(delivery, message):
    given = dataset().model_dump() | {"delivery": {"cron": "0 6 * * *", **delivery}}
    with pytest.raises(ValidationError, match=message):
        DatasetSpec.model_validate(given)


def drafted(
    connect, tmp_path, sql="select sold_on, id, amount, items, at from sales", **options
) -> DatasetSpec:
    draft = draft_query("sales", Query(connection="crm", sql=sql), connect, **options)
    file = tmp_path / "sales.py"
    file.write_text(draft.files["datasets/sales.py"])
    spec = load_module(file).SPEC
    assert isinstance(spec, DatasetSpec)
    return spec


def test_a_draft_from_a_database_has_its_types_key_day_and_query(connect, tmp_path):
    spec = drafted(connect, tmp_path)
    assert {column.name: column.type for column in spec.columns} == {
        "day": "date",
        "id": "string",
        "amount": "number",
        "items": "integer",
        "at": "timestamp",
    }
    assert spec.primary_key == ("day", "id")
    assert spec.delivery.names == {"day": "sold_on"}
    assert spec.delivery.query.sql.endswith('where "sold_on" = :day')


def test_both_days_of_the_database_pass_the_gate_of_the_draft(here, connect, tmp_path):
    spec = drafted(connect, tmp_path)
    for day in (DAY, DAY + timedelta(days=1)):
        batch = land(spec, Days.one(day), here, connect)
        assert batch.defects == ()
        assert check(spec.contract, batch, "run 1").verdict in ("pass", "warn")


def test_a_reference_table_is_drafted_from_all_rows_without_a_day(connect, tmp_path):
    spec = drafted(connect, tmp_path, "select distinct id, items from sales", kind="reference")
    assert (spec.kind, spec.primary_key) == ("reference", ("id",))
    assert ":day" not in spec.delivery.query.sql


def test_times_without_a_zone_are_stated_in_the_draft(connect, tmp_path):
    sql = "select sold_on as day, id, cast('2024-03-01 05:00:00' as {}) as at from sales"
    kind = "timestamp" if "postgres" in connect("crm") else "text"
    spec = drafted(connect, tmp_path, sql.format(kind))
    assert (spec.delivery.query.zone, spec.columns[-1].type) == ("UTC", "timestamp")
    assert "times without a time zone, read as UTC" in (tmp_path / "sales.py").read_text()


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select id from sales", "no date: return the business day as the column day"),
        ("select * from sales where sold_on = :day", "leave out its condition"),
        ("select nothing from sales", "nothing"),
        ("select * from sales where 1 = 0", "returns no rows"),
    ],
)
def test_a_query_that_cannot_be_drafted_says_why(connect, sql, reason):
    with pytest.raises(DraftError, match=reason):
        draft_query("sales", Query(connection="crm", sql=sql), connect)
