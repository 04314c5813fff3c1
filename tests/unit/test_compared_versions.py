"""Two versions side by side: what differs between them, and which of their figures may be compared."""

from __future__ import annotations

import pytest

from contender.cards import compare_cards
from contender.records import Interval, Pin, SliceMeasures
from model_pages import show_versions
from tests.unit.judged import evaluation, measures, version
from tests.unit.test_cards import card
from tests.unit.test_cards import spec as spec


def judged(number: int, champion: int, loss: float = 0.15, **changes):
    made = version(number, rows=200_000 + number).model_copy(
        update={"features": ("airport", "dep_hour"), "sources": {"features.py": "aaaaaaaaaa", "spec.py": "s"}}
        | changes.pop("made", {})
    )
    return evaluation(
        challenger=made,
        champion=version(champion),
        challenger_measures=measures(loss),
        champion_measures=measures(0.16),
        **changes,
    )


def facts_of(found):
    return {fact.name: (fact.first, fact.second) for fact in found.facts if not fact.same}


def test_versions_that_met_are_compared_on_the_same_rows_whatever_their_order(spec):
    earlier, later = card(spec, judged(1, 9)), card(spec, judged(2, 1, 0.152))
    found = compare_cards(later, earlier)
    assert found == compare_cards(earlier, later)
    assert (found.first, found.second) == (1, 2)
    assert found.answer == (
        "On 2013-08-25..2013-08-31, 6,000 rows, the loss of version 2 was 5.00 % lower than that of version 1."
    )
    assert next(one.direct for one in found.measures if one.name == "loss") == 0.16


@pytest.mark.parametrize(("low", "high", "chance"), [(-0.02, 0.001, True), (-0.02, -0.001, False)])
def test_a_difference_that_may_be_chance_is_called_so(spec, low, high, chance):
    met = judged(2, 1, 0.152, loss_difference=Interval(low=low, high=high))
    found = compare_cards(card(spec, judged(1, 9)), card(spec, met))
    assert found.difference == Interval(low=low, high=high)
    assert ("may be chance" in found.answer) is chance


def test_versions_that_never_met_are_compared_with_the_baseline_of_their_own_days(spec):
    found = compare_cards(card(spec, judged(1, 9)), card(spec, judged(3, 2, 0.144)))
    assert "never measured on the same rows" in found.answer
    assert found.difference is None
    relative = found.measures[-1]
    assert (relative.first, relative.second, relative.direct) == (
        pytest.approx(0.15 / 0.16),
        pytest.approx(0.144 / 0.16),
        None,
    )


def test_a_version_beside_itself_differs_in_nothing(spec):
    known = card(spec, judged(1, 9))
    found = compare_cards(known, known)
    assert (found.answer, facts_of(found)) == ("Both are version 1.", {})


def test_what_differs_is_named(spec):
    changed = {
        "features": ("airport", "wind"),
        "sources": {"features.py": "bbbbbbbbbb", "spec.py": "s", "cost.py": "c"},
        "pins": (Pin(table="features.flight_delay", snapshot=7),),
    }
    found = facts_of(compare_cards(card(spec, judged(1, 9)), card(spec, judged(2, 1, made=changed))))
    assert found == {
        "training rows": ("200,001", "200,002"),
        "features": ("2; only here: dep_hour", "2; only here: wind"),
        "files": ("2; changed: features.py aaaaaaaa", "3; only here: cost.py; changed: features.py bbbbbbbb"),
        "snapshot of features.flight_delay": ("not read", "7"),
    }


def test_a_slice_that_only_one_version_has_is_shown(spec):
    def part(name: str) -> SliceMeasures:
        return SliceMeasures(name=name, rows=500, challenger_loss=0.2, champion_loss=0.3, difference=None)

    one = card(spec, judged(1, 9, slices=(part("airport=JFK"),)))
    other = card(spec, judged(2, 1, slices=(part("airport=LGA"),)))
    found = [(part.name, part.first, part.second, part.direct) for part in compare_cards(one, other).slices]
    assert found == [("airport=JFK", 0.2, None, None), ("airport=LGA", None, 0.2, 0.3)]


def test_the_page_answers_first_and_links_both_cards(spec):
    html = show_versions(card(spec, judged(2, 1)), card(spec, judged(1, 9))).body.decode()
    assert "the loss of version 2 was" in html.split("What differs")[0]
    assert [f"/contender/cards/flight_delay/{number}" in html for number in (1, 2)] == [True, True]
