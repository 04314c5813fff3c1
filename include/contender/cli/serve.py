"""`contender serve`: answer requests for predictions over HTTP."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from contender.installation import open_installation


def serve(
    models: Annotated[list[str] | None, typer.Argument(help="Models to serve; by default all.")] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on. Others than this machine's require API keys.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 chooses a free one.")
    ] = 8000,
    certificate: Annotated[
        Path | None, typer.Option(help="File with a certificate chain (PEM), for HTTPS; needs --key.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="File with the certificate's private key (PEM).")] = None,
) -> None:
    """Serve predictions over HTTP with each model's champion, and follow promotions and roll-backs.

    Logs the answers in the lake (`requests.<model>`), and opens an incident when it refuses a version that does not
    repeat its recorded predictions. Changes nothing else.

    docs/SERVING.md describes requests, access, and what happens on a promotion or an outage.
    """
    from contender.serving import Place
    from contender.serving import serve as run

    # Small requests are faster with one thread each than with all threads on each.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    run(open_installation(), models or [], Place(host, port, certificate, key), typer.echo)
