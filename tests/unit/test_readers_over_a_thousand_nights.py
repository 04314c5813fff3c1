"""Every query of the book returns the same records from a thousand nights as from ten of them.

A query is any public method of a record store that is not a writer. The first test fails if a query has no case.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contender.records import Book, migrate, open_book, read_audit
from contender.specs import Days
from tests.unit.thousand_nights import (
    KILLED,
    MODELS,
    NIGHTS,
    TABLE,
    TEN,
    day_of,
    decided,
    time_of,
    trained,
    write_nights,
)

MODEL, OTHER = MODELS
LAST = NIGHTS - 1
WRITERS = {
    "add",
    "change",
    "claim",
    "confirm",
    "enter",
    "intend",
    "keep",
    "put",
    "record",
    "row_of",
    "settle",
}
ENTERED = {day_of(night) for night in TEN}


def of_the_ten(entries):
    """The entries of the nights that both books have."""
    return [entry for entry in entries if entry.decision.night in ENTERED]


def numbers_of_the_ten(versions):
    return [number for number in versions if (number - 1) // 2 in TEN]


CASES: dict[str, list[Callable[[Book], Any]]] = {
    "acts.get": [lambda b: b.acts.get("read 2 1")],
    "acts.newest": [lambda b: b.acts.newest(TABLE, 10)],
    "acts.newest_of": [
        lambda b: b.acts.newest_of("backfilled", "flights"),
        lambda b: b.acts.newest_of("erased", "lake", "finished"),
        lambda b: b.acts.newest_of("read", TABLE),
    ],
    "acts.begun": [
        lambda b: b.acts.begun("migrated", TABLE),
        lambda b: b.acts.begun("erased", "lake", "left"),
    ],
    "acts.settlement_of": [lambda b: b.acts.settlement_of(TABLE, "batch 1")],
    "acts.released": [lambda b: b.acts.released()],
    "acts.corrections_since": [lambda b: b.acts.corrections_since(time_of(1, 10))],
    "acts.by_people": [
        lambda b: b.acts.by_people(person="ann"),
        lambda b: b.acts.by_people("flights", limit=10),
        lambda b: b.acts.by_people("lake"),
    ],
    "agreements.get": [lambda b: b.agreements.get(f"agreement {MODEL} 2")],
    "agreements.newest": [lambda b: b.agreements.newest(MODEL, 5)],
    "agreements.with_ids": [
        lambda b: b.agreements.with_ids([f"agreement {MODEL} 1", f"agreement {OTHER} {LAST}"])
    ],
    "alerts.get": [lambda b: b.alerts.get("mail 2")],
    "alerts.newest": [lambda b: b.alerts.newest(limit=5)],
    "alerts.newest_of": [lambda b: b.alerts.newest_of(TABLE)],
    "alerts.held": [lambda b: b.alerts.held()],
    "alerts.pending": [lambda b: b.alerts.pending()],
    "caveats.get": [lambda b: b.caveats.get(f"{MODEL}-2")],
    "caveats.newest": [lambda b: b.caveats.newest(MODEL, 5)],
    "caveats.of_version": [lambda b: b.caveats.of_version(MODEL, 3)],
    "documents.get": [lambda b: b.documents.get(b.documents.newest(limit=1)[0].id)],
    "documents.newest": [lambda b: b.documents.newest("contract", 5)],
    "documents.text": [lambda b: b.documents.text(b.documents.newest(limit=1)[0].id)],
    "evaluations.get": [lambda b: b.evaluations.get(f"{MODEL}-1-2")],
    "evaluations.newest": [lambda b: b.evaluations.newest([MODEL], 10)],
    "evaluations.of_version": [
        lambda b: b.evaluations.of_version(MODEL, 1),
        lambda b: b.evaluations.of_version(MODEL, 2 * LAST + 2),
    ],
    "evaluations.decided_on": [
        lambda b: b.evaluations.decided_on(MODEL, day_of(2), 5),
        lambda b: b.evaluations.decided_on(OTHER, day_of(LAST), 2 * LAST + 1),
    ],
    "evaluations.refreshes_before": [
        lambda b: b.evaluations.refreshes_before(trained(MODEL, 4, 1), trained(MODEL, 3, 1), 3),
        lambda b: b.evaluations.refreshes_before(trained(MODEL, LAST, 1), trained(MODEL, LAST - 1, 1), 3),
    ],
    "evaluations.newest_of_recipes": [lambda b: b.evaluations.newest_of_recipes(MODEL)],
    "evaluations.of_last_night": [
        lambda b: b.evaluations.of_last_night(MODEL, day_of(4)),
        lambda b: b.evaluations.of_last_night(OTHER, day_of(LAST)),
    ],
    "evaluations.newest_refreshes": [
        lambda b: b.evaluations.newest_refreshes(MODEL, day_of(4), 3),
        lambda b: b.evaluations.newest_refreshes(OTHER, day_of(LAST), 3),
    ],
    "evaluations.versions": [lambda b: numbers_of_the_ten(b.evaluations.versions(MODEL))],
    "evaluations.trained_versions": [
        lambda b: [v for v in b.evaluations.trained_versions([OTHER]) if v.night in ENTERED]
    ],
    "evaluations.versions_fitted_on": [
        lambda b: b.evaluations.versions_fitted_on(MODEL, Days.one(trained(MODEL, 0, 1).trained_on.first))
    ],
    "evaluations.pinned_snapshots": [
        lambda b: [p for p in b.evaluations.pinned_snapshots(f"features.{MODEL}") if p.night in ENTERED]
    ],
    "fit_verdicts.get": [lambda b: b.fit_verdicts.get(b.fit_verdicts.of_night(MODEL, day_of(1)).id)],
    "fit_verdicts.newest": [lambda b: b.fit_verdicts.newest(MODEL, 5)],
    "fit_verdicts.of_night": [
        lambda b: b.fit_verdicts.of_night(MODEL, day_of(2)),
        lambda b: b.fit_verdicts.of_night(OTHER, day_of(LAST)),
    ],
    "fit_verdicts.newest_of": [lambda b: b.fit_verdicts.newest_of(MODEL)],
    "gates.get": [lambda b: b.gates.get(f"{TABLE} 0 1")],
    "gates.newest": [lambda b: b.gates.newest(TABLE, 5)],
    "gates.newest_for": [lambda b: b.gates.newest_for(TABLE, Days.one(day_of(0)))],
    "gates.newest_days": [lambda b: b.gates.newest_days(TABLE, 5)],
    "gates.newest_of": [lambda b: b.gates.newest_of(TABLE)],
    "gates.passed_days": [lambda b: sorted(d.key for d in b.gates.passed_days(TABLE) if d.first in ENTERED)],
    "gates.passed_since": [lambda b: b.gates.passed_since(TABLE, Days.one(day_of(0)), time_of(0, 1))],
    "incidents.get": [lambda b: b.incidents.get("incident 2")],
    "incidents.newest": [lambda b: b.incidents.newest(limit=5)],
    "incidents.unfinished": [lambda b: b.incidents.unfinished()],
    "incidents.closed_since": [lambda b: b.incidents.closed_since(time_of(LAST - 2))],
    "incidents.starting_with": [lambda b: b.incidents.starting_with("incident 2")[-1:]],
    "incidents.events": [lambda b: b.incidents.events("incident 2")],
    "incidents.known": [lambda b: b.incidents.known(["opened 2", "opened -1"])],
    "ledger.head": [lambda b: b.ledger.head(MODEL)],
    "ledger.numbers": [
        lambda b: [
            b.ledger.entry(m, n) == b.ledger.head(m) for m, n in sorted(b.ledger.numbers(MODELS).items())
        ]
    ],
    "ledger.champion": [lambda b: b.ledger.champion(MODEL)],
    "ledger.entry": [lambda b: b.ledger.entry(MODEL, 2), lambda b: b.ledger.entry(OTHER, NIGHTS)],
    "ledger.decision": [lambda b: b.ledger.decision(decided(MODEL, 2).id)],
    "ledger.starting_with": [lambda b: b.ledger.starting_with("r-000")[-5:]],
    "ledger.last_of": [
        lambda b: b.ledger.last_of(MODEL, ["first", "rolled_back"]),
        lambda b: b.ledger.last_of(MODEL, ["first", "refreshed"], before=3),
    ],
    "ledger.held_nights": [lambda b: b.ledger.held_nights(MODEL) == 0],
    "ledger.lately_only": [lambda b: b.ledger.lately_only(MODEL, "refreshed", 5)],
    "ledger.of_night": [lambda b: b.ledger.of_night(MODEL, day_of(2))],
    "ledger.served_on": [
        lambda b: b.ledger.served_on(MODEL, day_of(2)),
        lambda b: b.ledger.served_on(OTHER, day_of(LAST)),
    ],
    "ledger.history": [lambda b: of_the_ten(b.ledger.history(MODEL))],
    "ledger.models": [lambda b: b.ledger.models()],
    "ledger.count": [lambda b: b.ledger.count() // (len(b.ledger.history(MODEL)))],
    "ledger.newest": [lambda b: b.ledger.newest(MODEL, 5), lambda b: b.ledger.newest(MODELS, 10)],
    "ledger.decisions": [lambda b: b.ledger.decisions(limit=10)],
    "ledger.by_people": [
        lambda b: b.ledger.by_people(),
        lambda b: b.ledger.by_people(OTHER, "ann"),
    ],
    "ledger.verify": [
        lambda b: [defect for defect in b.ledger.verify(MODEL) if "are missing" not in defect] == []
    ],
    "monitored.get": [lambda b: b.monitored.get(f"{MODEL}-2")],
    "monitored.newest": [lambda b: b.monitored.newest(MODEL, 5)],
    "monitored.newest_of": [lambda b: b.monitored.newest_of(MODEL)],
    "monitored.days_before": [lambda b: b.monitored.days_before(MODEL, day_of(4), 3)],
    "monitored.among": [lambda b: b.monitored.among([(MODEL, day_of(2)), (MODEL, day_of(-1))])],
    "monitored.of_day": [lambda b: b.monitored.of_day(MODEL, day_of(2))],
    "pairs.get": [lambda b: b.pairs.get(f"{MODEL}-2-race")],
    "pairs.newest": [lambda b: b.pairs.newest(MODEL, 10)],
    "pairs.since": [
        lambda b: b.pairs.since(MODEL, "still", day_of(LAST - 3)),
        lambda b: b.pairs.since(MODEL, "race", day_of(0))[:5],
    ],
    "profiles.get": [lambda b: b.profiles.get("profile 2")],
    "profiles.with_ids": [lambda b: b.profiles.with_ids(["profile 2", "profile 3"])],
    "profiles.newest": [lambda b: b.profiles.newest(TABLE, 5)],
    "proposals.get": [lambda b: b.proposals.get(decided(MODEL, 2).id)],
    "proposals.newest": [lambda b: b.proposals.newest(MODEL, 5)],
    "proposals.waiting": [lambda b: b.proposals.waiting(MODELS)],
    "publications.get": [lambda b: b.publications.get("publication 2")],
    "publications.unconfirmed": [lambda b: b.publications.unconfirmed(TABLE, Days.one(day_of(KILLED)))],
    "publications.newest": [lambda b: b.publications.newest(TABLE, 5)],
    "publications.committed_among": [
        lambda b: b.publications.committed_among([(TABLE, str(day_of(2))), (TABLE, str(day_of(KILLED)))]),
    ],
    "publications.committed_since": [lambda b: b.publications.committed_since(TABLE, time_of(LAST - 2))],
    "publications.newest_days": [lambda b: b.publications.newest_days()],
    "publications.ranges": [lambda b: b.publications.ranges(TABLE)],
    "publications.contains": [lambda b: b.publications.contains(TABLE, Days.one(day_of(2)))],
    "returns.get": [lambda b: b.returns.get(b.returns.since(MODEL, day_of(LAST))[0].id)],
    "returns.newest": [lambda b: b.returns.newest(MODEL, 3)],
    "returns.since": [lambda b: b.returns.since(MODEL, day_of(LAST - 1))],
    "task_uses.get": [lambda b: b.task_uses.get(b.task_uses.since(MODEL, day_of(LAST))[0].id)],
    "task_uses.newest": [lambda b: b.task_uses.newest(MODEL, 3)],
    "task_uses.since": [lambda b: b.task_uses.since(MODEL, day_of(LAST - 1))],
    "task_uses.newest_night": [lambda b: b.task_uses.newest_night(MODEL)],
    "read_audit": [
        lambda b: read_audit(b, by="ann"),
        lambda b: read_audit(b, about="flights", limit=10),
        lambda b: read_audit(b, about=MODEL),
    ],
}


@pytest.fixture(scope="module")
def books(tmp_path_factory) -> tuple[Book, Book]:
    """A book of ten nights, and one of a thousand nights that include them."""
    opened = []
    for nights in (TEN, range(NIGHTS)):
        url = f"sqlite:///{tmp_path_factory.mktemp('nights')}/records.db"
        migrate(url)
        book = open_book(url)
        write_nights(url, book, nights)
        opened.append(book)
    return opened[0], opened[1]


def test_every_query_of_the_book_has_a_case(books):
    readers = {
        f"{part}.{name}"
        for part, store in vars(books[0]).items()
        for name in dir(store)
        if not name.startswith("_") and callable(getattr(store, name)) and name not in WRITERS
    } - {f"{part}.{name}" for part in vars(books[0]) for name in ("kind", "row")}
    assert readers == CASES.keys() - {"read_audit"}


@pytest.mark.parametrize(
    "ask",
    [pytest.param(ask, id=f"{name} {n}") for name, asked in CASES.items() for n, ask in enumerate(asked)],
)
def test_newer_nights_do_not_hide_older_records(books, ask):
    ten, thousand = (ask(book) for book in books)
    assert thousand == ten
    assert ten
