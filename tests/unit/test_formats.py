"""Deliveries in the formats that real sources write: each is read without losing a value, or has a defect."""

import bz2
import csv
import gzip
import io
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

import contender.specs
from contender.landing import describe_file
from contender.settings import PROJECT
from contender.specs import Column, Csv, DatasetSpec, Delivery, JsonLines, Parquet
from tests.unit.delivered import read_in_memory

DAY = date(2024, 3, 1)
TYPES = {
    "receipt": "string",
    "amount": "number",
    "items": "integer",
    "country": "string",
    "at": "timestamp",
}


def dataset(*names: str, path="sales/{day}.csv", **delivery) -> DatasetSpec:
    """Return a dataset with the columns `day` and `names`, all of which may be missing."""
    columns = [Column(name=name, type=TYPES[name], description=name, nullable=True) for name in names]
    return DatasetSpec(
        name="sales",
        description="Sales.",
        owner="shops@company.example",
        delivery=Delivery(path=path, cron="0 6 * * *", **delivery),
        columns=(Column(name="day", type="date", description="day"), *columns),
        primary_key=("day", names[0]),
    )


def read(content: str | bytes, spec: DatasetSpec):
    with TemporaryDirectory() as folder:
        name = spec.delivery.path.format(day=DAY)
        path = Path(folder) / "delivery"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_in_memory(describe_file(path, name, str(path)), spec)


def values(content: str | bytes, spec: DatasetSpec) -> list:
    """Return the values of the column after `day`, of a delivery without defects."""
    delivered = read(content, spec)
    assert delivered.defects == ()
    return delivered.rows.column(1).to_pylist()


SEMICOLON = 'Kasse 7\nTag;Beleg;Betrag\n01.03.2024;"r;1";1.234,5\n01.03.2024;r2;7\n01.03.2024;r3;-0,5\n'
GERMAN = {
    "format": Csv(delimiter=";", decimal=",", thousands=".", dates="%d.%m.%Y", skip_lines=1),
    "names": {"day": "Tag", "receipt": "Beleg", "amount": "Betrag"},
}


def test_a_semicolon_file_with_decimal_commas_and_its_own_names():
    delivered = read(SEMICOLON, dataset("receipt", "amount", **GERMAN))
    assert delivered.defects == ()
    assert delivered.rows.to_pylist() == [
        {"day": DAY, "receipt": "r;1", "amount": 1234.5},
        {"day": DAY, "receipt": "r2", "amount": 7.0},
        {"day": DAY, "receipt": "r3", "amount": -0.5},
    ]


@pytest.mark.parametrize("wrong", ["1.5", "12.34,5", "1,5,0", "1 234,5", "0x1F", "31.02.2024"])
def test_a_number_in_another_form_is_a_defect_and_not_another_number(wrong):
    (defect,) = read(SEMICOLON.replace("-0,5", f'"{wrong}"'), dataset("receipt", "amount", **GERMAN)).defects
    assert defect.what == f"1 values are not of type number; row 5 has {wrong!r}"


@pytest.mark.parametrize(
    ("form", "text", "amount"),
    [
        (Csv(thousands=","), '"1,234,567.5"', 1234567.5),
        (Csv(thousands=" ", decimal=","), '"1 234,5"', 1234.5),
        (Csv(thousands=" ", decimal=","), '"1\u202f234,5"', 1234.5),
        (Csv(thousands="'"), "12'345", 12345.0),
        (Csv(missing=("", r"\N", "NULL")), r"\N", None),
        (Csv(escape="\\", missing=("", r"\N")), r"\N", None),
        (Csv(missing_in={"amount": ("-",)}), "-", None),
    ],
)
def test_numbers_as_sources_write_them(form, text, amount):
    assert values(f"day,amount\n2024-03-01,{text}\n", dataset("amount", format=form)) == [amount]


@pytest.mark.parametrize("field", ["NA", '"NA"'])
def test_namibia_stays_namibia_where_na_is_a_value(field):
    content = f'day,country\n2024-03-01,{field}\n2024-03-01,""\n2024-03-01,ZA\n'
    known = dataset("country", format=Csv(missing_in={"country": ("",)}))
    assert values(content, known) == ["NA", None, "ZA"]
    assert values(content, dataset("country")) == [None, None, "ZA"]


