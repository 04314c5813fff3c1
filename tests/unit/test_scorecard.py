"""The ML Test Score: what each of the 28 tests counts as evidence, and how scores add up."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.scorecard import RUBRIC, SECTIONS, Evidence, Scorecard, score
from contender.scorecard.junit import read_test_run
from contender.settings import PROJECT
from contender.specs import Approval
from tests.unit.scored import FULL, MODEL, SALES, entered

Mutation = Callable[[Evidence], Evidence]


def change(**fields: object) -> Mutation:
    """Replace fields of the evidence."""
    return lambda evidence: evidence.model_copy(update=fields)


def change_each(field: str, **fields: object) -> Mutation:
    """Replace fields of each record of one kind."""
    return lambda evidence: evidence.model_copy(
        update={field: tuple(one.model_copy(update=fields) for one in getattr(evidence, field))}
    )


def without_gates(table: str) -> Mutation:
    return lambda evidence: evidence.model_copy(
        update={"gates": {name: found for name, found in evidence.gates.items() if name != table}}
    )


def without_recipe(name: str) -> Mutation:
    return lambda evidence: evidence.model_copy(
        update={"evaluations": tuple(e for e in evidence.evaluations if e.challenger.recipe != name)}
    )


def without_guard(name: str) -> Mutation:
    """Remove a guard's result from each decision."""

    def remove(evidence: Evidence) -> Evidence:
        decided = [
            one.decision.model_copy(
                update={"reasons": tuple(r for r in one.decision.reasons if r.guard != name)}
            )
            for one in evidence.entries
        ]
        return with_decisions(evidence, decided)

    return remove


def with_decisions(evidence: Evidence, decided: Sequence[object]) -> Evidence:
    entries = zip(evidence.entries, decided, strict=True)
    changed = tuple(one.model_copy(update={"decision": decision}) for one, decision in entries)
    return evidence.model_copy(update={"entries": changed})


def change_decisions(**fields: object) -> Mutation:
    return lambda evidence: with_decisions(
        evidence, [one.decision.model_copy(update=fields) for one in evidence.entries]
    )


def change_versions(**fields: object) -> Mutation:
    """Replace fields of the version of each evaluation."""
    return lambda evidence: evidence.model_copy(
        update={
            "evaluations": tuple(
                one.model_copy(update={"challenger": one.challenger.model_copy(update=fields)})
                for one in evidence.evaluations
            )
        }
    )


def without_module(name: str) -> Mutation:
    return lambda evidence: evidence.model_copy(
        update={
            "test_runs": tuple(
                one.model_copy(update={"passed": tuple(m for m in one.passed if m != name)})
                for one in evidence.test_runs
            )
        }
    )


def without_returns(evidence: Evidence) -> Evidence:
    kept = tuple(one for one in evidence.entries if one.decision.kind != "returned")
    return evidence.model_copy(update={"entries": kept})


def without_slices(column: str) -> Mutation:
    """Remove the slices of a column, or all if it is empty, from each evaluation."""
    return lambda evidence: evidence.model_copy(
        update={
            "evaluations": tuple(
                one.model_copy(
                    update={
                        "slices": tuple(s for s in one.slices if column and not s.name.startswith(column))
                    }
                )
                for one in evidence.evaluations
            )
        }
    )


# The evidence of each test, taken away.
MUTATIONS: dict[str, Mutation] = {
    "data 1": without_gates("features.churn"),
    "data 2": without_recipe("fewer"),
    "data 3": change_each("evaluations", seconds_per_million_rows=None),
    "data 4": change(documents=frozenset()),
    "data 5": change(acts=()),
    "data 6": change(versions=FULL.versions[:1]),
    "data 7": without_module("test_churn_features"),
    "model 1": change_versions(code_version="0123456789ab+"),
    "model 2": change_each("monitored", expected_loss=None),
    "model 3": without_recipe("deep"),
    "model 4": lambda evidence: change(reports=())(change_decisions(evidence=())(evidence)),
    "model 5": without_guard("baseline"),
    "model 6": without_slices(""),
    "model 7": without_slices("age_group"),
    "infrastructure 1": change(replays=()),
    "infrastructure 2": change_each("evaluations", behaviour=()),
    "infrastructure 3": lambda evidence: change(reports=())(without_module("test_churn_night")(evidence)),
    "infrastructure 4": change_decisions(reasons=()),
    "infrastructure 5": change_decisions(grounds=None),
    "infrastructure 6": change(shadows=(), paired=()),
    "infrastructure 7": without_returns,
    "monitoring 1": change_each("incidents", notified=False),
    "monitoring 2": without_gates(SALES.table),
    "monitoring 3": change_each("monitored", skew=None),
    "monitoring 4": without_guard("newer"),
    "monitoring 5": without_guard("stable"),
    "monitoring 6": without_guard("size"),
    "monitoring 7": change_each("monitored", measures=None),
}
NAMES = [test.id for test in RUBRIC]


