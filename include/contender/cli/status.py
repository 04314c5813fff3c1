"""Render `contender status` for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from contender.cli.terminal import make_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contender.status import Status


def render_status(status: Status) -> tuple[Table, Table]:
    """Return a table of datasets and a table of models."""
    datasets = make_table("dataset", "last good day", "last gate", "days", "rows", title="Datasets")
    for d in status.datasets:
        datasets.add_row(
            d.name,
            _shown(d.last_good_day),
            _shown(d.last_verdict),
            _shown(d.last_judged),
            _shown(d.rows_of_last_gate),
        )
    columns = ("model", "champion", "loss", "AUC", "last night", "decision", "scored", "drift")
    models = make_table(*columns, title="Models")
    for m in status.models:
        models.add_row(
            m.name,
            _shown(m.champion),
            _figure(m.measures.loss if m.measures else None),
            _figure(m.measures.auc if m.measures else None),
            _shown(m.last_night),
            _shown(m.last_decision),
            _shown(m.last_scored_day),
            _shown(m.last_monitored and m.last_monitored.verdict),
        )
    models.caption = "\n".join(_list_notes(status)) or None
    return datasets, models


def _list_notes(status: Status) -> Iterator[str]:
    """Yield, for each model, why its newest night fitted it or did not, and the caveats of its champion."""
    for m in status.models:
        if m.fit is not None:
            yield f"{m.name}: night {m.fit.night}: {'a fit' if m.fit.due else 'no fit'} was due: {m.fit.why}"
        for caveat in m.caveats:
            yield f"{m.name} {m.champion}: {caveat}"


def _shown(value: object) -> str:
    return "–" if value is None else str(value)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