@pytest.mark.parametrize(
    ("form", "text", "utc"),
    [
        (Csv(), "2024-03-01T05:00:00Z", datetime(2024, 3, 1, 5, tzinfo=UTC)),
        (Csv(zone="Europe/Berlin"), "2024-07-01 05:00", datetime(2024, 7, 1, 3, tzinfo=UTC)),
        (Csv(zone="Europe/Berlin"), "2024-07-01 05:00:00Z", datetime(2024, 7, 1, 5, tzinfo=UTC)),
        # The clock is set back: the first of two hours. And forward: the end of the hour that does not exist.
        (Csv(zone="Europe/Berlin"), "2024-10-27 02:30", datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),
        (Csv(zone="Europe/Berlin"), "2024-03-31 02:30", datetime(2024, 3, 31, 1, 0, tzinfo=UTC)),
        (Csv(timestamps="%m/%d/%Y %H:%M"), "7/1/2024 5:00", datetime(2024, 7, 1, 5, tzinfo=UTC)),
        (
            JsonLines(zone="America/New_York"),
            "2024-07-01 05:00:00.25",
            datetime(2024, 7, 1, 9, 0, 0, 250_000, tzinfo=UTC),
        ),
    ],
)
def test_timestamps_in_a_zone_and_in_another_form(form, text, utc):
    content = (
        f"day,at\n2024-03-01,{text}\n"
        if isinstance(form, Csv)
        else f'{{"day": "2024-03-01", "at": "{text}"}}\n'
    )
    assert values(content, dataset("at", format=form)) == [utc]


@pytest.mark.parametrize("text", ["2024-13-01 05:00", "01.03.2024 05:00", "yesterday", "2024-02-30 05:00"])
def test_a_time_that_does_not_exist_is_a_defect(text):
    spec = dataset("at", format=Csv(zone="Europe/Berlin"))
    (defect,) = read(f"day,at\n2024-03-01,{text}\n", spec).defects
    assert defect.what == f"1 values are not of type timestamp; row 2 has {text!r}"


FIELDS = st.text(st.sampled_from('ab ,;"\\\n\r|NA0'), max_size=6)


@given(
    rows=st.lists(FIELDS, min_size=1, max_size=5),
    delimiter=st.sampled_from(",;|\t"),
    end=st.sampled_from(["\n", "\r\n"]),
)
@example(rows=["a\r\nb", "x"], delimiter=",", end="\r\n")
def test_any_text_that_is_quoted_as_in_rfc_4180_is_read_as_it_was(rows, delimiter, end):
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator=end)
    writer.writerows([("day", "receipt"), *(("2024-03-01", field) for field in rows)])
    spec = dataset("receipt", format=Csv(delimiter=delimiter, missing=()))
    assert values(file.getvalue(), spec) == rows


@given(rows=st.lists(FIELDS, min_size=1, max_size=5))
@example(rows=['She said "hi"', "ends with \\"])
def test_any_text_that_is_quoted_with_backslashes_is_read_as_it_was_or_refused(rows):
    """As Spark and MySQL write by default."""
    quoted = ["".join(f"\\{c}" if c in '"\\' else c for c in field) for field in rows]
    content = "day,receipt\n" + "".join(f'2024-03-01,"{field}"\n' for field in quoted)
    assert values(content, dataset("receipt", format=Csv(escape="\\", missing=()))) == rows
    delivered = read(content, dataset("receipt", format=Csv(missing=())))
    assert delivered.defects or delivered.rows.column(1).to_pylist() == quoted


def test_a_quote_that_is_neither_doubled_nor_escaped_is_a_defect_with_its_line():
    content = 'day,receipt\n2024-03-01,plain\n2024-03-01,"She said \\"hi\\" 0"\n'
    (defect,) = read(content, dataset("receipt")).defects
    assert defect.what.endswith("line 3 has a quote inside a field that is neither doubled nor escaped")
    assert "`escape`" in defect.way_out


def test_a_file_of_more_than_one_block_is_refused_before_it_is_parsed(tmp_path):
    file = tmp_path / "delivery"
    file.write_text("day,receipt\n2024-03-01,r1\n")
    raw = describe_file(file, "sales/2024-03-01.csv", str(file)).model_copy(update={"size": 2**31})
    (defect,) = read_in_memory(raw, dataset("receipt")).defects
    assert defect.what == "it has 2,147,483,648 bytes, and a CSV file is read up to 2,147,483,647"
    assert defect.way_out == "deliver it as Parquet"


def test_a_line_break_in_a_field_survives_in_a_file_of_many_blocks():
    rows = 300_000  # 6 MB, where the parser's usual block has 1 MB
    content = "day,receipt\r\n" + '2024-03-01,"x\r\ny"\r\n' * rows
    assert set(values(content, dataset("receipt"))) == {"x\r\ny"}


