"""Create the first tables: six kinds of records with a common schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = ("gate_results", "publications", "evaluations", "decisions", "monitored", "alerts")
LOOKED_UP_BY_BATCH = ("gate_results", "publications")


def upgrade() -> None:
    """Create the tables and their indexes."""
    for table in TABLES:
        op.create_table(
            table,
            sa.Column("id", sa.String(32), primary_key=True),
            sa.Column("subject", sa.String(200), nullable=False),
            sa.Column("key", sa.String(40), nullable=False),
            sa.Column("run", sa.String(250), nullable=False),
            sa.Column("state", sa.String(20), nullable=False),
            sa.Column("at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("record", sa.JSON, nullable=False),
        )
        op.create_index(f"ix_{table}_subject", table, ["subject"])
        op.create_index(f"ix_{table}_at", table, ["at"])
    for table in LOOKED_UP_BY_BATCH:
        op.create_index(f"{table}_of_a_batch", table, ["subject", "key"])


def downgrade() -> None:
    """Drop the tables."""
    for table in TABLES:
        op.drop_table(table)
