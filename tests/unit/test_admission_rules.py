"""The judgements of admission: what a publication changes, whether it is news, and what a release excuses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.admission import excuse, find_unexcused
from contender.admission.publishing import needs_record
from contender.gating.usual import judge_volume
from contender.lake import DayChanges, compare_days
from contender.records import Act, Defect, ExpectationResult, GateResult, StagedBatch, StagedFile
from contender.specs import ClosedDays, Column, Contract, Days, Usual

DAY = date(2013, 9, 2)
CONTRACT = Contract(
    table="datasets.sales",
    owner="sales@contender.example",
    columns=(Column(name="day", type="date", description="day"),),
    primary_key=("day",),
    closed=ClosedDays(dates=(DAY,)),
)
ACT = Act(id="a", kind="released", about="datasets.sales", key="b", by="ann", reason="it is true")
contents = st.dictionaries(st.dates(DAY, DAY + timedelta(days=6)), st.sampled_from("abc"))


def batch(content: dict[date, str], days: Days | None = None) -> StagedBatch:
    files = tuple(StagedFile(day=day, path="", rows=1, digest=digest) for day, digest in content.items())
    return StagedBatch(table="datasets.sales", days=days or Days.one(DAY), files=files, fingerprint="f")


def judged(*expectations: ExpectationResult, defects: tuple[Defect, ...] = ()) -> GateResult:
    return GateResult(
        id="g",
        table="datasets.sales",
        owner="sales@contender.example",
        days=Days.one(DAY),
        run="r",
        verdict="fail",
        rows=1,
        fingerprint="f",
        expectations=expectations,
        defects=defects,
        at=datetime(2013, 9, 3, tzinfo=UTC),
    )


def failing(expectation: str, same_as: str | None = None, verdict="fail") -> ExpectationResult:
    return ExpectationResult(expectation=expectation, same_as=same_as, verdict=verdict, observed="failed")


@given(held=contents, staged=contents)
def test_days_change_where_their_content_differs_and_are_replaced_where_they_had_some(held, staged):
    changes = compare_days({day: frozenset({digest}) for day, digest in held.items()}, batch(staged))
    assert changes.differing == {day for day in {*held, *staged} if held.get(day) != staged.get(day)}
    assert changes.replaced == {day for day in held if held[day] != staged.get(day)}


@pytest.mark.parametrize(
    ("content", "days", "differing", "before", "news"),
    [
        ({DAY: "a"}, DAY, {DAY}, False, True),
        ({DAY: "a"}, DAY, set(), False, False),
        ({}, DAY, set(), False, True),
        ({}, DAY, set(), True, False),
        ({}, DAY + timedelta(days=1), set(), False, False),
    ],
    ids=["changed rows", "the same rows", "a closed day", "a closed day again", "an empty open day"],
)
def test_a_publication_is_news_when_rows_change_or_a_closed_day_is_first_heard_of(
    content, days, differing, before, news
):
    changes = DayChanges(differing=frozenset(differing))
    found = needs_record(CONTRACT, batch(content, Days.one(days)), changes, published_before=before)
    assert found is news


def test_what_failed_when_the_person_looked_is_a_warning_that_names_the_person():
    seen = judged(failing("a is above 0"))
    result = excuse(seen, ACT, seen)
    assert (result.verdict, [e.verdict for e in result.expectations]) == ("warn", ["warn"])
    assert result.defects[0].what == "it was released by ann: it is true"


@pytest.mark.parametrize(
    "seen",
    [
        None,
        judged(),
        judged(failing("a is above 0", verdict="warn")),
        judged(failing("a is above 0", verdict="pass")),
        judged(failing("a is above 5")),
    ],
    ids=["an unknown judgement", "nothing failed", "it was a warning", "it passed", "the bound was another"],
)
def test_what_the_person_did_not_see_fail_is_not_excused(seen):
    now = judged(failing("a is above 0"))
    result = excuse(now, ACT, seen)
    assert result.verdict == "fail"
    assert result.expectations == now.expectations
    assert result.defects[0].what.endswith("the release does not cover new failures: a is above 0")


def test_a_defect_is_excused_where_it_was_seen_and_not_elsewhere():
    seen = Defect(what="no number", where="sales.csv, line 2", way_out="deliver one")
    other = seen.model_copy(update={"where": "sales.csv, line 3"})
    assert find_unexcused(judged(defects=(seen,)), judged(defects=(seen,))) == ()
    assert find_unexcused(judged(defects=(seen, other)), judged(defects=(seen,))) == (
        "no number (sales.csv, line 3)",
    )


@given(st.integers(1000, 9000), st.integers(1000, 9000))
def test_figures_of_the_past_do_not_make_another_expectation(typical, then_typical):
    now, then = (
        judge_volume(Usual(), DAY, 1, {DAY - timedelta(weeks=week): rows for week in range(1, 9)})
        for rows in (typical, then_typical)
    )
    assert now.verdict == then.verdict != "pass"
    assert find_unexcused(judged(now), judged(then)) == ()
