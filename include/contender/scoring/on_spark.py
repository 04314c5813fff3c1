"""Score many rows on Spark: each task of the job predicts a row group of the features by the same pieces as in process.

The job's Python workers read the features and write their predictions as Parquet files into staging; Spark
distributes the row groups and the model, and repeats what fails.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

import pyarrow as pa

from contender.installation import Installation
from contender.lake import Group, Pieces, places
from contender.lake.schema import arrow_schema
from contender.model_code import CodeName
from contender.safe_storage import StoredPipeline
from contender.scoring.scorer import CannotPredict, Scorer
from contender.settings import PROJECT
from contender.specs import Days, ModelSpec
from contender.specs.frozen import Frozen
from contender.submitting import SPARK_SETTINGS, Job, SparkError, Submit, submit_here

JOB = Job(
    PROJECT / "spark_jobs" / "score.py",
    # Spark starts a Python worker for each core.
    {**SPARK_SETTINGS, "spark.executorEnv.OMP_NUM_THREADS": "1"},
)
_PIPELINE, _RESULT = "model.skops", "result.json"
_SCORERS: dict[str, Scorer] = {}  # of a Python worker of Spark, by the folder of the task


class Task(Frozen):
    """The input of a Spark job, in a folder with the stored pipeline; the folder gets the predictions, too.

    The name of the task's file contains the digest of its content, which contains the digests of the other files: what
    another process has put into staging is not run.
    """

    folder: str
    model: ModelSpec
    version: int
    reads: tuple[str, ...]  # features of the version
    code: tuple[CodeName, ...]
    digests: dict[str, str]  # SHA-256 of the files of pipeline and code, by name
    days: Days
    snapshot: int
    missing: frozenset[str]
    columns: tuple[str, ...]
    groups: tuple[Group, ...]

    def pieces(self, number: int) -> Pieces:
        """Return the rows of one row group."""
        group = (self.groups[number],)
        return Pieces(self.days, 0, self.snapshot, self.missing, self.columns, group)

    def output(self, number: int) -> str:
        """Return the place of the predictions of a row group."""
        return places.below(self.folder, f"part-{number:05}.parquet")


class Result(Frozen):
    """What a Spark job scored, or why the version cannot predict the rows."""

    rows: int
    failure: str | None


def belongs_on_spark(features: Pieces, spark_rows: int) -> bool:
    """Return whether rows are scored on Spark: at least `spark_rows` rows, which are all rows of their files."""
    return features.rows >= spark_rows and features.table is None


def score_on_spark(
    installation: Installation, model: ModelSpec, version: int, features: Pieces, submit: Submit | None
) -> Iterator[pa.Table]:
    """Yield the predictions of a version, computed by a Spark job. Raises CannotPredict and SparkError.

    `submit` runs the job with a task file and returns when it has ended; the default is spark-submit on this machine.
    """
    task, file = _write_task(installation, model, version, features)
    what = f"{model.name}: version {version} did not score {features.days.key} on Spark"
    try:
        (submit or submit_here)(JOB, file)
    except SparkError as error:
        raise SparkError(f"{what}: {error}") from error
    place = places.below(task.folder, _RESULT)
    if not places.exists(place):
        raise SparkError(f"{what}: the job ended without {place}: see its log")
    result = Result.model_validate_json(places.read(place))
    if result.failure is not None:
        raise CannotPredict(result.failure)
    if result.rows != features.rows:
        raise SparkError(f"{what}: it scored {result.rows} of {features.rows} rows: see the log of the job")
    for number in range(len(task.groups)):
        yield places.read_rows(task.output(number))


def _write_task(
    installation: Installation, model: ModelSpec, version: int, features: Pieces
) -> tuple[Task, str]:
    """Write what the job reads into a new folder of staging. Returns the task and its file."""
    registry, staging = installation.registry, installation.settings.staging
    folder = places.below(staging, "scores", model.name, features.days.key, uuid.uuid4().hex)
    stored = registry.fetch(model.name, version)
    files = {_PIPELINE: stored.content} | {_file_of(code): text for code, text in stored.code.items()}
    task = Task(
        folder=folder,
        model=model,
        version=version,
        reads=tuple(registry.version(model.name, version).features),
        code=tuple(stored.code),
        digests={name: sha256(content).hexdigest() for name, content in files.items()},
        days=features.days,
        snapshot=features.snapshot,
        missing=features.missing,
        columns=features.columns,
        groups=features.groups,
    )
    for name, content in files.items():
        places.write(places.below(folder, name), content)
    written = task.model_dump_json().encode()
    return task, places.write(places.below(folder, f"{sha256(written).hexdigest()}.json"), written)


def _file_of(code: CodeName) -> str:
    return f"{code.stem}_{code.digest}.py"


def _read(place: str, digest: str) -> bytes:
    """Return the content of a file. Raises DamagedFileError if it is another than was written."""
    content = places.read(place)
    places.check_digest(place, sha256(content).hexdigest(), digest)
    return content


_OUTCOMES = pa.schema([("rows", pa.int64()), ("failure", pa.string())])


def run_task(file: str, session: Any) -> Result:
    """Run a task inside the Spark job, one row group for each task of Spark, and write its result.

    Raises DamagedFileError if a file in staging is another than was written.
    """
    digest = places.name_of(file).removesuffix(".json")
    task = Task.model_validate_json(_read(file, digest))

    def read(name: str) -> bytes:
        return _read(places.below(task.folder, name), task.digests[name])

    stored = StoredPipeline(read(_PIPELINE), {code: read(_file_of(code)) for code in task.code})
    sent = session.sparkContext.broadcast((task, stored))

    def score_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        given, pipeline = sent.value
        for batch in batches:
            found = [_score_group(given, pipeline, number) for number in batch["id"].to_pylist()]
            yield pa.RecordBatch.from_pylist(found, _OUTCOMES)

    numbers = session.range(0, len(task.groups), 1, len(task.groups))
    outcomes = numbers.mapInArrow(score_groups, "rows bigint, failure string").toArrow()
    failures = sorted(filter(None, outcomes["failure"].to_pylist()))
    result = Result(rows=sum(outcomes["rows"].to_pylist()), failure=failures[0] if failures else None)
    places.write(places.below(task.folder, _RESULT), result.model_dump_json().encode())
    return result


def _score_group(task: Task, stored: StoredPipeline, number: int) -> Mapping[str, object]:
    """Write the predictions of a row group, in a Python worker of Spark, and return how many there are."""
    if task.folder not in _SCORERS:
        _SCORERS[task.folder] = Scorer(task.model, task.version, stored.load(), task.reads)
    schema, rows = arrow_schema(task.model.prediction_contract), 0

    def count() -> Iterator[pa.Table]:
        nonlocal rows
        for scored in _SCORERS[task.folder].score_pieces(task.pieces(number)):
            rows += scored.num_rows
            yield scored.select(schema.names).cast(schema)

    try:
        places.write_tables(count(), schema, task.output(number))
    except CannotPredict as error:
        return {"rows": 0, "failure": str(error)}
    return {"rows": rows, "failure": None}
