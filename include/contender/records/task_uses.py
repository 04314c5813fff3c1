"""What tasks used: CPU time, wall time and memory, by dataset or model, and night."""

from __future__ import annotations

from datetime import UTC, date, datetime

from pydantic import Field
from sqlalchemy import select

from contender.records.identity import identify
from contender.records.store import RecordStore, as_json
from contender.records.tables import Base, indexes
from contender.specs.frozen import Frozen


class TaskUse(Frozen):
    """What one try of a task used, as the operating system counts it for the task's process and its children.

    A process that was killed leaves no record.
    """

    subject: str = Field(description="dataset or model of the DAG; empty for the platform's operations")
    dag: str
    run: str
    task: str
    number: int = Field(description="number of the try")
    night: date | None = Field(description="partition key of the run; None for a range, or an operation")
    cpu_seconds: float = Field(ge=0)
    wall_seconds: float = Field(ge=0)
    peak_bytes: int = Field(ge=0, description="largest memory of the process, or of one of its children")
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def id(self) -> str:
        """One id for each end of a try; a task that waits outside its process ends more than once."""
        return identify("task use", self.dag, self.run, self.task, self.number, self.at)


class TaskUseRow(Base):
    """subject: dataset or model; key: night; state: empty."""

    __tablename__ = "task_uses"
    __table_args__ = indexes("task_uses", ("subject", "key"))


class TaskUses(RecordStore[TaskUse]):
    """What tasks used, by dataset or model, and night."""

    row, kind = TaskUseRow, TaskUse

    def row_of(self, record: TaskUse) -> TaskUseRow:
        """Return the database row of a record."""
        return TaskUseRow(
            id=record.id,
            subject=record.subject,
            key="" if record.night is None else str(record.night),
            run=record.run,
            state="",
            at=record.at,
            record=as_json(record),
        )

    def since(self, subject: str, night: date) -> list[TaskUse]:
        """Return what tasks of single nights used, from a night on, in the order of nights."""
        return self._since(subject, night)

    def newest_night(self, subject: str) -> date | None:
        """Return the newest single night of which a task is recorded, or None."""
        row = TaskUseRow
        newest = self._first(select(row).where(row.subject == subject).order_by(row.key.desc()))
        return None if newest is None else newest.night
