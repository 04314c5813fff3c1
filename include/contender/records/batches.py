"""Records of a batch on its way into the lake: staged batch, gate result, publication."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Literal

from pydantic import Field

from contender.records.identity import identify
from contender.specs import Days, Severity
from contender.specs.frozen import Frozen

Verdict = Literal["pass", "warn", "fail"]
NOT_CHECKED = "not checked: "


class Defect(Frozen):
    """A reason why a delivery cannot be read according to its contract, found before expectations are checked."""

    what: str
    where: str = Field(description="file, row or column")
    way_out: str
    severity: Severity = "fail"


class StagedFile(Frozen):
    """One day's rows as a Parquet file in staging; `day` is None for a table that is replaced as a whole."""

    day: date | None
    path: str
    rows: int
    digest: str = Field(description="SHA-256 of the file")
    origins: str | None = Field(
        default=None,
        description="Parquet file with the delivered file and row of each row, if there are several",
    )


class DeliveredFile(Frozen):
    """A delivered file as it was read."""

    name: str
    size: int
    digest: str = Field(description="SHA-256 of the file")


class StagedBatch(Frozen):
    """Rows that wait for their gate. Deliveries and built tables are checked and published in the same way."""

    table: str
    days: Days
    files: tuple[StagedFile, ...]
    fingerprint: str = Field(description="digest of the content: equal rows have equal fingerprints")
    sources: tuple[str, ...] = Field(default=(), description="raw files, copied into staging")
    delivered: tuple[DeliveredFile, ...] = Field(
        default=(), description="the raw files as they were delivered"
    )
    defects: tuple[Defect, ...] = ()
    dropped: int = Field(default=0, description="rows that equalled another one and were dropped")
    engine: str | None = Field(default=None, description="engine that built the rows; none for deliveries")

    @property
    def rows(self) -> int:
        """The number of rows."""
        return sum(file.rows for file in self.files)


class ExpectationResult(Frozen):
    """The result of one expectation of the contract for a batch."""

    expectation: str = Field(description="description with its bounds")
    same_as: str | None = Field(
        default=None, description="description without bounds that change from day to day, if there are any"
    )
    columns: tuple[str, ...] = ()
    verdict: Verdict
    observed: str
    failing_rows: int | None = None
    failing_keys: tuple[dict[str, str], ...] = Field(default=(), description="primary keys, up to a limit")

    @property
    def identity(self) -> str:
        """The name of the expectation, the same in the results of all days."""
        return self.same_as or self.expectation

    @property
    def was_checked(self) -> bool:
        """Whether there was enough to compare with; an expectation that was not checked passes."""
        return not self.observed.startswith(NOT_CHECKED)


class GateResult(Frozen):
    """The result of a gate for one batch."""

    id: str
    table: str
    owner: str
    days: Days
    run: str = Field(description="Airflow run")
    verdict: Verdict
    rows: int
    fingerprint: str
    expectations: tuple[ExpectationResult, ...]
    defects: tuple[Defect, ...] = ()
    delivered: tuple[DeliveredFile, ...] = Field(default=(), description="the files that were checked")
    quarantine: str | None = Field(default=None, description="folder of a failed batch")
    owners_of_inputs: tuple[str, ...] = Field(
        default=(), description="of the tables that the batch was built from, if one of them may be broken"
    )
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def recipients(self) -> tuple[str, ...]:
        """Who is notified of a failed gate."""
        return tuple(dict.fromkeys((self.owner, *self.owners_of_inputs)))

    @property
    def failed(self) -> tuple[ExpectationResult, ...]:
        """The expectations that the batch does not meet, including warnings."""
        return tuple(result for result in self.expectations if result.verdict != "pass")


def gate_id(batch: StagedBatch, run: str) -> str:
    """Return the id of a gate result: equal for the same batch in the same run."""
    return identify("gate", batch.table, batch.days.key, batch.fingerprint, run)


def quarantine_id(fingerprint: str) -> str:
    """Return the id of a batch in quarantine. The same delivery always has the same id."""
    return fingerprint[:16]


class Publication(Frozen):
    """The publication of a batch; recorded before the commit, so that a killed attempt is recognised."""

    id: str
    table: str
    days: Days
    run: str
    rows: int
    fingerprint: str
    replaced: tuple[date, ...] = Field(default=(), description="days whose previous rows were replaced")
    engine: str | None = Field(default=None, description="engine that built the rows; none for deliveries")
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


def publication_id(batch: StagedBatch, run: str) -> str:
    """Return the id of a publication: equal for the same batch in the same run."""
    return identify("publication", batch.table, batch.days.key, batch.fingerprint, run)
