"""A running `contender serve`, and requests to it from several threads."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple

import httpx

from contender.settings import Settings

_PATIENCE = 120.0  # seconds, on a busy machine


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


@contextmanager
def serving(
    here: Settings, catalog: Path, *words: str, variables: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run `contender serve` in a process of its own, on a free port, and yield its address."""
    places = {"CONTENDER_HOME": str(here.home), "CONTENDER_CATALOG_HOME": str(catalog), **(variables or {})}
    command = [sys.executable, "-m", "contender.cli", "serve", "--port", "0", *words]
    log = here.home.parent / "serve.log"
    with log.open("a") as errors:
        process = subprocess.Popen(
            command, env=os.environ | places, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        yield _wait_for_start(process, log)
    finally:
        process.terminate()
        process.wait(timeout=_PATIENCE)


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + _PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def _wait_for_start(process: subprocess.Popen[str], log: Path) -> str:
    assert process.stdout is not None
    line = next((line for line in process.stdout if line.startswith("Address: ")), None)
    assert line is not None, log.read_text()
    address = line.split()[1].removesuffix("/v1/models")
    wait_until(lambda: _answers(address) or process.poll() is not None)
    assert process.poll() is None, log.read_text()
    return address


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", timeout=_PATIENCE).status_code == 200
    except httpx.TransportError:
        return False
