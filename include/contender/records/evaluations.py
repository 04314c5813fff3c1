"""Evaluations of a night's versions."""

from __future__ import annotations

from contender.records.models import Evaluation
from contender.records.store import RecordStore, as_json
from contender.records.tables import Base


class EvaluationRow(Base):
    """subject: model; key: night; state: `judged`."""

    __tablename__ = "evaluations"


class Evaluations(RecordStore[Evaluation]):
    """How versions did, by night."""

    row, kind = EvaluationRow, Evaluation

    def add(self, evaluation: Evaluation) -> Evaluation:
        """Keep an evaluation."""
        row = EvaluationRow(
            id=evaluation.id,
            subject=evaluation.model,
            key=str(evaluation.night),
            run="",
            state="judged",
            at=evaluation.at,
            record=as_json(evaluation),
        )
        return self._insert(evaluation, row)
