"""A draft passes the gate with its own file, and shows no personal data."""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contender.drafting import DraftError, choose_dataset, draft_dataset, draft_model, write_draft
from contender.drafting.guesses import guess_column, guess_expectation, is_personal, widen
from contender.drafting.keys import find_key
from contender.drafting.profile import profile_column, profile_file, profile_files
from contender.drafting.source import WIDTH
from contender.evaluating import check_behaviour
from contender.landing import RawFile, describe_file
from contender.specs import (
    Between,
    Catalog,
    Csv,
    DatasetSpec,
    InSet,
    Matches,
    RowCount,
    load_behaviour,
    load_module,
)
from contender.training import load_functions
from tests.unit.delivered import read_in_memory

DAY = date(2013, 9, 1)
AS = "sales/2013-09-01.csv"
SALES = "day,item,price\n2013-09-01,apple,1.5\n2013-09-01,pear,2\n2013-09-01,plum,NA\n"


@contextmanager
def delivered(text: str | bytes, name: str = AS) -> Iterator[RawFile]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "delivery.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        yield describe_file(path, name, str(path))


def draft(text: str | bytes, *, kind="daily", delivered_as=AS, name="sales", owner=None):
    with delivered(text, delivered_as) as raw:
        return draft_dataset(name, raw, kind=kind, owner=owner)


def run(source: str) -> DatasetSpec:
    namespace: dict = {}
    exec(source, namespace)
    return namespace["SPEC"]


def drafted(text: str | bytes, **how) -> DatasetSpec:
    (source,) = draft(text, **how).files.values()
    return run(source)


def columns_of(text: str):
    with delivered(text) as raw:
        return profile_file(raw).columns


def profile(name: str, fields: Sequence[str]):
    return profile_column(name, pa.array([None if f in Csv().missing else f for f in fields], pa.string()))


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        (["1", "-2", ""], "integer"),
        (["0", "1"], "integer"),
        (["1", "2.5", "NA"], "number"),
        (["9223372036854775808"], "number"),
        (["12345678901234567890", "12345678901234567891"], "string"),
        (["0x1F", "0x20"], "string"),
        (["1e3", "-.5"], "number"),
        (["1", "nan"], "string"),
        (["nan", "inf"], "string"),
        (["true", "FALSE"], "boolean"),
        (["2013-09-01", ""], "date"),
        (["2013-09-01T05:00:00Z", "2013-09-01 05:00:00+02:00"], "timestamp"),
        (["2013-09-01 05:00:00"], "string"),
        (["007", "12"], "string"),
        (["0x1F"], "string"),
        ([" 1"], "string"),
        (["1,5"], "string"),
        (["01.09.2013"], "string"),
        (["", "NA"], "string"),
        (["1", "one"], "string"),
    ],
)
def test_a_column_has_the_narrowest_type_that_the_reader_takes_and_that_loses_nothing(fields, wanted):
    assert profile("c", fields).type == wanted


@pytest.mark.parametrize(("fields", "missing"), [(["1", "NA", ""], 2), (["nan"], 0), (["a"], 0)])
def test_missing_values_are_those_that_the_gate_misses(fields, missing):
    assert profile("c", fields).missing == missing


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("a,b\n1,1\n2,1\n", ("a",)),
        ("b,a\n1,1\n1,2\n", ("a",)),
        ("a,b\n1,1\n2,2\n", ("a",)),
        ("a,b_id\n1,1\n2,2\n", ("b_id",)),
        ("a,b,c\n1,1,1\n1,2,1\n2,1,2\n", ("a", "b")),
        ("a,b\n1,1\nNA,2\n", ("b",)),
        ("price,a,b\n1.5,1,1\n2.5,1,2\n3.5,2,1\n", ("a", "b")),
        ("price,a\n1.5,1\n2.5,1\n", ("price",)),
        ("a,b\nx,1\nX,1\n", ("a",)),
    ],
)
def test_the_key_is_the_smallest_set_of_whole_columns_that_is_unique(text, key):
    assert find_key(columns_of(text)) == key