@pytest.mark.parametrize("missing", range(1, 13))
def test_a_line_break_in_a_field_survives_after_escaped_words_that_mean_a_missing_value(missing):
    r"""The parser gets a longer text than the file, in which each \N is escaped: it must be one block, too."""
    content = "day,receipt\n" + "2024-03-01,\\N\n" * missing + '2024-03-01,"' + "x\r\n" * 9 + '"\n'
    spec = dataset("receipt", format=Csv(escape="\\", missing=(r"\N",)))
    assert values(content, spec) == [None] * missing + ["x\r\n" * 9]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_break_in_a_name_of_the_header_begins_no_row(end):
    """Spreadsheets write headings of several lines so."""
    content = f'day,"receipt{end}of the till"{end}2024-03-01,r1{end}'
    spec = dataset("receipt", names={"receipt": f"receipt{end}of the till"})
    assert values(content, spec) == ["r1"]
    (defect,) = read(f"{content}2024-03-01{end}", spec).defects
    assert defect.what == "1 lines do not have 2 fields; line 4 has 1"


@pytest.mark.parametrize(
    ("suffix", "compress"),
    [
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
        (".zst", lambda content: pa.compress(content, codec="zstd", asbytes=True)),
    ],
)
class TestCompressed:
    """A file whose name in the contract says how it is compressed."""

    content = b"day,receipt\n2024-03-01,r1\n"

    def test_it_is_decompressed(self, suffix, compress):
        spec = dataset("receipt", path=f"sales/{{day}}.csv{suffix}")
        assert values(compress(self.content), spec) == ["r1"]

    def test_half_of_it_is_a_defect(self, suffix, compress):
        whole = compress(self.content * 1000)
        spec = dataset("receipt", path=f"sales/{{day}}.csv{suffix}")
        (defect, *_) = read(whole[: len(whole) // 2], spec).defects
        assert defect.severity == "fail"

    def test_it_may_not_expand_beyond_the_limit(self, suffix, compress):
        spec = dataset("receipt", path=f"sales/{{day}}.csv{suffix}", max_bytes=1000)
        (defect,) = read(compress(self.content * 1000), spec).defects
        assert "more than 1,000 bytes when decompressed" in defect.what


def test_other_encodings_are_declared():
    content = "day,receipt\n2024-03-01,Grüße\n"
    assert values(content.encode("cp1252"), dataset("receipt", format=Csv(encoding="latin-1"))) == ["Grüße"]
    assert values(content.encode("utf-16"), dataset("receipt", format=Csv(encoding="utf-16"))) == ["Grüße"]
    (defect,) = read(content.encode("cp1252"), dataset("receipt")).defects
    assert defect.what == "byte 25 is not UTF-8"


def test_json_lines_keep_every_digit_and_absent_fields_are_missing():
    spec = dataset("receipt", "items", "amount", format=JsonLines())
    lines = [
        '{"day": "2024-03-01", "receipt": "r1", "items": 9007199254740993, "amount": 1.50}',
        "",
        '{"day": "2024-03-01", "receipt": "", "amount": null}',
    ]
    delivered = read("\n".join(lines), spec)
    assert delivered.defects == ()
    assert delivered.rows.to_pylist() == [
        {"day": DAY, "receipt": "r1", "items": 9007199254740993, "amount": 1.5},
        {"day": DAY, "receipt": "", "items": None, "amount": None},
    ]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{"day": "2024-03-01", "receipt": ', "line 2 is not JSON: Expecting value at character 33"),
        ("[1]", "line 2 is not an object"),
        ('{"day": "2024-03-01", "receipt": {"a": 1}}', "line 2 has a nested value in 'receipt'"),
        ('{"day": "2024-03-01", "receipt": 1, "receipt": 2}', "line 2 has the field 'receipt' twice"),
    ],
)
def test_a_line_that_cannot_be_read_is_a_defect_with_its_number(line, what):
    good = json.dumps({"day": "2024-03-01", "receipt": "r1"})
    delivered = read(f"{good}\n{line}\n{good}\n", dataset("receipt", format=JsonLines()))
    (defect,) = delivered.defects
    assert defect.what == f"1 lines cannot be read; {what}"
    assert delivered.rows.num_rows == 2


def as_parquet(**columns) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"day": pa.array([DAY] * len(next(iter(columns.values())))), **columns}), file)
    return file.getvalue()


