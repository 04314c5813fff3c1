"""Generate docs/ENGINES.md from the two engines, which both compute every expression of tests/spark/expressions.py.

python -m scripts.engines_page            write the page
python -m scripts.engines_page ENGINE     print the results of one engine as JSON
"""

from __future__ import annotations

import importlib
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from contender.featurizing import ConversionError, convert_rows
from contender.settings import PROJECT
from contender.specs import Column, Contract
from scripts.generate_docs import MADE
from tests.spark.expressions import AGREEING, DIFFERING, FAILING, SAMPLE, Expression

PAGE = PROJECT / "docs" / "ENGINES.md"
ENGINES = ("spark", "duckdb")
Results = dict[str, list[str]]


def compute_on(engine: Literal["spark", "duckdb"]) -> Results:
    """Return the results of every expression on an engine, in a separate process."""
    environment = os.environ | {
        "PYSPARK_SUBMIT_ARGS": "--conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=1 pyspark-shell"
    }
    command = [sys.executable, "-m", "scripts.engines_page", engine]
    done = subprocess.run(  # noqa: S603
        command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{engine}: {done.stderr[-3000:]}")
    results: Results = json.loads(done.stdout.splitlines()[-1])
    return results


def find_difference(expression: Expression, spark: Results, duckdb: Results) -> int | None:
    """Return the first row in which the engines differ, for numbers by more than the last digits, or None."""
    pairs = zip(spark[name_of(expression)], duckdb[name_of(expression)], strict=False)
    return next((row for row, pair in enumerate(pairs) if not _are_equal(expression, *pair)), None)


def _are_equal(expression: Expression, left: str, right: str) -> bool:
    try:
        close = expression.declared == "number" and math.isclose(float(left), float(right), rel_tol=1e-12)
    except ValueError:
        close = False
    return close or left == right


def name_of(expression: Expression) -> str:
    """Return the expression with its declared type."""
    return f"{expression.written} as {expression.declared}"


def _load_job() -> ModuleType:
    sys.path.insert(0, str(PROJECT / "spark_jobs"))
    return importlib.import_module("build_features")


def _compute(engine: str) -> Results:
    job = _load_job()
    opened = job.open_spark() if engine == "spark" else job.open_duckdb()
    with TemporaryDirectory() as folder:
        sample = f"{folder}/sample.parquet"
        pq.write_table(SAMPLE, sample)
        rows = opened.load([sample])
        results: Results = {}
        for expressions, built in _build(opened, rows, (*AGREEING, *FAILING, *DIFFERING), folder):
            for number, expression in enumerate(expressions):
                shown = built if isinstance(built, str) else _show(built, f"x{number}", expression)
                results[name_of(expression)] = [shown] if isinstance(shown, str) else shown
    return results


def _build(
    opened: Any, rows: Any, expressions: Sequence[Expression], folder: str
) -> Iterator[tuple[Sequence[Expression], pa.Table | str]]:
    """Yield expressions with their rows, computed together; those that fail alone, with the error."""
    target = f"{folder}/{len(list(Path(folder).iterdir()))}"
    try:
        columns = [_evaluate(each).alias(f"x{number}") for number, each in enumerate(expressions)]
        Path(target).mkdir()
        opened.save(rows.select("k", *columns), target)
        (file,) = Path(target).glob("*.parquet")
    except (Exception, SystemExit) as error:
        if len(expressions) == 1:
            yield expressions, f"error: {_first_words(error)}"
            return
        half = len(expressions) // 2
        yield from _build(opened, rows, expressions[:half], folder)
        yield from _build(opened, rows, expressions[half:], folder)
        return
    yield expressions, pq.read_table(file).sort_by("k")


def _evaluate(expression: Expression) -> Any:
    from pyspark.sql import Window, functions

    return eval(expression.written, {"F": functions, "Window": Window})  # noqa: S307 - an expression of this project


def _show(built: pa.Table, name: str, expression: Expression) -> list[str] | str:
    key = Column(name="k", type="integer", description="row")
    column = Column(name="x", type=expression.declared, description="x", nullable=True)
    contract = Contract(
        table="features.x", owner="a@b.example", columns=(key, column), primary_key=("k",), daily=False
    )
    rows = pa.table({"k": built["k"], "x": built[name]})
    try:
        values = convert_rows(rows, contract, "build_features")["x"].to_pylist()
    except ConversionError as error:
        return f"error: {str(error).partition(', ')[2]}"
    return ["NULL" if value is None else str(value) for value in values]


def _first_words(error: BaseException) -> str:
    return re.sub(r"\s+", " ", str(error))[:60]


def render_page(spark: Results, duckdb: Results) -> str:
    """Return the page: expressions that differ, fail, differ in the last digits, and agree."""
    inexact = [e for e in AGREEING if spark[name_of(e)] != duckdb[name_of(e)]]
    lines = [
        MADE,
        "# Engines\n",
        "Spark builds many rows, DuckDB fewer, with the same function of the model. This page shows on",
        "which expressions they differ. For this page, both computed each expression on a sample of edge values.\n",
        "- The engines write the types that they computed; Contender converts the values to the declared types. A",
        "  value that its type cannot represent (a fraction in an `integer` column, for example) is an error. Infinite",
        "  values and NaN become missing in a nullable column, and are an error in any other.",
        "- Both sessions use UTC and put missing values first in ascending order. On both, a division by zero, an",
        "  overflow and a cast of a text that is not a number are errors, and the logarithm of zero is missing.",
        "- DuckDB 2.0.1 and earlier miscount `RANGE BETWEEN UNBOUNDED PRECEDING AND n PRECEDING` where rows share the",
        "  value by which they are ordered: a sum over all days before, with thousands of rows a day. Contender writes",
        "  such a window in the opposite order, which DuckDB computes right, and refuses lists and ranks over it.",
        "- `contender check` runs each model's functions on both engines, and reports rows that differ.",
        "- Scoring has no such differences: in process and on Spark, the same Python function predicts the same rows",
        "  at a time, to the same bits ([many rows](SCALING.md#on-spark)).\n",
        "## Expressions that differ\n",
        "| expression | on | Spark | DuckDB | write instead |",
        "| --- | --- | --- | --- | --- |",
        *(_line(each, spark, duckdb) for each in DIFFERING),
        "\n## Expressions that fail on both engines\n",
        'Handle these values first, for example with `F.when(F.col("z") != 0, F.col("a") / F.col("z"))`.\n',
        *(f"- `{each.written}`, {each.declared}" for each in FAILING),
        "\n## Expressions that differ in the last digits only\n",
        *(f"- `{each.written}`, {each.declared}" for each in inexact),
        "\n## Expressions that agree\n",
        *(f"- `{each.written}`, {each.declared}" for each in AGREEING if each not in inexact),
    ]
    return "\n".join(lines) + "\n"


def _line(expression: Expression, spark: Results, duckdb: Results) -> str:
    row = find_difference(expression, spark, duckdb) or 0
    failed = any(found[name_of(expression)][0].startswith("error") for found in (spark, duckdb))
    used = [] if failed else re.findall(r"\"([a-z])\"", expression.written)
    given = ", ".join(
        f"{name} = {SAMPLE[name][row]}" for name in dict.fromkeys(used) if name in SAMPLE.column_names
    )
    results = (found[name_of(expression)] for found in (spark, duckdb))
    texts = (_cell(result[min(row, len(result) - 1)]) for result in results)
    return f"| `{expression.written}` | {given or '–'} | {' | '.join(texts)} | {expression.instead} |"


def _cell(text: str) -> str:
    return "an error" if text.startswith("error") else f"`{text}`"


def main() -> None:
    """Write the page."""
    PAGE.write_text(render_page(compute_on("spark"), compute_on("duckdb")))
    print(PAGE.relative_to(PROJECT))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        print(json.dumps(_compute(sys.argv[1])))
