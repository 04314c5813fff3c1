"""The book of record: gates, publications, evaluations, decisions, incidents and mails, independent of run logs."""

from __future__ import annotations

from sqlalchemy import Engine

from contender.records.acts import Acts
from contender.records.agreements import DayAgreements
from contender.records.alerts import Alerts
from contender.records.caveats import Caveats
from contender.records.day_returns import DayReturns
from contender.records.documents import Documents
from contender.records.evaluations import Evaluations
from contender.records.fit_verdicts import FitVerdicts
from contender.records.gates import GateResults
from contender.records.incidents import Incidents
from contender.records.ledger import Ledger
from contender.records.monitored_days import MonitoredDays
from contender.records.paired_days import PairedDays
from contender.records.profiles import Profiles
from contender.records.proposals import Proposals
from contender.records.publications import Publications
from contender.records.task_uses import TaskUses


class Book:
    """An open book of record, with one store for each kind of record."""

    def __init__(self, engine: Engine) -> None:
        self.acts = Acts(engine)
        self.agreements = DayAgreements(engine)
        self.alerts = Alerts(engine)
        self.caveats = Caveats(engine)
        self.documents = Documents(engine)
        self.evaluations = Evaluations(engine)
        self.fit_verdicts = FitVerdicts(engine)
        self.gates = GateResults(engine)
        self.incidents = Incidents(engine)
        self.ledger = Ledger(engine)
        self.monitored = MonitoredDays(engine)
        self.pairs = PairedDays(engine)
        self.profiles = Profiles(engine)
        self.proposals = Proposals(engine)
        self.publications = Publications(engine)
        self.returns = DayReturns(engine)
        self.task_uses = TaskUses(engine)