def scores(card: Scorecard) -> dict[str, float]:
    return {f"{test.section} {test.number}": test.finding.score for test in card.tests}


def one(evidence: Evidence, name: str):
    return score(evidence).tests[NAMES.index(name)].finding


def test_the_rubric_has_seven_tests_in_each_of_four_sections():
    assert [f"{section} {number}" for section in SECTIONS for number in range(1, 8)] == NAMES
    assert list(MUTATIONS) == NAMES


def test_the_documentation_lists_each_test_with_what_it_asks():
    page = (PROJECT / "docs" / "SCORECARD.md").read_text()
    rows = re.findall(r"^\| ([a-z]+ \d) ([a-z -]+) \| ([^|]+) \|", page, re.MULTILINE)
    assert rows == [(test.id, test.name, test.asks) for test in RUBRIC]


def test_full_evidence_scores_seven_in_each_section():
    card = score(FULL)
    assert card.sections == dict.fromkeys(SECTIONS, 7)
    assert card.total == 7
    assert all(test.finding.evidence and test.finding.missing is None for test in card.tests)


@pytest.mark.parametrize("name", NAMES)
def test_without_its_evidence_a_test_scores_less_and_says_what_is_missing(name):
    found = scores(score(MUTATIONS[name](FULL)))
    assert found[name] < 1
    assert one(MUTATIONS[name](FULL), name).missing


@pytest.mark.parametrize("name", NAMES)
def test_a_test_without_any_record_scores_zero_and_says_what_is_missing(name):
    finding = one(Evidence(model=MODEL), name)
    assert finding.score == 0
    assert finding.missing
    assert finding.evidence == ()


@given(st.lists(st.sampled_from(NAMES), unique=True))
def test_scores_only_fall_and_the_total_is_the_lowest_section(removed):
    evidence = FULL
    card = score(evidence)
    for name in removed:
        before, evidence = scores(card), MUTATIONS[name](evidence)
        card = score(evidence)
        assert all(value <= before[test] for test, value in scores(card).items())
    found = scores(card)
    assert set(found.values()) <= {0, 0.5, 1}
    assert all(found[name] < 1 for name in removed)
    sums = [sum(value for name, value in found.items() if name.startswith(section)) for section in SECTIONS]
    assert list(card.sections.values()) == sums
    assert card.total == min(sums)


@given(st.lists(st.integers(0, 2), max_size=6), st.lists(st.integers(0, 6), max_size=9))
def test_records_of_one_day_are_not_a_repeated_check(nights, watched):
    monitored = tuple(FULL.monitored[day] for day in watched)
    gates = {"features.churn": tuple(FULL.gates["features.churn"][place] for place in nights)}
    evidence = FULL.model_copy(update={"monitored": monitored, "gates": gates})
    for name, days, needed in (
        ("data 1", len(set(nights)), 2),
        ("model 2", len(set(watched)), 7),
        ("monitoring 3", len(set(watched)), 2),
    ):
        assert one(evidence, name).score == (1 if days >= needed else 0.5 if days else 0)


def test_gate_results_of_runs_that_a_person_triggered_do_not_count():
    table = "features.churn"
    by_hand = tuple(g.model_copy(update={"run": "manual__2026"}) for g in FULL.gates[table])
    assert one(change(gates={table: by_hand})(FULL), "data 1").score == 0


