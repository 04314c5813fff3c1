"""Run the migrations on the engine that `contender.records.migrate` passes in."""

from alembic import context

from contender.records.book import Book  # noqa: F401 - importing it declares every table
from contender.records.tables import Base

with context.config.attributes["engine"].connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
