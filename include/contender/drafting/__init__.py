"""Draft contracts for a person to check: a dataset's from a delivery, a model's from its dataset."""

from contender.drafting.database import draft_query
from contender.drafting.dataset import draft_dataset, draft_from_files
from contender.drafting.draft import Draft, DraftError
from contender.drafting.model import choose_dataset, draft_model
from contender.drafting.shape import find_naming
from contender.drafting.source import expression
from contender.drafting.write import write_draft

__all__ = [
    "Draft",
    "DraftError",
    "choose_dataset",
    "draft_dataset",
    "draft_from_files",
    "draft_model",
    "draft_query",
    "expression",
    "find_naming",
    "write_draft",
]
