"""Measure online predictions: time of a request beside a bare call of the pipeline, and of a promotion until it serves.

python -m benchmarks.serving             writes benchmarks/results/serving.json and docs/SERVING.md
python -m benchmarks.serving --rounds 1  a smaller run, printed and not stored

A server process and its client share this machine's cores. In each round, every kind of request is measured
once, with a promotion in the middle, and beside it the bare call of the same pipeline with the same row in this
process. The spread is over rounds.
"""

from __future__ import annotations

import argparse
import gc
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.asking import (
    Ask,
    Client,
    Result,
    ask_at_random,
    ask_together,
    percentiles,
    time_one,
    wait_in_line,
)
from benchmarks.keeping import put_into
from benchmarks.serving_turns import (
    BULK,
    JSON,
    LOGGED,
    SHADOWED,
    UNLOGGED,
    UNSHADOWED,
    compare,
    compare_shadow,
    make_bodies,
    predict_path,
)
from contender.promoting import ManualDecision, decide_by_hand
from contender.retraining import InstalledStores
from contender.serving.arrow import ARROW
from contender.serving.keys import Keyring
from contender.serving.requests import to_table
from contender.serving.server import prepare
from contender.settings import PROJECT, Settings
from contender.specs import Days
from tests.integration.made_up import NIGHT, copy_catalog, install_flights, run_night, tomorrow
from tests.serving import serving

RESULTS = PROJECT / "benchmarks" / "results" / "serving.json"
PAGE = PROJECT / "docs" / "SERVING.md"
BEGIN, END = "<!-- serving: made by `make bench-serving` -->", "<!-- end of serving -->"
ROUNDS, REQUESTS, TOGETHER = 5, 300, 8
BARE, HEALTH, ROW, KEY, MANY = "bare call", "state", "whole row", "key of a day", "several clients"
HALF = "half of their rate"


