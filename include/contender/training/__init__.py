"""Training: fit challengers, and the baseline on the same rows, from pinned snapshots."""

from contender.training.caveats import note_released
from contender.training.fit import (
    FitInputs,
    Fitted,
    TooFewRows,
    TrainingError,
    count_missing,
    find_unusable_recipes,
    fit_recipe,
    record_fit,
    train,
    training_days,
)
from contender.training.pipelines import Functions, load_functions
from contender.training.provenance import (
    code_version,
    digest_sources,
    environment,
    fingerprint_recipe,
    keep_environment,
    packages,
)

__all__ = [
    "FitInputs",
    "Fitted",
    "Functions",
    "TooFewRows",
    "TrainingError",
    "code_version",
    "count_missing",
    "digest_sources",
    "environment",
    "find_unusable_recipes",
    "fingerprint_recipe",
    "fit_recipe",
    "keep_environment",
    "load_functions",
    "note_released",
    "packages",
    "record_fit",
    "train",
    "training_days",
]