def test_a_long_key_is_thinned_out_to_what_is_needed():
    names = [f"c{n}" for n in range(7)]
    bits = [f"{'1' if n == k else '2'}" for n in range(6) for k in range(7)]
    rows = [bits[start : start + 7] for start in range(0, len(bits), 7)] + [["2"] * 7]
    text = "\n".join([",".join(names), *(",".join(row) for row in rows)])
    assert find_key(columns_of(text)) == tuple(names[:6])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,1\n1,1\n2,1\n", "1 of 3 rows repeat another one"),
        ("a,b\n1,1\n2,1\n1,NA\n2,NA\n", "rows 2 and 4 differ only in columns with missing values"),
        ("a,b\n1,NA\nNA,1\n", "every column has missing values"),
    ],
)
def test_rows_without_a_unique_key_are_an_error_with_a_fix(text, said):
    with pytest.raises(DraftError, match=said):
        find_key(columns_of(text))


@pytest.mark.parametrize(
    ("low", "high", "bounds"),
    [
        (0, 10, (0, 20)),
        (516, 2359, (0, 4300)),
        (-23, 326, (-380, 680)),
        (-10, -5, (-15, 0)),
        (5, 5, (0, 10)),
        (0.01, 0.02, (0, 0.03)),
        (-1e308, 1e308, (None, None)),
    ],
)
def test_bounds_have_slack_and_keep_their_sign(low, high, bounds):
    assert widen(low, high) == bounds


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.tuples(finite, finite).map(sorted))
def test_bounds_hold_what_was_seen(pair):
    low, high = widen(*pair)
    assert low is None or low <= pair[0]
    assert high is None or high >= pair[1]


@pytest.mark.parametrize(
    ("name", "fields", "expectation"),
    [
        ("kind", ["a", "b"] * 5, InSet(column="kind", values=("a", "b"), severity="warn")),
        ("dest", ["LAX", "SFO", "BOS"], Matches(column="dest", pattern="^[A-Z]{3}$", severity="warn")),
        ("zip", ["01234", "56789", "00001"], Matches(column="zip", pattern="^[0-9]{5}$", severity="warn")),
        ("flag", ["0.0.0.0"] * 9, None),
        ("text", ["a b", "cde", "f"], None),
        ("id", ["1", "99"], Between(column="id", low=0, severity="warn")),
        ("rain", ["0", "0"], Between(column="rain", low=0, severity="warn")),
        ("customer_id", ["1", "99"], None),
        ("customer_name", ["Ann", "Bob"] * 5, None),
        ("empty", ["", "NA"], None),
        ("yes", ["true", "false"], None),
    ],
)
def test_an_expectation_is_guessed_from_obvious_values(name, fields, expectation):
    guess = guess_expectation(profile(name, fields))
    assert (guess.expectation if guess else None) == expectation


@pytest.mark.parametrize(
    "name",
    [
        *(
            "email",
            "e_mail",
            "mail",
            "phone",
            "phone_number",
            "home_address",
            "ip_address",
            "name",
            "first_name",
        ),
        *("fullname", "customer", "customer_id", "user_id", "household_key", "household_no", "date_of_birth"),
    ],
)
def test_names_of_personal_data_are_known(name):
    assert is_personal(name)
    column, notes = guess_column(profile(name, ["x"]))
    assert column.pii
    assert any("personal data" in note for note in notes)


@pytest.mark.parametrize(
    "name",
    ["product_name", "file_name", "store_id", "item", "flight", "mailing", "usage_hours", "shipment", "zone"],
)
def test_other_names_are_not_taken_for_personal_data(name):
    assert not is_personal(name)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (["", ""], "no value in any row"),
        (["1", ""], "no value in 1 of 2 rows"),
        (["0", "0"], "`number` if there may be fractions"),
        (["007", "12"], "leading zeros"),
    ],
)
def test_doubtful_columns_have_a_note(fields, said):
    _, notes = guess_column(profile("c", fields))
    assert any(said in note and note.startswith("check: ") for note in notes)


def test_a_draft_shows_nothing_of_personal_data():
    people = [("Ann", "ann@home.example", "4711"), ("Bob", "bob@home.example", "4712")] * 6
    rows = [f"2013-09-01,{n},{a},{b},{c}" for n, (a, b, c) in enumerate(people)]
    text = "\n".join(["day,row_no,first_name,email,customer_id", *rows])
    (source,) = draft(text).files.values()
    assert not [secret for secret in ("Ann", "Bob", "home.example", "471") if secret in source]


def test_a_daily_draft_is_the_contract_of_its_file():
    spec = drafted(SALES, owner="shop@company.example")
    assert (spec.kind, spec.delivery.path, spec.owner) == (
        "daily",
        "sales/{day}.csv",
        "shop@company.example",
    )
    assert [(c.name, c.type, c.nullable) for c in spec.columns] == [
        ("day", "date", False),
        ("item", "string", False),
        ("price", "number", True),
    ]
    assert spec.primary_key == ("day", "item")
    assert spec.expectations == (
        RowCount(low=1, high=6, severity="warn"),
        Between(column="price", low=1, high=2.5, severity="warn"),
    )