def main() -> None:
    """Measure, then store and render, or print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), rounds)
    if rounds == ROUNDS:
        RESULTS.write_text(json.dumps(found, indent=1) + "\n")
        PAGE.write_text(put_into(PAGE.read_text(), render(found), BEGIN, END))
    print(render(found))


def measure(folder: Path, rounds: int) -> Result:
    """Return percentiles in milliseconds by round and kind of request, and the seconds until a promotion served."""
    stores = install_flights(Settings(home=folder / "home"), copy_catalog(folder / "catalog"))
    run_night(stores, NIGHT - timedelta(days=1), ["boosted_trees"])
    run_night(stores, NIGHT, ["boosted_trees", "linear"])  # versions 2 and 3
    here, model = stores.installation, stores.model
    shadowed = write_shadow(here.catalog.home, folder / "shadowed", model.name)
    day = tomorrow(NIGHT)
    row = here.lake.read(model.feature_contract, Days(first=day, last=day)).slice(0, 1).to_pylist()[0]
    pipeline = here.registry.load(model.name, 1)
    columns = list(here.registry.version(model.name, 1).features)
    rows = to_table(model, [row]).to_pandas()[columns]
    bare = Bare(lambda: pipeline.predict_proba(rows))
    gc.collect()
    gc.freeze()  # a look through all that is imported here takes a quarter of a second of a request
    share = {"CONTENDER_REQUEST_LOG_SHARE": "0"}
    with (
        serving(here.settings, here.catalog.home, model.name) as address,
        serving(here.settings, here.catalog.home, model.name, variables=share) as other,
        serving(here.settings, shadowed, model.name) as in_shadow,
    ):
        measured = []
        for _ in range(rounds):
            one = _measure_round(stores, address, make_bodies(model, row), bare)
            one |= compare(model, {LOGGED: address, UNLOGGED: other}, row, REQUESTS)
            one |= compare_shadow(model, {SHADOWED: in_shadow, UNSHADOWED: address}, row)
            measured.append(one)
    polls = _time_polls(stores)
    return {"rounds": measured, "polls": polls, "requests": REQUESTS, "together": TOGETHER}


def write_shadow(home: Path, folder: Path, model: str) -> Path:
    """Copy a catalog, and let the challengers of a model predict its requests in shadow."""
    shutil.copytree(home, folder)
    spec = folder / "models" / model / "spec.py"
    text = spec.read_text().replace("Recovery, Slice", "Recovery, Serving, Slice", 1)
    spec.write_text(text.replace("    recovery=", "    serving=Serving(shadow=True),\n    recovery=", 1))
    return folder


def _time_polls(stores: InstalledStores) -> list[float]:
    """Return the milliseconds of polls without news, for all models of the catalog."""
    here = stores.installation
    follower = prepare(here, [], Keyring(here.catalog))
    follower.follow()
    found = []
    for _ in range(REQUESTS):
        begun = time.perf_counter()
        follower.follow()
        found.append((time.perf_counter() - begun) * 1000)
    return [round(ms, 3) for ms in np.percentile(found, [50, 99])]


class Bare:
    """Bare calls of the pipeline, each beside a request, since other processes load the machine more or less."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call
        self.times: list[float] = []

    def call(self) -> None:
        """Call the pipeline once, and keep the time."""
        begun = time.perf_counter()
        self._call()
        self.times.append(time.perf_counter() - begun)

    @contextmanager
    def around(self) -> Iterator[None]:
        """Call it before and after the block, since calls within it would take its processor."""
        for _ in range(REQUESTS // 2):
            self.call()
        yield
        for _ in range(REQUESTS // 2):
            self.call()

    def take(self) -> list[float]:
        """Return the times since the last time."""
        taken, self.times = self.times, []
        return taken


def _measure_round(stores: InstalledStores, address: str, bodies: tuple[bytes, bytes], bare: Bare) -> Result:
    whole, keyed = bodies
    client, path = Client(address), predict_path(stores.model)

    def ask(body: bytes) -> int:
        return int(json.loads(client.ask("POST", path, body))["model_version"])

    state = partial(client.ask, "GET", "/healthz")
    found: Result = {HEALTH: _describe(_one_by_one(state, bare, REQUESTS), bare.take())}
    waits = []
    for name, body in ((ROW, whole), (KEY, keyed)):
        times, waited = _with_promotion(stores, partial(ask, body), bare)
        found[name] = _describe(times, bare.take())
        waits.append(waited)
    one = partial(ask, whole)
    with bare.around():
        began = time.perf_counter()
        times = ask_together(one, TOGETHER, REQUESTS // TOGETHER)
        rate = len(times) / (time.perf_counter() - began)
    found[MANY] = _describe(times, bare.take()) | {"a_second": rate}
    with bare.around():
        times = ask_at_random(one, rate / 2, REQUESTS)
    found[HALF] = _describe(times, bare.take())
    return found | {"promotions": waits}


def _with_promotion(stores: InstalledStores, ask: Callable[[], int], bare: Bare) -> tuple[list[float], float]:
    """Return the times of requests, and the seconds from a promotion's entry to the first answer by its version."""
    times = _one_by_one(ask, bare, REQUESTS // 2)
    version = 3 - ask()
    manual = ManualDecision("emergency", "bench", "a promotion during requests", version)
    decide_by_hand(stores.installation, stores.model.name, manual)
    entered = time.perf_counter()
    serving = 0
    while serving != version:
        begun = time.perf_counter()
        serving = ask()
        times.append(time.perf_counter() - begun)
    waited = time.perf_counter() - entered
    return times + _one_by_one(ask, bare, REQUESTS // 2), waited


def _one_by_one(ask: Ask, bare: Bare, count: int) -> list[float]:
    times = []
    for _ in range(count):
        bare.call()
        times.append(time_one(ask))
    return times


def _describe(seconds: Sequence[float], bare: Sequence[float]) -> Result:
    return percentiles(seconds) | {BARE: percentiles(bare)}


def render(found: Result) -> str:
    """Return the table of the page."""
    rounds = found["rounds"]
    about = {
        HEALTH: "`GET /healthz`: what HTTP and the client take",
        ROW: "one whole row, one request after the other",
        KEY: "one key of a day in memory, one request after the other",
        MANY: f"one whole row, {found['together']} clients at once",
        HALF: "one whole row, at random times, half as many a second as these clients get",
    }
    lines = [
        "| request | p50, ms | p99, ms | bare call beside it, p50, ms | p50 of the bare call |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, words in about.items():
        cells = [_spread([one[name][part] for one in rounds]) for part in ("p50", "p99")]
        cells.append(_spread([one[name][BARE]["p50"] for one in rounds]))
        ratio = _spread([one[name]["p50"] / one[name][BARE]["p50"] for one in rounds])
        lines.append(f"| {words} | {' | '.join(cells)} | × {ratio} |")
    waits = [wait for one in rounds for wait in one["promotions"]]
    sent = sum(one[name]["requests"] for one in rounds for name in (ROW, KEY, MANY, HALF))
    longer = _spread([one[ROW]["p50"] - one[ROW][BARE]["p50"] for one in rounds])
    tail = _spread([_tail(one[HALF]) for one in rounds])
    line = percentiles(wait_in_line(0.5, found["requests"]))
    rates = _spread([one[MANY]["a_second"] * one[MANY][BARE]["p50"] / 1000 for one in rounds])
    return "\n".join(
        [
            *lines,
            "",
            f"Median of {len(rounds)} rounds, with the lowest and highest in brackets. A bare call is",
            f"`pipeline.predict_proba` of the same row in the client's process; a whole row takes {longer} ms longer.",
            f"At random times, from the arrival until the answer, p99 is × {tail} p50. If a server took",
            f"the same time for each of these requests, it would be × {_round(_tail(line))}, by waiting in line alone.",
            f"Of all {sent} predictions, during {len(waits)} promotions, none failed. A promotion served",
            f"{_spread(waits)} s after its entry. {found['together']} clients get {rates} times",
            "as many predictions as one thread that calls the pipeline. A poll of the ledger without news takes",
            f"{found['polls'][0]:.2g} ms (p99: {found['polls'][1]:.2g} ms), twice a second.",
            "",
            "A request of one row, in turn with and without the log, takes "
            f"× {_ratios(rounds, LOGGED, UNLOGGED, 'p50')} as long at p50 and",
            f"× {_ratios(rounds, LOGGED, UNLOGGED, 'p99')} at p99. A request of {BULK:,} rows takes "
            f"{_spread([one[JSON]['p50'] for one in rounds])} ms in JSON and",
            f"{_spread([one[ARROW]['p50'] for one in rounds])} ms in Arrow: "
            f"× {_ratios(rounds, ARROW, JSON, 'p50')}.",
            "",
            "Requests of one row with random pauses, in turns with and without shadow predictions of one challenger,",
            f"take × {_ratios(rounds, SHADOWED, UNSHADOWED, 'p50')} as long at p50 and "
            f"× {_ratios(rounds, SHADOWED, UNSHADOWED, 'p99')} at p99 with them.",
            f"{_spread([100 * one['shadow share'] for one in rounds])} % of the requests got shadow predictions "
            "meanwhile, the others later.",
            "",
        ]
    )


def _tail(found: Result) -> float:
    return float(found["p99"] / found["p50"])


def _ratios(rounds: Sequence[Result], one: str, other: str, part: str) -> str:
    return _spread([found[one][part] / found[other][part] for found in rounds])


def _spread(figures: Sequence[float]) -> str:
    low, middle, high = (_round(figure) for figure in (min(figures), median(figures), max(figures)))
    return f"{middle} ({low}–{high})"


def _round(figure: float) -> str:
    return f"{figure:.0f}" if figure >= 10 else f"{figure:.2g}"


if __name__ == "__main__":
    main()
