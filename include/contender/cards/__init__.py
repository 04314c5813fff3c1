"""Model cards: what is known of a version, and what it must not be used for, as Mitchell et al. (FAT* 2019) ask for."""

from contender.cards.card import CardError, Caution, Comparison, ModelCard, make_card
from contender.cards.read import read_card
from contender.cards.render import TEMPLATES, draw_card, render_html, render_markdown

__all__ = [
    "TEMPLATES",
    "CardError",
    "Caution",
    "Comparison",
    "ModelCard",
    "draw_card",
    "make_card",
    "read_card",
    "render_html",
    "render_markdown",
]
