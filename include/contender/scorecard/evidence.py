"""What is known about a model: its contract, the newest records of it, and files in the reports folder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from pydantic import Field

from contender.records import (
    Act,
    Entry,
    Evaluation,
    GateResult,
    Incident,
    Monitored,
    Publication,
    TrainedVersion,
)
from contender.specs import Column, Contract, ModelSpec
from contender.specs.frozen import Frozen

# Newest nights that are looked at: a check that was removed since stops counting within two weeks.
NIGHTS = 14


class TestRun(Frozen):
    """A file of test results, as `pytest --junitxml` writes it."""

    __test__ = False  # it is no test class of pytest

    file: str
    day: date
    passed: tuple[str, ...] = Field(default=(), description="modules of which every test passed")
    failed: tuple[str, ...] = Field(default=(), description="modules of which a test failed")


class ReplayResult(Frozen):
    """A file with the output of `contender replay --json`."""

    file: str
    entry: int
    night: date
    identical: bool


class Evidence(Frozen):
    """All that the tests of a model are answered from. Records are ordered newest first."""

    model: ModelSpec
    inputs: tuple[Contract, ...] = Field(default=(), description="tables that features are built from")
    gates: dict[str, tuple[GateResult, ...]] = Field(
        default_factory=dict, description="newest results by table, of the features and of each input"
    )
    versions: tuple[TrainedVersion, ...] = Field(default=(), description="all versions, oldest first")
    evaluations: tuple[Evaluation, ...] = ()
    entries: tuple[Entry, ...] = Field(default=(), description="the whole ledger")
    monitored: tuple[Monitored, ...] = ()
    shadows: tuple[Publication, ...] = Field(default=(), description="publications of shadow predictions")
    paired: tuple[date, ...] = Field(
        default=(), description="days on which shadow predictions were compared with outcomes"
    )
    incidents: tuple[Incident, ...] = ()
    acts: tuple[Act, ...] = Field(default=(), description="acts about access, and about the model's tables")
    documents: frozenset[str] = Field(
        default=frozenset(), description="ids of contracts and package lists that the book contains"
    )
    reports: tuple[str, ...] = Field(default=(), description="reports of backtests and drills")
    replays: tuple[ReplayResult, ...] = ()
    test_runs: tuple[TestRun, ...] = ()

    @property
    def recent_entries(self) -> tuple[Entry, ...]:
        """The entries of the newest nights of the ledger."""
        nights = sorted({entry.decision.night for entry in self.entries}, reverse=True)[:NIGHTS]
        return tuple(entry for entry in self.entries if entry.decision.night in nights)

    @property
    def personal_columns(self) -> tuple[Column, ...]:
        """The columns with personal data of the inputs and of the model's own rows."""
        own = (*self.model.keys, *self.model.features)
        inputs = (column for contract in self.inputs for column in contract.columns)
        return tuple({column.name: column for column in (*inputs, *own) if column.pii}.values())

    def same_night(self) -> Iterator[tuple[Evaluation, Evaluation]]:
        """Yield each two evaluations of a night, each pair once."""
        for place, one in enumerate(self.evaluations):
            for other in self.evaluations[place + 1 :]:
                if other.night == one.night:
                    yield one, other
