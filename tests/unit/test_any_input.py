"""Whatever arrives from outside, it is read, or there is an error that names the file: never a traceback."""

from __future__ import annotations

import gzip
import io
import json
from contextlib import suppress
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from contender.specs import (
    Access,
    CatalogError,
    Csv,
    DaysError,
    JsonLines,
    Parquet,
    load_access,
    resolve_days,
)
from tests.unit.test_formats import dataset, read

NAMES = ("receipt", "amount", "items", "at")
ROWS = [
    {"day": "2024-03-01", "receipt": f"r{n}", "amount": n / 4, "items": n, "at": "2024-03-01T08:15:00Z"}
    for n in range(6)
]
HEADER = ",".join(ROWS[0])
CSV_BYTES = "\n".join([HEADER, *(",".join(map(str, row.values())) for row in ROWS), ""]).encode()
JSON_BYTES = "".join(f"{json.dumps(row)}\n" for row in ROWS).encode()


def _parquet() -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), file)
    return file.getvalue()


FORMATS = {
    "csv": (CSV_BYTES, dataset(*NAMES, path="sales/{day}.csv", format=Csv())),
    "csv.gz": (gzip.compress(CSV_BYTES), dataset(*NAMES, path="sales/{day}.csv.gz", format=Csv())),
    "jsonl": (JSON_BYTES, dataset(*NAMES, path="sales/{day}.jsonl", format=JsonLines())),
    "parquet": (_parquet(), dataset(*NAMES, path="sales/{day}.parquet", format=Parquet())),
}

SNIPPETS = st.binary(max_size=8) | st.sampled_from(
    [
        b"\x00",
        b"\xff\xfe",
        b'"',
        b"\n",
        b"\r",
        b",,",
        b"\\",
        b"{",
        b"}",
        b"NaN",
        b"1e999",
        b"\xef\xbb\xbf",
        b"[[[",
    ]
)
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 6), SNIPPETS), min_size=1, max_size=4)


def edit(content: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    """Replace some bytes at some places with others."""
    for place, removed, added in edits:
        at = int(place * len(content))
        content = content[:at] + added + content[at + removed :]
    return content


@pytest.mark.parametrize("kind", FORMATS)
@given(edits=EDITS)
def test_a_damaged_delivery_is_read_or_has_a_defect_and_never_raises(kind, edits):
    content, spec = FORMATS[kind]
    delivered = read(edit(content, edits), spec)
    assert delivered.rows.column_names == ["day", *NAMES]


@pytest.mark.parametrize("kind", FORMATS)
@given(content=st.binary(max_size=300))
def test_a_delivery_of_any_bytes_is_read_or_has_a_defect_and_never_raises(kind, content):
    delivered = read(content, FORMATS[kind][1])
    assert delivered.defects or delivered.rows.num_rows == 0


@given(length=st.integers(0, len(CSV_BYTES) - 1))
def test_every_line_of_a_cut_file_is_a_row_or_a_defect(length):
    content = CSV_BYTES[:length]
    delivered = read(content, FORMATS["csv"][1])
    whole = content.split(b"\n")[1:]
    assert delivered.defects or delivered.rows.num_rows >= len([line for line in whole if line]) - 1


@pytest.fixture(scope="module")
def read_access(tmp_path_factory, catalog):
    home = tmp_path_factory.mktemp("access")

    def load(content: bytes) -> Access:
        (home / "access.yaml").write_bytes(content)
        return load_access(catalog.model_copy(update={"home": home}))

    return load


ACCESS = yaml.safe_dump(
    {"administrators": ["admin"], "roles": {"reader": {"about": "Reads.", "may": {"see": ["models"]}}}}
).encode()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=6,
)


@given(edits=EDITS)
def test_damaged_access_rights_are_an_error_that_names_the_file(read_access, edits):
    with suppress(CatalogError):
        assert isinstance(read_access(edit(ACCESS, edits)), Access)


@given(field=st.sampled_from(["administrators", "roles"]), value=JSON)
def test_access_rights_of_other_types_are_an_error_that_names_the_file(read_access, field, value):
    content = {**yaml.safe_load(ACCESS), field: value}
    mistakes: list[str] = []
    try:
        read_access(yaml.safe_dump(content, allow_unicode=True).encode())
    except CatalogError as error:
        mistakes = str(error).splitlines()
    assert [line for line in mistakes if not line.startswith("access.yaml: ")] == []


@given(key=st.none() | st.text(), form=st.dictionaries(st.sampled_from(["day", "first", "last"]), JSON))
def test_any_form_of_a_run_is_days_or_an_error_about_the_form(key, form):
    with suppress(DaysError):
        assert isinstance(resolve_days(key, form).first, date)