def test_parquet_columns_become_the_types_of_the_contract():
    content = as_parquet(
        receipt=pa.array(["NA", "", None]).dictionary_encode(),
        items=pa.array([1.0, None, 3.0]),
        amount=pa.array([1, 2, None], pa.int32()),
    )
    spec = dataset("receipt", "items", "amount", format=Parquet(), path="sales/day={day}/part.parquet")
    delivered = read(content, spec)
    assert delivered.defects == ()
    assert delivered.rows.column("receipt").to_pylist() == ["NA", "", None]
    assert delivered.rows.column("items").to_pylist() == [1, None, 3]
    assert delivered.rows.column("amount").to_pylist() == [1.0, 2.0, None]


@pytest.mark.parametrize(
    ("column", "found", "what"),
    [
        ("items", pa.array([1.0, 2.5]), "1 values are not of type integer; row 2 has 2.5"),
        ("items", pa.array([1.0, 1e300]), "1 values are not of type integer; row 2 has 1e+300"),
        ("amount", pa.array([1.0, float("inf")]), "1 values are not of type number; row 2 has inf"),
        ("amount", pa.array([1, 2**53 + 1]), "1 values are not of type number; row 2 has 9007199254740993"),
        ("amount", pa.array(["1", "x"]), "1 values are not of type number; row 2 has 'x'"),
        (
            "at",
            pa.array([datetime(2024, 3, 1), None]),  # noqa: DTZ001 - a time without a zone is the case
            "values of type timestamp[us] are not of type timestamp: timestamps without a time zone",
        ),
    ],
)
def test_a_parquet_value_that_would_change_is_a_defect(column, found, what):
    (defect,) = read(as_parquet(**{column: found}), dataset(column, format=Parquet())).defects
    assert defect.what.startswith(what)


def test_columns_that_are_not_wanted_are_ignored_without_a_warning():
    content = ",day,receipt,note\n0,2024-03-01,r1,x\n"
    assert values(content, dataset("receipt", ignored=("", "note"))) == ["r1"]
    (defect,) = read(content, dataset("receipt", ignored=("",))).defects
    assert (defect.severity, "'note'" in defect.what) == ("warn", True)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("sales_{day:%Y%m%d}.csv", "sales_20240301.csv"),
        ("{day:%Y}/{day:%m}/{day:%d}/sales.csv", "2024/03/01/sales.csv"),
    ],
)
def test_a_path_may_have_the_day_in_another_form(path, name):
    assert dataset("receipt", path=path).delivery.path.format(day=DAY) == name


@pytest.mark.parametrize(
    ("delivery", "message"),
    [
        ({"path": "sales_{day:%Y%m}.csv"}, "is the same on two days"),
        ({"names": {"recipt": "Beleg"}}, "delivery.names: recipt is not a column"),
        ({"format": Csv(missing_in={"amout": ("-",)})}, "delivery.format.missing_in: amout is not a column"),
        ({"names": {"receipt": "day"}}, "two columns are read from 'day'"),
    ],
)
def test_a_mistake_in_a_delivery_is_named(delivery, message):
    with pytest.raises(ValidationError, match=message):
        dataset("receipt", **delivery)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"delimiter": ";", "quote": ";"}, "are the same character"),
        ({"decimal": ",", "thousands": ","}, "are the same mark"),
        ({"encoding": "utf-99"}, "'utf-99' is not an encoding"),
        ({"zone": "Berlin"}, "'Berlin' is not a time zone"),
        ({"zone": "Europe"}, "'Europe' is not a time zone"),
        ({"zone": "/etc/localtime"}, "'/etc/localtime' is not a time zone"),
        ({"dates": "DD.MM.YYYY"}, "has no directives such as %d"),
    ],
)
def test_a_mistake_in_a_format_is_named(form, message):
    with pytest.raises(ValidationError, match=message):
        Csv(**form)


def examples_of_the_page() -> list[str]:
    return re.findall(r"```python\n(.*?)```", (PROJECT / "docs" / "DELIVERIES.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("source", examples_of_the_page())
def test_an_example_of_the_page_about_formats_is_a_delivery(source):
    example = eval(source, vars(contender.specs))
    delivery = example.delivery if isinstance(example, DatasetSpec) else example
    assert delivery.is_dated or delivery.several_days


def test_the_page_about_formats_names_every_field():
    page = (PROJECT / "docs" / "DELIVERIES.md").read_text()
    assert [name for name in Csv.model_fields if name != "kind" and f"`{name}`" not in page] == []
