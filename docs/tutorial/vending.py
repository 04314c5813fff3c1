"""Write the deliveries of the tutorial: daily sales of made-up vending machines, one CSV file per day.

python docs/tutorial/vending.py FOLDER FIRST LAST            one file per day, FOLDER/vending/<day>.csv
python docs/tutorial/vending.py FOLDER DAY DAY --cut-off     a file that ends after a third of its rows

The rows are generated, and the same in every run. Machines in offices sell little at weekends, those in stations sell
more, and each machine has good and bad weeks.
"""

from __future__ import annotations

import argparse
import csv
import math
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

MACHINES = 120
EPOCH = date(2024, 12, 1)
COLUMNS = ("day", "machine", "location", "units", "revenue_eur", "refills", "temperature_c")


def main() -> None:
    """Write one file per day of the range."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("first", type=date.fromisoformat)
    parser.add_argument("last", type=date.fromisoformat)
    parser.add_argument("--cut-off", action="store_true", help="leave two thirds of the rows out")
    given = parser.parse_args()
    (given.folder / "vending").mkdir(parents=True, exist_ok=True)
    for offset in range((given.last - given.first).days + 1):
        day = given.first + timedelta(days=offset)
        rows = list(sales_of(day))
        if given.cut_off:
            rows = rows[: len(rows) // 3]
        with (given.folder / "vending" / f"{day}.csv").open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(rows)


def sales_of(day: date) -> Iterator[tuple[object, ...]]:
    """Yield one row per machine."""
    weather = random.Random(f"weather {day}")
    season = math.sin((day - EPOCH).days / 58)
    temperature = round(9 + 9 * season + weather.gauss(0, 2.5), 1)
    for number in range(MACHINES):
        machine = random.Random(f"machine {number}")
        at_office = number % 3 > 0
        usual = machine.uniform(60, 90) if at_office else machine.uniform(20, 45)
        weekend = (0.25 if at_office else 1.5) if day.weekday() >= 5 else 1.0
        # A good or bad spell lasts 12 days on average and begins on another day for each machine.
        spell = ((day - EPOCH).days + number * 7) // 12
        trend = math.exp(random.Random(f"spell {number} {spell}").gauss(0, 0.3))
        chance = random.Random(f"sales {number} {day}")
        units = max(0, round(usual * weekend * trend * (1 + temperature / 60) * chance.gauss(1, 0.15)))
        price = 1.6 + (number % 7) * 0.15
        yield (
            day,
            f"M{number:04d}",
            "office" if at_office else "station",
            units,
            f"{units * price:.2f}",
            int(units > 70),
            temperature,
        )


if __name__ == "__main__":
    main()
