"""The criteria of an evaluation: a model's loss, behaviour tests, slices and bounds, and their fingerprint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from contender.measures import Loss, choose_loss
from contender.records import identify
from contender.specs import BehaviourTest, ModelSpec, load_behaviour

# The files of a model's folder that versions are judged with, and not fitted from.
CRITERIA_FILES = ("behaviour.py", "cost.py")
_FIELDS = {
    "predicts",
    "classes",
    "quantiles",
    "loss",
    "slices",
    "guards",
    "evaluation_days",
    "measured_rows",
    "horizon_days",
    "label_maturity_days",
}


@dataclass(frozen=True)
class Criteria:
    """A model's loss and behaviour tests, and the fingerprint of everything that versions are judged by."""

    loss: Loss
    tests: Sequence[BehaviourTest]
    fingerprint: str


def read_criteria(model: ModelSpec, home: Path) -> Criteria:
    """Load a model's loss and behaviour tests from its folder. Raises LossError and BehaviourError."""
    return Criteria(choose_loss(model, home), load_behaviour(home), fingerprint_criteria(model, home))


def fingerprint_criteria(model: ModelSpec, home: Path) -> str:
    """Return the fingerprint of what an evaluation and the decision on it depend on, besides versions and rows.

    Fields at their default are left out, so that a new field of the contract does not change it.
    """
    contract = model.model_dump_json(include=_FIELDS, exclude_defaults=True)
    used = [name for name in CRITERIA_FILES if name != "cost.py" or model.loss == "cost"]
    files = [sha256((home / name).read_bytes()).hexdigest() for name in used if (home / name).is_file()]
    return identify("criteria", contract, *files)
