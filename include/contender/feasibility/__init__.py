"""Feasibility: whether the data of a model is enough, predictable, in time and complete, before anyone builds on it."""

from contender.feasibility.figures import Estimate, Study
from contender.feasibility.keep import Kept, keep_feasibility
from contender.feasibility.measure import Subject, estimate
from contender.feasibility.phrases import Part
from contender.feasibility.read import FeasibilityError, make_study, read_subject
from contender.feasibility.report import name_report, render_report
from contender.feasibility.verdict import Feasibility, judge

__all__ = [
    "Estimate",
    "Feasibility",
    "FeasibilityError",
    "Kept",
    "Part",
    "Study",
    "Subject",
    "estimate",
    "judge",
    "keep_feasibility",
    "make_study",
    "name_report",
    "read_subject",
    "render_report",
]
