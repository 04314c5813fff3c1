"""The book of record: what was judged, published, decided and told, kept beyond any run's logs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar, cast

from sqlalchemy import CursorResult, Engine, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from contender.records import ledger, proposals, tables
from contender.records.acts import Act
from contender.records.alerts import Alert
from contender.records.batches import GateResult, Publication
from contender.records.documents import Document, fingerprint_text
from contender.records.ledger import Entry
from contender.records.models import Caveat, Decision, Evaluation, Monitored, PairedDay, Question
from contender.records.profiles import DayProfile
from contender.records.proposals import Proposal, State
from contender.specs import Days
from contender.specs.frozen import Frozen

Record = TypeVar("Record", bound=Frozen)
Subjects = str | Collection[str] | None


class Book:
    """An open book of record. A record that is already there, by its id, is left as it is."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add_gate_result(self, result: GateResult) -> GateResult:
        """Keep a gate's judgement."""
        return self._add(
            tables.GateResultRow, result, result.table, result.days.key, result.verdict, result.run
        )

    def gate_result(self, result_id: str) -> GateResult | None:
        """The judgement of that id."""
        return self._get(tables.GateResultRow, result_id, GateResult)

    def gate_results(self, table: Subjects = None, limit: int = 100) -> list[GateResult]:
        """The newest judgements (of one table, or of some), newest first."""
        return self._newest(tables.GateResultRow, GateResult, table, limit)

    def let_through(self, table: str) -> list[Days]:
        """The days of every batch of a table that its gate let through."""
        row = tables.GateResultRow
        query = select(row.key).where(row.subject == table, row.state != "fail").distinct()
        with Session(self._engine) as session:
            return [Days.read(key) for key in session.scalars(query)]

    def intend(self, publication: Publication) -> None:
        """Write down that a batch is about to be committed."""
        about, key = publication.table, publication.days.key
        self._add(tables.PublicationRow, publication, about, key, "intended", publication.run)

    def confirm(self, publication_id: str) -> None:
        """Write down that the commit went through."""
        with Session(self._engine) as session, session.begin():
            row = session.get_one(tables.PublicationRow, publication_id)
            row.state = "committed"

    def publication(self, publication_id: str) -> Publication | None:
        """The publication of that id, intended or committed."""
        return self._get(tables.PublicationRow, publication_id, Publication)

    def published(self, table: str, days: Days) -> bool:
        """Whether a batch of just these days was ever committed to a table."""
        row = tables.PublicationRow
        query = select(row.id).where(row.subject == table, row.key == days.key, row.state == "committed")
        with Session(self._engine) as session:
            return session.scalars(query.limit(1)).first() is not None

    def add_evaluation(self, evaluation: Evaluation) -> Evaluation:
        """Keep an evaluation."""
        return self._add(tables.EvaluationRow, evaluation, evaluation.model, str(evaluation.night), "judged")

    def evaluation(self, evaluation_id: str) -> Evaluation | None:
        """The evaluation of that id."""
        return self._get(tables.EvaluationRow, evaluation_id, Evaluation)

    def evaluations(self, model: str | None = None, limit: int = 100) -> list[Evaluation]:
        """The newest evaluations (of one model), newest first."""
        return self._newest(tables.EvaluationRow, Evaluation, model, limit)

    def enter(self, decision: Decision) -> Entry:
        """Append a decision to the promotion ledger. Raises StaleDecision when the champion has changed."""
        return ledger.enter(self._engine, decision)

    def entries(
        self, model: Subjects = None, limit: int | None = 100, kinds: Sequence[str] | None = None
    ) -> list[Entry]:
        """The ledger's newest entries (of one model, or of some; of some kinds), newest first; all without a limit."""
        chosen = model if model is None or isinstance(model, str) else list(model)
        return ledger.read(self._engine, chosen, limit, kinds)

    def decisions(self, model: Subjects = None, limit: int = 100) -> list[Decision]:
        """The newest decisions (about one model, or some), newest first."""
        return [entry.decision for entry in self.entries(model, limit)]

    def champion(self, model: str) -> int | None:
        """The version that serves, by the ledger."""
        newest = ledger.head(self._engine, model)
        return None if newest is None else newest.decision.champion_after

    def verify_ledger(self, model: str) -> tuple[str, ...]:
        """What is wrong with a model's ledger, a line each; nothing when it is as it was written."""
        return ledger.verify(self._engine, model)

    def put_proposal(self, proposal: Proposal) -> None:
        """Keep a decision that waits for a person, or what became of it, in place of what was kept of it."""
        proposals.write(self._engine, proposal)

    def proposal(self, decision_id: str) -> Proposal | None:
        """The decision of that id, as it waits or waited."""
        return self._get(tables.ProposalRow, decision_id, Proposal)

    def proposals(
        self, models: Collection[str], state: State | None = None, limit: int = 100
    ) -> list[Proposal]:
        """The newest proposals about these models, newest first."""
        return proposals.read(self._engine, models, state, limit)

    def add_paired_day(self, paired: PairedDay) -> PairedDay:
        """Keep what a day says of two versions that both foretold it."""
        return self._add(tables.PairedDayRow, paired, paired.model, str(paired.day), paired.question)

    def paired_days(self, model: str, question: Question, since: date) -> list[PairedDay]:
        """The days from `since` on that bear on a question, oldest first."""
        row = tables.PairedDayRow
        query = (
            select(row)
            .where(row.subject == model, row.state == question, row.key >= str(since))
            .order_by(row.key)
        )
        with Session(self._engine) as session:
            return [PairedDay.model_validate(found.record) for found in session.scalars(query)]

    def add_monitored(self, monitored: Monitored) -> Monitored:
        """Keep what monitoring concluded."""
        return self._add(
            tables.MonitoredRow, monitored, monitored.model, str(monitored.day), monitored.verdict
        )

    def monitored(self, model: Subjects = None, limit: int = 100) -> list[Monitored]:
        """The newest conclusions (about one model, or some), newest first."""
        return self._newest(tables.MonitoredRow, Monitored, model, limit)

    def add_alert(self, alert: Alert) -> Alert:
        """Keep a mail that is to be sent."""
        return self._add(tables.AlertRow, alert, alert.about, alert.kind, alert.state)

    def pending_alerts(self) -> list[Alert]:
        """The mails that no server has taken yet, oldest first."""
        query = select(tables.AlertRow).where(tables.AlertRow.state == "pending").order_by(tables.AlertRow.at)
        with Session(self._engine) as session:
            return [Alert.model_validate(row.record) for row in session.scalars(query)]

    def alerts(self, about: str | None = None, limit: int = 100) -> list[Alert]:
        """The newest mails (about one thing), newest first."""
        return self._newest(tables.AlertRow, Alert, about, limit)

    def claim_alert(self, alert: Alert, seconds: int) -> bool:
        """Whether the caller may send a mail that waits: for so long nobody else may, unless it is settled before."""
        now, row = datetime.now(UTC), tables.AlertRow
        until, passed = ((now + timedelta(seconds=s)).isoformat(timespec="seconds") for s in (seconds, 0))
        claim = (
            update(row).where(row.id == alert.id, row.state == "pending", row.run < passed).values(run=until)
        )
        with Session(self._engine) as session, session.begin():
            return cast("CursorResult[Any]", session.execute(claim)).rowcount == 1

    def settle_alert(self, alert: Alert) -> None:
        """Write down what became of a mail: its state and, when it failed, why."""
        with Session(self._engine) as session, session.begin():
            row = session.get_one(tables.AlertRow, alert.id)
            row.state, row.run, row.record = alert.state, "", _json(alert)

    def add_profile(self, profile: DayProfile) -> DayProfile:
        """Keep what a day's rows look like."""
        return self._add(tables.ProfileRow, profile, profile.table, str(profile.day), "profiled")

    def profile(self, profile_id: str) -> DayProfile | None:
        """The profile of that id."""
        return self._get(tables.ProfileRow, profile_id, DayProfile)

    def add_act(self, act: Act) -> Act:
        """Keep what a person did."""
        return self._add(tables.ActRow, act, act.about, act.key, act.kind)

    def acts(self, about: str | None = None, limit: int | None = 100) -> list[Act]:
        """The newest acts (about one thing), newest first; all of them without a limit."""
        return self._newest(tables.ActRow, Act, about, limit)

    def add_caveat(self, caveat: Caveat) -> Caveat:
        """Keep what must be said of a version."""
        return self._add(tables.CaveatRow, caveat, caveat.model, str(caveat.version), caveat.kind)

    def caveats(self, model: str, version: int | None = None, limit: int = 100) -> list[Caveat]:
        """What must be said of a model's versions (of one), newest first."""
        found = self._newest(tables.CaveatRow, Caveat, model, limit)
        return [caveat for caveat in found if version in (None, caveat.version)]

    def keep(self, kind: str, text: str) -> str:
        """Keep a text that records refer to (a contract, a list of packages), once; returns its fingerprint."""
        document = Document(id=fingerprint_text(text), kind=kind, text=text)
        return self._add(tables.DocumentRow, document, kind, "", "kept").id

    def kept(self, fingerprint: str) -> str | None:
        """The text of that fingerprint; None when it was not kept, or is not what was kept."""
        found = self._get(tables.DocumentRow, fingerprint, Document)
        return found.text if found and fingerprint_text(found.text) == fingerprint else None

    def _add(
        self, kind: type[tables.Base], record: Record, subject: str, key: str, state: str, run: str = ""
    ) -> Record:
        """Insert a row for the record; when its id is taken, return the record that stands there."""
        found: Any = record
        row = kind(
            id=found.id, subject=subject, key=key, run=run, state=state, at=found.at, record=_json(record)
        )
        try:
            with Session(self._engine) as session, session.begin():
                session.add(row)
        except IntegrityError:
            kept = self._get(kind, found.id, type(record))
            if kept is None:
                raise
            return kept
        return record

    def _get(self, kind: type[tables.Base], row_id: str, record: type[Record]) -> Record | None:
        with Session(self._engine) as session:
            row = session.get(kind, row_id)
            return None if row is None else record.model_validate(row.record)

    def _newest(
        self, kind: type[tables.Base], record: type[Record], subject: Subjects, limit: int | None
    ) -> list[Record]:
        query = select(kind).order_by(kind.at.desc()).limit(limit)
        if subject is not None:
            query = query.where(kind.subject.in_([subject] if isinstance(subject, str) else subject))
        with Session(self._engine) as session:
            return [record.model_validate(row.record) for row in session.scalars(query)]


def _json(record: Frozen) -> dict[str, object]:
    return record.model_dump(mode="json")
