"""Replace the table of decisions by the ledger, and enter the existing decisions in order, numbered and sealed."""

import json
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _columns() -> list["sa.Column[Any]"]:
    return [
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("run", sa.String(250), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("record", sa.JSON, nullable=False),
    ]


def upgrade() -> None:
    """Create the ledger and the table of paired days, and enter the existing decisions."""
    ledger = op.create_table(
        "ledger",
        *_columns(),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.UniqueConstraint("subject", "number", name="one_entry_a_number"),
    )
    op.create_table("paired_days", *_columns())
    for table in ("ledger", "paired_days"):
        op.create_index(f"ix_{table}_subject", table, ["subject"])
        op.create_index(f"ix_{table}_at", table, ["at"])
    decisions = sa.table("decisions", *(sa.column(c.name, c.type) for c in _columns()))
    newest: dict[str, tuple[int, str]] = {}
    for row in op.get_bind().execute(sa.select(decisions).order_by(decisions.c.at)).mappings():
        number, seal = newest.get(row["subject"], (0, ""))
        content = {
            "number": number + 1,
            "previous": seal,
            "entered": row["at"].isoformat(),
            "decision": row["record"],
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        seal = sha256(text.encode()).hexdigest()
        entry = {**row, "record": content, "number": number + 1, "seal": seal}
        op.get_bind().execute(sa.insert(ledger).values(**entry))
        newest[row["subject"]] = (number + 1, seal)
    op.drop_table("decisions")


def downgrade() -> None:
    """Raise NotImplementedError, because the ledger is append-only."""
    raise NotImplementedError("the ledger cannot be downgraded: restore the book of record from a backup")