def test_a_reference_draft_has_its_file_and_no_day():
    spec = drafted("shop\n1\n2\n", kind="reference", delivered_as="shops.csv", name="shops")
    assert (spec.kind, spec.delivery.path, spec.primary_key) == ("reference", "shops.csv", ("shop",))


@pytest.mark.parametrize(
    ("delivered_as", "kind", "path"),
    [
        ("sales/2013-09-01.csv", "daily", "sales/{day}.csv"),
        ("till/2013-09-01/export_2013-09-01.csv", "daily", "till/{day}/export_{day}.csv"),
        ("sales/export.csv", "daily", "sales/{day}.csv"),
        ("sales/exp{o}rt 2013-09-01.csv", "daily", "sales/{day}.csv"),
        ("sales/2013-09-01.csv", "reference", "sales.csv"),
        ("sales/{x}.csv", "reference", "sales.csv"),
    ],
)
def test_a_date_in_the_files_name_becomes_the_partition_key(delivered_as, kind, path):
    assert drafted(SALES, kind=kind, delivered_as=delivered_as).delivery.path == path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty: deliver it again"),
        ("\n\n", "the first line is empty"),
        (SALES.replace("pear", '5" pear'), "a quote is opened and never closed"),
        (b"PK\x03\x04" + SALES.encode(), "it is a ZIP archive"),
        (SALES.replace("pear", "p\x07ar"), "the column item has control characters"),
        (SALES + '"never closed', "it is not a CSV file"),
        ("day,item\n", "the file has a header and no rows"),
        (SALES + "2013-09-01,fig\n", "line 5 has 2 fields where the header has 3"),
        (SALES.replace("price", "item"), "the column 'item' occurs twice"),
        (
            "sold,made,item\n2013-09-01,2013-08-01,fig\n2013-09-01,2013-08-02,fig\n",
            "rename sold or made, or use --kind reference for a table that is replaced whole",
        ),
        (SALES.replace("day,", "sold,").replace("2013-", "x"), "add one, or use --kind reference"),
        (SALES.replace("2013-09-01,plum", ",plum"), "the column day is not a date in every row"),
        (SALES.replace("2013-09-01,plum", "2013-09-02,plum"), "2 days, 2013-09-01 to 2013-09-02"),
        (SALES.replace("09-01", "09-02"), "name has the day 2013-09-01, but its rows have 2013-09-02"),
    ],
)
def test_an_unusable_file_is_reported_in_one_line_with_a_fix(text, said):
    with pytest.raises(DraftError) as error:
        draft(text)
    assert said in str(error.value)
    assert str(error.value).startswith("2013-09-01.csv: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"name": "Sales"}, "'Sales' does not have the form"),
        ({"name": "s" * 61}, "at most 60"),
        ({"name": "../sales"}, "'../sales' does not have the form"),
        ({"owner": "the shop"}, "the owner 'the shop' does not have the form of an e-mail address"),
    ],
)
def test_an_invalid_name_or_owner_is_reported(how, said):
    with pytest.raises(DraftError, match=said):
        draft(SALES, **how)


def test_a_taken_name_is_kept_unless_forced(tmp_path: Path):
    first, second = draft(SALES), draft(SALES, owner="shop@company.example")
    (path,) = write_draft(first, tmp_path)
    with pytest.raises(DraftError, match="choose another name, or replace it with --force"):
        write_draft(second, tmp_path)
    assert run(path.read_text()).owner == "owner@company.example"
    write_draft(second, tmp_path, force=True)
    assert run(path.read_text()).owner == "shop@company.example"
    assert [file.name for file in path.parent.iterdir()] == ["sales.py"]


def test_the_error_for_a_missing_catalog_names_the_setting(tmp_path: Path):
    with pytest.raises(DraftError, match="CONTENDER_CATALOG_HOME"):
        write_draft(draft(SALES), tmp_path / "nowhere")


def catalog_of(*specs: DatasetSpec) -> Catalog:
    return Catalog(home=Path(), datasets={spec.name: spec for spec in specs}, models={})


