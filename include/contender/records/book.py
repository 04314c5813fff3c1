"""The book of record: what was judged, published, decided and told, kept beyond any run's logs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from contender.records import ledger, tables
from contender.records.acts import Act
from contender.records.alerts import Alert
from contender.records.batches import GateResult, Publication
from contender.records.ledger import Entry
from contender.records.models import Caveat, Decision, Evaluation, Monitored, PairedDay, Question
from contender.records.profiles import DayProfile
from contender.specs import Days
from contender.specs.frozen import Frozen

Record = TypeVar("Record", bound=Frozen)
Subjects = str | Collection[str] | None

_MIGRATIONS = Path(__file__).parent / "migrations"


class BookError(RuntimeError):
    """The book cannot be read or written; the message says what to run."""


class Book:
    """An open book of record. A record that is already there, by its id, is left as it is."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add_gate_result(self, result: GateResult) -> GateResult:
        """Keep a gate's judgement."""
        row = tables.GateResultRow(
            id=result.id, subject=result.table, key=result.days.key, run=result.run,
            state=result.verdict, at=result.at, record=_json(result),
        )  # fmt: skip
        return self._add(row, result)

    def gate_result(self, result_id: str) -> GateResult | None:
        """The judgement of that id."""
        return self._get(tables.GateResultRow, result_id, GateResult)

    def gate_results(self, table: Subjects = None, limit: int = 100) -> list[GateResult]:
        """The newest judgements (of one table, or of some), newest first."""
        return self._newest(tables.GateResultRow, GateResult, table, limit)

    def intend(self, publication: Publication) -> None:
        """Write down that a batch is about to be committed."""
        row = tables.PublicationRow(
            id=publication.id, subject=publication.table, key=publication.days.key,
            run=publication.run, state="intended", at=publication.at, record=_json(publication),
        )  # fmt: skip
        self._add(row, publication)

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
        row = tables.EvaluationRow(
            id=evaluation.id, subject=evaluation.model, key=str(evaluation.night),
            state="judged", at=evaluation.at, record=_json(evaluation),
        )  # fmt: skip
        return self._add(row, evaluation)

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

    def add_paired_day(self, paired: PairedDay) -> PairedDay:
        """Keep what a day says of two versions that both foretold it."""
        row = tables.PairedDayRow(
            id=paired.id, subject=paired.model, key=str(paired.day), state=paired.question,
            at=paired.at, record=_json(paired),
        )  # fmt: skip
        return self._add(row, paired)

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
        row = tables.MonitoredRow(
            id=monitored.id, subject=monitored.model, key=str(monitored.day),
            state=monitored.verdict, at=monitored.at, record=_json(monitored),
        )  # fmt: skip
        return self._add(row, monitored)

    def monitored(self, model: Subjects = None, limit: int = 100) -> list[Monitored]:
        """The newest conclusions (about one model, or some), newest first."""
        return self._newest(tables.MonitoredRow, Monitored, model, limit)

    def add_alert(self, alert: Alert) -> Alert:
        """Keep a mail that is to be sent."""
        row = tables.AlertRow(
            id=alert.id, subject=alert.about, key=alert.kind, state=alert.state,
            at=alert.at, record=_json(alert),
        )  # fmt: skip
        return self._add(row, alert)

    def pending_alerts(self) -> list[Alert]:
        """The mails that no server has taken yet, oldest first."""
        query = select(tables.AlertRow).where(tables.AlertRow.state == "pending").order_by(tables.AlertRow.at)
        with Session(self._engine) as session:
            return [Alert.model_validate(row.record) for row in session.scalars(query)]

    def alerts(self, limit: int = 100) -> list[Alert]:
        """The newest mails, newest first."""
        return self._newest(tables.AlertRow, Alert, None, limit)

    def settle_alert(self, alert: Alert) -> None:
        """Write down what became of a mail: its state and, when it failed, why."""
        with Session(self._engine) as session, session.begin():
            row = session.get_one(tables.AlertRow, alert.id)
            row.state, row.record = alert.state, _json(alert)

    def add_profile(self, profile: DayProfile) -> DayProfile:
        """Keep what a day's rows look like."""
        row = tables.ProfileRow(
            id=profile.id, subject=profile.table, key=str(profile.day), state="profiled",
            at=profile.at, record=_json(profile),
        )  # fmt: skip
        return self._add(row, profile)

    def profile(self, profile_id: str) -> DayProfile | None:
        """The profile of that id."""
        return self._get(tables.ProfileRow, profile_id, DayProfile)

    def add_act(self, act: Act) -> Act:
        """Keep what a person did."""
        row = tables.ActRow(
            id=act.id, subject=act.about, key=act.key, state=act.kind, at=act.at, record=_json(act)
        )
        return self._add(row, act)

    def acts(self, about: str | None = None, limit: int | None = 100) -> list[Act]:
        """The newest acts (about one thing), newest first; all of them without a limit."""
        return self._newest(tables.ActRow, Act, about, limit)

    def add_caveat(self, caveat: Caveat) -> Caveat:
        """Keep what must be said of a version."""
        row = tables.CaveatRow(
            id=caveat.id, subject=caveat.model, key=str(caveat.version), state=caveat.kind,
            at=caveat.at, record=_json(caveat),
        )  # fmt: skip
        return self._add(row, caveat)

    def caveats(self, model: str, version: int | None = None, limit: int = 100) -> list[Caveat]:
        """What must be said of a model's versions (of one), newest first."""
        found = self._newest(tables.CaveatRow, Caveat, model, limit)
        return [caveat for caveat in found if version in (None, caveat.version)]

    def _add(self, row: tables.Base, record: Record) -> Record:
        """Insert the row; when its id is taken, return the record that stands there."""
        kind, row_id = type(row), row.id
        try:
            with Session(self._engine) as session, session.begin():
                session.add(row)
        except IntegrityError:
            kept = self._get(kind, row_id, type(record))
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


def open_book(url: str) -> Book:
    """Open the book at a SQLAlchemy URL. Raises BookError when it cannot be, was never made, or by another version."""
    engine = _engine(url)
    try:
        found = _revision(engine)
    except DBAPIError as error:
        raise BookError(
            f"the book of record at {_place(url)} cannot be opened: {error.orig}".strip()
        ) from None
    wanted = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
    if found != wanted:
        state = "does not exist yet" if found is None else f"is at revision {found}, not {wanted}"
        raise BookError(f"the book of record at {_place(url)} {state}: run `contender migrate`")
    return Book(engine)


def migrate(url: str) -> str | None:
    """Create the book's tables, or bring them to this version's shape. Returns what was done; None if nothing was."""
    database = make_url(url).database
    if url.startswith("sqlite") and database:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    config, engine = Config(), _engine(url)
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["engine"] = engine
    before = _revision(engine)
    command.upgrade(config, "head")
    after = _revision(engine)
    return None if before == after else f"from revision {before or 'none'} to {after}"


def _place(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _engine(url: str) -> Engine:
    try:
        engine = create_engine(url)
    except ArgumentError:
        # Not shown: it may hold a password in the wrong place.
        raise BookError(
            "CONTENDER_RECORDS is no SQLAlchemy URL, as in postgresql+psycopg://user@host/base"
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _let_writers_wait)
    return engine


def _let_writers_wait(connection: Any, _: object) -> None:
    # Several tasks write at once: readers must not block them, and writers take turns.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA busy_timeout=30000")


def _json(record: Frozen) -> dict[str, object]:
    return record.model_dump(mode="json")
