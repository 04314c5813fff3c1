"""A running `contender serve`, and requests to it from several threads.

Each server is a process of its own, forked from one that has imported what servers import: that takes as long as most
tests of a server.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple

import httpx
import pyarrow as pa

from contender.settings import Settings

_PATIENCE = 120.0  # seconds, on a busy machine
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(
    [
        *("contender.cli", "contender.retraining", "contender.registry", "contender.serving.app"),
        *("contender.serving.request_log", "contender.serving.shadow", "contender.safe_storage"),
        *("sklearn.ensemble", "sklearn.linear_model", "sklearn.pipeline", "uvicorn"),
    ]
)


class Answered(NamedTuple):
    """An answer's status and version."""

    status: int
    version: int


class Load:
    """Threads that send one request after the other until the end of the block, and what was answered."""

    def __init__(self, url: str, body: object, threads: int = 2) -> None:
        self._url, self._body, self._ending = url, body, Event()
        self._threads = [Thread(target=self._send) for _ in range(threads)]
        self.answers: list[Answered] = []

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, version: int, more: int = 50) -> None:
        """Wait until a version answers, and then for some more answers."""
        wait_until(lambda: any(answer.version == version for answer in self.answers[-10:]))
        self.wait_for_answers(more)

    def wait_for_answers(self, more: int) -> None:
        """Wait for some more answers."""
        wanted = len(self.answers) + more
        wait_until(lambda: len(self.answers) >= wanted)

    def _send(self) -> None:
        with httpx.Client(timeout=_PATIENCE) as client:
            while not self._ending.is_set():
                try:
                    found = client.post(self._url, json=self._body)
                    version = found.json()["model_version"] if found.status_code == 200 else 0
                    self.answers.append(Answered(found.status_code, version))
                except httpx.HTTPError:
                    self.answers.append(Answered(0, 0))


def to_stream(table: pa.Table, **options: Any) -> bytes:
    """The Arrow stream of a table."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


@contextmanager
def serving(
    here: Settings, catalog: Path, *words: str, variables: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run `contender serve` in a process of its own, on a free port, and yield its address."""
    places = {"CONTENDER_HOME": str(here.home), "CONTENDER_CATALOG_HOME": str(catalog), **(variables or {})}
    output, log = here.home.parent / "serve.out", here.home.parent / "serve.log"
    output.unlink(missing_ok=True)
    process = _PROCESSES.Process(target=_serve, args=(words, os.environ | places, output, log))
    process.start()
    try:
        yield _wait_for_start(process, output, log)
    finally:
        process.terminate()
        process.join(timeout=_PATIENCE)
        assert process.exitcode is not None


def _serve(words: Sequence[str], environment: Mapping[str, str], output: Path, log: Path) -> None:
    """Run the command in this process."""
    from contender.cli import main

    for descriptor, file in ((1, output), (2, log)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND), descriptor)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["contender", "serve", "--port", "0", *words]
    main()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + _PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def _wait_for_start(process: multiprocessing.process.BaseProcess, output: Path, log: Path) -> str:
    def find_address() -> str | None:
        lines = output.read_text().splitlines(keepends=True) if output.exists() else []
        return next((line for line in lines if line.startswith("Address: ") and line.endswith("\n")), None)

    wait_until(lambda: bool(find_address()) or not process.is_alive())
    line = find_address()
    assert line is not None, log.read_text()
    address = line.split()[1].removesuffix("/v1/models")
    wait_until(lambda: _answers(address) or not process.is_alive())
    assert process.is_alive(), log.read_text()
    return address


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", timeout=_PATIENCE, verify=False).status_code == 200
    except httpx.TransportError:
        return False
