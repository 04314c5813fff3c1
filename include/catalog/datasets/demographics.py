"""Demographics of the households; they are known for a third of them."""

from contender.specs import Between, Column, DatasetSpec, Delivery, InSet, RowCount

SPEC = DatasetSpec(
    name="demographics",
    description="Households with age, income and size, in classes; a reference table, replaced whole.",
    owner="store-data@contender.example",
    kind="reference",
    delivery=Delivery(path="demographics.csv", cron="0 6 * * 1"),
    columns=(
        Column(name="household_id", type="integer", pii=True, description="the household"),
        Column(name="age", type="string", unit="years", pii=True, description="age class"),
        Column(name="income", type="string", unit="USD a year", pii=True, description="income class"),
        Column(
            name="home_ownership",
            type="string",
            nullable=True,
            pii=True,
            description="owner or renter, certain or probable",
        ),
        Column(name="marital_status", type="string", nullable=True, pii=True, description="married or not"),
        Column(name="household_size", type="string", unit="persons", pii=True, description="1 to 5+"),
        Column(name="household_comp", type="string", pii=True, description="adults, and whether with kids"),
        Column(name="kids_count", type="string", unit="persons", pii=True, description="0 to 3+"),
    ),
    primary_key=("household_id",),
    expectations=(
        RowCount(low=400, high=100_000),
        Between(column="household_id", low=1, high=99_999),
        InSet(column="age", values=("19-24", "25-34", "35-44", "45-54", "55-64", "65+")),
        InSet(
            column="income",
            values=(
                *("Under 15K", "15-24K", "25-34K", "35-49K", "50-74K", "75-99K", "100-124K", "125-149K"),
                *("150-174K", "175-199K", "200-249K", "250K+"),
            ),
        ),
        InSet(
            column="home_ownership", values=("Homeowner", "Renter", "Probable Homeowner", "Probable Renter")
        ),
        InSet(column="marital_status", values=("Married", "Unmarried")),
        InSet(column="household_size", values=("1", "2", "3", "4", "5+")),
        InSet(column="kids_count", values=("0", "1", "2", "3+")),
    ),
)
