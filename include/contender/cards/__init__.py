"""Model cards as proposed by Mitchell et al. (FAT* 2019): training data, measures, slices and limits of a version."""

from contender.cards.card import MEASURE_NAMES, CardError, Caution, Comparison, ModelCard, make_card
from contender.cards.compare import ComparedVersions, compare_cards
from contender.cards.read import read_card
from contender.cards.render import TEMPLATES, draw_card, draw_judgement, render_html, render_markdown

__all__ = [
    "MEASURE_NAMES",
    "TEMPLATES",
    "CardError",
    "Caution",
    "ComparedVersions",
    "Comparison",
    "ModelCard",
    "compare_cards",
    "draw_card",
    "draw_judgement",
    "make_card",
    "read_card",
    "render_html",
    "render_markdown",
]
