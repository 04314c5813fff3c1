"""What is known of a batch on its way into the lake: as staged, as judged, as published."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Literal

from pydantic import Field

from contender.records.identity import identify
from contender.specs import Days, Severity
from contender.specs.frozen import Frozen

Verdict = Literal["pass", "warn", "fail"]


class Defect(Frozen):
    """What made a delivery unreadable as its contract says, found before any expectation could be checked."""

    what: str
    where: str = Field(description="file, row or column")
    way_out: str
    severity: Severity = "fail"


class StagedFile(Frozen):
    """One day's rows as Parquet in staging; `day` is None in a table that is replaced whole."""

    day: date | None
    path: str
    rows: int
    digest: str = Field(description="SHA-256 of the file")


class StagedBatch(Frozen):
    """Rows that wait for their gate. Whoever produced them, they are judged and published alike."""

    table: str
    days: Days
    files: tuple[StagedFile, ...]
    fingerprint: str = Field(description="of the content: equal for equal rows, whenever they were staged")
    sources: tuple[str, ...] = Field(default=(), description="the raw files, as copied into staging")
    defects: tuple[Defect, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(file.rows for file in self.files)


class ExpectationResult(Frozen):
    """One promise of the contract, held against the batch."""

    expectation: str = Field(description="in words, with its bounds")
    same_as: str | None = Field(
        default=None, description="in words without figures of the day, where the expectation has some"
    )
    columns: tuple[str, ...] = ()
    verdict: Verdict
    observed: str
    failing_rows: int | None = None
    failing_keys: tuple[dict[str, str], ...] = Field(default=(), description="primary keys, up to a limit")

    @property
    def identity(self) -> str:
        """What tells the expectation from others, in judgements of whatever day."""
        return self.same_as or self.expectation


class GateResult(Frozen):
    """A gate's judgement of one batch."""

    id: str
    table: str
    owner: str
    days: Days
    run: str = Field(description="the Airflow run that asked")
    verdict: Verdict
    rows: int
    fingerprint: str
    expectations: tuple[ExpectationResult, ...]
    defects: tuple[Defect, ...] = ()
    quarantine: str | None = Field(default=None, description="where the batch waits, when it failed")
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def failed(self) -> tuple[ExpectationResult, ...]:
        """The expectations that the batch does not meet, warnings among them."""
        return tuple(result for result in self.expectations if result.verdict != "pass")


def gate_id(batch: StagedBatch, run: str) -> str:
    """The same batch judged again in the same run is the same result."""
    return identify("gate", batch.table, batch.days.key, batch.fingerprint, run)


class Publication(Frozen):
    """A batch became part of its table; written before the commit, so that a killed attempt is recognised."""

    id: str
    table: str
    days: Days
    run: str
    rows: int
    fingerprint: str
    replaced: tuple[date, ...] = Field(default=(), description="days that had other rows before")
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


def publication_id(batch: StagedBatch, run: str) -> str:
    """The same batch published again in the same run is the same publication."""
    return identify("publication", batch.table, batch.days.key, batch.fingerprint, run)
