"""Pair shadow predictions with their outcomes, once these are known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

import pandas as pd

from contender.installation import Installation
from contender.measures import Loss, Outcomes, Predictions, choose_loss, kind_of, mean_loss, read_scores
from contender.records import PairedDay, Question, identify
from contender.specs import Days, ModelSpec

CHAMPION, STILL = "champion", "still"

# A night also pairs the days that earlier nights missed, but none older than this.
NIGHTS_MADE_UP = 28


class ScoredDay(NamedTuple):
    """One day's outcomes, and each stream's predictions for the same rows: arrays as long as `outcomes`."""

    day: date
    outcomes: Outcomes
    scores: Mapping[str, Predictions]
    versions: Mapping[str, int]


def days_to_pair(model: ModelSpec, night: date, since: date) -> Days | None:
    """Return the days that a night may pair: scored since the tests started in night `since`, with known outcomes.

    At most the last four weeks: a stream that was missing on an earlier night may have been scored since.
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
    """Store, for each day with known outcomes, the losses of the incumbent and of each rival on the same rows.

    `incumbent` is the stream that rivals are compared with: the fingerprint of the champion's recipe while it is
    refreshed, else `champion`, the serving version itself. A day without outcomes, or that one of the two did not
    score, gives no pair. A day that is already paired does not change.
    """
    shadow = installation.lake.read(model.shadow_contract, days).to_pandas()
    labels = installation.lake.read(model.label_contract, days).to_pandas()
    # Before a roll-back, the stream `champion` was another version.
    shadow = shadow[(shadow["stream"] != CHAMPION) | (shadow["model_version"] == champion)]
    known = shadow.merge(labels, on=list(model.row_key), how="inner", validate="many_to_one")
    loss = choose_loss(model, installation.catalog.model_home(model.name))
    return tuple(
        installation.book.pairs.add(pair)
        for day, rows in known.groupby("day", sort=True)
        for pair in pair_day(model, loss, day, rows, incumbent)
    )


def pair_day(model: ModelSpec, loss: Loss, day: date, rows: pd.DataFrame, incumbent: str) -> list[PairedDay]:
    """Return the pairs of one day. `rows` has the row key, `stream`, `model_version`, the scores and `label`."""
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
            outcomes=kind_of(model).encode(both[incumbent]["label"]),
            scores={name: read_scores(model, part) for name, part in both.items()},
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
