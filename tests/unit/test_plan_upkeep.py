"""The upkeep that is planned from the state of a table."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from contender.lake import TableState, plan_upkeep
from contender.lake.snapshots import Aged

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MONTH = timedelta(days=30)


def state(**given) -> TableState:
    return TableState(table="datasets.sales", **given)


def aged(name: str, **age: float) -> Aged:
    return Aged(name=name, since=NOW - timedelta(**age))


def test_a_missing_table_needs_no_upkeep():
    plan = plan_upkeep(state(), NOW, MONTH)
    assert (plan.outdated, plan.expiring, plan.orphans, plan.merge_manifests) == ((), (), (), False)


def test_old_snapshots_expire_except_the_newest_and_pinned_ones():
    snapshots = (aged("1", days=90), aged("2", days=60), aged("3", days=31), aged("4", days=31))
    plan = plan_upkeep(state(snapshots=snapshots, newest="4", pinned={"2", "9"}), NOW, MONTH)
    assert plan.expiring == ("1", "3")
    assert plan.kept_by_pins == 1


def test_a_young_snapshot_does_not_expire():
    plan = plan_upkeep(state(snapshots=(aged("1", days=29), aged("2", days=0)), newest="2"), NOW, MONTH)
    assert plan.expiring == ()


def test_retention_counts_back_from_the_newest_day_of_the_table():
    days = tuple(date(2013, 9, number) for number in (1, 2, 3, 5))
    plan = plan_upkeep(state(days=days, retention_days=3), NOW, MONTH)
    assert plan.outdated == (date(2013, 9, 1), date(2013, 9, 2))


def test_without_retention_every_day_is_kept():
    assert plan_upkeep(state(days=(date(1990, 1, 1),)), NOW, MONTH).outdated == ()


def test_a_young_file_may_belong_to_a_commit_and_is_no_orphan():
    files = (aged("young", hours=23), aged("old", hours=25))
    plan = plan_upkeep(state(unreferenced=files), NOW, MONTH)
    assert plan.orphans == ("old",)


def test_manifests_are_merged_only_above_a_limit():
    assert not plan_upkeep(state(manifests=50), NOW, MONTH).merge_manifests
    assert plan_upkeep(state(manifests=51), NOW, MONTH).merge_manifests
