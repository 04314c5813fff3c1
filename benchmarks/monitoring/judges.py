"""Let other libraries judge days. Runs in the environment of the peers, which has nothing of this project.

python judges.py FOLDER   reads `quiet.parquet` and `cases/*.parquet` in the folder; writes `judged.json`

Rows have `day`, the features, `score` and `label`. A judge is given the days before and the days to judge, and counts
its alerts on each of the latter. Settings are the defaults of each library, but for those that daily figures need.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

# The first days of the year are only compared with; then a judge that is fitted is fitted again every four weeks.
SETTLING, REFITTED_EVERY, REFERENCE_DAYS = 42, 28, 56
# The rolling reference of popmon, and the days before a case that it is given: each costs time.
WINDOW, ROLLING_DAYS = 28, 35
METRICS = ["roc_auc", "accuracy"]
NO_FEATURES = ("day", "score", "label", "predicted")

Frame = pd.DataFrame
# The alerts of each day, and figures of it.
Judged = tuple[list[int], dict[str, list[float]]]


def count_popmon(before: Frame, after: Frame) -> Judged:
    """Count red traffic lights of rolling comparisons; leave out the bounds that are only drawn."""
    from popmon.alerting import DynamicBounds
    from popmon.config import Comparison, Settings
    from popmon.pipeline.metrics import df_stability_metrics
    from popmon.pipeline.metrics_pipelines import RollingReferenceMetricsPipeline as Pipeline

    def make(self: Any, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        self.modules = [module for module in self.modules if not isinstance(module, DynamicBounds)]

    rows = pd.concat([before, after]).drop(columns=["label", "predicted"])
    settings = Settings(time_axis="day", reference_type="rolling", comparison=Comparison(window=WINDOW))
    made = Pipeline.__init__
    Pipeline.__init__ = make
    try:
        found = df_stability_metrics(rows, settings, time_width="1d", time_offset=str(rows["day"].min()))
    finally:
        Pipeline.__init__ = made
    reds = found["alerts"]["_AGGREGATE_"]["n_red"]
    by_day = dict(zip(reds.index.normalize(), reds, strict=True))
    return [int(by_day[day]) for day in after["day"].unique()], {}


def daily_figures(rows: Frame) -> Frame:
    """Return the mean and the share of missing values of each column, the mean prediction and the loss, by day."""
    values = rows.drop(columns=["day", "label", "predicted"]).select_dtypes("number")
    missing = rows.drop(columns=list(NO_FEATURES)).isna().add_prefix("missing ")
    loss = ((rows["score"] - rows["label"]) ** 2).rename("loss")
    return pd.concat([values, missing, loss], axis=1).groupby(rows["day"]).mean()


def count_river(make: Callable[[], Any]) -> Callable[[Frame, Frame], Judged]:
    """Return the judge that watches each daily figure, in standard deviations of the first days, by a detector."""

    def judge(before: Frame, after: Frame) -> Judged:
        figures = daily_figures(pd.concat([before, after]))
        first = figures.iloc[:SETTLING]
        scaled = ((figures - first.mean()) / first.std().replace(0, np.nan)).fillna(figures - first.mean())
        alerts = np.zeros(len(figures), int)
        for name in scaled:
            detector = make()
            for nth, figure in enumerate(scaled[name].fillna(0)):
                detector.update(float(figure))
                alerts[nth] += int(detector.drift_detected)
        return [int(alert) for alert in alerts[-after["day"].nunique() :]], {}

    return judge


def make_adwin() -> Any:
    """Return ADWIN that looks at each day, not at each 32nd."""
    from river.drift import ADWIN

    return ADWIN(clock=1)


def make_kswin() -> Any:
    """Return KSWIN that compares the newest week with eight weeks."""
    from river.drift import KSWIN

    return KSWIN(window_size=56, stat_size=7, seed=0)


def make_page_hinkley() -> Any:
    """Return a Page-Hinkley test with the allowance and the threshold of this project's evidence."""
    from river.drift import PageHinkley

    return PageHinkley(min_instances=WINDOW, delta=0.5, threshold=6)


