"""A contract's columns as Arrow and as Iceberg know them."""

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
    """The Arrow type of a column type."""
    return _ARROW[column_type]


def iceberg_type(kind: ColumnType) -> IcebergType:
    """The Iceberg type of a column's type."""
    return _ICEBERG[kind]


def column_types(schema: Schema) -> dict[str, ColumnType | None]:
    """Each column's type by name, as a contract would say it; None for one that no contract can say."""
    known = {kind: name for name, kind in _ICEBERG.items()}
    return {field.name: known.get(field.field_type) for field in schema.fields}


def arrow_schema(contract: Contract) -> pa.Schema:
    """The Arrow schema of a contract; all fields may be null, since the gate judges that."""
    return pa.schema([(column.name, arrow_type(column.type)) for column in contract.columns])


def iceberg_schema(contract: Contract) -> Schema:
    """The Iceberg schema of a contract, field ids in the columns' order."""
    fields = [
        NestedField(number, column.name, _ICEBERG[column.type], required=False, doc=column.description)
        for number, column in enumerate(contract.columns, start=1)
    ]
    return Schema(*fields)


def iceberg_partitioning(contract: Contract) -> PartitionSpec:
    """By day, or none at all."""
    if not contract.daily:
        return UNPARTITIONED_PARTITION_SPEC
    day = contract.column_names.index("day") + 1
    return PartitionSpec(PartitionField(day, 1000, IdentityTransform(), "day"))
