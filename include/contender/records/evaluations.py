"""Evaluations of the versions of a night."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date
from typing import Any

from sqlalchemy import String, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contender.records.ledger import LedgerRow
from contender.records.models import Evaluation, TrainedVersion
from contender.records.store import RecordStore, as_json
from contender.records.tables import Base, indexes
from contender.records.trained_versions import PinnedBy, TrainedVersionRow, insert_trained, pins
from contender.specs import Days


class EvaluationRow(Base):
    """subject: model; key: night; state: `judged`; version, recipe: the challenger's; champion: its version.

    refresh: whether it compares two versions of one recipe, as `compares_refresh` says.
    """

    __tablename__ = "evaluations"
    __table_args__ = indexes(
        "evaluations",
        ("subject", "version", "at"),
        ("subject", "champion"),
        ("subject", "recipe", "refresh", "key"),
    )

    version: Mapped[int]
    champion: Mapped[int | None]
    recipe: Mapped[str] = mapped_column(String(64))
    refresh: Mapped[bool]


class Evaluations(RecordStore[Evaluation]):
    """Evaluations by night, and the trained versions that they compare."""

    row, kind = EvaluationRow, Evaluation

    def row_of(self, record: Evaluation) -> EvaluationRow:
        """Return the database row of a record."""
        return EvaluationRow(
            id=record.id,
            subject=record.model,
            key=str(record.night),
            run="",
            state="judged",
            at=record.at.astimezone(UTC),
            version=record.challenger.version,
            champion=None if record.champion is None else record.champion.version,
            recipe=record.challenger.recipe_fingerprint,
            refresh=compares_refresh(record),
            record=as_json(record),
        )

    def of_version(self, model: str, version: int) -> Evaluation | None:
        """Return the newest evaluation with this version as challenger, or None if it was never evaluated."""
        row = EvaluationRow
        of_version = select(row).where(row.subject == model, row.version == version)
        return self._first(of_version.order_by(row.at.desc()))

    def decided_on(self, model: str, night: date, version: int) -> Evaluation | None:
        """Return the newest evaluation of a night's challenger that a ledger entry is based on, or None."""
        row = EvaluationRow
        decided = select(LedgerRow.id).where(LedgerRow.subject == model, LedgerRow.evaluation == row.id)
        of_night = select(row).where(
            row.subject == model, row.version == version, row.key == str(night), decided.exists()
        )
        return self._first(of_night.order_by(row.at.desc()))

    def refreshes_before(
        self, challenger: TrainedVersion, champion: TrainedVersion, nights: int
    ) -> list[Evaluation]:
        """Return the newest evaluations of served refreshes of the challenger's recipe, newest night first.

        Return one evaluation, the newest, for each of up to `nights` nights before the challenger's. A version was
        served if it is the champion now, or was the champion in any evaluation.
        """
        row = EvaluationRow
        champions = select(row.champion).where(row.subject == challenger.model, row.champion.is_not(None))
        newest_of_night = func.row_number().over(partition_by=row.key, order_by=row.at.desc())
        refreshes = (
            select(row.id, newest_of_night.label("place"))
            .where(
                row.subject == challenger.model,
                row.recipe == challenger.recipe_fingerprint,
                row.refresh,
                row.key < str(challenger.night),
                or_(row.version == champion.version, row.version.in_(champions)),
            )
            .subquery()
        )
        return self._all(
            select(row)
            .join(refreshes, refreshes.c.id == row.id)
            .where(refreshes.c.place == 1)
            .order_by(row.key.desc())
            .limit(nights)
        )

    def newest_of_recipes(self, model: str) -> list[Evaluation]:
        """Return the newest evaluation of each recipe's newest version, by the recipe's name, in its order."""
        row = EvaluationRow
        name = row.record["challenger"]["recipe"].as_string()
        order = row.version.desc(), row.at.desc()
        ranked = (
            select(row.id, func.row_number().over(partition_by=name, order_by=order).label("place"))
            .where(row.subject == model)
            .subquery()
        )
        found = self._all(select(row).join(ranked, ranked.c.id == row.id).where(ranked.c.place == 1))
        return sorted(found, key=lambda one: one.challenger.recipe)

    def of_last_night(self, model: str, before: date) -> list[Evaluation]:
        """Return the newest evaluation of each version of the newest night before another, by version."""
        row = EvaluationRow
        night = select(func.max(row.key)).where(row.subject == model, row.key < str(before)).scalar_subquery()
        found = self._all(select(row).where(row.subject == model, row.key == night).order_by(row.at))
        newest = {one.challenger.version: one for one in found}
        return [newest[version] for version in sorted(newest)]

    def newest_refreshes(self, model: str, before: date, limit: int) -> list[Evaluation]:
        """Return the newest evaluations of refreshes in the nights before another, newest night first."""
        row = EvaluationRow
        refreshes = select(row).where(row.subject == model, row.refresh, row.key < str(before))
        return self._all(refreshes.order_by(row.key.desc(), row.at.desc()).limit(limit))

    def versions(self, model: str) -> list[int]:
        """Return the evaluated versions of a model in ascending order."""
        row = EvaluationRow
        query = select(row.version).where(row.subject == model).distinct().order_by(row.version)
        with Session(self._engine) as session:
            return list(session.scalars(query))

    def trained_versions(self, models: Collection[str] | None = None) -> list[TrainedVersion]:
        """Return all versions (of some models, or of all) that were challenger or champion in an evaluation."""
        row = TrainedVersionRow
        query = select(row.record).order_by(row.subject, row.last_day, row.key)
        return self._trained(query if models is None else query.where(row.subject.in_(models)))

    def versions_fitted_on(self, model: str, days: Days) -> list[TrainedVersion]:
        """Return the versions of a model whose training days overlap these days."""
        row = TrainedVersionRow
        overlapping = row.first_day <= days.last, row.last_day >= days.first
        query = select(row.record).where(row.subject == model, *overlapping)
        return self._trained(query.order_by(row.last_day, row.key))

    def pinned_snapshots(self, table: str | None = None) -> list[PinnedBy]:
        """Return the snapshots (of one table, or of all) that versions were fitted on, one record per version."""
        named = (pins.c.table, pins.c.snapshot, pins.c.subject.label("model"), pins.c.version, pins.c.night)
        query = select(*named).order_by(pins.c.table, pins.c.snapshot, pins.c.subject, pins.c.version)
        if table is not None:
            query = query.where(pins.c.table == table)
        with Session(self._engine) as session:
            return [PinnedBy.model_validate(dict(row)) for row in session.execute(query).mappings()]

    def _trained(self, query: Any) -> list[TrainedVersion]:
        with Session(self._engine) as session:
            return [TrainedVersion.model_validate(record) for record in session.scalars(query)]

    def _insert_beside(self, record: Evaluation, session: Session) -> None:
        session.flush()  # fail here if the evaluation is already stored
        insert_trained(filter(None, (record.challenger, record.champion)), session)


def compares_refresh(evaluation: Evaluation) -> bool:
    """Return whether an evaluation measured the difference between two versions of one recipe."""
    champion = evaluation.champion
    return (
        champion is not None
        and evaluation.challenger.recipe_fingerprint == champion.recipe_fingerprint
        and evaluation.challenger.version != champion.version
        and evaluation.disagreement is not None
        and evaluation.shift is not None
    )
