"""The lineage of tables, and its drawing."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.catalogue import Edge, draw, list_readers, producing_dag, related, trace_lineage
from contender.specs import Catalog, Input

TABLES = [f"datasets.t{number}" for number in range(9)]


@pytest.fixture
def chained(catalog: Catalog) -> Catalog:
    """The catalog with a second model, which reads the predictions of the first."""
    name = "flight_delay"
    first = catalog.model(name)
    other = first.model_copy(update={"name": "refunds", "inputs": (Input(predictions_of=name),)})
    return catalog.model_copy(update={"models": {name: first, "refunds": other}})


@st.composite
def lineages(choose):
    """Tables, and edges from any of them to a later one."""
    tables = TABLES[: choose(st.integers(1, len(TABLES)))]
    ends = st.tuples(st.integers(0, len(tables) - 1), st.integers(0, len(tables) - 1))
    steps = choose(st.sets(ends.filter(lambda pair: pair[0] < pair[1]), max_size=20))
    return tables, [Edge(source=tables[source], target=tables[target]) for source, target in sorted(steps)]


def test_features_and_labels_are_built_from_inputs_and_predictions_from_both(catalog):
    edges = {(edge.source, edge.target) for edge in trace_lineage(catalog)}
    assert ("datasets.departures", "features.flight_delay") in edges
    assert ("datasets.departures", "labels.flight_delay") in edges
    assert ("features.flight_delay", "predictions.flight_delay") in edges
    assert ("labels.flight_delay", "shadow.flight_delay") in edges


def test_a_model_that_reads_predictions_is_downstream_of_all_their_inputs(chained):
    edges = trace_lineage(chained)
    assert Edge(source="predictions.flight_delay", target="features.refunds") in edges
    assert "predictions.refunds" in related(edges, "datasets.weather")
    assert "datasets.weather" in related(edges, "predictions.refunds")


def test_tables_with_a_common_ancestor_only_are_not_related(chained):
    assert "datasets.planes" not in related(trace_lineage(chained), "datasets.weather")
    assert "shadow.flight_delay" not in related(trace_lineage(chained), "predictions.flight_delay")


def test_a_model_reads_the_tables_that_its_predictions_depend_on_and_its_own(chained):
    edges = trace_lineage(chained)
    read = {
        "datasets.weather": ["flight_delay", "refunds"],
        "predictions.flight_delay": ["flight_delay", "refunds"],
        "labels.refunds": ["refunds"],
        "shadow.flight_delay": ["flight_delay"],
    }
    for table, models in read.items():
        assert [model.name for model in list_readers(chained, edges, table)] == models
    assert list_readers(chained, [], "datasets.weather") == []


@pytest.mark.parametrize(
    ("table", "dag"),
    [
        ("datasets.sales", "ingest__sales"),
        ("features.churn", "features__churn"),
        ("labels.churn", "features__churn"),
        ("predictions.churn", "score__churn"),
        ("shadow.churn", "retrain__churn"),
    ],
)
def test_each_table_is_filled_by_one_dag(table, dag):
    assert producing_dag(table) == dag


@given(lineages())
def test_every_table_has_a_box_and_boxes_do_not_overlap(lineage):
    tables, edges = lineage
    drawing = draw(tables, edges)
    corners = {(box.x, box.y) for box in drawing.boxes}
    assert [box.table for box in drawing.boxes] == tables
    assert len(corners) == len(tables)
    for column in {box.x for box in drawing.boxes}:
        tops = sorted(box.y for box in drawing.boxes if box.x == column)
        assert all(lower - upper >= drawing.boxes[0].height for upper, lower in pairwise(tops))
    assert all(0 <= box.x <= drawing.width - box.width for box in drawing.boxes)
    assert all(0 <= box.y <= drawing.height - box.height for box in drawing.boxes)


@given(lineages())
def test_every_edge_runs_from_left_to_right(lineage):
    tables, edges = lineage
    drawing = draw(tables, edges)
    left = {box.table: box.x for box in drawing.boxes}
    assert {(line.source, line.target) for line in drawing.lines} == {(e.source, e.target) for e in edges}
    assert all(left[line.source] < left[line.target] for line in drawing.lines)


@given(lineages())
def test_drawing_is_deterministic(lineage):
    assert draw(*lineage) == draw(*lineage)


def test_independent_edges_do_not_cross():
    edges = [
        Edge(source="datasets.t0", target="datasets.t3"),
        Edge(source="datasets.t1", target="datasets.t2"),
    ]
    tops = {box.table: box.y for box in draw(TABLES[:4], edges).boxes}
    assert (tops["datasets.t0"] < tops["datasets.t1"]) == (tops["datasets.t3"] < tops["datasets.t2"])


def test_an_empty_lineage_has_an_empty_drawing():
    drawing = draw([], [])
    assert (drawing.width, drawing.height, drawing.boxes, drawing.lines) == (0, 0, (), ())
