"""The register of aircraft."""

from contender.specs import Between, Column, DatasetSpec, Delivery, RowCount

SPEC = DatasetSpec(
    name="planes",
    description="Aircraft by tail number; a reference table, replaced whole.",
    owner="flight-data@contender.example",
    kind="reference",
    delivery=Delivery(path="planes.csv", cron="0 6 * * 1"),
    columns=(
        Column(name="tailnum", type="string", description="tail number"),
        Column(name="year", type="integer", nullable=True, description="year of manufacture"),
        Column(name="type", type="string", description="aircraft type and number of engines"),
        Column(name="manufacturer", type="string", description="manufacturer"),
        Column(name="model", type="string", description="the manufacturer's model name"),
        Column(name="engines", type="integer", description="number of engines"),
        Column(name="seats", type="integer", description="number of seats"),
        Column(name="speed", type="number", unit="mph", nullable=True, description="mostly missing"),
        Column(name="engine", type="string", description="engine type"),
    ),
    primary_key=("tailnum",),
    expectations=(
        RowCount(low=1000, high=100000),
        Between(column="year", low=1930, high=2100),
        Between(column="engines", low=1, high=8),
        Between(column="seats", low=1, high=900),
    ),
)