def count_nannyml(name: str) -> Callable[[Frame, Frame], Judged]:
    """Return the judge of a calculator of NannyML by days."""

    def judge(before: Frame, after: Frame) -> Judged:
        import nannyml

        features = [column for column in before if column not in NO_FEATURES]
        drift = {"timestamp_column_name": "day", "chunk_period": "D", "column_names": [*features, "score"]}
        performance = {"timestamp_column_name": "day", "chunk_period": "D", "metrics": METRICS} | {
            "y_pred_proba": "score",
            "y_pred": "predicted",
            "y_true": "label",
            "problem_type": "classification_binary",
        }
        reference = before[before["day"] >= before["day"].unique()[-REFERENCE_DAYS:][0]]
        if name == "drift":
            calculators = [
                nannyml.UnivariateDriftCalculator(**drift),
                nannyml.MissingValuesCalculator(**drift),
            ]
            frames = [each.fit(reference).calculate(after).to_df() for each in calculators]
        elif name == "CBPE":
            frames = [nannyml.CBPE(**performance).fit(reference).estimate(after).to_df()]
        else:
            frames = [nannyml.PerformanceCalculator(**performance).fit(reference).calculate(after).to_df()]
        return _count_alerts(frames), _read_estimates(frames[0]) if name == "CBPE" else {}

    return judge


def _count_alerts(frames: list[Any]) -> list[int]:
    alerts = [_judged(frame).xs("alert", axis=1, level=-1).fillna(False).astype(int) for frame in frames]
    return [int(alert) for alert in np.sum([each.sum(axis=1).to_numpy() for each in alerts], axis=0)]


def _judged(frame: Any) -> Any:
    """Return the rows of the judged days, without those of the reference."""
    periods = frame.xs("period", axis=1, level=-1).iloc[:, 0]
    return frame[(periods == "analysis").to_numpy()]


def _read_estimates(frame: Any) -> dict[str, list[float]]:
    judged = _judged(frame)
    return {
        f"{kind} {metric}": [float(figure) for figure in judged[(metric, column)]]
        for metric in METRICS
        for kind, column in (("estimated", "value"), ("realized", "realized"))
    }


class Judge(NamedTuple):
    """A judge, and whether it is fitted on days before; others remember days by themselves."""

    judge: Callable[[Frame, Frame], Judged]
    fitted: bool


JUDGES = {
    "popmon": Judge(count_popmon, fitted=False),
    "river ADWIN": Judge(count_river(make_adwin), fitted=False),
    "river KSWIN": Judge(count_river(make_kswin), fitted=False),
    "river PageHinkley": Judge(count_river(make_page_hinkley), fitted=False),
    "NannyML drift": Judge(count_nannyml("drift"), fitted=True),
    "NannyML CBPE": Judge(count_nannyml("CBPE"), fitted=True),
    "NannyML performance": Judge(count_nannyml("performance"), fitted=True),
}


def read_rows(place: Path) -> Frame:
    """Return rows in the order of days, with the prediction as a class."""
    rows = pd.read_parquet(place).sort_values("day", kind="stable").reset_index(drop=True)
    return rows.assign(
        day=pd.to_datetime(rows["day"]),
        label=rows["label"].astype(int),
        predicted=(rows["score"] > rows["label"].mean()).astype(int),
    )


def split(days: np.ndarray[Any, Any], judge: Judge) -> Iterator[tuple[int, int]]:
    """Yield the first and last place of the quiet days that are judged at once."""
    step = REFITTED_EVERY if judge.fitted else len(days)
    for first in range(SETTLING, len(days), step):
        yield first, min(first + step, len(days))


def judge_all(judge: Judge, quiet: Frame, cases: list[Frame]) -> dict[str, Any]:
    """Return the alerts on quiet days and in each case, with figures, and the CPU seconds."""
    days, began = quiet["day"].unique(), time.process_time()
    found: dict[str, Any] = {"quiet": [], "cases": [], "figures": {}, "case_figures": []}
    for first, last in split(days, judge):
        after = quiet[(quiet["day"] >= days[first]) & (quiet["day"] <= days[last - 1])]
        alerts, figures = judge.judge(quiet[quiet["day"] < days[first]], after)
        found["quiet"] += alerts
        for name, its in figures.items():
            found["figures"].setdefault(name, []).extend(its)
    for case in cases:
        before = quiet[quiet["day"] < case["day"].iloc[0]]
        if judge.judge is count_popmon:
            before = before[before["day"] >= before["day"].unique()[-ROLLING_DAYS:][0]]
        alerts, figures = judge.judge(before, case)
        found["cases"].append(alerts)
        found["case_figures"].append(figures)
    return found | {"seconds": round(time.process_time() - began, 1)}


def main() -> None:
    """Judge a folder."""
    os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"  # NannyML reports its use to its makers otherwise
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    folder = Path(sys.argv[1])
    quiet = read_rows(folder / "quiet.parquet")
    cases = [read_rows(place) for place in sorted((folder / "cases").glob("*.parquet"))]
    found: dict[str, Any] = {}
    for name, judge in JUDGES.items():
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            found[name] = judge_all(judge, quiet, cases)
        print(name, found[name]["seconds"], "CPU seconds", file=sys.stderr)
    (folder / "judged.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
