"""Pair shadow predictions with their outcomes, once these are known."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from contender.installation import Installation
from contender.lake import open_pieces, read_each_measured, read_measured
from contender.measures import (
    Loss,
    Outcomes,
    PredictionError,
    Predictions,
    choose_loss,
    kind_of,
    mean_loss,
    predict,
    read_scores,
)
from contender.records import CHAMPION, PairedDay, identify, question_of
from contender.specs import Days, ModelSpec

log = logging.getLogger(__name__)

# A night also pairs the days that earlier nights missed, but none older than this.
NIGHTS_MADE_UP = 28


class ScoredDay(NamedTuple):
    """One day's outcomes, and each stream's predictions for the same rows: arrays as long as `outcomes`.

    The version is None for a rival without a score, whose predictions are the baseline's.
    """

    day: date
    outcomes: Outcomes
    scores: Mapping[str, Predictions]
    versions: Mapping[str, int | None]


class Streams(NamedTuple):
    """The streams that are paired.

    `incumbent` is the stream that rivals are compared with: the fingerprint of the champion's recipe while it is
    refreshed, else `champion`, the serving version itself. `entered` maps each declared rival that was paired since the
    tests started to its first paired day.
    """

    champion: int
    incumbent: str
    entered: Mapping[str, date]


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
    installation: Installation, model: ModelSpec, days: Days, streams: Streams
) -> tuple[PairedDay, ...]:
    """Store, for each day with known outcomes, the losses of the incumbent and of each rival on the same rows.

    A day without outcomes, or without a score of the incumbent, gives no pair. A rival that has entered and has no
    score counts with the baseline's loss, because the baseline would have served. A day that is already paired does not
    change.
    """
    loss = choose_loss(model, installation.catalog.model_home(model.name))
    pairs: list[PairedDay] = []
    for day, rows in _read_known(installation, model, days, streams):
        pairs += pair_day(model, loss, day, rows, streams.incumbent)
        ours = rows[rows["stream"] == streams.incumbent]
        absent = find_absent(streams, day, set(rows["stream"]))
        if len(ours) and absent:
            scored = _score_by_baseline(installation, model, day, ours)
            scores = {streams.incumbent: read_scores(model, ours), **dict.fromkeys(absent, scored)}
            versions = {streams.incumbent: int(ours["model_version"].iloc[0]), **dict.fromkeys(absent)}
            outcomes = kind_of(model).encode(ours["label"])
            pairs += pair_scores(model, loss, ScoredDay(day, outcomes, scores, versions), streams.incumbent)
    return tuple(installation.book.pairs.add(pair) for pair in pairs)


def _read_known(
    installation: Installation, model: ModelSpec, days: Days, streams: Streams
) -> Iterator[tuple[date, pd.DataFrame]]:
    """Yield the shadow predictions of each day with their outcomes, but for days of many rows that are paired."""
    lake = installation.lake
    shadows, outcomes = (
        lake.day_files(contract.table, days) for contract in (model.shadow_contract, model.label_contract)
    )
    for day in [day for day, file in shadows.items() if file.rows > model.measured_rows]:
        if _is_paired(installation, model, day, streams):
            del shadows[day]
    both = shadows.keys() & outcomes.keys()
    labels = read_each_measured(lake, model, model.label_contract, {day: outcomes[day] for day in both})
    predictions = read_each_measured(lake, model, model.shadow_contract, {day: shadows[day] for day in both})
    for (day, known), (_, predicted) in zip(labels, predictions, strict=True):
        shadow = predicted.to_pandas()
        # Before a roll-back, the stream `champion` was another version.
        shadow = shadow[(shadow["stream"] != CHAMPION) | (shadow["model_version"] == streams.champion)]
        rows = shadow.merge(known.to_pandas(), on=list(model.row_key), how="inner", validate="many_to_one")
        if len(rows):
            yield day, rows


def _is_paired(installation: Installation, model: ModelSpec, day: date, streams: Streams) -> bool:
    """Return whether all streams of a day are paired with the incumbent, by reading their names alone."""
    pieces = open_pieces(installation.lake, model.shadow_contract, Days.one(day))
    assert pieces is not None, "the day has a file"
    columns = ("stream", "model_version")
    present = {
        str(one["stream"])
        for piece in replace(pieces, columns=columns)
        for one in piece.select(columns).group_by(columns).aggregate([]).to_pylist()
        if one["stream"] != CHAMPION or one["model_version"] == streams.champion
    }
    if streams.incumbent not in present:
        return True  # nothing to compare with
    rivals = {*present, *find_absent(streams, day, present)} - {streams.incumbent, CHAMPION}
    return all(
        installation.book.pairs.get(pair_id(model.name, day, streams.incumbent, rival)) for rival in rivals
    )


def first_paired_days(pairs: Iterable[PairedDay]) -> dict[str, date]:
    """Return the first paired day of each rival. `pairs` is ordered by day."""
    first: dict[str, date] = {}
    for pair in pairs:
        if pair.question == "race":
            first.setdefault(pair.rival, pair.day)
    return first


def find_absent(streams: Streams, day: date, present: Collection[str]) -> tuple[str, ...]:
    """Return the rivals that had entered before a day and have no score for it."""
    return tuple(
        rival
        for rival, first in sorted(streams.entered.items())
        if first < day and rival not in present and rival != streams.incumbent
    )


def _score_by_baseline(
    installation: Installation, model: ModelSpec, day: date, ours: pd.DataFrame
) -> Predictions:
    """Return the predictions of the incumbent's baseline; if it cannot predict, the worst ones."""
    key = list(model.row_key)
    features = read_measured(installation.lake, model, model.feature_contract, Days.one(day)).to_pandas()
    rows = ours[key].merge(features, on=key, how="left", validate="one_to_one")
    version = int(ours["model_version"].iloc[0])
    try:
        baseline = installation.registry.load_baseline(model.name, version)
        return predict(model, baseline, rows, model.baseline_features)
    except PredictionError as error:
        log.warning("%s: the baseline of version %d cannot predict %s: %s", model.name, version, day, error)
        kind = kind_of(model)
        return kind.worst(kind.encode(ours["label"]))


