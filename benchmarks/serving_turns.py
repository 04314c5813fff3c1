"""Requests in turns: with and without the log, in JSON and in Arrow, with and without shadow predictions."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from functools import partial

import numpy as np

from benchmarks.asking import Ask, Client, Result, percentiles, time_one
from contender.serving.arrow import ARROW
from contender.serving.requests import to_table
from contender.specs import ModelSpec
from tests.serving import to_stream

LOGGED, UNLOGGED, BULK, BULKS = "logged", "not logged", 10_000, 10
SHADOWED, UNSHADOWED = "with shadow", "without shadow"
TURNS, IN_A_TURN, PAUSE, DRAINED = 8, 40, 0.05, 0.5  # of the last two; the mean pause in seconds
JSON = "application/json"
_MADE = re.compile(rb"^contender_serving_shadow_rows_total\{.*\} (.*)$", re.MULTILINE)


def make_bodies(model: ModelSpec, row: Result) -> tuple[bytes, bytes]:
    """Return the requests for a row of the feature table: in full, and by its day and key."""
    whole = {"rows": [{name: row[name] for name in model.feature_names}]}
    keyed = {"day": str(row["day"]), "keys": [{column.name: row[column.name] for column in model.keys}]}
    return json.dumps(whole).encode(), json.dumps(keyed).encode()


def predict_path(model: ModelSpec) -> str:
    """Return the address of a model's predictions."""
    return f"/v1/models/{model.name}/predict"


def compare(model: ModelSpec, servers: Mapping[str, str], row: Result, count: int) -> Result:
    """Return the times of requests in turn: with and without the log, and of many rows in JSON and in Arrow."""
    whole = [{name: row[name] for name in model.feature_names}]
    (one, _), many = make_bodies(model, row), json.dumps({"rows": whole * BULK}).encode()
    in_arrow = to_stream(to_table(model, whole * BULK))
    clients = {name: Client(server) for name, server in servers.items()}
    path = predict_path(model)
    single = {name: partial(clients[name].ask, "POST", path, one) for name in (LOGGED, UNLOGGED)}
    bulk = {JSON: partial(clients[LOGGED].ask, "POST", path, many)}
    bulk[ARROW] = partial(clients[LOGGED].ask, "POST", path, in_arrow, ARROW)
    return _in_turn(single, count) | _in_turn(bulk, BULKS)


def compare_shadow(model: ModelSpec, servers: Mapping[str, str], row: Result) -> Result:
    """Return the times of requests with pauses, in which shadow predictions are made, and the share that got them.

    A server that is never idle makes none, and would show nothing. Those that wait after a turn are made before the
    other server's turn, and do not count.
    """
    body, _ = make_bodies(model, row)
    pauses = np.random.default_rng(7).exponential(PAUSE, IN_A_TURN)
    times: dict[str, list[float]] = {name: [] for name in servers}
    clients = {name: Client(server) for name, server in servers.items()}
    made, before = 0.0, _count_made(clients[SHADOWED])
    for turn in range(1, TURNS + 1):
        for name, client in clients.items():
            for pause in pauses:
                times[name].append(time_one(partial(client.ask, "POST", predict_path(model), body)))
                time.sleep(pause)
            wanted = before + turn * IN_A_TURN
            if name == SHADOWED:
                made += _count_made(client) - wanted + IN_A_TURN
            while _count_made(clients[SHADOWED]) < wanted:
                time.sleep(DRAINED)
    found = {name: percentiles(seconds) for name, seconds in times.items()}
    return found | {"shadow share": made / len(times[SHADOWED])}


def _in_turn(asks: Mapping[str, Ask], count: int) -> Result:
    times: dict[str, list[float]] = {name: [] for name in asks}
    for _ in range(count):
        for name, ask in asks.items():
            times[name].append(time_one(ask))
    return {name: percentiles(found) for name, found in times.items()}


def _count_made(client: Client) -> float:
    found = _MADE.search(client.ask("GET", "/metrics"))
    return 0.0 if found is None else float(found[1])
