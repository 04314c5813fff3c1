"""A draft proposes the format in which a source writes, and the drafted contract reads the file without a defect."""

import gzip
import io
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest

from contender.drafting import draft_dataset
from contender.landing import describe_file
from contender.specs import Csv, DatasetSpec, JsonLines, Parquet
from tests.unit.delivered import read_in_memory

DAY = date(2024, 3, 1)
ROWS = 30


def draft(
    content: str | bytes, delivered_as: str = "sales/2024-03-01.csv"
) -> tuple[DatasetSpec, str, list[dict]]:
    """Return the drafted contract, its source, and the rows that it reads from the file, which has no defects."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "delivery"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        raw = describe_file(path, delivered_as, str(path))
        (source,) = draft_dataset("sales", raw).files.values()
        namespace: dict = {}
        exec(source, namespace)
        spec = namespace["SPEC"]
        assert spec.delivery.path.format(day=DAY) == delivered_as
        delivered = read_in_memory(raw, spec)
    assert delivered.defects == ()
    return spec, source, delivered.rows.to_pylist()


def lines(header: str, row: str, **others: str) -> str:
    """Return a header and 30 rows, in which {n} is the row's number; `others` are rows by number, as r3=..."""
    return header + "\n" + "".join(f"{others.get(f'r{n}', row).format(n=n)}\n" for n in range(ROWS))


def test_a_semicolon_file_of_a_german_till():
    content = "Export\n" + lines("Tag;Beleg;Betrag EUR", "01.03.2024;r{n};1.2{n:02},5")
    spec, source, rows = draft(content)
    form = spec.delivery.format
    assert (form.delimiter, form.decimal, form.thousands, form.dates, form.skip_lines) == (
        ";",
        ",",
        ".",
        "%d.%m.%Y",
        1,
    )
    assert spec.delivery.names == {"day": "Tag", "beleg": "Beleg", "betrag_eur": "Betrag EUR"}
    assert rows[3]["day"] == DAY
    assert "the only date, Tag, is the day of the delivery" in source
    assert "1 lines above the header" in source


@pytest.mark.parametrize(
    ("header", "row", "form"),
    [
        ("day\treceipt\tamount", "2024-03-01\tr{n}\t{n}.5", {"delimiter": "\t"}),
        ("day|receipt|amount", "2024-03-01|r{n}|{n}.5", {"delimiter": "|"}),
        ("sep=;\nday;receipt;amount", "2024-03-01;r{n};{n},5", {"delimiter": ";", "decimal": ","}),
        ("day,receipt,amount", '2024-03-01,r{n},"1,2{n:02}.5"', {"thousands": ","}),
        ("day,receipt,at", "2024-03-01,r{n},2024-03-01 05:{n:02}", {"zone": "UTC"}),
        ("day,receipt,at", "2024-03-01,r{n},01.03.2024 05:{n:02}", {"timestamps": "%d.%m.%Y %H:%M"}),
        ("day,receipt,amount", "20240301,r{n},{n}.5", {"dates": "%Y%m%d"}),
        ("day,receipt,text", '2024-03-01,r{n},"She said \\"hi\\" {n}"', {"escape": "\\"}),
    ],
)
def test_the_marks_of_a_file_are_found(header, row, form):
    spec, *_ = draft(lines(header, row))
    assert {name: getattr(spec.delivery.format, name) for name in form} == form


@pytest.mark.parametrize("word", ["NULL", "NaN", r"\N", "N/A"])
def test_a_word_for_missing_does_not_make_numbers_texts(word):
    spec, source, rows = draft(
        lines("day,receipt,amount", "2024-03-01,r{n},{n}.5", r3=f"2024-03-01,r3,{word}")
    )
    assert (spec.columns[2].type, spec.columns[2].nullable) == ("number", True)
    assert rows[3]["amount"] is None
    assert f"# check: {word} read as missing" in source


def test_na_among_codes_of_two_letters_is_a_code():
    spec, source, rows = draft(
        lines("day,receipt,country", "2024-03-01,r{n},ZA", r3='2024-03-01,r3,"NA"', r4="2024-03-01,r4,")
    )
    assert spec.delivery.format.missing_in == {"country": ("",)}
    assert (rows[3]["country"], rows[4]["country"]) == ("NA", None)
    assert "NA in country is read as a code" in source


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_another_encoding_is_found(encoding):
    spec, _, rows = draft(lines("day,receipt,shop", "2024-03-01,r{n},Küche").encode(encoding))
    assert spec.delivery.format.encoding == encoding
    assert rows[0]["shop"] == "Küche"


def test_the_index_that_pandas_writes_is_ignored():
    file = io.StringIO()
    pd.DataFrame({"day": [DAY] * ROWS, "receipt": [f"r{n}" for n in range(ROWS)]}).to_csv(file)
    spec, source, _ = draft(file.getvalue())
    assert (spec.delivery.ignored, [column.name for column in spec.columns]) == (("",), ["day", "receipt"])
    assert "a column without a name is ignored" in source


def test_names_that_no_contract_may_have_are_mapped():
    spec, *_ = draft(lines("day,Receipt No,receipt_no,2nd", "2024-03-01,r{n},s{n},{n}"))
    assert spec.delivery.names == {"receipt_no_2": "Receipt No", "c_2nd": "2nd"}


def test_parquet_keeps_its_types():
    file = io.BytesIO()
    frame = pd.DataFrame(
        {"day": [DAY] * ROWS, "receipt": [f"00{n}" for n in range(ROWS)], "amount": [1.5] * ROWS}
    )
    frame.assign(at=pd.Timestamp("2024-03-01 05:00")).to_parquet(file, index=False)
    spec, source, rows = draft(file.getvalue(), "sales_20240301.parquet")
    assert [column.type for column in spec.columns] == ["date", "string", "number", "timestamp"]
    assert spec.delivery.format == Parquet(zone="UTC")
    assert "in which zone is the source?" in source
    assert rows[7]["receipt"] == "007"


def test_json_lines_and_compressed_files():
    content = "".join(f'{{"day": "2024-03-01", "receipt": "r{n}", "amount": {n}.5}}\n' for n in range(ROWS))
    spec, *_ = draft(gzip.compress(content.encode()), "sales/2024-03-01.jsonl.gz")
    assert spec.delivery.format == JsonLines()
    assert spec.delivery.path == "sales/{day}.jsonl.gz"
    spec, *_ = draft(
        gzip.compress(lines("day,receipt", "2024-03-01,r{n}").encode()), "sales/2024-03-01.csv.gz"
    )
    assert spec.delivery.format == Csv()
