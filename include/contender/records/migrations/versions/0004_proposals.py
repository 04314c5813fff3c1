"""Create the table of proposals."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table with the common schema."""
    op.create_table(
        "proposals",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("run", sa.String(250), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("record", sa.JSON, nullable=False),
    )
    op.create_index("ix_proposals_subject", "proposals", ["subject"])
    op.create_index("ix_proposals_at", "proposals", ["at"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("proposals")
