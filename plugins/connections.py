"""Airflow connections to the databases of sources."""

from __future__ import annotations

DRIVERS = {"postgres": "postgresql+psycopg", "sqlite": "sqlite"}


def database_url(name: str) -> str:
    """Return the SQLAlchemy URL of a connection, with its password.

    `drivername` in the connection's extra names another driver, such as mssql+pyodbc, which must be installed. Raises
    ValueError for a connection of another type without it.
    """
    from airflow.sdk import Connection
    from sqlalchemy.engine import URL

    found = Connection.get(name)
    driver = found.extra_dejson.get("drivername") or DRIVERS.get(found.conn_type or "")
    if driver is None:
        raise ValueError(
            f"connection {name!r} has the type {found.conn_type!r}, and no driver is known for it: use one of "
            f"{', '.join(DRIVERS)}, or name SQLAlchemy's `drivername` in its extra"
        )
    # SQLite has a file instead of a host, which Airflow keeps in the host or the schema.
    is_file = driver.startswith("sqlite")
    return URL.create(
        driver,
        username=found.login or None,
        password=found.password or None,
        host=None if is_file else found.host,
        port=None if is_file else found.port,
        database=(found.host or found.schema) if is_file else found.schema,
    ).render_as_string(hide_password=False)
