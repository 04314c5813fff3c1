"""Lay out a lineage graph from left to right: the position of each table's box, and the lines between them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from graphlib import TopologicalSorter
from itertools import pairwise
from statistics import fmean

from contender.catalogue.lineage import Edge
from contender.specs.frozen import Frozen

LETTER = 7.5  # width of a letter in a box
BOX_HEIGHT = 30.0
GAP_ACROSS = 70.0
GAP_DOWN = 14.0
SWEEPS = 4

# A table, or (table, column number) where its lines to later columns pass through a column; they are bundled.
Node = tuple[str, ...]


class Box(Frozen):
    """The box of a table: upper left corner and size, in pixels."""

    table: str
    x: float
    y: float
    width: float
    height: float


class Line(Frozen):
    """A line between two boxes, as an SVG path."""

    source: str
    target: str
    path: str


class Drawing(Frozen):
    """A drawing: its size in pixels, boxes and lines."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def draw(tables: Collection[str], edges: Iterable[Edge]) -> Drawing:
    """Lay out these tables and the edges between them; edges to other tables are left out.

    A table is one column to the right of its rightmost upstream table. The layout is deterministic.
    Raises graphlib.CycleError if the lineage has a cycle.
    """
    known = [edge for edge in edges if edge.source in tables and edge.target in tables]
    columns = _columns(tables, known)
    ways = {(edge.source, edge.target): _way(edge, columns) for edge in known}
    grid = _untangled(_grid(tables, columns, ways.values()), list(ways.values()))
    wide = max((len(table) for table in tables), default=0) * LETTER + 20
    tall = max((len(column) for column in grid), default=0)
    places = {
        node: (number * (wide + GAP_ACROSS), _top(row, len(column), tall))
        for number, column in enumerate(grid)
        for row, node in enumerate(column)
    }
    boxes = [
        Box(table=t, x=places[(t,)][0], y=places[(t,)][1], width=wide, height=BOX_HEIGHT) for t in tables
    ]
    lines = [Line(source=s, target=t, path=_path(way, places, wide)) for (s, t), way in ways.items()]
    return Drawing(
        width=max(len(grid) * (wide + GAP_ACROSS) - GAP_ACROSS, 0),
        height=max(tall * (BOX_HEIGHT + GAP_DOWN) - GAP_DOWN, 0),
        boxes=tuple(boxes),
        lines=tuple(lines),
    )


def _columns(tables: Collection[str], edges: Sequence[Edge]) -> dict[str, int]:
    sources = {table: [edge.source for edge in edges if edge.target == table] for table in tables}
    columns: dict[str, int] = {}
    for table in TopologicalSorter(sources).static_order():
        columns[table] = max((columns[source] + 1 for source in sources[table]), default=0)
    return columns


def _way(edge: Edge, columns: Mapping[str, int]) -> list[Node]:
    """The nodes that an edge passes through, one per column."""
    between = range(columns[edge.source] + 1, columns[edge.target])
    bends: list[Node] = [(edge.source, str(column)) for column in between]
    return [(edge.source,), *bends, (edge.target,)]


def _grid(
    tables: Collection[str], columns: Mapping[str, int], ways: Iterable[list[Node]]
) -> list[list[Node]]:
    grid: list[list[Node]] = [[] for _ in range(max(columns.values(), default=-1) + 1)]
    for table in tables:
        grid[columns[table]].append((table,))
    for way in ways:
        for column, bend in enumerate(way[1:-1], start=columns[way[0][0]] + 1):
            if bend not in grid[column]:
                grid[column].append(bend)
    return grid


def _untangled(grid: list[list[Node]], ways: list[list[Node]]) -> list[list[Node]]:
    """Reduce crossings: order each column by the mean row of its neighbours, alternately from left and right."""
    steps = [step for way in ways for step in pairwise(way)]
    before: dict[Node, list[Node]] = {}
    after: dict[Node, list[Node]] = {}
    for source, target in steps:
        before.setdefault(target, []).append(source)
        after.setdefault(source, []).append(target)
    for sweep in range(SWEEPS):
        tied, order = (
            (before, range(1, len(grid))) if sweep % 2 == 0 else (after, range(len(grid) - 2, -1, -1))
        )
        for column in order:
            rows = {node: row for nodes in grid for row, node in enumerate(nodes)}
            # Nodes without neighbours on that side keep their row.
            means = {node: fmean(rows[other] for other in tied.get(node, [node])) for node in grid[column]}
            grid[column] = sorted(grid[column], key=means.__getitem__)
    return grid


def _top(row: int, rows: int, tall: int) -> float:
    return (row + (tall - rows) / 2) * (BOX_HEIGHT + GAP_DOWN)


def _path(way: list[Node], places: Mapping[Node, tuple[float, float]], wide: float) -> str:
    """A line that is horizontal through each node, and curved between them."""
    commands: list[str] = []
    for left, right in pairwise(way):
        (start, from_top), (end, to_top) = places[left], places[right]
        begin, middle = start + wide, start + wide + GAP_ACROSS / 2
        leaves, enters = from_top + BOX_HEIGHT / 2, to_top + BOX_HEIGHT / 2
        commands.append("M" if not commands else "L")
        commands.append(
            f"{begin:g} {leaves:g} C{middle:g} {leaves:g} {middle:g} {enters:g} {end:g} {enters:g}"
        )
    return " ".join(commands)
