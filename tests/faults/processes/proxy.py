"""A proxy between Airflow and a server that is for some time gone, slow, or says that it is not available."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

HOST = "127.0.0.1"
DELAY = 1.0  # seconds before each part of up to 64 KB is passed on while a server is slow
HTTP_UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
SMTP_UNAVAILABLE = b"421 4.3.2 Service not available\r\n"
_PART = 1 << 16
_SPEAKS_FIRST = 0.5  # seconds after which a refused client that has sent nothing waits for a greeting
_ENDS = 10.0  # seconds that a refused client has to read the answer and close

Trouble = Literal["gone", "slow", "unavailable"]


@dataclass
class Proxy:
    """A listening proxy. `unavailable` is what it answers in place of a server that is not available."""

    target: int
    unavailable: bytes
    port: int = 0
    trouble: Trouble | None = None
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _listening: asyncio.Server | None = None
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    @contextmanager
    def suffering(self, trouble: Trouble) -> Iterator[None]:
        """Let the server be in trouble during the block. Open connections break, unless it is only slow."""
        self.call(self._begin(trouble))
        try:
            yield
        finally:
            self.call(self._end())

    def call(self, action: Coroutine[Any, Any, None]) -> None:
        """Run an action in the thread of the proxy, and wait for it."""
        asyncio.run_coroutine_threadsafe(action, self._loop).result()

    async def listen(self) -> None:
        """Accept connections, at the same port each time."""
        self._listening = await asyncio.start_server(self._serve, HOST, self.port)
        self.port = self._listening.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Accept no connections, break those that are open, and wait until they have ended."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        await self._break_open()

    async def _break_open(self) -> None:
        for task in (ending := list(self._open)):
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _begin(self, trouble: Trouble) -> None:
        self.trouble = trouble
        if trouble == "gone":
            await self.close()
        elif trouble == "unavailable":  # goes on listening: a connection is never refused
            await self._break_open()

    async def _end(self) -> None:
        self.trouble = None
        if self._listening is None:
            await self.listen()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.current_task()
        assert serving is not None
        self._open.add(serving)
        try:
            with contextlib.suppress(OSError):  # either side has ended the connection
                await (self._refuse if self.trouble == "unavailable" else self._pass_on)(reader, writer)
        except asyncio.CancelledError:  # trouble begins, or the proxy ends
            writer.transport.abort()
        finally:
            self._open.discard(serving)
            writer.close()

    async def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A mail client waits for a greeting before it sends anything.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(reader.read(_PART), _SPEAKS_FIRST)
        writer.write(self.unavailable)
        await writer.drain()
        with contextlib.suppress(TimeoutError):
            # An unread request would break the connection before the answer.
            while await asyncio.wait_for(reader.read(_PART), _ENDS):
                pass

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection(HOST, self.target)
        try:
            await asyncio.gather(self._copy(reader, to_server), self._copy(from_server, writer))
        finally:
            to_server.close()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(_PART):
            if self.trouble == "slow":
                await asyncio.sleep(DELAY)
            writer.write(part)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


@contextmanager
def running(target: int, unavailable: bytes) -> Iterator[Proxy]:
    """Run a proxy before the server at a port of this machine during the block."""
    proxy = Proxy(target, unavailable)
    thread = threading.Thread(target=proxy._loop.run_forever, daemon=True)
    thread.start()
    try:
        proxy.call(proxy.listen())
        yield proxy
    finally:
        proxy.call(proxy.close())
        proxy._loop.call_soon_threadsafe(proxy._loop.stop)
        thread.join()
        proxy._loop.close()