def test_a_rollback_by_a_person_is_half_a_point_however_often_it_is_done():
    rolled = tuple(entered(night, "rolled_back", by="ann") for night in (4, 3))
    finding = one(change(entries=(*rolled, *FULL.entries[2:]))(FULL), "infrastructure 7")
    assert (finding.score, finding.why) == (0.5, "roll-backs by a person: 2, automatic returns: 0")


def test_a_version_put_in_place_by_hand_without_an_evaluation_costs_half_a_point():
    by_hand = entered(5, "emergency", evaluation=None, reasons=(), by="ann")
    finding = one(change(entries=(by_hand, *FULL.entries))(FULL), "infrastructure 4")
    assert finding.score == 0.5
    assert "entry 6" in finding.missing


def test_a_feature_with_personal_data_breaks_the_requirements():
    first, *others = MODEL.features
    features = (first.model_copy(update={"pii": True}), *others)
    finding = one(change(model=MODEL.model_copy(update={"features": features}))(FULL), "data 4")
    assert (finding.score, finding.why) == (0, "features with personal data: a")


def test_other_algorithms_without_other_hyperparameters_are_half_a_point():
    trees, deep, fewer = MODEL.recipes
    recipes = (trees, deep.model_copy(update={"estimator": "linear"}), fewer)
    finding = one(change(model=MODEL.model_copy(update={"recipes": recipes}))(FULL), "model 3")
    assert finding.score == 0.5
    assert "differ only in hyperparameters" in finding.missing


def test_a_bound_on_the_whole_prediction_time_is_half_of_the_cost_of_features():
    assert one(without_recipe("fewer")(FULL), "data 3").score == 0.5


def test_an_approval_in_the_contract_is_no_review_until_a_person_has_approved():
    model = MODEL.model_copy(update={"approval": Approval(first=True)})
    unapproved = change_decisions(approved_by=None)(change(model=model)(FULL))
    assert one(unapproved, "model 1").score == 0.5
    assert one(change_versions(code_version="0.3.0")(unapproved), "model 1").score == 0


def test_a_replay_that_differs_is_no_evidence_and_is_named():
    finding = one(change_each("replays", identical=False)(FULL), "infrastructure 1")
    assert finding.score == 0
    assert "different in reports/replay-churn-2.json" in finding.why


def test_equal_fits_of_the_same_snapshots_show_that_training_is_reproducible():
    again = tuple(
        e.model_copy(
            update={"id": f"again {e.id}", "challenger": e.challenger.model_copy(update={"version": 90 + n})}
        )
        for n, e in enumerate(FULL.evaluations)
    )
    evidence = change(replays=(), evaluations=(*FULL.evaluations, *again))(FULL)
    assert one(evidence, "infrastructure 1").score == 1


def test_a_check_that_was_removed_stops_counting_after_two_weeks():
    plain = tuple(entered(night, reasons=()) for night in range(40, 20, -1))
    finding = one(change(entries=(*plain, *FULL.entries))(FULL), "monitoring 5")
    assert finding.score == 0


JUNIT = """<testsuites><testsuite name="pytest" timestamp="2026-03-02T04:00:00.5+00:00">
<testcase classname="tests.test_churn_features" name="test_a"/>
<testcase classname="tests.test_churn_night.TestNight" name="test_b"/>
<testcase classname="tests.test_churn_night.TestNight" name="test_c">{}</testcase>
<testcase classname="tests.test_skipped" name="test_d"><skipped/></testcase>
</testsuite></testsuites>"""


def test_a_module_of_test_results_passes_if_no_test_failed():
    run = read_test_run("junit-1.xml", JUNIT.format("").encode())
    assert (run.day, run.passed) == (date(2026, 3, 2), ("test_churn_features", "test_churn_night"))
    failed = read_test_run("junit-1.xml", JUNIT.format("<failure>no</failure>").encode())
    assert (failed.passed, failed.failed) == (("test_churn_features",), ("test_churn_night",))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<testsuites/>",
        b"<testsuite timestamp='yesterday'/>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><testsuite timestamp='2026-03-02T04:00:00'>&b;</testsuite>",
    ],
)
def test_a_file_that_contains_no_test_results_is_left_out(content):
    assert read_test_run("junit-1.xml", content) is None
