"""The grants made from access.yaml, tried as the roles themselves: in a real Postgres, and on an S3 server."""

from __future__ import annotations

import json
from datetime import date

import psycopg
import pytest
import sqlalchemy
from sqlalchemy.exc import ProgrammingError

from contender.granting import list_holders, render_postgres, render_s3
from contender.granting.postgres import OF_MODELS, OF_NEITHER, OF_TABLES, SERVICE, UPDATED
from contender.records import (
    Act,
    Alert,
    Decision,
    GateResult,
    Reason,
    StaleDecision,
    migrate,
    open_book,
)
from contender.records.tables import Base
from contender.specs import Days, load_access
from tests.unit.judged import evaluation, pinned

SCIENTIST = "contender.data_scientist.flight-models@contender.example"
ROLES = {
    "engineer": "contender.data_engineer",
    "scientist": SCIENTIST,
    "reader": "contender.business_reader",
    "auditor": "contender.auditor",
    "service": SERVICE,
}


@pytest.fixture(scope="module")
def owner(postgres, catalog):
    """The URL of a book's owner, with a row of each kind in it and the grants applied; twice, as after a change."""
    migrate(postgres)
    book = open_book(postgres)
    for table in ("datasets.weather", "features.flight_delay", "labels.household_return"):
        book.gates.add(
            GateResult(
                id=f"g-{table}"[:16],
                table=table,
                owner="a@b.example",
                days=Days.one("2013-09-01"),
                run="r",
                verdict="pass",
                rows=1,
                fingerprint="f",
                expectations=(),
            )
        )
    for model in ("flight_delay", "household_return"):
        book.ledger.enter(decision(model, 1, None))
    book.acts.add(
        Act(id="a1", kind="released", about="datasets.weather", key="b", by="ada", reason="it is right")
    )
    book.alerts.add(
        Alert(id="m1", kind="task", about="weather", to=("a@b.example",), subject="s", text="t", html="h")
    )
    sql = render_postgres(load_access(catalog), catalog)
    with psycopg.connect(postgres.replace("+psycopg", ""), autocommit=True) as connection:
        for _ in range(2):
            connection.execute(sql)
        for user, role in ROLES.items():
            connection.execute(f'create role {user} login in role "{role}"')
    return postgres


def decision(model: str, version: int, before: int | None) -> Decision:
    return Decision(
        id=f"{model}-{version}"[:32],
        model=model,
        night=date(2013, 9, 1),
        kind="first" if before is None else "refreshed",
        evaluation="e",
        champion_before=before,
        champion_after=version,
        challenger=version,
        reasons=(Reason(guard="g", passed=True, observed=None, bound=None, explanation="x"),),
    )


@pytest.fixture
def as_user(owner):
    """Run SQL as one of the users."""
    engines = []

    def run(user: str, sql: str):
        url = sqlalchemy.make_url(owner).set(username=user)
        engine = sqlalchemy.create_engine(url)
        engines.append(engine)
        with engine.begin() as connection:
            found = connection.exec_driver_sql(sql)
            return [row[0] for row in found] if found.returns_rows else found.rowcount

    yield run
    for engine in engines:
        engine.dispose()


def test_every_table_of_the_book_has_its_place_in_the_grants():
    assert {*OF_TABLES, *OF_MODELS, *OF_NEITHER} == set(Base.metadata.tables)


@pytest.mark.parametrize(
    ("user", "table", "subjects"),
    [
        (
            "engineer",
            "gate_results",
            {"datasets.weather", "features.flight_delay", "labels.household_return"},
        ),
        ("engineer", "ledger", {"flight_delay", "household_return"}),
        ("scientist", "gate_results", {"datasets.weather", "features.flight_delay"}),
        ("scientist", "ledger", {"flight_delay"}),
        ("reader", "gate_results", {"features.flight_delay", "labels.household_return"}),
        ("auditor", "ledger", {"flight_delay", "household_return"}),
        ("auditor", "acts", {"datasets.weather"}),
    ],
)
def test_a_role_reads_rows_about_what_it_may_see(as_user, user, table, subjects):
    assert set(as_user(user, f"select subject from {table}")) == subjects


@pytest.mark.parametrize("user", ["engineer", "scientist", "reader"])
@pytest.mark.parametrize("table", ["acts", "alerts"])
def test_acts_require_the_right_to_audit(as_user, user, table):
    with pytest.raises(ProgrammingError, match="permission denied"):
        as_user(user, f"select * from {table}")


@pytest.mark.parametrize("user", ["engineer", "scientist", "reader", "auditor"])
@pytest.mark.parametrize(
    "sql",
    [
        "delete from ledger",
        "update gate_results set state = 'pass'",
        "insert into acts select * from acts",
        "drop table ledger",
        "create table mine (x int)",
    ],
)
def test_no_person_writes_into_the_book(as_user, user, sql):
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        as_user(user, sql)


