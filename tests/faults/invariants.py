"""What must hold after every night, whatever happened in it. Each invariant is a pure function of states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tests.faults.state import State

INCIDENTS = ("incidents", "incident_events", "alerts")
Json = Any


class Night(NamedTuple):
    """A night that is over: its state, that before it, and that of the undisturbed night."""

    before: State
    after: State
    undisturbed: State
    failed: str | None = None  # the task that failed after its last try, if the night stopped


def find_broken(night: Night) -> list[str]:
    """Return the invariants that a night broke, one line each."""
    return [
        f"{invariant.__name__}: {complaint}" for invariant in INVARIANTS for complaint in invariant(night)
    ]


def no_row_is_lost_or_doubled(night: Night) -> Iterator[str]:
    """Each day of a table is one file, and no day that was there before the night is gone."""
    for table, days in night.after.tables.items():
        for day, files in days.items():
            if len(files) != 1:
                yield f"{table} {day} has {len(files)} files"
    for table, days in night.before.tables.items():
        for day in days.keys() - night.after.tables.get(table, {}).keys():
            yield f"{table} {day} is gone"


def nothing_is_half_published(night: Night) -> Iterator[str]:
    """Each day of a table has its rows of before the night, or those of the undisturbed night."""
    for table, days in night.after.tables.items():
        if table in night.undisturbed.rows:
            continue  # its rows name versions and snapshots: see `a_night_ends_right_or_stops`
        for day, files in days.items():
            known = (night.before.tables.get(table, {}).get(day), night.undisturbed.tables[table].get(day))
            if files not in known:
                yield f"{table} {day} has other rows than before and than in the undisturbed night"


def publications_are_confirmed_if_they_are_complete(night: Night) -> Iterator[str]:
    """After a night that ended, no publication is unconfirmed."""
    for row in night.after.book["publications"]:
        if row["state"] != "committed" and night.failed is None:
            yield f"{row['subject']} {row['key']} of run {row['run']} is {row['state']}"


def ledger_alias_and_registry_agree(night: Night) -> Iterator[str]:
    """The alias and the registry's copy of the seal are those of the ledger's newest entry; its version is complete."""
    after = night.after
    entries = sorted(after.book["ledger"], key=lambda row: row["number"])
    champion = entries[-1]["record"]["decision"]["champion_after"] if entries else None
    if champion is not None and champion not in {version.number for version in after.versions}:
        yield f"the ledger's champion, version {champion}, is not complete in the registry"
    if night.failed is not None:
        return  # the next run of retrain or score moves the alias
    if champion != after.alias:
        yield f"the alias is on version {after.alias}, the ledger on {champion}"
    if after.seals and after.noted != f"{after.seals[-1][0]} {after.seals[-1][1]}":
        yield f"the registry noted {after.noted}, the ledger's newest entry is {after.seals[-1]}"


def one_decision_is_entered_for_a_version(night: Night) -> Iterator[str]:
    """No decision about a version is in the ledger twice."""
    decided = Counter(
        (row["key"], row["record"]["decision"]["challenger"]) for row in night.after.book["ledger"]
    )
    for (of_night, version), count in decided.items():
        if count > 1:
            yield f"version {version} was decided {count} times in night {of_night}"


def nothing_is_announced_that_is_not_there(night: Night) -> Iterator[str]:
    """Each announced day is in its table."""
    for announced in night.after.outside.announced:
        table, day = announced.split(" ")
        if f"day={day}" not in night.after.tables.get(table, {}):
            yield f"{announced} was announced, and has no rows"
    for announced, count in Counter(night.after.outside.announced).items():
        if count > 1:
            yield f"{announced} was announced {count} times"


def a_night_ends_right_or_stops_with_one_incident(night: Night) -> Iterator[str]:
    """A night that ended has the result of the undisturbed night; one that stopped has one incident of its task."""
    opened = [row for row in night.after.book["incidents"] if row["state"] == "open"]
    if night.failed is not None:
        about = [row for row in opened if night.failed in _failed_tasks(row)]
        if len(about) != 1:
            yield f"{night.failed} failed, and is in {len(about)} of {len(opened)} open incidents"
        return
    if opened:
        yield f"the night ended with {len(opened)} open incidents"
    yield from compare_results(night.after, night.undisturbed)


def every_mail_arrives(night: Night) -> Iterator[str]:
    """Each mail of the outbox was received, and none that is not there."""
    kept, received = night.after.mails, set(night.after.outside.received)
    if kept - received:
        yield f"{len(kept - received)} of {len(kept)} mails were not received"
    if received - kept:
        yield f"{len(received - kept)} mails were received that are not in the outbox"


def compare_results(after: State, undisturbed: State) -> Iterator[str]:
    """Yield the differences between the results of two nights; the numbers of versions may differ."""
    for table in undisturbed.tables:
        if table not in undisturbed.rows:
            if after.tables.get(table) != undisturbed.tables[table]:
                yield f"{table} differs from the undisturbed night"
        elif after.rows.get(table) != undisturbed.rows[table]:
            yield f"the rows of {table} differ from the undisturbed night"
    if _decisions(after) != _decisions(undisturbed):
        yield f"the ledger has {_decisions(after)}, and {_decisions(undisturbed)} undisturbed"
    if _name_champion(after) != _name_champion(undisturbed):
        yield f"{_name_champion(after)} serves, and {_name_champion(undisturbed)} undisturbed"
    for name in ("gates", "publications", "paired_days", "monitored_days", "profiles", "acts"):
        ours, theirs = (_kinds(state.book.get(name, ())) for state in (after, undisturbed))
        if ours != theirs:
            yield f"{name} of the book: {ours - theirs} too many, {theirs - ours} missing"


def _failed_tasks(incident: Json) -> set[str]:
    return {failure["step"]["task"] for failure in incident["record"]["failures"] if not failure["over"]}


def _decisions(state: State) -> list[tuple[str, str]]:
    return sorted((row["key"], row["state"]) for row in state.book["ledger"])


def _name_champion(state: State) -> str | None:
    return next((f"{v.night} {v.recipe}" for v in state.versions if v.number == state.alias), None)


def _kinds(rows: Sequence[Mapping[str, Json]]) -> Counter[tuple[str, ...]]:
    return Counter((row["subject"], row["key"], str(row.get("run")), row["state"]) for row in rows)


INVARIANTS = (
    no_row_is_lost_or_doubled,
    nothing_is_half_published,
    publications_are_confirmed_if_they_are_complete,
    ledger_alias_and_registry_agree,
    one_decision_is_entered_for_a_version,
    nothing_is_announced_that_is_not_there,
    a_night_ends_right_or_stops_with_one_incident,
    every_mail_arrives,
)
