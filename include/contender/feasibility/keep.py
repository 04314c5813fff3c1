"""Study a model and write its page into the reports folder, as a DAG does."""

from __future__ import annotations

from contender.feasibility.read import make_study
from contender.feasibility.report import name_report, render_report
from contender.feasibility.verdict import Verdict, judge
from contender.installation import Installation
from contender.lake import places
from contender.specs.frozen import Frozen


class Kept(Frozen):
    """A verdict with its reasons, and where its page is."""

    model: str
    verdict: Verdict
    reasons: tuple[str, ...]
    report: str


def keep_feasibility(here: Installation, name: str, sample: int) -> Kept:
    """Study a model, and write its page instead of an earlier one. Raises the errors of `make_study`."""
    found = judge(make_study(here, name, sample))
    place = places.below(here.settings.reports, name_report(name))
    places.write(place, render_report(found).encode())
    return Kept(model=name, verdict=found.verdict, reasons=found.reasons, report=place)
