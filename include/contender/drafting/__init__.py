"""Draft contracts for a person to check: a dataset's from a delivery, a model's from its dataset."""

from contender.drafting.dataset import draft_dataset
from contender.drafting.draft import Draft, DraftError
from contender.drafting.model import choose_dataset, draft_model
from contender.drafting.write import write_draft

__all__ = ["Draft", "DraftError", "choose_dataset", "draft_dataset", "draft_model", "write_draft"]
