"""Train: fits tonight's challenger, time-ordered and pinned, beside the simple baseline on the same rows."""

from contender.training.caveats import note_released, note_superseded
from contender.training.fit import TrainingError, train
from contender.training.provenance import fingerprint_recipe

__all__ = ["TrainingError", "fingerprint_recipe", "note_released", "note_superseded", "train"]
