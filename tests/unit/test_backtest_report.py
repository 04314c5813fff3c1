"""The report of a backtest: served losses, promotions, cost, and intervals of differences."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from contender.backtesting import render_report
from contender.backtesting.differences import compare_served
from tests.unit.judged import version
from tests.unit.policy_results import FIRST, backtest, decision, policy_result, served

HOSTILE = '<script>alert("x")</script>&\'"'


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, _attrs):
        self.found.append(tag)


def tags(page: str) -> list[str]:
    parser = Tags()
    parser.feed(page)
    return parser.found


def test_names_and_reasons_are_escaped():
    hostile = backtest(
        model=HOSTILE,
        results=(
            policy_result(
                decisions=(
                    decision(FIRST, "first", 1, "r1", HOSTILE),
                    decision(FIRST, "held", 1, "r1", HOSTILE),
                )
            ),
        ),
        versions=(version(1, recipe="r1").model_copy(update={"recipe": HOSTILE}),),
        newest={HOSTILE: served([0.2] * 30)},
        failed=(f"2013-03-04: {HOSTILE}",),
    )
    page = render_report([hostile])
    assert "script" not in tags(page)
    assert page.count("&lt;script&gt;") >= 5


def test_the_report_loads_no_external_resources():
    page = render_report([backtest()])
    assert re.findall(r'(?:src|href)="|url\(|@import', page) == []


def test_champion_challengers_static_model_and_baseline_are_drawn_by_day():
    (chart, *_) = re.findall(r"<svg.*?</svg>", render_report([backtest()]), re.DOTALL)
    for name in ("champion (ours)", "newest boosted_trees", "newest linear", "static", "baseline"):
        assert f">{name}</text>" in chart


def test_a_promotion_is_marked_by_the_name_of_its_recipe():
    renamed = version(2, recipe="r2").model_copy(update={"recipe": "linear"})
    page = render_report([backtest(versions=(version(1, recipe="r1"), renamed))])
    assert ">linear promoted</text>" in page


def test_evidence_is_drawn_with_its_threshold():
    assert ">20: promote</text>" in render_report([backtest()])


def test_a_slower_cadence_is_shown_with_its_difference_and_share_of_the_cost():
    weekly = backtest(cadence="weekly", results=(policy_result(loss=0.22, fits=10, cpu_seconds=3.0),))
    page = render_report([backtest(results=(policy_result(),)), weekly])
    assert "weekly lost more: +0.02000" in page
    assert "It takes 10 fits and 25 % of the CPU time." in page


def test_policies_with_equal_losses_are_drawn_as_one_line():
    alike = backtest(results=(policy_result(), policy_result("static", 0.21), policy_result("blind", 0.21)))
    assert ">static, blind</text>" in render_report([alike])


def test_a_backtest_without_a_served_day_is_reported():
    empty = backtest(results=(policy_result(served=(), decisions=(), evidence=()),), newest={}, baseline=())
    assert "No version served" in render_report([empty])


def test_differences_that_last_for_a_week_have_a_wider_interval_by_blocks_of_a_week():
    by_week = [0.2 + 0.02 * (week % 2) for week in range(6) for _ in range(7)]
    ours, theirs = served(by_week, rows=10), served([0.2] * 42, rows=10)
    days, weeks = (compare_served(ours, theirs, block).interval for block in (1, 7))
    assert weeks.high - weeks.low > 2 * (days.high - days.low)
    assert compare_served(ours[:21], theirs[:21], 7).interval is None


def test_a_difference_is_computed_over_the_rows_of_common_days():
    ours, theirs = served([0.1, 0.2, 0.9], rows=10), served([0.2, 0.2], rows=10)
    assert compare_served(ours, theirs).mean == pytest.approx(-0.05)


def test_days_are_weighted_by_their_rows():
    ours = (*served([0.3], rows=30), *(day.model_copy(update={"rows": 10}) for day in served([0, 0.1])[1:]))
    assert compare_served(ours, served([0.2, 0.2])).mean == pytest.approx((30 * 0.1 - 10 * 0.1) / 40)


def test_few_days_give_no_interval():
    assert compare_served(served([0.1] * 13), served([0.2] * 13)).interval is None


def test_a_difference_that_changes_its_sign_from_day_to_day_is_not_significant():
    ours = served([0.2 + 0.05 * (-1) ** nth for nth in range(30)])
    assert not compare_served(ours, served([0.2] * 30)).shown


def test_a_constant_difference_is_significant():
    ours = served([0.19 + 0.001 * (nth % 3) for nth in range(30)])
    assert compare_served(ours, served([0.2] * 30)).shown


def test_without_a_common_day_there_is_no_difference():
    later = tuple(day.model_copy(update={"day": day.day + timedelta(days=99)}) for day in served([0.1]))
    assert compare_served(served([0.1]), later) is None


def test_a_policy_that_served_nothing_has_a_dash_for_its_loss():
    idle = policy_result("static", served=(), decisions=())
    assert idle.mean_loss is None
    page = render_report(
        [backtest(results=(policy_result(), idle)), backtest(cadence="weekly", results=(idle,))]
    )
    assert re.findall(r"\bnan\b|\bNone\b", page) == []
    assert len(re.findall(r'<td class="name">static</td>.*\n<td class="n">\s*–\s*</td>', page)) == 1
