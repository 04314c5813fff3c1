"""Alembic's migrations of the book of record."""
