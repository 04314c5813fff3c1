"""Whether tables are healthy, and the tables that a text is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from contender.catalogue.read import Entry, GateSummary, describe_table
from contender.specs import Catalog
from contender.specs.frozen import Frozen

LONGEST_SEARCH = 200


class Health(Frozen):
    """Whether a table is healthy, and why.

    A table is unhealthy if a day is overdue or its last gate failed, and empty if it has no rows and no gate yet.
    """

    state: Literal["healthy", "unhealthy", "empty"]
    why: str


def judge_health(entry: Entry) -> Health:
    """Return the health of a table."""
    fresh, last = entry.freshness, next(iter(entry.gates), None)
    faults = []
    if fresh.overdue:
        since = "" if fresh.due is None else f" since {fresh.due:%Y-%m-%d %H:%M} UTC"
        faults.append(f"{fresh.expected_day} has been overdue{since}")
    if last is not None and last.verdict == "fail":
        faults.append(_describe_failure(last))
    if faults:
        return Health(state="unhealthy", why="; ".join(faults))
    if last is None and not entry.snapshots:
        return Health(state="empty", why="nothing has been published yet")
    newest = "" if fresh.last_good_day is None else f"its newest day is {fresh.last_good_day}"
    passed = "" if last is None else f"its last gate, of {last.days}, passed"
    if last is not None and last.verdict == "warn":
        passed += f" with warnings: {_name_first(last.broken)}"
    return Health(state="healthy", why="; ".join(part for part in (newest, passed) if part))


def count_healthy(judged: Sequence[Health], sought: str = "") -> str:
    """Return in a sentence how many tables are healthy, of all or of those that a search has found."""
    found = f" with “{sought}”" if sought else ""
    if not judged:
        return f"There is no table{found} that you may see."
    counts = Counter(one.state for one in judged)
    parts = [f"{_count(counts['healthy'])} healthy"]
    if counts["unhealthy"]:
        parts.append(f"{_count(counts['unhealthy'])} not")
    if counts["empty"]:
        parts.append(f"{_count(counts['empty'])} empty")
    return f"Of {len(judged)} table{'s' if len(judged) != 1 else ''}{found}, {_join(parts)}."


def find_tables(catalog: Catalog, text: str) -> frozenset[str]:
    """Return the tables whose name, description, owner or columns contain each word of a text, in any case."""
    words = text[:LONGEST_SEARCH].casefold().split()
    return frozenset(table for table in catalog.tables if _contains(catalog, table, words))


def _contains(catalog: Catalog, table: str, words: Sequence[str]) -> bool:
    contract = catalog.tables[table]
    texts = (table, describe_table(catalog, table), contract.owner, *contract.column_names)
    searched = "\n".join(texts).casefold()
    return all(word in searched for word in words)


def _describe_failure(gate: GateSummary) -> str:
    return f"its last gate, of {gate.days}, failed: {_name_first(gate.broken)}"


def _name_first(broken: Sequence[str]) -> str:
    more = f" ({len(broken) - 1} more)" if len(broken) > 1 else ""
    return f"{broken[0]}{more}" if broken else "see its page"


def _count(number: int) -> str:
    return f"{number} {'is' if number == 1 else 'are'}"


def _join(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
