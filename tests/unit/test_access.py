"""The roles of access.yaml: mistakes are one line with a fix, and roles get exactly their listed rights."""

from __future__ import annotations

from pathlib import Path

import pytest

from contender.granting import dags_of, find_differences, list_holders, tables_of, wanted_roles
from contender.orchestrator import AirflowRole, AirflowUser
from contender.records import Act, Decision, Entry, Reason
from contender.records.audit import merge
from contender.specs import ACTIONS, Access, CatalogError, May, Role, load_access
from tests.unit.own_code import EXAMPLE_DATASETS, EXAMPLE_MODELS

GOOD = """
administrators: [admin]
roles:
  reader:
    about: Reads.
    may:
      see: [models]
"""


@pytest.fixture
def read(tmp_path, catalog):
    def load(text: str) -> Access:
        (tmp_path / "access.yaml").write_text(text)
        return load_access(catalog.model_copy(update={"home": tmp_path}))

    return load


def test_a_file_of_one_role_is_enough(read):
    assert list(read(GOOD).roles) == ["reader"]


def test_a_missing_access_file_is_an_error(tmp_path, catalog):
    with pytest.raises(CatalogError, match=r"access\.yaml: not found in .*docs/ACCESS\.md"):
        load_access(catalog.model_copy(update={"home": tmp_path}))


def test_a_file_in_another_encoding_is_named(tmp_path, catalog):
    (tmp_path / "access.yaml").write_bytes(GOOD.replace("Reads.", "Größe").encode("cp1252"))
    with pytest.raises(CatalogError, match=r"access\.yaml: is not UTF-8 text \(.*\): save it as UTF-8"):
        load_access(catalog.model_copy(update={"home": tmp_path}))


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "see: [models]",
            "sea: [models]",
            "access.yaml: roles.reader.may.sea: unknown field: remove it; did you mean 'see'?",
        ),
        (
            "see: [models]",
            "see: [modles]",
            "access.yaml: roles.reader.may.see.0: Input should be 'datasets', 'models', 'own_models' or 'operations', "
            "not 'modles': correct it",
        ),
        (
            "see: [models]",
            "see: models",
            "access.yaml: roles.reader.may.see: 'models' is not a list: write [models]",
        ),
        (
            "see: [models]",
            "clear: [models]",
            "access.yaml: roles.reader.may: clear: this role may not see models: add models to `see`, or remove it "
            "here",
        ),
        (
            "about: Reads.",
            "",
            "access.yaml: roles.reader.about: missing: add `about: ...`",
        ),
        ("administrators: [admin]", "", "access.yaml: administrators: missing: add `administrators: ...`"),
        (
            "  reader:",
            "  Reader One:",
            "access.yaml: roles.Reader One: 'Reader One' does not have the form of a name in lower-case letters, "
            "digits and _, such as flight_delay: correct it",
        ),
        (
            "    may:",
            "    about: Reads twice.\n    may:",
            "access.yaml: line 6: 'about' is given twice, and only one would be used: correct the YAML",
        ),
        (
            "[models]",
            "[models",
            "access.yaml: line 8: expected ',' or ']', but got '<stream end>': correct the YAML",
        ),
    ],
)
def test_a_mistake_is_one_line_with_its_place_and_fix(read, old, new, line):
    with pytest.raises(CatalogError) as raised:
        read(GOOD.replace(old, new))
    assert raised.value.mistakes == [line]


def test_a_role_whose_rights_airflow_cannot_separate_is_rejected():
    with pytest.raises(ValueError, match="clear: lacks models"):
        May(see=("datasets", "models"), clear=("datasets",), trigger=("models",))
    with pytest.raises(ValueError, match="approve: lacks models"):
        May(see=("models",), clear=("models",), approve=("own_models",))


def test_a_name_that_airflow_or_postgres_would_cut_off_is_refused(read):
    with pytest.raises(CatalogError, match="shorten it by"):
        read(GOOD.replace("reader", "r" * 40).replace("[models]", "[own_models]"))


