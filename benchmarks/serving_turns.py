"""Requests in turns: with and without the log, in JSON and in Arrow, with and without shadow predictions."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import httpx
import numpy as np
import pyarrow as pa

from contender.serving.arrow import ARROW
from contender.serving.requests import to_table
from contender.specs import ModelSpec

LOGGED, UNLOGGED, BULK, BULKS = "logged", "not logged", 10_000, 10
SHADOWED, UNSHADOWED = "with shadow", "without shadow"
TURNS, IN_A_TURN, PAUSE, DRAINED = 8, 40, 0.05, 0.5  # of the last two; the mean pause in seconds
JSON = "application/json"
_MADE = re.compile(r"^contender_serving_shadow_rows_total\{.*\} (.*)$", re.MULTILINE)

Result = dict[str, Any]
Ask = Callable[[], Awaitable[int]]


async def compare(model: ModelSpec, servers: Mapping[str, str], row: Result, count: int) -> Result:
    """Return the times of requests in turn: with and without the log, and of many rows in JSON and in Arrow."""
    whole = [{name: row[name] for name in model.feature_names}]
    table = to_table(model, whole * BULK)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    one, many = (json.dumps({"rows": rows}).encode() for rows in (whole, whole * BULK))
    async with httpx.AsyncClient(timeout=60) as client:
        ask = partial(_ask, client, model.name)
        single = {name: partial(ask, servers[name], one, JSON) for name in (LOGGED, UNLOGGED)}
        bulk = {JSON: partial(ask, servers[LOGGED], many, JSON)}
        bulk[ARROW] = partial(ask, servers[LOGGED], sink.getvalue().to_pybytes(), ARROW)
        return await _in_turn(single, count) | await _in_turn(bulk, BULKS)


async def compare_shadow(model: ModelSpec, servers: Mapping[str, str], row: Result) -> Result:
    """Return the times of requests with pauses, in which shadow predictions are made, and the share that got them.

    A server that is never idle makes none, and would show nothing. Those that wait after a turn are made before the
    other server's turn, and do not count.
    """
    body = json.dumps({"rows": [{name: row[name] for name in model.feature_names}]}).encode()
    pauses = np.random.default_rng(7).exponential(PAUSE, IN_A_TURN)
    times: dict[str, list[float]] = {name: [] for name in servers}
    async with httpx.AsyncClient(timeout=60) as client:
        made, before = 0.0, await _count_made(client, servers[SHADOWED])
        for turn in range(1, TURNS + 1):
            for name, server in servers.items():
                for pause in pauses:
                    times[name].append(await time_one(partial(_ask, client, model.name, server, body, JSON)))
                    await asyncio.sleep(pause)
                wanted = before + turn * IN_A_TURN
                if name == SHADOWED:
                    made += await _count_made(client, server) - wanted + IN_A_TURN
                while await _count_made(client, servers[SHADOWED]) < wanted:
                    await asyncio.sleep(DRAINED)
    found = {name: percentiles(seconds) for name, seconds in times.items()}
    return found | {"shadow share": made / len(times[SHADOWED])}


async def time_one(ask: Ask) -> float:
    """Return the seconds of a request."""
    begun = time.perf_counter()
    await ask()
    return time.perf_counter() - begun


def percentiles(seconds: Sequence[float]) -> Result:
    """Return percentiles in milliseconds, and the number of requests."""
    p50, p99 = np.percentile(seconds, [50, 99]) * 1000
    return {"p50": round(float(p50), 3), "p99": round(float(p99), 3), "requests": len(seconds)}


async def _in_turn(asks: Mapping[str, Ask], count: int) -> Result:
    times: dict[str, list[float]] = {name: [] for name in asks}
    for _ in range(count):
        for name, ask in asks.items():
            times[name].append(await time_one(ask))
    return {name: percentiles(found) for name, found in times.items()}


async def _ask(client: httpx.AsyncClient, model: str, server: str, body: bytes, kind: str) -> int:
    headers = {"Content-Type": kind}
    found = await client.post(f"{server}/v1/models/{model}/predict", content=body, headers=headers)
    assert found.status_code == 200, found.text
    return found.status_code


async def _count_made(client: httpx.AsyncClient, server: str) -> float:
    found = _MADE.search((await client.get(f"{server}/metrics")).text)
    return 0.0 if found is None else float(found[1])
