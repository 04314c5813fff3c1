"""What a drill found: whether and when the right verdict came, what was held, mailed and lost."""

from __future__ import annotations

import json

import pytest

from benchmarks.drills.__main__ import BEGIN, END, PAGE, RESULTS, longest_held, render
from benchmarks.keeping import put_into
from contender.drilling import Mail, describe_finding, draw_drill, render_drill
from contender.drilling.result import list_mails
from tests.unit.drill_results import drill_result
from tests.unit.policy_results import FIRST, decision, served


@pytest.mark.parametrize(
    ("verdicts", "finding", "found"),
    [
        (("stable", "concept_drift"), "right: concept_drift on day 2", True),
        (
            ("broken_feed", "concept_drift"),
            "right in the end: concept_drift on day 2, after broken_feed",
            True,
        ),
        (("stable", "broken_feed"), "wrong: concept_drift never came; first verdict: broken_feed", False),
    ],
)
def test_the_right_verdict_may_come_at_once_after_a_wrong_one_or_never(verdicts, finding, found):
    result = drill_result(*verdicts)
    assert (describe_finding(result), result.found) == (finding, found)


def test_where_no_mail_is_right_a_mailed_verdict_is_wrong_and_one_that_is_not_mailed_is_not():
    quiet = drill_result("covariate_drift", right="stable", mails=())
    assert (describe_finding(quiet), quiet.found) == ("right: no verdict was mailed", True)
    mailed = drill_result(
        "regime_break", right="stable", mails=(Mail(night=FIRST, kind="verdict", subject="s"),)
    )
    assert (describe_finding(mailed), mailed.found) == ("wrong: regime_break was mailed", False)


def test_the_mean_loss_weighs_days_by_their_rows():
    days = (*served([0.1], rows=300), *served([0.5], rows=100))
    result = drill_result(served={"ours": days, "static": ()})
    assert result.mean_loss("ours") == pytest.approx(0.2)
    assert result.mean_loss("static") is None


def test_the_chart_marks_the_night_in_which_each_verdict_began_once():
    chart = draw_drill(drill_result())
    assert chart.count("<title>concept_drift</title>") == 1
    assert chart.count("<title>stable</title>") == 2


def test_the_page_names_the_guards_that_held_a_refresh():
    assert "held: harm" in render_drill(drill_result())


def test_a_held_refresh_is_mailed_on_the_third_night_and_a_failed_task_every_night(catalog):
    refreshes = [
        decision(night, "held", 2, "r1").model_copy(update={"champion_recipe": "r1"})
        for night in drill_result().nights.each()
    ]
    mails = list(list_mails(catalog.model("flight_delay"), {}, refreshes, [f"{FIRST}: no rows"]))
    assert [(mail.kind, mail.night.day) for mail in mails] == [("held", FIRST.day + 2), ("task", FIRST.day)]


def test_the_table_of_drills_on_the_monitoring_page_matches_the_results():
    page, rows = PAGE.read_text(), json.loads(RESULTS.read_text())
    assert put_into(page, render(rows), BEGIN, END) == page


def test_the_longest_run_of_held_refreshes_is_counted():
    nights = drill_result("stable", "stable", "stable", "stable").monitored
    refreshes = ("held", "refreshed", "held", "held")
    changed = [one.model_copy(update={"refresh": it}) for one, it in zip(nights, refreshes, strict=True)]
    assert longest_held(changed) == 2
    assert longest_held(()) == 0
