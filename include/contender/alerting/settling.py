"""What a person does with an incident: find it by its id, acknowledge it, close it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from contender.alerting.raising import to_change
from contender.incidents import Outcome
from contender.installation import Installation
from contender.records import Act, Incident, IncidentChange, identify
from contender.specs import parse_dag_id


class UnknownIncidentError(Exception):
    """No incident, or several, have an id that starts with the given characters."""


class IncidentError(Exception):
    """The incident cannot be acknowledged or closed; the message says why."""


def find_incident(here: Installation, prefix: str) -> Incident:
    """Return the incident whose id starts with a prefix. Raises UnknownIncidentError."""
    found = here.book.incidents.starting_with(prefix)
    if len(found) != 1:
        problem = "several incidents have an id that starts" if found else "no incident has an id that starts"
        raise UnknownIncidentError(
            f"{problem} with {prefix!r}: list all with `contender incidents list --all`"
        )
    return found[0]


def settle_incident(
    here: Installation, prefix: str, settle: Callable[[Incident], Outcome | None]
) -> Incident:
    """Acknowledge or close an incident, by `settle`. Raises UnknownIncidentError, or IncidentError if it has ended."""
    wanted = find_incident(here, prefix)

    def decide(unfinished: Sequence[Incident]) -> IncidentChange | None:
        current = next((one for one in unfinished if one.id == wanted.id), None)
        if current is None:
            raise IncidentError(f"incident {wanted.id} has ended: see `contender incidents show {wanted.id}`")
        outcome = settle(current)
        return None if outcome is None else to_change(outcome).joined_with(_audit(outcome))

    change = here.book.incidents.change(decide)
    return wanted if change is None else change.incidents[0]


def _audit(outcome: Outcome) -> IncidentChange:
    """The audit entry of a person's decision about an incident, written in the same transaction."""
    event, incident = outcome.event, outcome.incident
    act = Act(
        id=identify("act", event.id),
        kind="closed" if event.kind == "closed" else "acknowledged",
        about=parse_dag_id(incident.cause.dag).subject or incident.cause.dag,
        key=f"incident {incident.id}",
        by=event.by,
        reason=event.what,
        detail={"incident": incident.what},
        at=event.at,
    )
    return IncidentChange(acts=(act,))
