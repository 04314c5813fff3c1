"""The same night by hand, in DuckDB, Polars and scikit-learn: `floor.py STATE LANDING NIGHT`.

Written for this one model, as an expert would: Parquet files by day, no tables, gates, registry, ledger or monitoring
beyond a few lines. It imports nothing of the engine; the estimators are the model's own. Predictions are equal to the
last digit. Prints one line of JSON, as `bare.py` does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks.night.steps import Steps

steps = Steps()
with steps.measure("imports"):
    import duckdb
    import joblib
    import numpy as np
    import polars as pl
    from sklearn.pipeline import Pipeline

    from include.catalog.models.flight_delay import baseline, estimator, linear

KEY = ["day", "carrier", "flight", "origin"]
FEATURES = [
    *("airline", "airport", "dep_hour", "arr_hour", "weekday", "distance"),
    *("dest_lat", "dest_lon", "hour_flights", "carrier_late", "origin_late", "dest_late"),
    *("flight_late", "flight_seen", "origin_late_newest", "carrier_late_newest", "seats", "built"),
    *("humid", "wind", "rain", "visib"),
]
BASELINE = ["airport", "dep_hour"]
SEED = 20130901
TREES = {"max_iter": 80, "learning_rate": 0.05, "max_leaf_nodes": 15, "min_samples_leaf": 200}
EVALUATED_DAYS, WINDOW_DAYS = 7, 365
A_DAY = timedelta(days=1)
TYPES: dict[str, Any] = {
    "day": pl.Date,
    **dict.fromkeys(("flight", "sched_dep_time", "sched_arr_time", "dep_time", "arr_time"), pl.Int64),
    **dict.fromkeys(("distance", "dep_delay", "arr_delay", "air_time"), pl.Float64),
    **dict.fromkeys(("temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust"), pl.Float64),
    **dict.fromkeys(("precip", "pressure", "visib"), pl.Float64),
    **dict.fromkeys(("carrier", "origin", "dest", "tailnum"), pl.String),
    "observed_at": pl.Datetime("us", "UTC"),
}
KEYS = {"departures": KEY, "schedule": KEY, "weather": ["day", "origin", "observed_at"]}
LATE = "CASE WHEN dep_time IS NULL OR arr_delay > 15 THEN 1 ELSE 0 END"
SQL_FEATURES = f"""
WITH flown AS (
    SELECT d.*, {LATE} AS late, d.day = $night AS newest, p.seats, p.year AS built
    FROM departures d LEFT JOIN planes p USING (tailnum)
),
asked AS (
    SELECT *, carrier AS airline, origin AS airport, sched_dep_time // 100 AS dep_hour,
        sched_arr_time // 100 AS arr_hour, dayofweek(day) + 1 AS weekday,
        count(flight) OVER (PARTITION BY origin, sched_dep_time // 100) AS hour_flights
    FROM schedule
),
by_carrier AS (
    SELECT carrier, sum(late)::DOUBLE / count(*) AS carrier_late,
        sum(late) FILTER (newest)::DOUBLE / nullif(count(*) FILTER (newest), 0) AS carrier_late_newest
    FROM flown GROUP BY carrier
),
by_origin AS (
    SELECT origin, sum(late)::DOUBLE / count(*) AS origin_late,
        sum(late) FILTER (newest)::DOUBLE / nullif(count(*) FILTER (newest), 0) AS origin_late_newest
    FROM flown GROUP BY origin
),
by_dest AS (SELECT dest, sum(late)::DOUBLE / count(*) AS dest_late FROM flown GROUP BY dest),
by_flight AS (
    SELECT carrier, flight, sum(late)::DOUBLE / count(*) AS flight_late, count(*) AS flight_seen
    FROM flown GROUP BY carrier, flight
),
by_route AS (
    SELECT carrier, origin, dest, sum(seats)::DOUBLE / nullif(count(seats), 0) AS seats,
        sum(built)::DOUBLE / nullif(count(built), 0) AS built
    FROM flown GROUP BY carrier, origin, dest
),
sky AS (
    SELECT origin, arg_max(humid, observed_at) FILTER (humid IS NOT NULL) AS humid, max(wind_speed) AS wind,
        max(precip) AS rain, min(visib) AS visib
    FROM weather GROUP BY origin
),
places AS (SELECT faa AS dest, lat AS dest_lat, lon AS dest_lon FROM airports)
SELECT {", ".join(KEY)}, {", ".join(FEATURES).replace("flight_seen", "coalesce(flight_seen, 0) AS flight_seen")}
FROM asked LEFT JOIN by_carrier USING (carrier) LEFT JOIN by_origin USING (origin) LEFT JOIN by_dest USING (dest)
    LEFT JOIN by_flight USING (carrier, flight) LEFT JOIN by_route USING (carrier, origin, dest)
    LEFT JOIN sky USING (origin) LEFT JOIN places USING (dest)
ORDER BY {", ".join(KEY)}
"""


def main(state: Path, landing: Path, night: date) -> dict[str, object]:
    """Run a night and return what it predicted and decided."""
    tomorrow = night + A_DAY
    with steps.measure("ingest"):
        for name, day in {"departures": night, "weather": night, "schedule": tomorrow}.items():
            ingest(state, landing, name, day)
    with steps.measure("build"):
        rows = build(state, night)
    champion = json.loads((state / "champion.json").read_text())
    models = {champion["version"]: joblib.load(state / f"{champion['version']}.joblib")}
    with steps.measure("score"):
        served = predict(models[champion["version"]][0], rows)
        keep(state, "predictions", tomorrow, rows.select(KEY).with_columns(score=served))
    with steps.measure("train"):
        fitted = train(state, night, champion["newest"] + 1)
    with steps.measure("evaluate"):
        promoted = evaluate(state, night, fitted, models[champion["version"]][0])
    with steps.measure("pair and decide"):
        evidence = pair(state, night)
        champion = decide(state, champion, fitted, promoted=promoted, evidence=evidence)
    with steps.measure("score in shadow"):
        streams = {version: models[version] for version in models if version == champion["version"]} | fitted
        shadow = score_in_shadow(state, tomorrow, rows, streams)
    return {
        "decisions": [["refreshed" if promoted else "held", champion["version"]]],
        "served": [str(state / "predictions" / f"{tomorrow}.parquet")],
        "shadow": [str(shadow)],
    }


def ingest(state: Path, landing: Path, name: str, day: date) -> None:
    """Read a delivery with its types, check it against the days before, and keep it."""
    file = landing / name / f"{day}.csv"
    rows = pl.read_csv(file, schema_overrides={k: v for k, v in TYPES.items() if k != "observed_at"})
    if name == "weather":
        rows = rows.with_columns(pl.col("observed_at").str.to_datetime(time_unit="us", time_zone="UTC"))
    key = KEYS[name]
    before = [state / name / f"{day - n * A_DAY}.parquet" for n in (7, 14, 21, 28)]
    usual = pl.scan_parquet(before).select(pl.len()).collect().item() / len(before)
    assert rows.height > 0.5 * usual, f"{file}: {rows.height} rows, usually {usual}"
    assert not rows.select(pl.struct(key).is_duplicated().any()).item(), f"{file}: repeated keys"
    assert not rows.select(pl.any_horizontal(pl.col(key).is_null()).any()).item(), f"{file}: missing keys"
    assert rows["day"].unique().to_list() == [day], f"{file}: rows of other days"
    keep(state, name, day, rows.sort(key))


def build(state: Path, night: date) -> pl.DataFrame:
    """Build the features of tomorrow and the labels of today."""
    con = duckdb.connect(config={"threads": 1})
    con.execute("SET TimeZone = 'UTC'")
    tomorrow = night + A_DAY
    read = {
        "departures": [night - n * A_DAY for n in range(28)],
        "schedule": [tomorrow],
        "weather": [night],
    }
    for name, days in read.items():
        con.read_parquet([str(state / name / f"{day}.parquet") for day in days]).create_view(name)
    for name in ("planes", "airports"):
        con.read_parquet(str(state / f"{name}.parquet")).create_view(name)
    rows: pl.DataFrame = con.sql(SQL_FEATURES, params={"night": night}).pl()
    assert rows.height, f"no features of {tomorrow}"
    assert not rows.select(pl.struct(KEY).is_duplicated().any()).item(), (
        f"features of {tomorrow}: repeated keys"
    )
    keep(state, "features", tomorrow, rows)
    label = f"SELECT {', '.join(KEY)}, {LATE}::BIGINT AS label FROM departures WHERE day = ? ORDER BY ALL"
    keep(state, "labels", night, con.sql(label, params=[night]).pl())
    return rows


def read_examples(state: Path, first: date, last: date) -> pl.DataFrame:
    """Read the labelled rows of some days, in the order of their keys."""
    features, labels = (
        pl.read_parquet(
            [
                file
                for n in range((last - first).days + 1)
                if (file := state / name / f"{first + n * A_DAY}.parquet").exists()
            ]
        )
        for name in ("features", "labels")
    )
    return features.join(labels, on=KEY, how="inner").sort(KEY)


def train(state: Path, night: date, number: int) -> dict[int, tuple[Pipeline, Pipeline]]:
    """Fit both recipes and the baseline on the days before the evaluated ones."""
    last = night - EVALUATED_DAYS * A_DAY
    rows = read_examples(state, last - (WINDOW_DAYS - 1) * A_DAY, last)
    seen, label = frame(rows, FEATURES), rows["label"].to_numpy()
    recipes: Sequence[Pipeline] = (
        estimator.build_estimator(dict(TREES), SEED),
        linear.build_estimator({"C": 0.1}, SEED),
    )
    plain = baseline.build_baseline(SEED).fit(frame(rows, BASELINE), label)
    fitted = {}
    for version, pipeline in enumerate(recipes, number):
        fitted[version] = (pipeline.fit(seen, label), plain)
        joblib.dump(fitted[version], state / f"{version}.joblib")
    return fitted


def evaluate(
    state: Path, night: date, fitted: Mapping[int, tuple[Pipeline, Pipeline]], champion: Pipeline
) -> bool:
    """Return whether the refresh may serve: measured beside the champion and the baseline on the newest days."""
    rows = read_examples(state, night - (EVALUATED_DAYS - 1) * A_DAY, night)
    label = rows["label"].to_numpy()
    refresh, plain = fitted[min(fitted)]
    ours, theirs = predict(refresh, rows), predict(champion, rows)
    others = [predict(pipeline, rows) for version, (pipeline, _) in fitted.items() if version != min(fitted)]
    base = plain.predict_proba(frame(rows, BASELINE))[:, 1]
    loss, before, bar = (float(((p - label) ** 2).mean()) for p in (ours, theirs, base))
    log = {"night": str(night), "loss": loss, "champion": before, "baseline": bar}
    log["rivals"] = str([float(((p - label) ** 2).mean()) for p in others])
    (state / f"evaluation-{night}.json").write_text(json.dumps(log))
    close = float(np.abs(ours - theirs).mean()) <= 0.1 and abs(float((ours - theirs).mean())) <= 0.1
    return loss < 1.07 * max(bar, before) and loss <= 1.03 * before and close


def pair(state: Path, night: date) -> float:
    """Append the day's loss of each recipe in shadow, and return the rival's evidence: a test by betting."""
    file = state / "shadow" / f"{night}.parquet"
    kept = state / "pairs.json"
    pairs = json.loads(kept.read_text()) if kept.exists() else []
    if file.exists():
        labels = pl.read_parquet(state / "labels" / f"{night}.parquet")
        rows = pl.read_parquet(file).join(labels, on=KEY, how="inner")
        losses = rows.group_by("model_version").agg(((pl.col("score") - pl.col("label")) ** 2).mean())
        newest = losses.sort("model_version")["score"].to_list()[-2:]
        pairs.append(newest[0] - newest[1])
        kept.write_text(json.dumps(pairs))
    return float(np.prod(1 + 2.5 * np.clip(pairs, -0.2, 0.2)))


def decide(
    state: Path,
    champion: dict[str, int],
    fitted: Mapping[int, tuple[Pipeline, Pipeline]],
    *,
    promoted: bool,
    evidence: float,
) -> dict[str, int]:
    """Let the refresh serve unless it does harm; the rival waits for evidence."""
    version = min(fitted) if promoted else champion["version"]
    if evidence >= 20:
        version = max(fitted)
    serving = {"version": version, "newest": max(fitted)}
    draft = state / "champion.part"
    draft.write_text(json.dumps(serving))
    draft.replace(state / "champion.json")
    return serving


def score_in_shadow(
    state: Path, day: date, rows: pl.DataFrame, models: Mapping[int, tuple[Pipeline, Pipeline]]
) -> Path:
    """Keep what each version would have predicted."""
    parts = [
        rows.select(KEY).with_columns(score=predict(pipeline, rows), model_version=version)
        for version, (pipeline, _) in models.items()
    ]
    return keep(state, "shadow", day, pl.concat(parts))


def predict(pipeline: Pipeline, rows: pl.DataFrame) -> Any:
    """Return the probability of a delay for each row."""
    return pipeline.predict_proba(frame(rows, FEATURES))[:, 1]


def frame(rows: pl.DataFrame, names: Sequence[str]) -> Any:
    """Return some columns as the DataFrame that scikit-learn's transformers select from."""
    return rows.select(names).to_pandas()


def keep(state: Path, name: str, day: date, rows: pl.DataFrame) -> Path:
    """Write a day's file, whole or not at all."""
    file = state / name / f"{day}.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".part")
    rows.write_parquet(draft)
    draft.replace(file)
    return file


if __name__ == "__main__":
    print(steps.report(main(Path(sys.argv[1]), Path(sys.argv[2]), date.fromisoformat(sys.argv[3]))))
