"""Runs the migrations over the engine that `contender.records.migrate` hands in."""

from alembic import context

from contender.records.tables import Base

with context.config.attributes["engine"].connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
