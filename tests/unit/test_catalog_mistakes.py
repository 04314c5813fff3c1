"""A catalog is checked before any DAG runs; every mistake is one line with file, field and fix."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from contender.specs import CatalogError, load_catalog

SALES = '''
"""Sales of a day."""

from contender.specs import Between, Column, DatasetSpec, Delivery, Matches, RowCount

SPEC = DatasetSpec(
    name="sales",
    description="what was sold",
    owner="shop@company.example",
    delivery=Delivery(path="sales/{day}.csv", cron="0 6 * * *"),
    columns=(
        Column(name="day", type="date", description="of the sale"),
        Column(name="item", type="string", description="what"),
        Column(name="price", type="number", description="for how much"),
    ),
    primary_key=("day", "item"),
    expectations=(Between(column="price", low=0, high=9), Matches(column="item", pattern="^[a-z]+$")),
)
'''
MODEL = '''
"""Will it rain?"""

from contender.specs import Column, Input, ModelSpec, Recipe

SPEC = ModelSpec(
    name="{name}",
    description="probability of a thing",
    owner="models@company.example",
    label="it was so",
    inputs=(Input({source}),),
    keys=(Column(name="item", type="string", description="what"),),
    features=(Column(name="price", type="number", description="for how much"),),
    recipes=(Recipe(name="trees", window_days=30),),
    baseline_features=("price",),
)
'''

DATASET_FILE = "datasets/sales.py"
PRICE_FILE = "models/price/spec.py"
Files = Mapping[str, str]


def model(name: str, source: str) -> dict[str, str]:
    home = f"models/{name}"
    return {
        f"{home}/spec.py": MODEL.format(name=name, source=source),
        f"{home}/features.py": "",
        f"{home}/estimator.py": "",
        f"{home}/baseline.py": "",
    }


REAL: Files = {DATASET_FILE: SALES, **model("price", 'dataset="sales"')}


def write(home: Path, files: Files) -> Path:
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    return home


def find_mistakes(home: Path, files: Files) -> list[str]:
    with pytest.raises(CatalogError) as error:
        load_catalog(write(home, files))
    return error.value.mistakes


def test_a_small_catalog_is_read_by_name(tmp_path):
    catalog = load_catalog(write(tmp_path, REAL))
    assert (set(catalog.datasets), set(catalog.models)) == ({"sales"}, {"price"})


def test_the_projects_catalog_has_a_contract_for_every_table_a_model_reads(catalog):
    for spec in catalog.models.values():
        for source in catalog.sources(spec):
            assert catalog.contract(source.contract.table) == source.contract


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            DATASET_FILE,
            '("day", "item")',
            '("day", "itme")',
            "primary_key: unknown column 'itme': use one of day, item, price",
        ),
        (
            DATASET_FILE,
            '("day", "item")',
            '"item"',
            "primary_key: 'item' is not a tuple: write ('item',)",
        ),
        (DATASET_FILE, '("day", "item")', "()", "primary_key: is empty: give at least one"),
        (
            DATASET_FILE,
            'column="price"',
            'column="prize"',
            "expectations.0: unknown column 'prize': use one of day, item, price",
        ),
        (
            DATASET_FILE,
            "low=0, high=9",
            "low=9, high=0",
            "Between: `low` (9.0) is above `high` (0.0): swap the two",
        ),
        (
            DATASET_FILE,
            "low=0, high=9",
            "lo=0, high=9",
            "Between.lo: unknown field: remove it; did you mean 'low'?",
        ),
        (
            DATASET_FILE,
            'Between(column="price", low=0, high=9)',
            "RowCount(low=9, high=1)",
            "RowCount: `low` (9) is above `high` (1): swap the two",
        ),
        (
            DATASET_FILE,
            'pattern="^[a-z]+$"',
            'pattern="^[a-z+$"',
            "Matches.pattern: '^[a-z+$' is not a regular expression (unterminated character set at position 1): "
            "correct it",
        ),
        (
            DATASET_FILE,
            "shop@company.example",
            "the shop",
            "owner: 'the shop' does not have the form of an e-mail address, such as team@company.example: correct it",
        ),
        (
            DATASET_FILE,
            "    owner=",
            "    ownr=",
            "ownr: unknown field: remove it; did you mean 'owner'?",
        ),
        (
            DATASET_FILE,
            'name="item"',
            'name="Item"',
            "Column.name: 'Item' does not have the form of a name in lower-case letters, digits and _, "
            "such as flight_delay: correct it",
        ),
        (
            DATASET_FILE,
            "sales/{day}.csv",
            "sales/{day}/{hour}.csv",
            "Delivery.path: 'sales/{day}/{hour}.csv' has braces other than `{day}`: remove them",
        ),
        (
            DATASET_FILE,
            "sales/{day}.csv",
            "../sales/{day}.csv",
            "Delivery.path: '../sales/{day}.csv' is outside the landing zone: write a path relative to it, "
            "without `..`",
        ),
        (
            PRICE_FILE,
            'baseline_features=("price",)',
            'baseline_features=("prize",)',
            "baseline_features: unknown column 'prize': use one of price",
        ),
        (
            PRICE_FILE,
            'dataset="sales"',
            'predictions_of="prices"',
            "inputs.0: unknown model 'prices'; did you mean 'price'?",
        ),
        (
            PRICE_FILE,
            "window_days=30",
            "window=30",
            "Recipe.window: unknown field: remove it; did you mean 'window_days'?",
        ),
        (
            DATASET_FILE,
            '    owner="shop@company.example",\n',
            "",
            "owner: missing: add `owner=...`",
        ),
        (
            DATASET_FILE,
            "    primary_key=",
            "    retention=3,\n    primary_key=",
            "retention: unknown field: remove it",
        ),
        (
            DATASET_FILE,
            '"0 6 * * *"',
            '"every day"',
            "'every day' is not a cron expression: write five fields",
        ),
        (
            DATASET_FILE,
            '"0 6 * * *"',
            '"0 6 * * 1-5"',
            "delivery.cron: a daily dataset is due once a day",
        ),
        (
            DATASET_FILE,
            '"0 6 * * *"',
            '"0 */6 * * *"',
            "delivery.cron: a daily dataset is due once a day",
        ),
        (
            DATASET_FILE,
            "sales/{day}.csv",
            "sales.csv",
            "delivery.path: a daily dataset needs `{day}`",
        ),
        (DATASET_FILE, 'name="price"', 'name="item"', "columns: 'item' is declared twice: remove one"),
        (DATASET_FILE, 'name="sales"', 'name="sale"', "name: is 'sale': change it to 'sales'"),
        (DATASET_FILE, "SPEC = ", "spec = ", "SPEC: not found: end the file with `SPEC = DatasetSpec(...)`"),
        (
            DATASET_FILE,
            "SPEC = ",
            "1 / 0\nSPEC = ",
            "ZeroDivisionError: division by zero: correct the file",
        ),
        (
            PRICE_FILE,
            'dataset="sales"',
            'dataset="sale"',
            "inputs.0: unknown dataset 'sale'; did you mean 'sales'?",
        ),
        (
            PRICE_FILE,
            '    label="it was so",',
            '    label="it was so",\n    label_maturity_days=7,',
            "inputs: none includes the day whose labels become known, 7 days before the night: set history_days=8 "
            "or more on the input with the labels",
        ),
        (
            DATASET_FILE,
            'delivery=Delivery(path="sales/{day}.csv", cron="0 6 * * *")',
            'kind="reference", delivery=Delivery(path="sales.csv", cron="0 6 * * *", closed=("2017-12-25",))',
            "delivery.closed: a reference dataset has no days: remove it",
        ),
        (
            PRICE_FILE,
            '    label="it was so",',
            '    label="it was so",\n    predicts="quantity",',
            "loss: 'brier' cannot be used with predicts='quantity': use one of squared, absolute, cost",
        ),
        (
            PRICE_FILE,
            'dataset="sales"',
            'predictions_of="price"',
            "inputs: the models depend on each other (price needs price)",
        ),
    ],
)
def test_a_mistake_is_one_line_with_file_field_and_fix(tmp_path, file, old, new, message):
    assert old in REAL[file]
    (line,) = find_mistakes(tmp_path, {**REAL, file: REAL[file].replace(old, new, 1)})
    assert line.startswith(f"{file}: ")
    assert message in line


def test_all_mistakes_are_reported_together(tmp_path):
    files = {name: text.replace("@company.example", "") for name, text in REAL.items()}
    assert [line.split(":")[0] for line in find_mistakes(tmp_path, files)] == [DATASET_FILE, PRICE_FILE]


def test_a_new_dataset_is_a_new_file_and_nothing_else(tmp_path):
    more = SALES.replace('name="sales"', 'name="returns"')
    assert "returns" in load_catalog(write(tmp_path, {**REAL, "datasets/returns.py": more})).datasets


def test_the_error_for_a_missing_catalog_folder_names_the_setting(tmp_path):
    with pytest.raises(CatalogError, match="CONTENDER_CATALOG_HOME"):
        load_catalog(tmp_path / "nowhere")


def test_a_dependency_cycle_of_models_is_reported_once(tmp_path):
    files = {**model("day", 'predictions_of="night"'), **model("night", 'predictions_of="day"')}
    (line,) = find_mistakes(tmp_path, files)
    assert "inputs: the models depend on each other (" in line
    assert "): remove one of these inputs" in line


def test_a_chain_of_models_is_allowed(tmp_path):
    catalog = load_catalog(write(tmp_path, {**REAL, **model("later", 'predictions_of="price"')}))
    assert [source.name for source in catalog.sources(catalog.model("later"))] == ["predictions_price"]


@pytest.mark.parametrize("kind", ["dataset", "predictions_of"])
def test_a_rejected_input_is_not_reported_again_as_unknown(tmp_path, kind):
    refused = {"dataset": DATASET_FILE, "predictions_of": PRICE_FILE}[kind]
    name = {"dataset": "sales", "predictions_of": "price"}[kind]
    files = {**REAL, **model("later", f'{kind}="{name}"')}
    files[refused] = files[refused].replace("@company.example", "")
    (line,) = find_mistakes(tmp_path, files)
    assert line.startswith(f"{refused}: owner: ")


@pytest.mark.parametrize("part", ["estimator.py", "features.py", "baseline.py"])
def test_a_missing_file_of_a_model_is_reported(tmp_path, part):
    files = {name: text for name, text in REAL.items() if not name.endswith(part)}
    (line,) = find_mistakes(tmp_path, files)
    assert line.startswith(f"models/price/{part}: not found: create it with ")


def test_a_missing_cost_function_is_reported(tmp_path):
    costly = REAL[PRICE_FILE].replace('    label="it was so",', '    label="it was so",\n    loss="cost",')
    (line,) = find_mistakes(tmp_path, {**REAL, PRICE_FILE: costly})
    assert line == "models/price/cost.py: not found: create it with compute_costs"


def test_a_retention_shorter_than_a_models_history_is_reported(tmp_path):
    kept = SALES.replace("    primary_key", "    retention_days=3,\n    primary_key")
    files = {**REAL, DATASET_FILE: kept, **model("later", 'dataset="sales", history_days=5')}
    (line,) = find_mistakes(tmp_path, files)
    assert line == (
        "datasets/sales.py: retention_days: 3 is less than the 5 days that the model later reads: "
        "raise it to 5 or more"
    )
