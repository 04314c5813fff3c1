"""The worst faults of the matrix, in a real Airflow: each night ends as if nothing had happened."""

from __future__ import annotations

import pytest

from tests.faults.processes.campaign import Outcome, run_campaign
from tests.faults.processes.faults import FAULTS

WORST = (
    "SIGKILL of a publication, after its commit",
    "SIGKILL of a decision, after its entry in the ledger",
    "SIGKILL of all of Airflow",
)


@pytest.fixture(scope="module")
def campaign(tmp_path_factory) -> tuple[dict[str, Outcome], list[str]]:
    """The outcomes of the nights by fault, and what differs from an undisturbed build in the end."""
    chosen = [fault for fault in FAULTS if fault.name in WORST]
    _, outcomes, wrong = run_campaign(tmp_path_factory.mktemp("faulty"), chosen, print, on_servers=False)
    return {outcome.fault: outcome for outcome in outcomes}, wrong


@pytest.mark.parametrize("fault", WORST)
def test_the_night_recovers(campaign, fault):
    outcome = campaign[0][fault]
    assert outcome.happened
    assert outcome.broken == ()


def test_all_rows_and_the_last_decision_are_those_of_an_undisturbed_build(campaign):
    assert campaign[1] == []