def test_a_model_learns_from_a_daily_dataset_that_is_there():
    daily = drafted(SALES)
    shops = drafted("shop\n1\n", kind="reference", name="shops")
    catalog = catalog_of(daily, shops)
    assert choose_dataset(catalog, "sales") == daily
    for asked, said in (
        (None, "with --from"),
        ("shops", "is not daily"),
        ("sale", "no dataset 'sale'"),
    ):
        with pytest.raises(DraftError, match=rf"{said}.*there are: sales"):
            choose_dataset(catalog, asked)
    with pytest.raises(DraftError, match="contender new dataset"):
        choose_dataset(catalog_of(shops), None)


def test_a_model_has_recurring_keys_and_measures():
    drafted_model = draft_model("returns", drafted(SALES), owner="models@company.example")
    assert list(drafted_model.files) == [
        f"models/returns/{n}.py" for n in ("features", "estimator", "baseline", "behaviour", "spec")
    ]
    spec = run(drafted_model.files["models/returns/spec.py"])
    assert [key.name for key in spec.keys] == ["item"]
    assert spec.feature_names == ("weekday", "days_seen", "price_28d", "price_7d")
    assert (spec.inputs[0].dataset, spec.inputs[0].history_days) == ("sales", 28)


COUNTS = "day,item,{}\n2013-09-01,apple,0\n2013-09-01,pear,{}\n"


@pytest.mark.parametrize(
    ("text", "predicts", "explanation"),
    [
        (SALES, "quantity", "price can have many values (otherwise use --predicts probability)"),
        (COUNTS.format("sold", 400), "quantity", "sold can have many values"),
        (
            COUNTS.format("returned", 1),
            "probability",
            "returned can have few values (otherwise use --predicts quantity)",
        ),
    ],
)
def test_a_model_predicts_a_quantity_if_its_measure_can_have_many_values(text, predicts, explanation):
    model = draft_model("returns", drafted(text))
    assert run(model.files["models/returns/spec.py"]).predicts == predicts
    assert explanation in model.summary


@pytest.mark.parametrize(("predicts", "loss"), [("quantity", "squared"), ("probability", "brier")])
@pytest.mark.parametrize("text", [SALES, COUNTS.format("returned", 1)])
def test_a_model_predicts_what_is_asked_for(text, predicts, loss):
    model = draft_model("returns", drafted(text), predicts=predicts)
    spec = run(model.files["models/returns/spec.py"])
    assert (spec.predicts, spec.loss) == (predicts, loss)
    assert model.summary.endswith(f"predicts a {predicts}")


@pytest.mark.parametrize(
    ("expectations", "bounds"),
    [
        ((Between(column="price", low=1, high=2.5),), [(1, 2.5)]),
        ((Between(column="price", low=0),), [(0, None)]),
        ((), []),
    ],
)
def test_a_drafted_quantity_must_be_within_the_bounds_of_its_contract(tmp_path, expectations, bounds):
    dataset = drafted(SALES).model_copy(update={"expectations": expectations})
    write_draft(draft_model("returns", dataset, predicts="quantity"), tmp_path)
    tests = load_behaviour(tmp_path / "models" / "returns")
    assert [(test.low, test.high) for test in tests] == bounds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SALES.replace("price", "shop_id"), "no numbers to learn from"),
        ("day,price,at\n2013-09-01,1,2013-09-01T05:00Z\n2013-09-01,1,2013-09-01T06:00Z\n", "recurs"),
    ],
)
def test_a_dataset_without_keys_or_numbers_is_reported(text, said):
    with pytest.raises(DraftError, match=said):
        draft_model("returns", drafted(text))


@pytest.mark.parametrize("share", [0.002, 0.01, 0.1, 0.5])
def test_a_drafted_estimator_passes_the_drafted_behaviour_tests_on_rare_and_common_labels(tmp_path, share):
    write_draft(draft_model("returns", drafted(SALES), predicts="probability"), tmp_path)
    home, spec = (
        tmp_path / "models" / "returns",
        load_module(tmp_path / "models" / "returns" / "spec.py").SPEC,
    )
    random = np.random.default_rng(1)
    rows = pd.DataFrame({name: random.normal(size=20_000) for name in spec.feature_names})
    rows["day"] = date(2013, 9, 1)
    rows["label"] = (random.random(len(rows)) < share).astype(int)
    estimator = load_functions(home, spec.recipes[0]).build_estimator(dict(spec.recipes[0].parameters), 1)
    estimator.fit(rows[list(spec.feature_names)], rows["label"])

    def predict(some: pd.DataFrame) -> np.ndarray:
        return estimator.predict_proba(some[list(spec.feature_names)])[:, 1]

    assert [check.passed for check in check_behaviour(spec, load_behaviour(home), rows, predict)] == [True]


