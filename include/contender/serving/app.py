"""The HTTP API of online predictions."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import date, datetime
from functools import partial
from typing import Any, NamedTuple

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from contender.redaction import redact
from contender.serving.answering import (
    FEW_ROWS,
    Answer,
    answer,
    describe_answer,
    describe_columns,
    describe_model,
)
from contender.serving.arrow import ARROW, read_stream, write_stream
from contender.serving.following import Follower
from contender.serving.keys import Caller
from contender.serving.limiting import RateLimit
from contender.serving.requests import LARGEST_BODY, Asked, BadRequest, Defect, shorten
from contender.serving.schema import describe_api
from contender.serving.served import ServedModel
from contender.serving.server import is_loopback

log = logging.getLogger(__name__)

_THREADS = 2  # that predict; more would only wait for each other
_SMALL_BODY = 8 * 1024  # bytes, read in the time that handing them to a thread takes
_REQUEST_ID = "X-Request-Id"
_JSON, _TEXT = "application/json", "text/plain; version=0.0.4; charset=utf-8"


class Content(NamedTuple):
    """The body of a request, and its type."""

    kind: str
    body: bytes


def build_app(follower: Follower) -> FastAPI:
    """Return the app. The follower starts before the first request and stops after the last."""
    workers = ThreadPoolExecutor(_THREADS, thread_name_prefix="predict")

    @asynccontextmanager
    async def run(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.get_running_loop().run_in_executor(workers, follower.start)
        gc.collect()
        gc.freeze()  # what is loaded now stays: to look through it again takes a quarter of a second
        follower.request_log.start()
        follower.shadow.start()
        yield
        gc.unfreeze()
        follower.stop()
        workers.shutdown()
        await asyncio.to_thread(follower.shadow.stop)
        await asyncio.to_thread(follower.request_log.stop)

    # FastAPI's own page of the API loads scripts from another host.
    app = FastAPI(lifespan=run, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(_Guarded, follower=follower)
    _add_state(app, follower)
    _add_models(app, follower)
    _add_predictions(app, follower, workers)
    app.add_exception_handler(BadRequest, _refuse)
    app.add_exception_handler(HTTPException, _refuse_address)
    app.add_exception_handler(Exception, _fail)
    return app


def find_caller(follower: Follower, request: Request) -> Caller:
    """Return the caller and its models; without keys, everyone may request all. Raises BadRequest."""
    names = frozenset(follower.models)
    if not follower.keys.required:
        return Caller("", names)
    caller = follower.keys.find_caller(request.headers.get("authorization"))
    if caller is None:
        problem = "no valid API key: send the header `Authorization: Bearer <key>`"
        raise BadRequest(401, Defect(field="Authorization", problem=problem))
    return Caller(caller.name, caller.models & names)


def find_model(follower: Follower, caller: Caller, model: str) -> ServedModel:
    """Return a model that the caller may request. Raises BadRequest."""
    served = follower.models.get(model)
    if follower.keys.required and (served is None or model not in caller.models):
        # One answer for both, so that a key does not reveal the names of models.
        raise BadRequest(
            403, Defect(problem=f"this key may not request {model!r}: see `keys` in access.yaml")
        )
    if served is None:
        known = ", ".join(sorted(caller.models))
        raise BadRequest(404, Defect(problem=f"unknown model {model!r}", allowed=known))
    return served


async def read_body(request: Request) -> Content:
    """Return the type and the content of the body. Raises BadRequest if it is too large or of another type."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (_JSON, ARROW):
        allowed = f"{_JSON}, {ARROW}"
        raise BadRequest(
            415, Defect(field="Content-Type", value=kind[:100], problem="unknown type", allowed=allowed)
        )
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise BadRequest(
                413, Defect(problem=f"the body is larger than {LARGEST_BODY} bytes: send fewer rows")
            )
    return Content(kind, bytes(body))


def _add_predictions(app: FastAPI, follower: Follower, workers: ThreadPoolExecutor) -> None:
    settings = follower.here.settings
    limit = RateLimit(settings.request_rate, settings.request_burst)

    @app.post("/v1/models/{model}/predict")
    async def predict(model: str, request: Request) -> Response:
        caller = find_caller(follower, request)
        served = find_model(follower, caller, model)
        began = time.perf_counter()
        status = 500
        try:
            limit.take(caller.name)
            content = await read_body(request)
            with follower.shadow.traffic.counted():
                response = await _respond_to(follower, served, content, workers)
            status = 200
            return response
        except BadRequest as refused:
            status = refused.status
            raise
        finally:
            follower.metrics.requests.labels(model, status).inc()
            follower.metrics.seconds.labels(model).observe(time.perf_counter() - began)


