"""The rubric: 28 tests in four sections, and the score that they add up to.

Eric Breck, Shanqing Cai, Eric Nielsen, Michael Salib and D. Sculley, "The ML Test Score: A Rubric for ML Production
Readiness and Technical Debt Reduction" (IEEE Big Data 2017). A test scores 0.5 if it is done by hand with a documented
result, and 1 if it also runs automatically and repeatedly. The final score is the lowest sum of a section.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from pydantic import Field, computed_field

from contender.scorecard import data, infrastructure, modelling, watching
from contender.scorecard.evidence import Evidence
from contender.scorecard.findings import Finding
from contender.specs.frozen import Frozen

Section = Literal["data", "model", "infrastructure", "monitoring"]
SECTIONS: tuple[Section, ...] = ("data", "model", "infrastructure", "monitoring")


class Test(NamedTuple):
    """A test of the rubric: what it asks, and the function that answers it."""

    section: Section
    number: int
    name: str
    asks: str
    judge: Callable[[Evidence], Finding]

    @property
    def id(self) -> str:
        """The test's section and number."""
        return f"{self.section} {self.number}"


_DATA = (
    ("schema", "What is expected of each feature is written in a schema and checked.", data.find_schema),
    ("benefit", "Each feature is known to improve predictions.", data.find_benefit),
    ("cost", "No feature costs more than it is worth.", data.find_cost),
    ("requirements", "Features meet the organisation's rules on permitted data.", data.find_requirements),
    ("privacy", "The pipeline controls access to personal data.", data.find_privacy),
    ("new features", "New features reach a trained version quickly.", data.find_new_features),
    ("feature code", "The code that builds features is tested.", data.find_feature_tests),
)
_MODEL = (
    ("review", "The model's specification is under version control and reviewed.", modelling.find_review),
    ("online", "Offline measures are related to those of served predictions.", modelling.find_online),
    ("tuning", "Hyperparameters have been tuned.", modelling.find_tuning),
    ("staleness", "It is known how much an old version costs.", modelling.find_staleness),
    ("simpler model", "A simpler model was tried and is not better.", modelling.find_simpler),
    ("slices", "Quality is measured on the parts of the data that matter.", modelling.find_slices),
    (
        "inclusion",
        "The model is tested for unequal quality between groups of people.",
        modelling.find_inclusion,
    ),
)
_INFRASTRUCTURE = (
    ("reproducible", "The same training gives the same model.", infrastructure.find_reproducible),
    ("model code", "The model's specification has unit tests.", infrastructure.find_model_tests),
    ("pipeline", "The whole pipeline has integration tests.", infrastructure.find_integration),
    ("validation", "Quality is checked before a version serves.", infrastructure.find_validation),
    ("debugging", "One training or prediction can be followed step by step.", infrastructure.find_debuggable),
    ("canary", "A version is tried on live data before it serves.", infrastructure.find_canary),
    ("roll-back", "An earlier version can be served again.", infrastructure.find_rollback),
)
_MONITORING = (
    ("dependencies", "Changes of upstream data lead to a notification.", watching.find_notified),
    ("invariants", "Inputs are checked against what holds for them.", watching.find_invariants),
    ("skew", "Training and serving compute the same values.", watching.find_skew),
    ("freshness", "The serving version is not too old.", watching.find_fresh),
    ("numbers", "Training and predictions are free of invalid numbers.", watching.find_stable),
    ("performance", "Speed and memory have not become worse.", watching.find_performance),
    ("quality", "The quality of served predictions has not become worse.", watching.find_quality),
)
RUBRIC: tuple[Test, ...] = tuple(
    Test(section, number, *test)
    for section, tests in zip(SECTIONS, (_DATA, _MODEL, _INFRASTRUCTURE, _MONITORING), strict=True)
    for number, test in enumerate(tests, start=1)
)
# From the paper's table: the meaning of scores up to each bound.
_MEANINGS = (
    (0, "a research project rather than a production system"),
    (1, "tested in parts, with possibly serious gaps"),
    (2, "basic readiness for production, with more to do"),
    (3, "reasonably tested; more can be automated"),
    (5, "strong automated tests and monitoring"),
)
_EXCEPTIONAL = "exceptional automated tests and monitoring"


class ScoredTest(Frozen):
    """A test with its finding."""

    section: Section
    number: int
    name: str
    asks: str
    finding: Finding


class Scorecard(Frozen):
    """The 28 tests of a model."""

    model: str
    tests: tuple[ScoredTest, ...] = Field(description="in the order of the rubric")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def sections(self) -> dict[Section, float]:
        """The sum of each section."""
        return {name: sum(t.finding.score for t in self.tests if t.section == name) for name in SECTIONS}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def total(self) -> float:
        """The final score: the lowest sum of a section."""
        return min(self.sections.values())

    @computed_field  # type: ignore[prop-decorator]
    @property
    def meaning(self) -> str:
        """What the final score means."""
        return next((text for bound, text in _MEANINGS if self.total <= bound), _EXCEPTIONAL)

    @property
    def verdict(self) -> str:
        """The final score, those of the sections, and what it means."""
        sections = ", ".join(f"{name} {total:g} of 7" for name, total in self.sections.items())
        return f"{self.total:g} of 7 ({sections}): {self.meaning}"

    @property
    def summary(self) -> str:
        """The verdict as a sentence that names the model."""
        return f"Score of {self.model}: {self.verdict}."


def score(evidence: Evidence) -> Scorecard:
    """Return the score of a model."""
    scored = (
        ScoredTest(
            section=test.section,
            number=test.number,
            name=test.name,
            asks=test.asks,
            finding=test.judge(evidence),
        )
        for test in RUBRIC
    )
    return Scorecard(model=evidence.model.name, tests=tuple(scored))
