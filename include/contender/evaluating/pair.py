"""Pairs what was scored in the shadow with outcomes, when these become known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd

from contender.lake import Lake
from contender.measures import Loss, Outcomes, Predictions, choose_loss, mean_loss
from contender.records import Book, PairedDay, Question, identify
from contender.specs import Catalog, Days, ModelSpec

CHAMPION, STILL = "champion", "still"

# A night that was missed is made up for; what lies further back than this is left, and said to have been.
NIGHTS_MADE_UP = 28


def pair_days(
    catalog: Catalog,
    model: ModelSpec,
    night: date,
    since: date,
    incumbent: str,
    champion: int,
    lake: Lake,
    book: Book,
) -> tuple[PairedDay, ...]:
    """Keep, for each day whose outcomes are known by `night`, how the incumbent and each rival did on the same rows.

    `since` is the night in which the present champion's race began. `incumbent` is the stream in the champion's place:
    the fingerprint of its recipe while that is refreshed, else `champion`, the serving version itself. A day that
    either did not score, or without outcomes, gives no pair; a day that was paired before stays as it was paired.
    """
    newest = model.matured_days(Days.one(night)).last
    first = max(
        model.scored_days(Days.one(since)).first,
        newest - timedelta(days=NIGHTS_MADE_UP - 1),
    )
    if first > newest:
        return ()
    days = Days(first=first, last=newest)
    shadow = lake.read(model.shadow_contract, days).to_pandas()
    labels = lake.read(model.label_contract, days).to_pandas()
    # Before a roll-back, another version was the champion.
    shadow = shadow[(shadow["stream"] != CHAMPION) | (shadow["model_version"] == champion)]
    known = shadow.merge(labels, on=list(model.row_key), how="inner", validate="many_to_one")
    loss = choose_loss(model, catalog.model_home(model.name))
    return tuple(
        book.pairs.add(pair)
        for day, rows in known.groupby("day", sort=True)
        for pair in pair_day(model, loss, day, rows, incumbent)
    )


def pair_day(model: ModelSpec, loss: Loss, day: date, rows: pd.DataFrame, incumbent: str) -> list[PairedDay]:
    """The pairs of one day. `rows` holds the row key, `stream`, `model_version`, `score` and `label`."""
    streams = {str(name): part.set_index(list(model.row_key)) for name, part in rows.groupby("stream")}
    ours = streams.get(incumbent)
    if ours is None:
        return []
    pairs = []
    for stream, theirs in streams.items():
        shared = ours.index.intersection(theirs.index)
        both = {incumbent: ours.loc[shared], stream: theirs.loc[shared]}
        pairs += pair_scores(
            model,
            loss,
            day,
            both[incumbent]["label"].to_numpy(np.float64),
            {name: part["score"].to_numpy(np.float64) for name, part in both.items()},
            {name: int(part["model_version"].iloc[0]) for name, part in both.items() if len(part)},
            incumbent,
        )
    return pairs


def pair_scores(
    model: ModelSpec,
    loss: Loss,
    day: date,
    outcomes: Outcomes,
    scores: Mapping[str, Predictions],
    versions: Mapping[str, int],
    incumbent: str,
) -> list[PairedDay]:
    """The pairs of one day from what each stream foretold of the same rows, arrays as long as `outcomes`."""
    rivals = [stream for stream in scores if stream not in (incumbent, CHAMPION)]
    if not len(outcomes) or not rivals:
        return []
    ours = mean_loss(loss, outcomes, scores[incumbent])
    return [
        _pair(
            model,
            day,
            incumbent,
            rival,
            versions,
            (ours, mean_loss(loss, outcomes, scores[rival])),
            len(outcomes),
        )
        for rival in rivals
    ]


def _pair(
    model: ModelSpec,
    day: date,
    incumbent: str,
    rival: str,
    versions: Mapping[str, int],
    losses: tuple[float, float],
    rows: int,
) -> PairedDay:
    question: Question = "still" if rival == STILL else "race"
    return PairedDay(
        id=identify("paired", model.name, question, day, incumbent, rival),
        model=model.name,
        question=question,
        day=day,
        incumbent=incumbent,
        rival=rival,
        incumbent_version=versions[incumbent],
        rival_version=versions[rival],
        incumbent_loss=losses[0],
        rival_loss=losses[1],
        rows=rows,
    )