async def _respond_to(
    follower: Follower, served: ServedModel, content: Content, workers: ThreadPoolExecutor
) -> Response:
    """Answer a request: in the event loop if that takes less time than a thread, which would only wait for it."""
    run = partial(asyncio.get_running_loop().run_in_executor, workers)
    if len(content.body) > _SMALL_BODY or not served.is_quick:
        return await run(partial(_predict, follower, served, content.kind, partial(_read, served, content)))
    asked = _read(served, content)
    predict = partial(_predict, follower, served, content.kind, lambda: asked)
    if asked.rows is not None and asked.rows.num_rows <= FEW_ROWS:
        return predict()
    return await run(predict)  # a day may have to be read from the lake


def _read(served: ServedModel, content: Content) -> Asked:
    kind, body = content
    return read_stream(served.spec, body) if kind == ARROW else served.form.read(body)


def _predict(follower: Follower, served: ServedModel, kind: str, read: Callable[[], Asked]) -> Response:
    """Answer a request in its own format."""
    answered = answer(follower.here, served, read)
    if kind == ARROW:
        response = Response(write_stream(answered), media_type=ARROW)
    else:
        response = _respond(describe_answer(answered))
    follower.metrics.rows.labels(served.spec.name).inc(answered.rows)
    follower.metrics.cold.labels(served.spec.name).inc(len(answered.cold_rows))
    response.headers[_REQUEST_ID] = answered.request_id
    follower.metrics.roles.labels(served.spec.name, answered.role).inc()
    if follower.request_log.note(answered):
        follower.shadow.note(served, answered)
    return response


def _add_state(app: FastAPI, follower: Follower) -> None:
    @app.get("/healthz")
    async def healthz() -> Response:
        return _respond({"status": "running"})

    @app.get("/readyz")
    async def readyz() -> Response:
        waiting = [n for n, s in follower.models.items() if s.current is None and s.champion is not None]
        serving = [n for n, s in follower.models.items() if s.current is not None]
        ready = bool(serving) and not waiting
        found = {
            "ready": ready,
            "serving": len(serving),
            "without_version": len(follower.models) - len(serving),
            "unreachable_since": {n: since for n, since in follower.unreachable.items() if since},
            "behind_since": {n: s.behind for n, s in follower.models.items() if s.behind},
        }
        if follower.keys.required:  # names of models are for those who have a key
            found["behind_since"] = sorted(s.behind for s in follower.models.values() if s.behind)
        return _respond(found, 200 if ready else 503)

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(follower.metrics.render(), media_type=_TEXT)


def _add_models(app: FastAPI, follower: Follower) -> None:
    @app.get("/v1/models")
    async def models(request: Request) -> Response:
        allowed = find_caller(follower, request).models
        return _respond({"models": [describe_model(s) for n, s in follower.models.items() if n in allowed]})

    @app.get("/v1/models/{model}")
    async def one_model(model: str, request: Request) -> Response:
        served = find_model(follower, find_caller(follower, request), model)
        return _respond({**describe_model(served), **describe_columns(served.spec)})

    @app.get("/openapi.json")
    async def openapi(request: Request) -> Response:
        allowed = find_caller(follower, request).models
        shown = [served for name, served in follower.models.items() if name in allowed]
        return _respond(describe_api(shown, secured=follower.keys.required))


class _Guarded:
    """Without keys, answer only requests that name this machine: a web page could send others through a browser."""

    def __init__(self, app: Callable[..., Awaitable[None]], follower: Follower) -> None:
        self._app, self._follower = app, follower

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and not self._follower.keys.required:
            host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
            name = host if host.endswith("]") else host.rpartition(":")[0] or host
            if not is_loopback(name.strip("[]")):
                problem = "without API keys, only requests to this machine are answered"
                refused = BadRequest(403, Defect(field="Host", value=host[:100], problem=problem))
                await _refused(refused)(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, BadRequest)
    return _refused(error)


async def _refuse_address(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    value = f"{request.method} {request.url.path}"
    refused = _refused(BadRequest(error.status_code, Defect(value=shorten(value), problem=error.detail)))
    refused.headers.update(error.headers or {})
    return refused


async def _fail(_: Request, error: Exception) -> Response:
    log.error("%s", redact(f"{type(error).__name__}: {error}"))
    return _respond({"detail": [{"problem": "an error of the server: see its log"}]}, 500)


def _refused(error: BadRequest) -> Response:
    answer = _respond({"detail": [d.model_dump(exclude_none=True) for d in error.defects]}, error.status)
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _respond(content: Answer, status: int = 200) -> Response:
    # Python writes the shortest text that reads as the same number, so predictions lose nothing.
    text = json.dumps(content, default=_as_text, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text.encode(), status, media_type=_JSON)


def _as_text(value: object) -> str:
    assert isinstance(value, date | datetime), type(value)
    return value.isoformat()
