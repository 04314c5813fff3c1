"""The calls at which a fault can be injected: everything by which a night reads or changes a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any, Literal, NamedTuple
from unittest.mock import patch

import mlflow.artifacts
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitStateUnknownException
from sqlalchemy.exc import OperationalError

from contender import landing
from contender.lake import places
from contender.records.acts import Acts
from contender.records.alerts import Alerts
from contender.records.caveats import Caveats
from contender.records.documents import Documents
from contender.records.evaluations import Evaluations
from contender.records.gates import GateResults
from contender.records.incidents import Incidents
from contender.records.ledger import Ledger
from contender.records.monitored_days import MonitoredDays
from contender.records.paired_days import PairedDays
from contender.records.profiles import Profiles
from contender.records.publications import Publications

Store = Literal["landing", "files", "engine", "lake", "book", "registry", "outbox"]
When = Literal["before", "after"]
Reach = Callable[["StoreCall", When], None]


class StoreCall(NamedTuple):
    """A call to a store: the class or module that has it, and its name there."""

    store: Store
    owner: Any
    method: str

    @property
    def name(self) -> str:
        """The name in schedules and on the page, such as `book: Ledger.enter`."""
        owner = "" if self.store in ("landing", "files", "engine", "outbox") else f"{self.owner.__name__}."
        return f"{self.store}: {owner}{self.method}"

    def fail(self, when: When) -> Exception:
        """Return the error of a store that is not reached, or whose answer is lost."""
        if self.store == "book":
            return OperationalError(self.method, {}, Exception("the server closed the connection"))
        if self.store == "registry":
            lost: Exception = MlflowException("the server answered 503")
            return lost
        if self.method == "commit_table" and when == "after":
            return CommitStateUnknownException("the catalogue answered 504")
        return ConnectionResetError(f"{self.name}: connection reset by peer")


def _of(store: Store, owner: Any, *methods: str) -> tuple[StoreCall, ...]:
    return tuple(StoreCall(store, owner, method) for method in methods)


PATCHED = (
    *_of("landing", landing, "fetch"),
    *_of("files", places, "copy", "write", "write_tables"),
    *_of("lake", SqlCatalog, "load_table", "create_table_if_not_exists", "commit_table"),
    *_of("book", GateResults, "get", "add"),
    *_of("book", Publications, "contains", "add", "unconfirmed", "confirm"),
    *_of("book", Profiles, "add"),
    *_of("book", Caveats, "add"),
    *_of("book", Acts, "add", "settlement_of"),
    *_of("book", Documents, "add"),
    *_of("book", Evaluations, "get", "add"),
    *_of("book", PairedDays, "add"),
    *_of("book", Ledger, "head", "enter"),
    *_of("book", MonitoredDays, "add"),
    *_of("book", Incidents, "unfinished", "change"),
    *_of("book", Alerts, "pending", "claim", "settle"),
    *_of(
        "registry", MlflowClient, "search_model_versions", "get_model_version", "get_model_version_by_alias"
    ),
    *_of("registry", MlflowClient, "create_run", "log_batch", "log_text", "log_artifacts"),
    *_of("registry", MlflowClient, "create_registered_model", "create_model_version"),
    *_of("registry", MlflowClient, "set_model_version_tag", "set_terminated"),
    *_of("registry", mlflow.artifacts, "download_artifacts"),
    *_of("registry", MlflowClient, "set_registered_model_alias", "set_registered_model_tag"),
)
# Both stand for processes outside the engine, so that they are called with `reaching` instead.
BUILD = StoreCall("engine", None, "build")
SEND = StoreCall("outbox", None, "send")
STORE_CALLS = (*PATCHED, BUILD, SEND)


def reaching(call: StoreCall, reach: Reach, real: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with `reach` called before and after it."""

    @wraps(real)
    def reached(*given: Any, **named: Any) -> Any:
        reach(call, "before")
        result = real(*given, **named)
        reach(call, "after")
        return result

    return reached


@contextmanager
def instrumented(reach: Reach) -> Iterator[None]:
    """Call `reach` before and after each call of the engine to a store."""
    with ExitStack() as patches:
        for call in PATCHED:
            real = getattr(call.owner, call.method)
            patches.enter_context(patch.object(call.owner, call.method, reaching(call, reach, real)))
        yield