def test_own_models_make_a_role_for_each_owner(catalog):
    names = [holder.name for holder in list_holders(load_access(catalog), catalog)]
    owners = {model.owner for model in catalog.models.values()}
    assert {f"contender.data_scientist.{owner}" for owner in owners} <= set(names)


def test_a_role_must_see_what_it_may_act_on(catalog):
    for holder in list_holders(load_access(catalog), catalog):
        seen = set(dags_of(holder, "see", catalog))
        for action in ("trigger", "clear", "approve", "roll_back", "release"):
            assert set(dags_of(holder, action, catalog)) <= seen, (holder.name, action)


def test_an_action_that_is_not_granted_reaches_no_dag_and_no_table(catalog):
    for holder in list_holders(load_access(catalog), catalog):
        for action in ACTIONS:
            if not holder.grants.may.scopes(action):
                assert dags_of(holder, action, catalog) == ()
                assert tables_of(holder, action, catalog) == ()


def test_every_dag_is_visible_to_some_role(catalog):
    from airflow.dag_processing.dagbag import DagBag

    from contender.settings import PROJECT

    holders = list_holders(load_access(catalog), catalog)
    seen = {dag for holder in holders for dag in dags_of(holder, "see", catalog)}
    assert set(DagBag(str(PROJECT / "dags")).dags) == seen


def test_a_role_holds_no_right_on_all_dags(catalog):
    for role in wanted_roles(load_access(catalog), catalog):
        assert not {("can_read", "DAGs"), ("can_edit", "DAGs"), ("can_create", "DAG Runs")} & role.permissions


def test_a_user_with_two_roles_and_public_permissions_are_reported(catalog):
    access = Access(administrators=("admin",), roles={"r": Role(about="x", may=May(see=("models",)))})
    found = {"Public": AirflowRole(name="Public", permissions=frozenset({("can_read", "Website")}))}
    users = [AirflowUser(name="ada", roles=("contender.a", "contender.b"))]
    told = [difference.message for difference in find_differences(access, (), found, users)]
    assert told == [
        "ada has contender.a and contender.b: Airflow combines the rights of several roles, so that the user may "
        "clear or approve more than each role allows: assign only one role",
        "the role Public, which needs no login, has 1 permissions: remove them",
    ]


def test_acts_and_decisions_by_people_are_one_list_newest_first():
    act = Act(id="a", kind="released", about="datasets.weather", key="b", by="ada", reason="it is right")
    entries = [
        decided("contender", None, None),
        decided("ben", "prices changed", None),
        decided("contender", None, "cleo"),
    ]
    found = merge([act], entries)
    assert [(one.by, one.what) for one in found][-1] == ("ada", "released")
    assert {(one.by, one.what) for one in found} == {
        ("ada", "released"),
        ("ben", "rolled_back"),
        ("cleo", "approved: rolled_back"),
    }
    assert [one.by for one in merge([act], entries, about="weather")] == ["ada"]
    assert [one.by for one in merge([act], entries, by="ben")] == ["ben"]


def decided(by: str, why: str | None, approved_by: str | None) -> Entry:
    from datetime import UTC, datetime

    decision = Decision(
        id=f"{by}{approved_by}",
        model="m",
        night="2013-09-01",
        kind="rolled_back",
        evaluation=None,
        champion_before=2,
        champion_after=1,
        challenger=1,
        by=by,
        why=why,
        approved_by=approved_by,
        reasons=(Reason(guard="g", passed=True, observed=None, bound=None, explanation="x"),),
    )
    return Entry(number=1, previous="", entered=datetime.now(UTC), decision=decision, seal="s")


def test_the_shipped_access_file_names_no_owner(catalog):
    text = (Path(catalog.home) / "access.yaml").read_text()
    assert not [name for name in (*EXAMPLE_DATASETS, *EXAMPLE_MODELS) if f" {name}" in text]
