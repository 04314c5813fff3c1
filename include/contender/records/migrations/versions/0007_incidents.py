"""Create the tables of incidents and their events."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = ("incidents", "incident_events")


def upgrade() -> None:
    """Create both tables with the common schema."""
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
    op.create_index("incidents_by_state_at", "incidents", ["state", "at"])


def downgrade() -> None:
    """Drop both tables."""
    for table in TABLES:
        op.drop_table(table)
