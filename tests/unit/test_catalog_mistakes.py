"""Every mistake in a contract is one line with file, field and fix, before any DAG runs."""

import shutil
from pathlib import Path

import pytest

from contender.settings import PROJECT
from contender.specs import CatalogError, load_catalog

REAL = PROJECT / "include" / "catalog"
SCHEDULE = "datasets/schedule.py"
MODEL = "models/flight_delay/spec.py"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return Path(shutil.copytree(REAL, tmp_path / "catalog"))


def change(home: Path, file: str, old: str, new: str) -> None:
    path = home / file
    text = path.read_text()
    assert old in text, f"{file} no longer holds {old!r}"
    path.write_text(text.replace(old, new, 1))


def told(home: Path) -> list[str]:
    with pytest.raises(CatalogError) as error:
        load_catalog(home)
    return error.value.mistakes


@pytest.mark.parametrize(
    ("file", "old", "new", "line"),
    [
        (SCHEDULE, '"origin"),', '"orign"),', "primary_key: unknown column 'orign': use one of day, carrier"),
        (SCHEDULE, 'column="distance"', 'column="miles"', "expectations.7: unknown column 'miles'"),
        (SCHEDULE, '    owner="flight-data@contender.example",\n', "", "owner: missing: add `owner=...`"),
        (
            SCHEDULE,
            "flight-data@contender.example",
            "the flight team",
            "owner: 'the flight team' does not have",
        ),
        (SCHEDULE, "    primary_key=", "    retention=3,\n    primary_key=", "retention: unknown field"),
        (SCHEDULE, '"0 7 * * *"', '"every day"', "'every day' is not a cron line: write five fields"),
        (SCHEDULE, '"0 7 * * *"', '"0 7 * * 1-5"', "delivery.cron: a daily dataset is looked for once a day"),
        (SCHEDULE, '"0 7 * * *"', '"0 */6 * * *"', "delivery.cron: a daily dataset is looked for once a day"),
        (SCHEDULE, "schedule/{day}.csv", "schedule.csv", "delivery.path: a daily dataset needs `{day}`"),
        (SCHEDULE, 'name="dest"', 'name="origin"', "columns: 'origin' is declared twice: remove one"),
        (SCHEDULE, 'name="schedule"', 'name="timetable"', "name: is 'timetable': call it 'schedule'"),
        (SCHEDULE, "SPEC = ", "spec = ", "SPEC: not found: end the file with `SPEC = DatasetSpec(...)`"),
        (SCHEDULE, "SPEC = ", "1 / 0\nSPEC = ", "ZeroDivisionError: division by zero: mend the file"),
        (
            MODEL,
            'dataset="weather"',
            'dataset="wether"',
            "inputs.2: unknown dataset 'wether'; did you mean 'weather'?",
        ),
        (MODEL, '("airport", "dep_hour")', '("airport", "hour")', "baseline_features: unknown column 'hour'"),
        (
            MODEL,
            'Input(dataset="planes"),',
            'Input(dataset="planes"), Input(predictions_of="flight_delay"),',
            "inputs: flight_delay needs flight_delay: a circle",
        ),
    ],
)
def test_a_mistake_is_one_line_with_file_field_and_fix(home, file, old, new, line):
    change(home, file, old, new)
    mistakes = told(home)
    assert len(mistakes) == 1, mistakes
    assert mistakes[0].startswith(f"{file}: ")
    assert line in mistakes[0]


def test_a_model_without_its_estimator_is_told_what_to_write(home):
    (home / "models/flight_delay/estimator.py").unlink()
    assert told(home) == ["models/flight_delay/estimator.py: not found: write it, with build_estimator"]


def test_all_mistakes_are_told_at_once(home):
    change(home, SCHEDULE, '"0 7 * * *"', '"every day"')
    change(home, "datasets/weather.py", "flight-data@contender.example", "nobody")
    assert [line.split(":")[0] for line in told(home)] == ["datasets/schedule.py", "datasets/weather.py"]


def test_a_new_dataset_is_a_new_file_and_nothing_else(home):
    text = (home / "datasets/planes.py").read_text()
    (home / "datasets/engines.py").write_text(text.replace('name="planes"', 'name="engines"'))
    assert "engines" in load_catalog(home).datasets


def test_a_folder_that_is_not_there_names_the_setting(tmp_path):
    with pytest.raises(CatalogError, match="CONTENDER_CATALOG_HOME"):
        load_catalog(tmp_path / "nowhere")
