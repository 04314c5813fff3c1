"""Records that version 0.1 stored, with the field `holds`, are read, and their seals still verify."""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256

import pytest
from pydantic import ValidationError
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from contender.records import BehaviourCheck, Decision, Reason, migrate, open_book
from contender.records.ledger import LedgerRow, sealed_row

OLD_REASON = {"guard": "harm", "holds": False, "observed": 0.04, "bound": 0.03, "explanation": "worse"}
REASON = Reason(guard="harm", passed=False, observed=0.04, bound=0.03, explanation="worse")
DECISION = Decision(
    id="d1",
    model="flight_delay",
    night=date(2013, 8, 31),
    kind="held",
    evaluation="e1",
    champion_before=None,
    champion_after=None,
    challenger=1,
    reasons=(REASON,),
)


@pytest.fixture
def book(tmp_path):
    """A book whose ledger has one entry, as version 0.1 wrote it."""
    url = f"sqlite:///{tmp_path}/records.db"
    migrate(url)
    row = sealed_row(DECISION, 0, "")
    content = {**row.record, "decision": {**row.record["decision"], "reasons": [OLD_REASON]}}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    row.record, row.seal = content, sha256(text.encode()).hexdigest()
    with Session(create_engine(url)) as session, session.begin():
        session.add(row)
    return open_book(url)


def test_an_entry_of_version_0_1_is_read_and_its_seal_verifies(book):
    entry = book.ledger.head("flight_delay")
    assert entry.decision == DECISION
    assert book.ledger.verify("flight_delay") == ()


def test_an_entry_after_one_of_version_0_1_is_sealed_with_it(book):
    old = book.ledger.head("flight_delay")
    new = book.ledger.enter(DECISION.model_copy(update={"id": "d2"}))
    assert new.previous == old.seal
    assert book.ledger.verify("flight_delay") == ()


def test_reading_an_entry_does_not_rewrite_it(book):
    book.ledger.head("flight_delay")
    with Session(book.ledger._engine) as session:
        (row,) = session.query(LedgerRow)
    assert row.record["decision"]["reasons"] == [OLD_REASON]


def test_a_behaviour_check_of_version_0_1_is_read():
    old = {"name": "n", "kind": "minimum", "holds": True, "observed": 1.0, "bound": 0.5, "explanation": "x"}
    assert BehaviourCheck.model_validate(old).passed


def test_a_record_with_both_names_is_rejected():
    with pytest.raises(ValidationError, match="holds"):
        Reason.model_validate({**OLD_REASON, "passed": False})
