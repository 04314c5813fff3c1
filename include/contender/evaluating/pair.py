"""Pairs what versions predicted in the shadow with outcomes, when these become known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from contender.installation import Installation
from contender.measures import Loss, Outcomes, Predictions, choose_loss, mean_loss
from contender.records import PairedDay, Question, identify
from contender.specs import Days, ModelSpec

CHAMPION, STILL = "champion", "still"

# A night that was missed is made up for; what lies further back than this is left unpaired.
NIGHTS_MADE_UP = 28


class ScoredDay(NamedTuple):
    """One day's outcomes, and what each stream predicted for the same rows: arrays as long as `outcomes`."""

    day: date
    outcomes: Outcomes
    scores: Mapping[str, Predictions]
    versions: Mapping[str, int]


def days_to_pair(model: ModelSpec, night: date, since: date) -> Days | None:
    """Return the days that a night may pair: scored since the race began in night `since`, with known outcomes.

    A night looks back by four weeks, since a day may have lacked a stream when an earlier night looked for it.
    """
    newest = model.matured_days(Days.one(night)).last
    first = max(
        model.scored_days(Days.one(since)).first,
        newest - timedelta(days=NIGHTS_MADE_UP - 1),
    )
    return Days(first=first, last=newest) if first <= newest else None


def pair_days(
    installation: Installation, model: ModelSpec, days: Days, champion: int, incumbent: str
) -> tuple[PairedDay, ...]:
    """Keep, for each day whose outcomes are known, how the incumbent and each rival did on the same rows.

    `incumbent` is the stream in the champion's place: the fingerprint of its recipe while that is refreshed, else
    `champion`, the serving version itself. A day that either did not score, or without outcomes, gives no pair; a day
    that was paired before stays as it was paired.
    """
    shadow = installation.lake.read(model.shadow_contract, days).to_pandas()
    labels = installation.lake.read(model.label_contract, days).to_pandas()
    # Before a roll-back, another version was the champion.
    shadow = shadow[(shadow["stream"] != CHAMPION) | (shadow["model_version"] == champion)]
    known = shadow.merge(labels, on=list(model.row_key), how="inner", validate="many_to_one")
    loss = choose_loss(model, installation.catalog.model_home(model.name))
    return tuple(
        installation.book.pairs.add(pair)
        for day, rows in known.groupby("day", sort=True)
        for pair in pair_day(model, loss, day, rows, incumbent)
    )


def pair_day(model: ModelSpec, loss: Loss, day: date, rows: pd.DataFrame, incumbent: str) -> list[PairedDay]:
    """Return the pairs of one day. `rows` hold the row key, `stream`, `model_version`, `score` and `label`."""
    streams = {str(name): part.set_index(list(model.row_key)) for name, part in rows.groupby("stream")}
    ours = streams.get(incumbent)
    if ours is None:
        return []
    pairs = []
    for stream, theirs in streams.items():
        shared = ours.index.intersection(theirs.index)
        both = {incumbent: ours.loc[shared], stream: theirs.loc[shared]}
        scored = ScoredDay(
            day=day,
            outcomes=both[incumbent]["label"].to_numpy(np.float64),
            scores={name: part["score"].to_numpy(np.float64) for name, part in both.items()},
            versions={name: int(part["model_version"].iloc[0]) for name, part in both.items() if len(part)},
        )
        pairs += pair_scores(model, loss, scored, incumbent)
    return pairs


def pair_scores(model: ModelSpec, loss: Loss, scored: ScoredDay, incumbent: str) -> list[PairedDay]:
    """Return the pairs of one day: the incumbent with each rival, by their mean losses on its rows."""
    rivals = [stream for stream in scored.scores if stream not in (incumbent, CHAMPION)]
    if not len(scored.outcomes) or not rivals:
        return []
    ours = mean_loss(loss, scored.outcomes, scored.scores[incumbent])
    pairs = []
    for rival in rivals:
        question: Question = "still" if rival == STILL else "race"
        pairs.append(
            PairedDay(
                id=identify("paired", model.name, question, scored.day, incumbent, rival),
                model=model.name,
                question=question,
                day=scored.day,
                incumbent=incumbent,
                rival=rival,
                incumbent_version=scored.versions[incumbent],
                rival_version=scored.versions[rival],
                incumbent_loss=ours,
                rival_loss=mean_loss(loss, scored.outcomes, scored.scores[rival]),
                rows=len(scored.outcomes),
            )
        )
    return pairs