@pytest.mark.parametrize("table", [*OF_TABLES, *OF_MODELS, *OF_NEITHER])
def test_the_service_cannot_delete_rows(as_user, table):
    with pytest.raises(ProgrammingError, match="permission denied"):
        as_user("service", f"delete from {table}")
    with pytest.raises(ProgrammingError, match="permission denied"):
        as_user("service", f"truncate {table}")


@pytest.mark.parametrize("table", ["ledger", "acts", "gate_results"])
def test_the_service_changes_nothing_that_was_decided_done_or_judged(as_user, table):
    assert table not in UPDATED
    with pytest.raises(ProgrammingError, match="permission denied"):
        as_user("service", f"update {table} set record = '{{}}'")


def test_the_service_can_do_its_work(owner):
    book = open_book(str(sqlalchemy.make_url(owner).set(username="service").render_as_string(False)))
    book.ledger.enter(decision("flight_delay", 2, 1))
    assert book.ledger.champion("flight_delay") == 2
    with pytest.raises(StaleDecision):
        book.ledger.enter(decision("flight_delay", 3, 1))
    for number in (1, 2):
        challenger = pinned(number, ("features.flight_delay", number))
        book.evaluations.add(evaluation(id=f"e{number}", challenger=challenger))
    assert [pin.version for pin in book.evaluations.pinned_snapshots()] == [1, 2]
    (alert,) = book.alerts.pending()
    assert book.alerts.claim(alert, seconds=60)
    book.alerts.settle(alert.model_copy(update={"state": "sent"}))
    assert book.alerts.pending() == []


# S3: what a server enforces of these policies is not tried here, for no server that can be had from a package looks at
# a policy's principals. So the policy is evaluated by its own words.


@pytest.fixture(scope="module")
def policy(catalog) -> dict:
    text = render_s3(
        load_access(catalog), catalog, bucket="a-lake", prefix="/prod/lake", account="123456789012"
    )
    return json.loads(text)


def may_read(policy: dict, role: str, key: str) -> bool:
    """Whether the bucket's policy lets the role read the object: allowed somewhere, and denied nowhere."""
    arn, resource = f"arn:aws:iam::123456789012:role/{role}", f"arn:aws:s3:::a-lake/{key}"

    def about(patterns) -> bool:
        return any(
            resource == pattern or (pattern.endswith("*") and resource.startswith(pattern[:-1]))
            for pattern in patterns
        )

    mine = [s for s in policy["Statement"] if s["Principal"]["AWS"] == arn and s["Action"] != "s3:ListBucket"]
    allowed = any(
        s["Effect"] == "Allow" and "s3:GetObject" in s["Action"] and about(s["Resource"]) for s in mine
    )
    denied = any(
        s["Effect"] == "Deny" and (about(s["Resource"]) if "Resource" in s else not about(s["NotResource"]))
        for s in mine
    )
    return allowed and not denied


@pytest.mark.parametrize(
    ("role", "key", "allowed"),
    [
        ("contender-data_engineer", "prod/lake/datasets/transactions/data/x.parquet", True),
        ("contender-platform_engineer", "prod/lake/datasets/transactions/data/x.parquet", False),
        ("contender-platform_engineer", "prod/lake/datasets/weather/data/x.parquet", True),
        ("contender-data_engineer", "prod/lake/labels/household_return/data/x.parquet", False),
        (
            f"contender-{SCIENTIST.removeprefix('contender.')}",
            "prod/lake/features/flight_delay/data/x.parquet",
            True,
        ),
        (
            f"contender-{SCIENTIST.removeprefix('contender.')}",
            "prod/lake/features/household_return/data/x.parquet",
            False,
        ),
        ("contender-business_reader", "prod/lake/predictions/flight_delay/data/x.parquet", True),
        ("contender-business_reader", "prod/lake/datasets/weather/data/x.parquet", False),
        ("contender-data_engineer", "prod/quarantine/datasets.transactions/x.parquet", False),
        ("contender-data_engineer", "prod/lake/datasets/transactions_else/x.parquet", False),
        ("contender-service", "prod/quarantine/datasets.transactions/x.parquet", True),
        ("somebody", "prod/lake/datasets/weather/data/x.parquet", False),
    ],
)
def test_a_role_reads_the_files_of_its_tables_in_s3(policy, role, key, allowed):
    assert may_read(policy, role, key) == allowed


def test_no_role_of_people_may_write_into_the_bucket(policy):
    for statement in policy["Statement"]:
        if statement["Effect"] == "Allow" and statement["Sid"] != "Service":
            assert set(statement["Action"]) <= {"s3:GetObject", "s3:ListBucket"}


def test_every_role_of_people_is_denied_the_rest(policy, catalog):
    denied = {s["Principal"]["AWS"] for s in policy["Statement"] if s["Effect"] == "Deny"}
    assert len(denied) == len(list_holders(load_access(catalog), catalog))


def test_what_is_said_in_the_policy_is_of_the_form_that_s3_takes(policy):
    sids = [s["Sid"] for s in policy["Statement"]]
    assert len(set(sids)) == len(sids)
    assert all(sid.isalnum() for sid in sids)
    assert len(json.dumps(policy, separators=(",", ":"))) < 20 * 1024