@pytest.mark.parametrize("constant", [0.0, 1.0])
def test_a_version_that_always_predicts_0_or_1_fails_the_drafted_behaviour_tests(tmp_path, constant):
    write_draft(draft_model("returns", drafted(SALES), predicts="probability"), tmp_path)
    home = tmp_path / "models" / "returns"
    rows = pd.DataFrame({"day": date(2013, 9, 1), "weekday": [1, 2], "label": [0, 1]})
    tests = load_behaviour(home)
    found = check_behaviour(
        load_module(home / "spec.py").SPEC, tests, rows, lambda some: np.full(len(some), constant)
    )
    assert [check.passed for check in found] == [False]


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
FIELDS = {
    "integer": st.integers(-(2**63), 2**63 - 1).map(str),
    "small": st.integers(0, 3).map(str),
    "number": st.floats().map(repr),
    "boolean": st.sampled_from(["true", "false", "True"]),
    "date": st.dates().map(str),
    "timestamp": st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
    "code": st.from_regex(r"[A-Z]{2}[0-9]", fullmatch=True),
    "category": st.sampled_from(["north", "South", "mid-west", "0.0.0.0", "/tmp", 'a "b"', "ü\\"]),
    "text": texts,
}
names = st.sampled_from(["a", "b", "c", "some_id", "name", "amount", "from", "class", "x1"])


@st.composite
def deliveries(draw) -> bytes:
    """A CSV file of one day whose lines are numbered, so that they have a key, beside columns of any type."""
    rows = draw(st.integers(1, 30))
    columns = {"day": [str(DAY)] * rows, "line": [str(n) for n in range(rows)]}
    for name in draw(st.lists(names, unique=True, max_size=4)):
        fields = draw(st.sampled_from(sorted(FIELDS)).map(FIELDS.get))
        columns[name] = draw(st.lists(fields | st.sampled_from(["", "NA"]), min_size=rows, max_size=rows))
    text = io.StringIO()
    csv.writer(text).writerows([list(columns), *zip(*columns.values(), strict=True)])
    return text.getvalue().encode()


def keeps(expectation, rows: pa.Table) -> bool:
    values = [value for value in rows[expectation.column].to_pylist() if value is not None and value == value]
    match expectation:
        case Between(low=low, high=high):
            return all((low is None or v >= low) and (high is None or v <= high) for v in values)
        case InSet(values=known):
            return set(values) <= set(known)
    return True


@settings(deadline=None)
@given(deliveries())
def test_any_file_lands_by_its_draft_without_a_defect(content):
    spec = drafted(content)
    with delivered(content) as raw:
        landed = read_in_memory(raw, spec)
    assert landed.defects == ()
    frame = landed.rows.to_pandas()
    assert not frame.duplicated(list(spec.primary_key)).any()
    assert not frame[[c.name for c in spec.columns if not c.nullable]].isna().any(axis=None)
    assert all(keeps(p, landed.rows) for p in spec.expectations if not isinstance(p, RowCount))


@settings(deadline=None, max_examples=30)
@given(deliveries())
def test_a_draft_is_the_same_each_time_and_no_line_is_too_long(content):
    (source,) = draft(content).files.values()
    assert draft(content).files == {"datasets/sales.py": source}
    assert max(map(len, source.splitlines())) <= WIDTH


def written(folder: Path, **columns: pa.Array) -> RawFile:
    path = folder / f"{len(list(folder.iterdir()))}.parquet"
    pq.write_table(pa.table(columns), path)
    return describe_file(path, path.name, str(path))


def test_files_whose_columns_have_different_types_are_an_error(tmp_path):
    files = [written(tmp_path, amount=pa.array([1])), written(tmp_path, amount=pa.array(["one"]))]
    with pytest.raises(
        DraftError, match=r"the files have columns of different types: .*amount.* int64 vs string"
    ):
        profile_files(files)


def test_a_type_that_cannot_be_read_names_its_column(tmp_path):
    half = written(tmp_path, weight=pa.array([1.5], pa.float16()))
    with pytest.raises(DraftError, match=r"the column weight of type halffloat cannot be read: "):
        profile_file(half)


def test_a_field_that_no_reader_takes_is_no_csv():
    said = "it is not a CSV file: field larger than field limit"
    with delivered(f"day,text\n2013-09-01,{'x' * 200_000}\n") as raw, pytest.raises(DraftError, match=said):
        profile_file(raw)
