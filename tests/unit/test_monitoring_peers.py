"""How the alarms of other libraries are counted, and the threshold that is chosen for them in hindsight."""

from __future__ import annotations

from benchmarks.monitoring.peers import choose_threshold, compare_estimates, count_from


def test_the_threshold_is_the_least_that_at_most_one_in_a_hundred_quiet_days_reaches():
    assert choose_threshold([0] * 100) == 1
    assert choose_threshold([1] * 2 + [0] * 98) == 2
    assert choose_threshold([1] * 50 + [3] + [0] * 49) == 2
    assert choose_threshold([4] * 100) == 5


def test_starts_are_counted_by_change_and_an_alarm_of_the_quiet_day_is_not_new():
    drawn = [("unit", 0), ("unit", 1), ("mix", 0), ("mix", 2)]
    counted = count_from(2, [0, 1, 2, 0], drawn, [[2, 0], [1, 2], [1, 1], [3, 2]])
    assert counted == {
        "least": 2,
        "quiet": 1,
        "changes": {
            "unit": {"starts": 2, "same_day": 1, "within_5": 2, "new_within_5": 1},
            "mix": {"starts": 2, "same_day": 1, "within_5": 1, "new_within_5": 1},
        },
    }


def test_errors_of_estimates_are_in_deviations_of_what_came_true_on_quiet_days():
    quiet = [(0.5, 0.4), (0.5, 0.6)]
    assert compare_estimates(quiet, [(0.5, 0.8)]) == {"quiet": 1.0, "changed": 3.0}