def pair_day(model: ModelSpec, loss: Loss, day: date, rows: pd.DataFrame, incumbent: str) -> list[PairedDay]:
    """Return the pairs of one day. `rows` has the row key, `stream`, `model_version`, the scores and `label`."""
    streams = {str(name): part for name, part in rows.groupby("stream")}
    ours = streams.get(incumbent)
    if ours is None:
        return []
    pairs = []
    for stream, theirs in streams.items():
        both = dict(zip((incumbent, stream), _share_rows(list(model.row_key), ours, theirs), strict=True))
        scored = ScoredDay(
            day=day,
            outcomes=kind_of(model).encode(both[incumbent]["label"]),
            scores={name: read_scores(model, part) for name, part in both.items()},
            versions={name: int(part["model_version"].iloc[0]) for name, part in both.items() if len(part)},
        )
        pairs += pair_scores(model, loss, scored, incumbent)
    return pairs


def _share_rows(
    key: list[str], ours: pd.DataFrame, theirs: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows whose keys both have, in the order of ours."""
    if np.array_equal(ours[key].to_numpy(), theirs[key].to_numpy()):
        return ours, theirs  # the usual case, without an index of keys
    one, other = ours.set_index(key), theirs.set_index(key)
    shared = one.index.intersection(other.index)
    return one.loc[shared], other.loc[shared]


def pair_scores(model: ModelSpec, loss: Loss, scored: ScoredDay, incumbent: str) -> list[PairedDay]:
    """Return the pairs of one day: the incumbent with each rival, by their mean losses on its rows."""
    rivals = [stream for stream in scored.scores if stream not in (incumbent, CHAMPION)]
    if not len(scored.outcomes) or not rivals:
        return []
    ours = mean_loss(loss, scored.outcomes, scored.scores[incumbent])
    pairs = []
    for rival in rivals:
        question = question_of(rival)
        pairs.append(
            PairedDay(
                id=pair_id(model.name, scored.day, incumbent, rival),
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


def pair_id(model: str, day: date, incumbent: str, rival: str) -> str:
    """Return the id of the pair of two streams on a day."""
    return identify("paired", model, question_of(rival), day, incumbent, rival)
