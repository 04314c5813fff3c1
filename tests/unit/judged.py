"""A healthy refresh of made-up figures, to change in one place at a time."""

from __future__ import annotations

from datetime import date

from contender.records import Evaluation, Measures, Pin, TrainedVersion
from contender.specs import Days


def version(
    number: int, *, last: date = date(2013, 8, 24), rows: int = 200_000, recipe: str = "r1"
) -> TrainedVersion:
    return TrainedVersion(
        model="flight_delay",
        version=number,
        night=date(2013, 8, 31),
        recipe="boosted_trees",
        recipe_fingerprint=recipe,
        features=(),
        trained_on=Days(first=date(2013, 1, 1), last=last),
        days_with_rows=230,
        rows=rows,
        mean_label=0.25,
        pins=(),
        seed=1,
        code_version="c",
        environment="e",
    )


def measures(loss: float = 0.15, calibration: float = 0.05) -> Measures:
    return Measures(
        rows=6000,
        mean_label=1 / 6,
        loss=loss,
        auc=0.68,
        brier=loss,
        log_loss=0.45,
        calibration_error=calibration,
    )


def evaluation(**changes: object) -> Evaluation:
    healthy = {
        "id": "e1",
        "model": "flight_delay",
        "night": date(2013, 8, 31),
        "judged_on": Days(first=date(2013, 8, 25), last=date(2013, 8, 31)),
        "challenger": version(2, last=date(2013, 8, 24)),
        "champion": version(1, last=date(2013, 8, 23)),
        "challenger_measures": measures(0.150),
        "champion_measures": measures(0.151),
        "baseline_measures": measures(0.160),
        "disagreement": 0.01,
        "shift": 0.002,
    }
    return Evaluation(**(healthy | changes))


def pinned(number: int, *pins: tuple[str, int]) -> TrainedVersion:
    """A version that was fitted on these snapshots, each a table and an id."""
    return version(number).model_copy(
        update={"pins": tuple(Pin(table=table, snapshot=snapshot) for table, snapshot in pins)}
    )
