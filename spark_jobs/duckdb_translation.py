"""SQL for DuckDB that keeps the rules of Spark which no setting of DuckDB gives."""

from __future__ import annotations

from typing import Any


def translate_as_spark() -> None:
    """Let SQLFrame's translation keep Spark's rules. Call it before the first query: sqlglot caches these functions."""
    from sqlglot import exp
    from sqlglot.generators.duckdb import DuckDBGenerator

    DuckDBGenerator.TRANSFORMS.update(
        {
            exp.Literal: _literal,
            exp.Ln: _logarithm,
            exp.Log: _logarithm,
            exp.Sqrt: _square_root,
            exp.Ordered: _ordered,
            exp.Filter: _filter,
            exp.Window: _window,
        }
    )


def _literal(generator: Any, number: Any) -> str:
    """Write 0.5 as a double; DuckDB reads it as a decimal, and computes with decimals."""
    text = str(generator.literal_sql(number))
    is_decimal = not number.is_string and "." in text and "e" not in text.lower()
    return f"{text}e0" if is_decimal else text


def _logarithm(generator: Any, call: Any) -> str:
    """Return NULL for the logarithm of zero and of negative numbers."""
    *base, number = (generator.sql(part) for part in (call.this, call.args.get("expression")) if part)
    positive = f"CASE WHEN {number} > 0 THEN {number} END"
    return str(generator.func("LOG" if base else "LN", *base, positive))


def _square_root(generator: Any, call: Any) -> str:
    """Return NaN for the square root of a negative number; with the session's settings it is an error."""
    number = generator.sql(call.this)
    return f"CASE WHEN {number} < 0 THEN 'nan'::DOUBLE ELSE SQRT({number}) END"


def _ordered(generator: Any, ordered: Any) -> str:
    """Write NULLS LAST in ascending order; sqlglot omits it as DuckDB's default, which the session has changed."""
    last = ordered.args.get("nulls_first") is False and not ordered.args.get("desc")
    return f"{generator.ordered_sql(ordered)}{' NULLS LAST' if last else ''}"


def _filter(generator: Any, kept: Any) -> str:
    """Write the first or last known value of a window with IGNORE NULLS; SQLFrame adds a filter after the window."""
    from sqlglot import exp

    window = kept.this
    if not (isinstance(window, exp.Window) and isinstance(window.this, exp.First | exp.Last)):
        return str(generator.filter_sql(kept))
    value = exp.FirstValue if isinstance(window.this, exp.First) else exp.LastValue
    known = window.copy()
    known.set("this", exp.IgnoreNulls(this=value(this=known.this.this)))
    return str(generator.sql(known))


def _window(generator: Any, window: Any) -> str:
    """Write a window that ends before its row as one that starts after it, in the opposite order.

    DuckDB (2.0.1 and before) finds the end of RANGE BETWEEN UNBOUNDED PRECEDING AND n PRECEDING from memory that it has
    not initialized: WindowBoundariesState::AddImpliedBounds does not ask for VALID_END, which FrameEnd reads. Sums are
    wrong where rows share the value by which they are ordered: often if thousands do, rarely if two do.
    """
    spec = window.args.get("spec")
    if not spec or _words(spec) != ("RANGE", "UNBOUNDED", "PRECEDING", "PRECEDING"):
        return str(generator.window_sql(window))
    mirrored = window.copy()
    mirrored.set("this", _mirror_function(mirrored.this))
    mirrored.args["order"].set(
        "expressions", [_opposite(each) for each in mirrored.args["order"].expressions]
    )
    bound = mirrored.args["spec"].args["end"]
    for name, value in (
        ("start", bound),
        ("start_side", "FOLLOWING"),
        ("end", "UNBOUNDED"),
        ("end_side", "FOLLOWING"),
    ):
        mirrored.args["spec"].set(name, value)
    return str(generator.window_sql(mirrored))


def _words(spec: Any) -> tuple[str, ...]:
    names = ("kind", "start", "start_side", "end_side")
    return tuple(str(spec.args.get(name) or "").upper() for name in names)


def _opposite(ordered: Any) -> Any:
    from sqlglot import exp

    if not isinstance(ordered, exp.Ordered):
        return exp.Ordered(this=ordered, desc=True, nulls_first=False)
    flipped = ordered.copy()
    flipped.set("desc", not ordered.args.get("desc"))
    flipped.set("nulls_first", not ordered.args.get("nulls_first"))
    return flipped


def _mirror_function(call: Any) -> Any:
    """Return the function that gives the same in the opposite order; exit if there is none."""
    from sqlglot import exp

    if isinstance(call, exp.IgnoreNulls):
        return exp.IgnoreNulls(this=_mirror_function(call.this))
    for one, other in ((exp.First, exp.Last), (exp.FirstValue, exp.LastValue)):
        if isinstance(call, one | other):
            return (other if isinstance(call, one) else one)(**call.args)
    if not _ignores_order(call):
        name = call.name if isinstance(call, exp.Anonymous) else call.sql_name()
        raise SystemExit(
            f"{name} cannot be computed on DuckDB over a window that has no first day and ends before its row: use "
            "rangeBetween(-days, -1), or engine='spark' in the model's spec"
        )
    return call


def _ignores_order(call: Any) -> bool:
    """Return whether a function of a window gives the same for its rows in any order."""
    from sqlglot import exp

    if isinstance(call, exp.Anonymous):  # sqlglot has no class for it
        return call.name.upper() in ("KURTOSIS", "PRODUCT")
    if isinstance(call, exp.ArrayAgg):
        return isinstance(call.this, exp.Distinct)
    by_place = exp.GroupConcat | exp.Lag | exp.Lead | exp.NthValue | exp.Ntile
    return isinstance(call, exp.AggFunc) and not isinstance(call, by_place)
