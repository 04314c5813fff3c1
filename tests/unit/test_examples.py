"""Labelled rows are features and labels with the same key, each once."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pyarrow as pa
import pytest

from contender.lake import join_examples
from contender.settings import PROJECT
from contender.specs import load_catalog

MODEL = load_catalog(PROJECT / "include" / "catalog").model("flight_delay")


def table(flights, **columns) -> pa.Table:
    keys = {"day": [date(2013, 9, 1)] * len(flights), "carrier": ["UA"] * len(flights)}
    return pa.table(keys | {"flight": flights, "origin": ["JFK"] * len(flights)} | columns)


FEATURES = table([1, 2, 3], distance=[10.0, 20.0, None])


def test_rows_with_the_same_keys_are_joined_in_order():
    joined = join_examples(MODEL, FEATURES, table([1, 2, 3], label=[0, 1, 0]))
    merged = FEATURES.to_pandas().merge(
        table([1, 2, 3], label=[0, 1, 0]).to_pandas(), on=list(MODEL.row_key), validate="one_to_one"
    )
    pd.testing.assert_frame_equal(joined, merged, check_exact=True)


def test_rows_without_a_label_and_labels_without_a_row_are_left_out():
    joined = join_examples(MODEL, FEATURES, table([2, 3, 4], label=[1, 0, 1]))
    assert joined[["flight", "label"]].to_numpy().tolist() == [[2, 1], [3, 0]]


def test_a_repeated_key_is_rejected_even_if_both_tables_have_it():
    with pytest.raises(pd.errors.MergeError):
        join_examples(MODEL, table([1, 2, 2], distance=[1.0, 2.0, 3.0]), table([1, 2, 2], label=[0, 1, 0]))


def test_no_rows_are_joined_to_no_rows():
    none = table([], distance=[]).cast(FEATURES.schema)
    labels = table([1], label=[1])
    assert join_examples(MODEL, none, labels.slice(0, 0)).columns.tolist() == [
        *FEATURES.column_names,
        "label",
    ]
