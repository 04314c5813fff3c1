"""The catalogue of all tables and the history of models, read from contracts, lake and book of record."""

from contender.catalogue.columns import (
    MOST_COLUMNS,
    MOST_DAYS,
    ColumnHistory,
    describe_columns,
    draw_columns,
    trace_columns,
)
from contender.catalogue.drawing import Box, Drawing, Line, draw
from contender.catalogue.freshness import Freshness, judge_freshness
from contender.catalogue.health import Health, count_healthy, find_tables, judge_health
from contender.catalogue.history import ModelHistory, draw_history, read_history, read_promotions
from contender.catalogue.lineage import Edge, list_readers, producing_dag, related, tables_of, trace_lineage
from contender.catalogue.promotions import Told, tell_decision
from contender.catalogue.quality import MOST_BATCHES, describe_quality, draw_quality
from contender.catalogue.read import (
    Catalogue,
    Entry,
    ExpectationEntry,
    GateSummary,
    describe_table,
    read_catalogue,
)

__all__ = [
    "MOST_BATCHES",
    "MOST_COLUMNS",
    "MOST_DAYS",
    "Box",
    "Catalogue",
    "ColumnHistory",
    "Drawing",
    "Edge",
    "Entry",
    "ExpectationEntry",
    "Freshness",
    "GateSummary",
    "Health",
    "Line",
    "ModelHistory",
    "Told",
    "count_healthy",
    "describe_columns",
    "describe_quality",
    "describe_table",
    "draw",
    "draw_columns",
    "draw_history",
    "draw_quality",
    "find_tables",
    "judge_freshness",
    "judge_health",
    "list_readers",
    "producing_dag",
    "read_catalogue",
    "read_history",
    "read_promotions",
    "related",
    "tables_of",
    "tell_decision",
    "trace_columns",
    "trace_lineage",
]
