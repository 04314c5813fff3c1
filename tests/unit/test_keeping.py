"""A kept installation is restored in its place, although its databases are open."""

import pytest

from contender.installation import Installation
from contender.records import Act, migrate
from contender.retraining import InstalledStores
from contender.settings import Settings
from tests.integration.keeping import keep

ACT = Act(id="a1", kind="released", about="datasets.weather", key="b", by="ada", reason="it is right")


@pytest.fixture
def stores(tmp_path, catalog) -> InstalledStores:
    here = Settings(home=tmp_path / "folder" / "home")
    migrate(here.records)
    (here.home / "lake").mkdir()
    (here.home / "lake" / "old.parquet").write_text("old")
    return InstalledStores(Installation(here, catalog), catalog.model("flight_delay"))


def test_a_reset_restores_files_and_removes_new_ones(stores):
    kept, lake = keep(stores), stores.installation.settings.home / "lake"
    (lake / "old.parquet").write_text("changed")
    (lake / "days").mkdir()
    (lake / "days" / "new.parquet").write_text("new")
    kept.reset()
    assert [path.name for path in lake.rglob("*")] == ["old.parquet"]
    assert (lake / "old.parquet").read_text() == "old"


def test_a_reset_restores_the_rows_of_an_open_database(stores):
    book = stores.installation.book
    kept = keep(stores)
    book.acts.add(ACT)
    assert kept.reset().installation.book.acts.newest(ACT.about) == []
    assert book.acts.newest(ACT.about) == []


def test_a_reset_can_be_repeated(stores):
    stores.installation.book.acts.add(ACT)
    kept = keep(stores)
    for _ in range(2):
        stores.installation.book.acts.add(ACT.model_copy(update={"id": "a2"}))
        assert [act.id for act in kept.reset().installation.book.acts.newest(ACT.about)] == ["a1"]
