"""A past night is built on both engines from the lake, and a difference names column, row and values."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contender.featurizing import choose_night, compare_past_night
from contender.lake import stage
from contender.specs import Days, Input
from tests.made_up_catalog import install
from tests.spark.test_engine_check import AGREEING
from tests.spark.test_types import MODEL, NIGHT, ROWS, SHOPS


@pytest.fixture
def installed(here):
    """An installation with a model whose label matures after two days, and shops."""
    model = MODEL.model_copy(
        update={
            "inputs": (Input(dataset="shops", history_days=3),),
            "features": MODEL.features[:1],
            "baseline_features": ("tenth",),
            "label_maturity_days": 2,
        }
    )
    made = install(here, [SHOPS], [model])
    made.lake.publish(SHOPS.contract, stage(ROWS, SHOPS.contract, NIGHT, here.staging))
    made.catalog.model_home(model.name).mkdir(parents=True)
    return made


def compare(installed, source):
    (model,) = installed.catalog.models.values()
    publish_label(installed, model)
    (installed.catalog.model_home(model.name) / "features.py").write_text(source.replace('"x"', '"tenth"'))
    return compare_past_night(installed, model, "week 1")


def publish_label(installed, model):
    day = NIGHT.first - timedelta(days=2)
    rows = ROWS.select(["shop"]).append_column("label", [[0, 1]]).append_column("day", [[day, day]])
    batch = stage(rows, model.label_contract, Days.one(day), installed.settings.staging)
    installed.lake.publish(model.label_contract, batch)


def test_a_night_without_differences_has_none(installed):
    compared = compare(installed, AGREEING)
    assert (compared.night, compared.differences) == (NIGHT.first, ())


def test_a_difference_is_one_line_with_row_and_values(installed):
    compared = compare(installed, AGREEING.replace('F.col("visits")', 'F.length(F.substring("code", 0, 2))'))
    assert compared.message.startswith(
        "visits: the engines differ in the night 2024-03-01:\nvisits/features.py"
    )
    (line,) = compared.differences
    assert (
        "column 'tenth' differs between the engines in 2 of 2 rows, such as the row day=2024-03-01, shop=1"
        in line
    )


def test_nothing_is_compared_without_labels_or_with_one_engine(installed):
    (model,) = installed.catalog.models.values()
    assert compare_past_night(installed, model, "week 1") is None
    publish_label(installed, model)
    assert choose_night(installed.lake, model, "week 1") == NIGHT.first
    assert compare_past_night(installed, model.model_copy(update={"engine": "spark"}), "week 1") is None
