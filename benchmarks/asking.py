"""Send requests to a server on this machine by the standard library's client, and time them.

httpx takes half a millisecond of CPU time for a request, several times as long as the server's part of HTTP.
"""

from __future__ import annotations

import http.client
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import local
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

MOST_AT_ONCE = 64  # requests at random times
KEPT_SECONDS = 2.0  # without a request; the server closes a connection after five

Result = dict[str, Any]
Ask = Callable[[], object]


class Client:
    """Connections to one server, one for each thread that asks."""

    def __init__(self, address: str) -> None:
        self._place = urlsplit(address).netloc
        self._of_thread = local()

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
        """Return the body of the answer, which must be 200."""
        of_thread = self._of_thread.__dict__
        if time.monotonic() - of_thread.get("asked", -math.inf) > KEPT_SECONDS:
            of_thread["connection"] = http.client.HTTPConnection(self._place, timeout=60)
        connection: http.client.HTTPConnection = of_thread["connection"]
        connection.request(method, path, body, {"Content-Type": kind} if body else {})
        answer = connection.getresponse()
        content = answer.read()
        of_thread["asked"] = time.monotonic()
        assert answer.status == 200, content.decode()
        return bytes(content)


def time_one(ask: Ask) -> float:
    """Return the seconds of a request."""
    begun = time.perf_counter()
    ask()
    return time.perf_counter() - begun


def ask_together(ask: Ask, clients: int, each: int) -> list[float]:
    """Return the seconds of requests by several clients, each of which sends one after the other."""

    def one_client(_: int) -> list[float]:
        return [time_one(ask) for _ in range(each)]

    with ThreadPoolExecutor(clients) as pool:
        return [seconds for client in pool.map(one_client, range(clients)) for seconds in client]


def ask_at_random(ask: Ask, rate: float, count: int) -> list[float]:
    """Send requests at random times, on average so many a second, and return the seconds from each time to its answer.

    None waits for the one before, as if each came from another client; one that is sent late is timed from when it
    was due.
    """
    due = time.perf_counter() + _arrivals(count) / rate

    def one(at: float) -> float:
        ask()
        return time.perf_counter() - at

    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        sent = []
        for at in due:
            time.sleep(max(0.0, float(at) - time.perf_counter()))
            sent.append(pool.submit(one, float(at)))
        return [one.result() for one in sent]


def wait_in_line(share: float, count: int) -> list[float]:
    """Return how long the same arrivals would take at a server that is busy for this share of the time.

    Nothing is sent. It serves one after the other, and takes 1 for each: what is longer is waiting in line alone.
    """
    taken, free = [], 0.0
    for at in _arrivals(count) / share:
        free = max(float(at), free) + 1
        taken.append(free - float(at))
    return taken


def _arrivals(count: int) -> NDArray[np.float64]:
    """Return random times, on average one apart."""
    return np.cumsum(np.random.default_rng(7).exponential(1, count))


def percentiles(seconds: Sequence[float]) -> Result:
    """Return percentiles in milliseconds, and the number of requests."""
    p50, p99 = np.percentile(seconds, [50, 99]) * 1000
    return {"p50": round(float(p50), 3), "p99": round(float(p99), 3), "requests": len(seconds)}
