"""Daily closing prices of 20 large companies, through the crash of March 2020.

The simulated source delivers them from skfolio (BSD-3-Clause), which ships them as an example and calls them stale:
its documentation says not to rely on them for investment, trading or commercial use. Prices are adjusted for splits
and dividends, also for those after the day: levels depend on later days, but the changes that the model uses do not.
"""

from datetime import date

from contender.specs import Between, Column, DatasetSpec, Delivery, InSet, RowCount

TICKERS = (
    *("AAPL", "AMD", "BAC", "BBY", "CVX", "GE", "HD", "JNJ", "JPM", "KO"),
    *("LLY", "MRK", "MSFT", "PEP", "PFE", "PG", "RRC", "UNH", "WMT", "XOM"),
)

# Holidays of the New York Stock Exchange, and 5 December 2018, a day of mourning.
HOLIDAYS = {
    2018: ("01-01", "01-15", "02-19", "03-30", "05-28", "07-04", "09-03", "11-22", "12-05", "12-25"),
    2019: ("01-01", "01-21", "02-18", "04-19", "05-27", "07-04", "09-02", "11-28", "12-25"),
    2020: ("01-01", "01-20", "02-17", "04-10", "05-25", "07-03", "09-07", "11-26", "12-25"),
    2021: ("01-01", "01-18", "02-15", "04-02", "05-31", "07-05", "09-06", "11-25", "12-24"),
    2022: ("01-17", "02-21", "04-15", "05-30", "06-20", "07-04", "09-05", "11-24", "12-26"),
}

SPEC = DatasetSpec(
    name="stock_prices",
    description="Closing prices of 20 large companies listed in New York, delivered after each trading day.",
    owner="market-data@contender.example",
    delivery=Delivery(
        path="stock_prices/{day}.csv",
        cron="0 23 * * *",
        grace_hours=4,
        closed_weekdays=("Saturday", "Sunday"),
        closed=tuple(date.fromisoformat(f"{year}-{day}") for year, days in HOLIDAYS.items() for day in days),
    ),
    columns=(
        Column(name="day", type="date", description="trading day in New York"),
        Column(name="ticker", type="string", description="the company's stock"),
        Column(name="close", type="number", unit="USD", description="closing price, adjusted"),
    ),
    primary_key=("day", "ticker"),
    guarantees=(
        "Every trading day has a price of each of the 20 stocks.",
        "Splits and dividends do not show as changes of the price.",
    ),
    expectations=(
        RowCount(low=20, high=20),
        InSet(column="ticker", values=TICKERS),
        Between(column="close", low=0.1, high=5000),
    ),
)
