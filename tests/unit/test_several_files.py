"""A delivery of several files: all files of the day are read in the order of their names, and each is guarded."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from contender.gating import check
from contender.ingesting import group_files, land
from contender.landing import LandingError, NotDelivered, describe_file
from contender.settings import Settings
from contender.specs import Column, DatasetSpec, Days, Delivery, JsonLines, Parquet

DAY = date(2024, 3, 1)
ONE = Days.one(DAY)
PATH = "orders/{day:%Y%m%d}/part-*.csv"


def dataset(path: str = PATH, **delivery) -> DatasetSpec:
    return DatasetSpec(
        name="orders",
        description="Orders.",
        owner="shop@company.example",
        delivery=Delivery(path=path, cron="0 6 * * *", **delivery),
        columns=(
            Column(name="day", type="date", description="day"),
            Column(name="receipt", type="string", description="receipt"),
            Column(name="amount", type="number", nullable=True, description="amount"),
        ),
        primary_key=("day", "receipt"),
    )


def text(*rows: str, header: str = "day,receipt,amount") -> str:
    return "\n".join([header, *(f"{DAY},{row}" for row in rows)]) + "\n"


def deliver(here: Settings, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = Path(here.landing) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def staged(batch) -> list[dict]:
    return [row for file in batch.files for row in pq.read_table(file.path).to_pylist()]


def receipts(batch) -> list[str]:
    return [row["receipt"] for row in staged(batch)]


FOLDER = "orders/20240301"
TWO = {f"{FOLDER}/part-0.csv": text("r1,1", "r2,2"), f"{FOLDER}/part-1.csv": text("r3,3")}


def test_all_files_of_the_day_are_one_delivery(here):
    deliver(here, TWO | {"orders/20240302/part-0.csv": text("r9,9")})
    batch = land(dataset(), ONE, here)
    assert receipts(batch) == ["r1", "r2", "r3"]
    assert [file.name for file in batch.delivered] == list(TWO)
    assert [Path(source).read_text() for source in batch.sources] == list(TWO.values())


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("orders_{day}_*.csv", "orders_2024-03-01_berlin.csv"),
        ("{day:%Y}/{day:%m}/{day:%d}/*/till.csv", "2024/03/01/berlin/till.csv"),
        ("*/orders-{day}.csv", "berlin/orders-2024-03-01.csv"),
        ("orders[1]/{day}-*.csv", "orders[1]/2024-03-01-a.csv"),
    ],
)
def test_a_star_stands_for_a_part_of_one_name(here, path, name):
    deliver(here, {name: text("r1,1")})
    assert receipts(land(dataset(path), ONE, here)) == ["r1"]


@pytest.mark.parametrize(
    "name",
    [
        f"{FOLDER}/_part-0.csv",
        f"{FOLDER}/.part-0.csv",
        f"{FOLDER}/part-0.csv.part",
        f"{FOLDER}/more/part-0.csv",
        "orders/20240302/part-0.csv",
    ],
)
def test_a_day_without_a_matching_file_is_not_delivered(here, name):
    deliver(here, {name: text("r1,1")})
    with pytest.raises(NotDelivered, match=r"no file in the landing zone .* matches orders/20240301/part-\*"):
        land(dataset(), ONE, here)


def test_hidden_files_match_no_star_at_the_beginning_of_a_name(here):
    deliver(here, {f"{FOLDER}/_SUCCESS": "", f"{FOLDER}/.x.part": "", f"{FOLDER}/a": text("r1,1")})
    assert receipts(land(dataset("orders/{day:%Y%m%d}/*"), ONE, here)) == ["r1"]


def test_the_same_files_again_have_the_same_fingerprint_and_another_file_has_not(here):
    deliver(here, TWO)
    first = land(dataset(), ONE, here).fingerprint
    assert land(dataset(), ONE, here).fingerprint == first
    deliver(here, {f"{FOLDER}/part-2.csv": text("r4,4")})
    assert land(dataset(), ONE, here).fingerprint != first


def test_a_range_reads_the_files_of_each_day_and_names_days_without_any(here):
    deliver(here, TWO | {"orders/20240302/part-0.csv": text("r9,9").replace("03-01", "03-02")})
    days = Days(first=DAY, last=date(2024, 3, 2))
    assert [(file.day, file.rows) for file in land(dataset(), days, here).files] == [
        (DAY, 3),
        (date(2024, 3, 2), 1),
    ]
    with pytest.raises(LandingError, match=r"1 of 3 days .* 2024-03-03"):
        land(dataset(), Days(first=DAY, last=date(2024, 3, 3)), here)


def test_a_file_that_arrives_while_the_others_are_read_is_waited_for(here, monkeypatch):
    import contender.landing

    copy = contender.landing.shutil.copyfile

    def copy_while_another_arrives(source, target):
        deliver(here, {f"{FOLDER}/part-7.csv": text("r7,7")})
        return copy(source, target)

    deliver(here, TWO)
    monkeypatch.setattr("contender.landing.shutil.copyfile", copy_while_another_arrives)
    with pytest.raises(NotDelivered, match="are still arriving"):
        land(dataset(), ONE, here)


def test_each_file_is_limited_in_size(here):
    deliver(here, TWO)
    with pytest.raises(LandingError, match=r"part-0\.csv has 51 bytes, more than its contract allows \(50\)"):
        land(dataset(max_bytes=50), ONE, here)


@pytest.mark.parametrize(
    ("second", "where", "what"),
    [
        ("", "part-1.csv", "the file is empty"),
        (text("r3,x"), "part-1.csv, column amount", "1 values are not of type number; row 2 has 'x'"),
        (text("r3,3").replace(str(DAY), "2024-03-02"), "part-1.csv, column day", "2024-03-02 in row 2"),
        (
            text("r3,3,x", header="day,receipt,amount,till"),
            "part-1.csv",
            "orders/20240301/part-1.csv has 'till', which orders/20240301/part-0.csv does not have",
        ),
        (text("r3", header="day,receipt"), "part-1.csv, line 1", "the columns amount are missing"),
    ],
)
def test_a_defect_names_its_file(here, second, where, what):
    deliver(here, TWO | {f"{FOLDER}/part-1.csv": second})
    found = [(d.where, d.what) for d in land(dataset(), ONE, here).defects if d.severity == "fail"]
    assert [1 for place, said in found if place.endswith(where) and what in said]


def test_columns_in_another_order_are_no_difference(here):
    deliver(here, TWO | {f"{FOLDER}/part-1.csv": f"amount,day,receipt\n3,{DAY},r3\n"})
    batch = land(dataset(), ONE, here)
    assert (batch.defects, batch.rows) == ((), 3)


def test_headers_of_parquet_files_are_compared_and_absent_fields_of_json_lines_are_missing(here):
    def parquet(**more) -> bytes:
        sink = pa.BufferOutputStream()
        columns = {"day": [DAY], "receipt": [f"r{len(more)}"], "amount": [1.0], **more}
        pq.write_table(pa.table(columns), sink)
        return sink.getvalue().to_pybytes()

    deliver(here, {f"{FOLDER}/part-0.parquet": parquet(), f"{FOLDER}/part-1.parquet": parquet(till=[1])})
    spec = dataset("orders/{day:%Y%m%d}/part-*.parquet", format=Parquet())
    assert "the files of one delivery have different columns" in str(land(spec, ONE, here).defects)
    deliver(
        here,
        {
            f"{FOLDER}/part-0.jsonl": f'{{"day": "{DAY}", "receipt": "r1", "amount": 1, "till": 1}}\n',
            f"{FOLDER}/part-1.jsonl": f'{{"day": "{DAY}", "receipt": "r2", "amount": 1}}\n',
        },
    )
    spec = dataset("orders/{day:%Y%m%d}/part-*.jsonl", format=JsonLines(), ignored=("till",))
    assert land(spec, ONE, here).defects == ()


def test_a_failing_row_is_shown_with_its_file_and_its_row_in_it(here):
    deliver(here, TWO | {f"{FOLDER}/part-1.csv": text("r8,8", "r2,7")})
    result = check(dataset().contract, land(dataset(), ONE, here), "run 1")
    (repeated,) = result.failed
    assert repeated.failing_keys == (
        {
            "day": "2024-03-01",
            "receipt": "r2",
            "delivered in": "orders/20240301/part-0.csv row 3, orders/20240301/part-1.csv row 3",
        },
    )
    assert [file.name for file in result.delivered] == list(TWO)


def test_files_outside_of_the_landing_zone_are_grouped_by_day(tmp_path):
    contents = {"b": text("r1,1"), "a": text("r2,2"), "c": text("r3,3").replace("03-01", "03-02")}
    for name, content in contents.items():
        (tmp_path / name).write_text(content)
    raws = [describe_file(tmp_path / name, name, name) for name in contents]
    grouped = group_files(dataset(), raws)
    assert [[raw.name for raw in files] for files in grouped] == [["a", "b"], ["c"]]
    assert len(group_files(dataset("orders/{day}.csv"), raws)) == 3


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("orders/**/{day}.csv", "write one `\\*`"),
        ("orders/part-*.csv", "a daily dataset needs `{day}` in its path"),
        ("sales_{day:%G-W%V}.csv", "is the same on two days"),
    ],
)
def test_a_mistake_in_a_path_is_named(path, message):
    with pytest.raises(ValidationError, match=message):
        dataset(path)
