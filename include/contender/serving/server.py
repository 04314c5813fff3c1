"""Run the server: check who may reach it, listen, and follow the ledger until it is stopped."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from contender.errors import PermanentError
from contender.installation import Installation
from contender.specs import ACCESS_FILE

if TYPE_CHECKING:
    from contender.serving.following import Follower
    from contender.serving.keys import Keyring

LOCAL = "127.0.0.1"
_BACKLOG = 2048


class ServingError(PermanentError):
    """The server cannot start; the message says what to do."""


class Place(NamedTuple):
    """Where a server listens: by HTTPS if it has the files of a certificate and its private key."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None

    @property
    def scheme(self) -> str:
        """`http` or `https`."""
        return "http" if self.certificate is None else "https"


def serve(here: Installation, models: Sequence[str], place: Place, notify: Callable[[str], None]) -> None:
    """Serve these models, or all of the catalog, until the process is stopped. Raises ServingError."""
    import uvicorn  # late: with FastAPI, it takes half a second to import

    from contender.serving.app import build_app
    from contender.serving.keys import Keyring

    follower = prepare(here, models, keys := Keyring(here.catalog))
    host = place.host
    check_reach(host, keys_exist=keys.required)
    check_certificate(place.certificate, place.key)
    with _listen(host, place.port) as listening:
        at = listening.getsockname()[1]
        notify(f"Models: {', '.join(follower.models)}")
        notify(f"Address: {place.scheme}://{f'[{host}]' if ':' in host else host}:{at}/v1/models")
        notify(
            f"Access: by the {keys.count} API keys in {ACCESS_FILE}"
            if keys.required
            else f"Access: no API keys in {ACCESS_FILE}: everyone on this machine may request predictions"
        )
        config = uvicorn.Config(
            build_app(follower),
            log_config=None,
            access_log=False,
            server_header=False,
            ssl_certfile=place.certificate,
            ssl_keyfile=place.key,
        )
        uvicorn.Server(config).run(sockets=[listening])


def prepare(here: Installation, models: Sequence[str], keys: Keyring) -> Follower:
    """Return a follower of these models, or of all. Raises UnknownNameError, and BookError if there is no book."""
    from contender.serving.days import FeatureDays
    from contender.serving.following import Follower
    from contender.serving.metrics import Metrics
    from contender.serving.request_log import RequestLog
    from contender.serving.requests import RequestForm
    from contender.serving.served import ServedModel
    from contender.serving.shadow import Shadow

    specs = [here.catalog.model(name) for name in models] or list(here.catalog.models.values())
    if not specs:
        raise ServingError("the catalog has no models: create one with `contender new model`")
    _ = here.book  # a missing book is reported before anything starts
    served = {spec.name: ServedModel(spec, RequestForm(spec), FeatureDays(spec)) for spec in specs}
    metrics = Metrics()
    for name in served:
        metrics.version.labels(name).set(0)
        metrics.behind.labels(name).set(0)
        metrics.canary.labels(name).set(0)
        metrics.returned.labels(name).set(0)
    request_log = RequestLog(here, metrics)
    return Follower(here, served, keys, metrics, request_log, Shadow(here, metrics, request_log))


def check_reach(host: str, *, keys_exist: bool) -> None:
    """Raise ServingError if the server could be reached from other machines without a key."""
    if not keys_exist and not is_loopback(host):
        raise ServingError(
            f"{host} can be reached from other machines, and {ACCESS_FILE} has no API keys: create one with "
            f"`contender access key`, or listen on {LOCAL}"
        )


def check_certificate(certificate: Path | None, key: Path | None) -> None:
    """Raise ServingError unless these are the files of a certificate and its private key, or neither is given."""
    if certificate is None and key is None:
        return
    if certificate is None or key is None:
        raise ServingError("HTTPS needs both --certificate and --key")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=_no_password)
    except OSError as error:  # SSLError is one
        reason = error.strerror or error
        raise ServingError(
            f"{certificate} and {key} are not a certificate and its private key in PEM format: {reason}"
        ) from None


def _no_password() -> str:
    raise ServingError(
        "the private key is encrypted: give one without a password, readable by this user only"
    )


def is_loopback(host: str) -> bool:
    """Return whether a host can only be reached from this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise ServingError(
            f"cannot listen on {host}:{port}: {error.strerror}: choose another --port"
        ) from None
