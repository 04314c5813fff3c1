"""Measure promotion rules: false promotions, days until a better recipe is promoted, and served loss.

python -m benchmarks.promotion             all tables; writes benchmarks/results/promotion.json and docs/
python -m benchmarks.promotion served      one table, replacing its stored results
python -m benchmarks.promotion error power --runs 50    a smaller run, printed and not stored

All draws are seeded. Fits of the real years are cached below build/promotion, and fitted again when their inputs
have changed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping

from benchmarks.keeping import put_into
from benchmarks.promotion import creep_page, harm_page
from benchmarks.promotion.creep import measure_creep
from benchmarks.promotion.harm import measure_harm
from benchmarks.promotion.page import BEGIN, END, PAGE, read_results, render, replace, write_results
from benchmarks.promotion.plots import draw_all
from benchmarks.promotion.real_pairs import measure_real_pairs
from benchmarks.promotion.rows import Row
from benchmarks.promotion.served import measure_served
from benchmarks.promotion.simulated import measure_error, measure_power

TABLES: Mapping[str, Callable[[int], Iterator[Row]]] = {
    "error": measure_error,
    "power": measure_power,
    "real-pairs": measure_real_pairs,
    "served": lambda _: measure_served(),
    "harm": lambda _: measure_harm(),
    "creep": lambda _: measure_creep(),
}


def main() -> None:
    """Measure, print, and store the results."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("tables", nargs="*", metavar="TABLE", help=f"one of {', '.join(TABLES)}; default: all")
    ask.add_argument(
        "--runs", type=int, default=1000, help="equal pairs per kind; a third as many better ones"
    )
    wanted = ask.parse_args()
    if unknown := set(wanted.tables) - set(TABLES):
        ask.error(f"unknown table {', '.join(sorted(unknown))}: choose from {', '.join(TABLES)}")
    rows = read_results()
    for table in wanted.tables or TABLES:
        print(f"{table} ...", file=sys.stderr)
        found = list(TABLES[table](wanted.runs))
        print(render(found) or harm_page.render_harm(found) or creep_page.render_creep(found))
        print(harm_page.render_held(found))
        rows = replace(rows, found)
    if wanted.runs == ask.get_default("runs"):
        write_results(rows)
        PAGE.write_text(put_into(PAGE.read_text(), render(rows), BEGIN, END))
        harm_page.write(rows)
        creep_page.write(rows)
        for name, plot in {**draw_all(rows), **harm_page.draw_harm(rows)}.items():
            (PAGE.parent / name).write_text(plot + "\n")


if __name__ == "__main__":
    main()
