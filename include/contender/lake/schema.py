"""Convert a contract's columns to Arrow and Iceberg schemas."""

from __future__ import annotations

import pyarrow as pa
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import (
    BooleanType,
    DateType,
    DoubleType,
    IcebergType,
    LongType,
    NestedField,
    StringType,
    TimestamptzType,
)

from contender.specs import ColumnType, Contract

_ARROW: dict[ColumnType, pa.DataType] = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}
_ICEBERG: dict[ColumnType, IcebergType] = {
    "string": StringType(),
    "integer": LongType(),
    "number": DoubleType(),
    "boolean": BooleanType(),
    "date": DateType(),
    "timestamp": TimestamptzType(),
}


def arrow_type(column_type: ColumnType) -> pa.DataType:
    """Return the Arrow type of a column type."""
    return _ARROW[column_type]


def iceberg_type(kind: ColumnType) -> IcebergType:
    """Return the Iceberg type of a column type."""
    return _ICEBERG[kind]


def column_types(schema: Schema) -> dict[str, ColumnType | None]:
    """Return each column's contract type by name; None for an Iceberg type that contracts do not have."""
    known = {kind: name for name, kind in _ICEBERG.items()}
    return {field.name: known.get(field.field_type) for field in schema.fields}


def arrow_schema(contract: Contract) -> pa.Schema:
    """Return the Arrow schema of a contract; all fields are nullable, because the gate checks missing values."""
    return pa.schema([(column.name, arrow_type(column.type)) for column in contract.columns])


def iceberg_schema(contract: Contract) -> Schema:
    """Return the Iceberg schema of a contract, with field ids in the order of the columns."""
    fields = [
        NestedField(number, column.name, _ICEBERG[column.type], required=False, doc=column.description)
        for number, column in enumerate(contract.columns, start=1)
    ]
    return Schema(*fields)


def iceberg_partitioning(contract: Contract) -> PartitionSpec:
    """Return the partitioning by day, or none for a table without days."""
    if not contract.daily:
        return UNPARTITIONED_PARTITION_SPEC
    day = contract.column_names.index("day") + 1
    return PartitionSpec(PartitionField(day, 1000, IdentityTransform(), "day"))
