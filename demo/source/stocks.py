"""The source of stock prices, from skfolio: the closing prices of 20 companies after each trading day.

The package has prices since 1990. The source delivers the years around the crash of March 2020.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from contender.specs import Days
from demo.source.package import Source, data_folder

DAYS = Days(first=date(2018, 1, 1), last=date(2022, 12, 28))


def _prices() -> pd.DataFrame:
    # Read as text, so that prices are written unchanged to the last digit.
    path = data_folder("skfolio", "datasets/data") / "sp500_dataset.csv.gz"
    rows = pd.read_csv(path, dtype=str).rename(columns={"Date": "day"})
    rows = rows[rows["day"].between(str(DAYS.first), str(DAYS.last))]
    return rows.melt("day", var_name="ticker", value_name="close")


SOURCE = Source(package="skfolio", days=DAYS, daily={"stock_prices": _prices}, reference={})
