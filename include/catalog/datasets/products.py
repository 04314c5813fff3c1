"""The grocer's assortment."""

from contender.specs import Between, Column, DatasetSpec, Delivery, InSet, Matches, RowCount

SPEC = DatasetSpec(
    name="products",
    description="Products with department and brand; a reference table, replaced whole.",
    owner="store-data@contender.example",
    kind="reference",
    delivery=Delivery(path="products.csv", cron="0 6 * * 1"),
    columns=(
        Column(name="product_id", type="integer", description="product"),
        Column(name="manufacturer_id", type="integer", description="manufacturer"),
        Column(name="department", type="string", description="department of the shop"),
        Column(name="brand", type="string", description="National, or Private: the grocer's own"),
        Column(
            name="product_category", type="string", nullable=True, description="group within the department"
        ),
        Column(name="product_type", type="string", nullable=True, description="group within the category"),
        Column(name="package_size", type="string", nullable=True, description="as printed, with its unit"),
    ),
    primary_key=("product_id",),
    expectations=(
        RowCount(low=50_000, high=500_000),
        Between(column="product_id", low=1),
        Between(column="manufacturer_id", low=1, high=99_999),
        Matches(column="department", pattern=r"^[A-Z][A-Z &/.-]+$"),
        InSet(column="brand", values=("National", "Private")),
    ),
)
