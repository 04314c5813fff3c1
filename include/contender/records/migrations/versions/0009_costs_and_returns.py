"""Create the tables of what tasks used and what days' predictions were worth."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = ("task_uses", "day_returns")


def upgrade() -> None:
    """Create the tables with the common schema."""
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
        op.create_index(f"ix_{table}_at", table, ["at"])
        op.create_index(f"{table}_by_subject_at", table, ["subject", "at"])
        op.create_index(f"{table}_by_subject_key", table, ["subject", "key"])


def downgrade() -> None:
    """Drop the tables."""
    for table in TABLES:
        op.drop_table(table)
