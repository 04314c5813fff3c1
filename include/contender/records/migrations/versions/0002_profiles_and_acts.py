"""Create the tables of profiles, acts and caveats."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("profiles", "acts", "caveats")


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
        op.create_index(f"ix_{table}_subject", table, ["subject"])
        op.create_index(f"ix_{table}_at", table, ["at"])


def downgrade() -> None:
    """Drop the tables."""
    for table in TABLES:
        op.drop_table(table)
