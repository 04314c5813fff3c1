"""Move searched fields into columns with indexes, so that queries no longer scan the newest records.

The new columns and tables are filled from the existing records: versions and recipe of an evaluation; evaluation and
person of a ledger entry; person of an act; lease of a mail, previously in the alert's `run`; trained versions with
their training days; and the snapshots that versions were fitted on (`pins`).

The index on `subject` alone is dropped, because the new index on subject and time covers it. The indexes on the batches
of `gate_results` and `publications` are replaced by ones that include time and state. `run` of an alert is now empty.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CHUNK = 500
LISTED = (
    *("gate_results", "publications", "evaluations", "monitored", "alerts", "profiles", "acts", "caveats"),
    *("ledger", "paired_days", "proposals", "documents"),
)
SEARCHED_BY = (
    ("acts", ("subject", "key", "at")),
    ("acts", ("subject", "state", "at")),
    ("acts", ("state", "at")),
    ("acts", ("person", "at")),
    ("alerts", ("state", "at")),
    ("caveats", ("subject", "key", "at")),
    ("evaluations", ("subject", "version", "at")),
    ("evaluations", ("subject", "champion")),
    ("evaluations", ("subject", "recipe", "refresh", "key")),
    ("gate_results", ("subject", "key", "at", "state")),
    ("ledger", ("subject", "key", "number")),
    ("ledger", ("subject", "state", "number")),
    ("ledger", ("evaluation",)),
    ("ledger", ("person", "at")),
    ("monitored", ("subject", "key")),
    ("paired_days", ("subject", "state", "key")),
    ("proposals", ("state", "at")),
    ("publications", ("subject", "key", "state")),
)
ADDED: dict[str, dict[str, Any]] = {
    "acts": {"person": sa.String()},
    "alerts": {"leased_until": sa.DateTime(timezone=True)},
    "evaluations": {
        "version": sa.Integer(),
        "champion": sa.Integer(),
        "recipe": sa.String(64),
        "refresh": sa.Boolean(),
    },
    "ledger": {"evaluation": sa.String(32), "person": sa.String()},
}
REQUIRED = {"acts": ("person",), "evaluations": ("version", "recipe", "refresh")}


def upgrade() -> None:
    """Add the columns and tables, fill them, and create the indexes."""
    for table, columns in ADDED.items():
        for name, kind in columns.items():
            op.add_column(table, sa.Column(name, kind))
    _fill("acts", lambda row: {"person": row["record"]["by"]})
    _fill("ledger", _of_entry)
    _fill("alerts", _of_alert)
    _fill("evaluations", _of_evaluation)
    for table, names in REQUIRED.items():
        with op.batch_alter_table(table) as change:
            for name in names:
                change.alter_column(name, existing_type=ADDED[table][name], nullable=False)
    _create_trained_versions()
    for table in LISTED:
        op.drop_index(f"ix_{table}_subject", table)
        op.create_index(f"{table}_by_subject_at", table, ["subject", "at"])
    for table in ("gate_results", "publications"):
        op.drop_index(f"{table}_of_a_batch", table)
    for table, searched in SEARCHED_BY:
        op.create_index(f"{table}_by_{'_'.join(searched)}", table, list(searched))


def downgrade() -> None:
    """Drop the new columns and tables; only leases of mails are lost."""
    for table, searched in SEARCHED_BY:
        op.drop_index(f"{table}_by_{'_'.join(searched)}", table)
    for table in LISTED:
        op.drop_index(f"{table}_by_subject_at", table)
        op.create_index(f"ix_{table}_subject", table, ["subject"])
    for table in ("gate_results", "publications"):
        op.create_index(f"{table}_of_a_batch", table, ["subject", "key"])
    op.drop_table("pins")
    op.drop_table("trained_versions")
    for table, columns in ADDED.items():
        with op.batch_alter_table(table) as change:
            for name in columns:
                change.drop_column(name)


def _fill(table: str, read: Any) -> None:
    """Set the new columns of each row to the values that `read` returns for it."""
    described = sa.table(table, *_columns(), *(sa.column(name, kind) for name, kind in ADDED[table].items()))
    for row in _rows(table):
        values = read(row)
        op.get_bind().execute(sa.update(described).where(described.c.id == row["id"]).values(**values))


def _rows(table: str) -> Iterator[Any]:
    rows, last = sa.table(table, *_columns()), ""
    while True:
        query = sa.select(rows).where(rows.c.id > last).order_by(rows.c.id).limit(CHUNK)
        found = op.get_bind().execute(query).mappings().all()
        yield from found
        if not found:
            return
        last = found[-1]["id"]


def _columns() -> list["sa.ColumnClause[Any]"]:
    return [
        sa.column("id", sa.String),
        sa.column("state", sa.String),
        sa.column("run", sa.String),
        sa.column("at", sa.DateTime(timezone=True)),
        sa.column("record", sa.JSON),
    ]


def _of_entry(row: Any) -> dict[str, Any]:
    decision = row["record"]["decision"]
    by = decision.get("approved_by") or decision.get("by")
    return {"evaluation": decision["evaluation"], "person": None if by == "contender" else by}


def _of_alert(row: Any) -> dict[str, Any]:
    return {"leased_until": datetime.fromisoformat(row["run"]) if row["run"] else None, "run": ""}


def _of_evaluation(row: Any) -> dict[str, Any]:
    record = row["record"]
    challenger, champion = record["challenger"], record["champion"]
    refresh = (
        champion is not None
        and challenger["recipe_fingerprint"] == champion["recipe_fingerprint"]
        and challenger["version"] != champion["version"]
        and record.get("disagreement") is not None
        and record.get("shift") is not None
    )
    return {
        "version": challenger["version"],
        "champion": None if champion is None else champion["version"],
        "recipe": challenger["recipe_fingerprint"],
        "refresh": refresh,
    }


def _create_trained_versions() -> None:
    versions = op.create_table(
        "trained_versions",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("run", sa.String(250), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("record", sa.JSON, nullable=False),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("last_day", sa.Date, nullable=False),
    )
    pins = op.create_table(
        "pins",
        sa.Column("table", sa.String(200), primary_key=True),
        sa.Column("snapshot", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("subject", sa.String(200), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("night", sa.Date, nullable=False),
    )
    op.create_index("ix_trained_versions_at", "trained_versions", ["at"])
    op.create_index("trained_versions_by_days", "trained_versions", ["subject", "last_day", "first_day"])
    seen: set[tuple[str, int]] = set()
    for row in _rows("evaluations"):
        for version in filter(None, (row["record"]["challenger"], row["record"]["champion"])):
            if (name := (version["model"], version["version"])) not in seen:
                seen.add(name)
                op.get_bind().execute(sa.insert(versions).values(**_version_row(version, row["at"])))
                if version["pins"]:
                    op.get_bind().execute(sa.insert(pins), _pin_rows(version))


def _version_row(version: dict[str, Any], at: datetime) -> dict[str, Any]:
    parts = ("trained version", version["model"], str(version["version"]))
    return {
        "id": sha256("\x1f".join(parts).encode()).hexdigest()[:16],
        "subject": version["model"],
        "key": str(version["version"]),
        "run": "",
        "state": "evaluated",
        "at": at if at.tzinfo else at.replace(tzinfo=UTC),
        "record": version,
        "first_day": date.fromisoformat(version["trained_on"]["first"]),
        "last_day": date.fromisoformat(version["trained_on"]["last"]),
    }


def _pin_rows(version: dict[str, Any]) -> list[dict[str, Any]]:
    named = {"subject": version["model"], "version": version["version"]}
    night = date.fromisoformat(version["night"])
    unique = {(pin["table"], pin["snapshot"]) for pin in version["pins"]}
    return [{"table": table, "snapshot": snapshot, "night": night, **named} for table, snapshot in unique]
