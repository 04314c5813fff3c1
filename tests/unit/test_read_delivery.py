"""A delivery is read strictly: every defect is reported with its place, and nothing raises."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.file_formats import find_unfit
from contender.landing import RawFile
from tests.unit.delivered import read_in_memory

GOOD = "day,carrier,flight,origin,dest,sched_dep_time,sched_arr_time,distance\n2013-09-01,AA,1,JFK,LAX,900,1200,2475\n"


@pytest.fixture
def read(tmp_path: Path, catalog):
    def read_text(content: str | bytes):
        path = tmp_path / "2013-09-01.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        size = path.stat().st_size
        raw = RawFile(name="schedule/2013-09-01.csv", place="", copy_path=path, size=size, digest="")
        return read_in_memory(raw, catalog.dataset("schedule"))

    return read_text


def test_a_good_file_has_typed_rows_and_no_defect(read):
    delivered = read(GOOD)
    assert delivered.defects == ()
    assert delivered.rows.to_pylist()[0]["distance"] == 2475.0


def test_a_byte_order_mark_and_another_order_of_columns_do_not_matter(read):
    header, row, _ = GOOD.split("\n")
    turned = "\n".join(",".join(reversed(line.split(","))) for line in (header, row))
    assert read(b"\xef\xbb\xbf" + turned.encode()).rows.equals(read(GOOD).rows)


@pytest.mark.parametrize(
    ("content", "what", "where"),
    [
        ("", "the file is empty", "schedule/2013-09-01.csv"),
        (GOOD.replace("distance", "miles"), "the columns distance are missing", "schedule/2013-09-01.csv"),
        (GOOD.replace(",", ";"), "are missing", "schedule/2013-09-01.csv"),
        (GOOD.replace("2475", "far"), "1 values are not of type number; row 2 has 'far'", "column distance"),
        (
            GOOD.replace("900", "0x1F"),
            "1 values are not of type integer; row 2 has '0x1F'",
            "column sched_dep_time",
        ),
        (GOOD.replace("2475", "12345678901234567890"), "1 values are not of type number", "column distance"),
        (GOOD.replace("2475", "2.475,5"), "1 lines do not have 8 fields; line 2 has 9", "line 2"),
        (GOOD + "2013-09-01,AA,2", "1 lines do not have 8 fields; line 3 has 3", "line 3"),
        (GOOD.encode("utf-16"), "it is UTF-16", "schedule/2013-09-01.csv"),
        (GOOD + '"never closed', "it is not a CSV file", "schedule/2013-09-01.csv"),
        (GOOD.replace("2013-09-01,AA", "01.09.2013,AA"), "1 values are not of type date", "column day"),
    ],
)
def test_a_defect_says_what_and_where(read, content, what, where):
    (defect, *_) = read(content).defects
    assert what in defect.what
    assert where in defect.where
    assert defect.severity == "fail"
    assert defect.way_out


def test_an_unknown_column_is_left_out_with_a_warning(read):
    delivered = read(GOOD.replace("distance", "distance,gate").replace("2475", "2475,B12"))
    assert [defect.severity for defect in delivered.defects] == ["warn"]
    assert "gate" not in delivered.rows.column_names


def test_empty_fields_and_na_are_missing_values(read):
    rows = read(GOOD.replace("2475", "NA").replace(",LAX", ",")).rows.to_pylist()
    assert (rows[0]["distance"], rows[0]["dest"]) == (None, None)


def test_numbers_with_leading_zeros_are_read_with_a_warning(read):
    delivered = read(GOOD.replace("900", "0900"))
    (defect,) = delivered.defects
    assert (defect.severity, delivered.rows.to_pylist()[0]["sched_dep_time"]) == ("warn", 900)
    assert defect.what == "1 values lose their leading zeros; row 2 has '0900'"


@given(
    st.integers(min_value=-(10**22), max_value=10**22).map(str), st.sampled_from([pa.int64(), pa.float64()])
)
def test_a_whole_number_keeps_its_value_or_is_reported(text, wanted):
    texts = pa.array([text])
    unfit = find_unfit(texts, wanted).to_pylist()
    assert unfit == [text] or int(pc.cast(texts, wanted)[0].as_py()) == int(text)
