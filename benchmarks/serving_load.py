"""Send many online requests while promotions and roll-backs are entered, and count those that fail.

python -m benchmarks.serving_load                  writes benchmarks/results/serving_load.json and docs/SERVING.md
python -m benchmarks.serving_load --requests 2000 --decisions 4     smaller, for a look; nothing is kept

Clients send one request after the other, in turn a whole row and the key of a row. A request fails if it is not
answered with 200, or if its prediction is not, to the last bit, what the named version predicts of the row.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.keeping import keep_rows, put_into
from benchmarks.serving_turns import JSON, make_bodies, predict_path
from contender.promoting import ManualDecision, ManualKind, decide_by_hand
from contender.retraining import InstalledStores
from contender.settings import PROJECT, Settings
from contender.specs import Days
from tests.integration.made_up import NIGHT, copy_catalog, install_flights, run_night, tomorrow
from tests.serving import serving

RESULTS = PROJECT / "benchmarks" / "results" / "serving_load.json"
PAGE = PROJECT / "docs" / "SERVING.md"
BEGIN, END = "<!-- load: made by `python -m benchmarks.serving_load` -->", "<!-- end of load -->"
REQUESTS, DECISIONS, CLIENTS = 100_000, 50, 4
_SHOWN = 10_000  # requests between two lines of progress
Row = dict[str, Any]


def main() -> None:
    """Send the requests, print and store what came of them."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--requests", type=int, default=REQUESTS)
    ask.add_argument("--decisions", type=int, default=DECISIONS, help="promotions and roll-backs, in turn")
    given = ask.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        row = measure(Path(folder), given.requests, given.decisions)
    print(render(row))
    if (given.requests, given.decisions) == (REQUESTS, DECISIONS):
        keep_rows(RESULTS, [row])
        PAGE.write_text(put_into(PAGE.read_text(), render(row), BEGIN, END))
    if row["failed"]:
        raise SystemExit(f"{row['failed']} requests failed: {row['examples']}")


def measure(folder: Path, requests: int, decisions: int) -> Row:
    """Serve two versions of a model, and send the requests."""
    stores = install_flights(Settings(home=folder / "home"), copy_catalog(folder / "catalog"))
    for night in (NIGHT - timedelta(days=1), NIGHT):
        run_night(stores, night, ["boosted_trees"])
    here, model = stores.installation, stores.model
    table = here.lake.read(model.feature_contract, Days.one(tomorrow(NIGHT))).slice(0, 1)
    (features,) = table.to_pylist()
    scores = {}
    for version in (1, 2):
        seen = list(here.registry.version(model.name, version).features)
        predicted = here.registry.load(model.name, version).predict_proba(table.to_pandas()[seen])
        scores[version] = float(predicted[0, 1])
    assert scores[1] != scores[2]
    with serving(here.settings, here.catalog.home, model.name) as address:
        load = _Load(f"{address}{predict_path(model)}", make_bodies(model, features), scores, requests)
        began = time.perf_counter()
        asyncio.run(_send_all(load, stores, decisions))
        seconds = time.perf_counter() - began
    waits = np.percentile(load.waits, [50, 100]).round(2).tolist()
    return {
        "requests": load.sent,
        "failed": load.failed,
        "decisions": decisions,
        "waits": waits,
        "a_second": round(load.sent / seconds),
        "examples": load.examples,
    }


@dataclass
class _Load:
    """The requests that are left to send, what failed, and since when another version should answer."""

    url: str
    bodies: tuple[bytes, ...]
    scores: Mapping[int, float]
    left: int
    sent: int = 0
    failed: int = 0
    serving: int = 0
    waits: list[float] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)
    awaited: tuple[int, float] | None = None  # the version of the newest entry, and the time of it

    async def send(self, client: httpx.AsyncClient) -> None:
        """Send one request after the other."""
        while self.left > 0:
            self.left -= 1
            body = self.bodies[self.left % len(self.bodies)]
            try:
                self._note(await client.post(self.url, content=body, headers={"Content-Type": JSON}))
            except httpx.HTTPError as error:
                self._fail(repr(error))
            self.sent += 1
            if self.sent % _SHOWN == 0:
                print(f"{self.sent:,} requests, {self.failed} failed", file=sys.stderr, flush=True)

    def _note(self, found: httpx.Response) -> None:
        if found.status_code != 200:
            self._fail(found.text)
            return
        answer = found.json()
        version, (row,) = answer["model_version"], answer["predictions"]
        if row["score"] != self.scores[version]:
            self._fail(f"version {version} predicts {row['score']}, not {self.scores[version]}")
        self.serving = version
        if self.awaited and self.awaited[0] == version:
            self.waits.append(time.perf_counter() - self.awaited[1])
            self.awaited = None

    def _fail(self, reason: str) -> None:
        self.failed += 1
        self.examples = [*self.examples, reason][:3]


async def _send_all(load: _Load, stores: InstalledStores, decisions: int) -> None:
    total, name = load.left, stores.model.name
    async with httpx.AsyncClient(timeout=60) as client, asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(load.send(client))
        for nth in range(decisions):
            while load.sent < total * (nth + 0.5) / decisions or load.awaited:
                if load.left <= 0:
                    raise SystemExit(f"only {nth} of {decisions} decisions were followed during the requests")
                await asyncio.sleep(0.01)
            kind: ManualKind = "rolled_back" if nth % 2 else "emergency"
            manual = ManualDecision(kind, "bench", "a decision during requests", 3 - load.serving)
            await asyncio.to_thread(decide_by_hand, stores.installation, name, manual)
            load.awaited = 3 - load.serving, time.perf_counter()


def render(row: Row) -> str:
    """Return the sentences of the page."""
    median, most = row["waits"]
    return (
        f"Of {row['requests']:,} requests by {CLIENTS} clients, during {row['decisions']} promotions and roll-backs, "
        f"{row['failed'] or 'none'} failed.\n"
        f"The other version answered {median} s after its entry (median; at most {most} s).\n"
    )


if __name__ == "__main__":
    main()
