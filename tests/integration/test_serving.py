"""A real server of online predictions over a real lake, registry and book: promotions, refusals, outages, access."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import count

import httpx
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as fuzzing
from hypothesis import strategies as st

from contender.alerting import review_incidents
from contender.batch_scoring import score_by_ledger
from contender.installation import Installation
from contender.lake import stage
from contender.lake.schema import arrow_type
from contender.promoting import ManualDecision, decide_by_hand
from contender.retraining import InstalledStores
from contender.serving.arrow import ARROW
from contender.serving.keys import make_key, render_key
from contender.settings import PROJECT, Settings
from contender.specs import ApiKey, Days, load_catalog
from tests.command import run_command
from tests.described_api import JSON_TYPE, Sent, allowed_requests, find_undescribed, other_requests
from tests.integration.made_up import (
    HISTORY,
    NIGHT,
    copy_catalog,
    deliver,
    make_flights,
    make_households,
    publish,
    run_night,
    tomorrow,
)
from tests.serving import Load, serving, to_stream, wait_until
from tests.unit.served import fit_strict

FLIGHTS, HOUSEHOLDS = "flight_delay", "household_return"
PREDICT = f"/v1/models/{FLIGHTS}/predict"
SCORED = tomorrow(NIGHT)


def score(stores: InstalledStores) -> None:
    batch = score_by_ledger(stores.installation, stores.model, Days(first=NIGHT, last=NIGHT))
    stores.installation.lake.publish(stores.model.prediction_contract, batch)


@pytest.fixture(scope="module")
def flights(tmp_path_factory) -> InstalledStores:
    """Two nights of made-up flights and one of households, with served predictions of their newest day."""
    folder = tmp_path_factory.mktemp("serving")
    catalog = copy_catalog(folder / "catalog")
    made = InstalledStores(Installation(Settings(home=folder / "home"), catalog), catalog.model(FLIGHTS))
    rows = make_flights(made.model, Days(first=HISTORY.first, last=SCORED))
    rows.loc[rows["day"] == SCORED, ["carrier", "flight", "origin"]] = [
        ("UA", 1545, "EWR") if flight == 0 else ("DL", flight, "JFK") for flight in range(60)
    ]
    deliver(made, rows)
    for night in (NIGHT - timedelta(days=1), NIGHT):
        run_night(made, night, ["boosted_trees"])
    score(made)
    households = InstalledStores(made.installation, made.installation.catalog.model(HOUSEHOLDS))
    rows = make_households(households.model, Days(first=NIGHT - timedelta(days=80), last=NIGHT))
    here = made.installation
    publish(here.lake, households.model.feature_contract, rows, here.settings)
    matured = households.model.matured_days(Days(first=NIGHT, last=NIGHT)).last
    publish(here.lake, households.model.label_contract, rows[rows["day"] <= matured], here.settings)
    run_night(households, NIGHT, ["boosted_trees"])
    score(households)
    return made


@pytest.fixture(scope="module")
def address(flights):
    with serving(flights.installation.settings, flights.installation.catalog.home) as found:
        yield found


def read(flights, model, table="feature_contract", day=None):
    """The rows of a day of a model's table."""
    spec = flights.installation.catalog.model(model)
    day = day or (SCORED if model == FLIGHTS else NIGHT)
    rows = flights.installation.lake.read(getattr(spec, table), Days(first=day, last=day)).to_pylist()
    assert rows
    return rows


def pick(row, columns):
    return {column.name: row[column.name] for column in columns}


def one_row(flights):
    """A request for one row."""
    return {"rows": [pick(read(flights, FLIGHTS)[0], flights.model.features)]}


def post(address, model, body, **more):
    return httpx.post(f"{address}/v1/models/{model}/predict", json=body, timeout=60, **more)


def rows_of(columns, rows):
    return {c.name: pa.array([row[c.name] for row in rows], arrow_type(c.type)) for c in columns}


def in_arrow(address, model, table) -> list[float]:
    """The scores of a request as an Arrow stream."""
    url = f"{address}/v1/models/{model}/predict"
    found = httpx.post(url, content=to_stream(table), headers={"Content-Type": ARROW}, timeout=60)
    assert found.status_code == 200, found.text
    return pa.ipc.open_stream(found.content).read_all()["score"].to_pylist()


def serving_version(address) -> int:
    return httpx.get(f"{address}/v1/models/{FLIGHTS}").json()["model_version"]


def promote(flights, version):
    decide_by_hand(flights.installation, FLIGHTS, ManualDecision("emergency", "ana", "a test", version))


def versions(flights):
    """The champion, and another version."""
    champion = flights.installation.book.ledger.champion(FLIGHTS)
    (other,) = {1, 2} - {champion}
    return champion, other


@pytest.mark.parametrize("model", [FLIGHTS, HOUSEHOLDS])
def test_predictions_of_whole_rows_and_of_keys_are_those_of_batch_scoring_to_the_last_bit(
    flights, address, model
):
    spec = flights.installation.catalog.model(model)
    published = read(flights, model, "prediction_contract")
    rows = read(flights, model)
    expected = [row["score"] for row in published]
    whole = post(address, model, {"rows": [pick(row, spec.features) for row in rows]}).json()
    assert [row["score"] for row in whole["predictions"]] == expected
    single = [post(address, model, {"rows": [pick(row, spec.features)]}).json() for row in rows[:10]]
    assert [found["predictions"][0]["score"] for found in single] == expected[:10]
    assert in_arrow(address, model, pa.table(rows_of(spec.features, rows))) == expected
    days = {"day": pa.array([rows[0]["day"]] * len(rows), pa.date32())}
    assert in_arrow(address, model, pa.table(days | rows_of(spec.keys, rows))) == expected
    keys = [pick(row, spec.keys) for row in rows[::-1]]
    looked_up = post(address, model, {"day": str(rows[0]["day"]), "keys": keys}).json()
    assert [row["score"] for row in looked_up["predictions"]] == expected[::-1]
    assert pick(looked_up["predictions"][0], spec.keys) == keys[0]
    for found in (whole, looked_up):
        assert (found["model"], found["model_version"]) == (model, published[0]["model_version"])
    assert looked_up["feature_snapshot"] == published[0]["feature_snapshot"]


def examples(language):
    """The examples of the documentation in a language."""
    page = (PROJECT / "docs" / "SERVING.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)


def test_the_examples_of_the_documentation_run(flights, address):
    (asked,), (code, in_arrow) = examples("bash"), examples("python")
    shown, refused = map(json.loads, examples("json"))
    place = "http://127.0.0.1:8000"
    done = subprocess.run(
        ["bash", "-c", asked.replace(place, address)], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert list(found) == list(shown)
    (prediction,), (documented,) = found["predictions"], shown["predictions"]
    assert prediction | {"score": 0} == documented | {"score": 0}
    run = f"{code.replace(place, address)}\nprint(scores)"
    done = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, check=True)
    first, second = json.loads(done.stdout)
    assert first == second
    run = f"{code}\n{in_arrow}\nprint(scores)".replace(place, address)
    done = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [first, second]
    wrong = post(address, FLIGHTS, {"rows": [one_row(flights)["rows"][0] | {"dep_hour": "17:00"}]})
    assert wrong.json() == refused


def test_an_unknown_key_or_day_is_named(flights, address):
    key = pick(read(flights, FLIGHTS)[0], flights.model.keys)
    unknown = post(address, FLIGHTS, {"day": str(SCORED), "keys": [key, key | {"flight": 9999}]})
    assert unknown.status_code == 404
    (defect,) = unknown.json()["detail"]
    assert defect["row"] == 1
    assert "flight=9999" in defect["problem"]
    late = post(address, FLIGHTS, {"day": "2031-01-01", "keys": [key]})
    assert (late.status_code, late.json()["detail"][0]["field"]) == (404, "day")


def test_a_promotion_and_a_roll_back_under_load_fail_no_request(flights, address):
    champion, other = versions(flights)
    wait_until(lambda: serving_version(address) == champion)
    with Load(f"{address}/v1/models/{FLIGHTS}/predict", one_row(flights)) as load:
        load.wait_for_answers(100)
        promote(flights, other)
        load.wait_for(other, more=100)
        decide_by_hand(
            flights.installation, FLIGHTS, ManualDecision("rolled_back", "ana", "a test", champion)
        )
        load.wait_for(champion, more=100)
    assert {answer.status for answer in load.answers} == {200}
    assert {answer.version for answer in load.answers} == {champion, other}


def test_without_the_registry_the_last_version_serves_on_and_the_ledgers_serves_when_it_is_back(
    flights, address
):
    champion, other = versions(flights)
    wait_until(lambda: serving_version(address) == champion)
    home = flights.installation.settings.home
    with Load(f"{address}/v1/models/{FLIGHTS}/predict", one_row(flights)) as load:
        (home / "artifacts").rename(home / "away")
        try:
            promote(flights, other)
            wait_until(lambda: FLIGHTS in httpx.get(f"{address}/readyz").json()["behind_since"])
            load.wait_for_answers(100)
            assert {answer.version for answer in load.answers} == {champion}
            assert httpx.get(f"{address}/readyz").status_code == 200
        finally:
            (home / "away").rename(home / "artifacts")
        load.wait_for(other)
    assert {answer.status for answer in load.answers} == {200}


def test_a_version_that_does_not_repeat_its_predictions_is_refused_and_opens_an_incident(flights, address):
    here = flights.installation
    champion, other = versions(flights)
    wait_until(lambda: serving_version(address) == champion)
    contract = flights.model.prediction_contract
    before = here.lake.read(contract, Days(first=SCORED, last=SCORED))
    changed = before.to_pandas().assign(model_version=other)
    changed["score"] = changed["score"].to_numpy() * 0.5
    publish(here.lake, contract, changed, here.settings, gated=False)
    promote(flights, other)
    wait_until(lambda: bool(here.book.incidents.unfinished()))
    (incident,) = here.book.incidents.unfinished()
    assert incident.what == f"{FLIGHTS}: online predictions refused version {other}"
    assert incident.owners == (flights.model.owner, here.settings.platform_owner)
    shown = httpx.get(f"{address}/v1/models/{FLIGHTS}").json()
    assert shown["model_version"] == champion
    assert "differ from the recorded predictions" in shown["refused"]["reason"]
    assert httpx.get(f"{address}/readyz").json()["behind_since"][FLIGHTS]
    assert post(address, FLIGHTS, one_row(flights)).json()["model_version"] == champion
    # Restored, as a corrected day would be; the next entry of the ledger is tried again.
    here.lake.publish(
        contract, stage(before, contract, Days(first=SCORED, last=SCORED), here.settings.staging)
    )
    promote(flights, champion)
    promote(flights, other)
    wait_until(lambda: serving_version(address) == other)

    def has_recovered() -> bool:
        review_incidents(here, datetime.now(UTC))
        return incident.id not in {one.id for one in here.book.incidents.unfinished()}

    wait_until(has_recovered)


@pytest.fixture
def trying(flights, tmp_path):
    """The catalog with a canary of flights."""
    home = tmp_path / "catalog"
    shutil.copytree(flights.installation.catalog.home, home)
    spec = home / "models" / FLIGHTS / "spec.py"
    text = spec.read_text().replace(
        "    recovery=Recovery(", "    serving=Serving(canary=0.2),\n    recovery=Recovery(", 1
    )
    spec.write_text(text.replace("Recovery, Slice", "Recovery, Serving, Slice", 1))
    return load_catalog(home)


def test_a_canary_that_fails_on_a_running_server_returns_without_a_restart_and_opens_an_incident(
    flights, trying
):
    here, before = flights.installation, flights.installation.book.ledger.champion(FLIGHTS)
    strict, champion = fit_strict(flights.model), here.registry.version(FLIGHTS, before)
    other = champion.model_copy(update={"recipe": "linear", "recipe_fingerprint": "strict"})
    other = here.registry.register(other, "strict", strict, strict, parameters={}, requirements=[])
    row = one_row(flights)["rows"][0]
    with serving(here.settings, trying.home, FLIGHTS) as address:
        wait_until(lambda: serving_version(address) == before)
        head = here.book.ledger.head(FLIGHTS).decision
        new = {"id": "strict", "kind": "promoted", "champion_before": before, "champion_after": other.version}
        recipes = {"champion_recipe": champion.recipe_fingerprint, "challenger_recipe": "strict"}
        here.book.ledger.enter(head.model_copy(update=new | recipes | {"challenger": other.version}))
        wait_until(lambda: canary_of(address).get("share") == 0.2)
        for number in count():
            found = post(address, FLIGHTS, {"rows": [row | {"airline": "new", "flight_seen": number}]})
            assert found.status_code == 422 or found.json()["role"] == "previous"
            if canary_of(address)["returned"]:
                break
        assert post(address, FLIGHTS, {"rows": [row]}).json()["model_version"] == before
        what = f"{FLIGHTS}: online predictions returned from version {other.version} to {before}"
        wait_until(lambda: what in open_incidents(here))
        promote(flights, before)
        wait_until(lambda: not canary_of(address))

        def has_recovered() -> bool:
            review_incidents(here, datetime.now(UTC))
            return what not in open_incidents(here)

        wait_until(has_recovered)


def open_incidents(here):
    return [incident.what for incident in here.book.incidents.unfinished()]


def canary_of(address):
    return httpx.get(f"{address}/v1/models/{FLIGHTS}").json()["canary"] or {}


def test_a_day_that_is_published_again_is_read_again(flights, address):
    here, spec = flights.installation, flights.model
    rows = read(flights, FLIGHTS)
    asked = {"day": str(SCORED), "keys": [pick(row, spec.keys) for row in rows]}
    before = post(address, FLIGHTS, asked).json()
    moved = pd.DataFrame(rows).assign(carrier_late=lambda found: 100 - found["carrier_late"])
    publish(here.lake, spec.feature_contract, moved, here.settings)
    snapshot = here.lake.snapshot(spec.feature_contract.table)
    wait_until(lambda: post(address, FLIGHTS, asked).json()["feature_snapshot"] == snapshot)
    assert post(address, FLIGHTS, asked).json()["predictions"] != before["predictions"]


def test_state_metrics_and_the_description_of_the_api(flights, address):
    assert httpx.get(f"{address}/healthz").status_code == 200
    state = httpx.get(f"{address}/readyz")
    assert (state.status_code, state.json()["ready"], state.json()["serving"]) == (200, True, 2)
    metrics = httpx.get(f"{address}/metrics").text
    version = serving_version(address)
    assert f'contender_serving_version{{model="{FLIGHTS}"}} {version:.1f}' in metrics
    assert 'contender_serving_unreachable_since_seconds{store="lake"} 0.0' in metrics
    named = {one["model"] for one in httpx.get(f"{address}/v1/models").json()["models"]}
    assert named == set(flights.installation.catalog.models)
    described = httpx.get(f"{address}/openapi.json").json()
    body = described["paths"][f"/v1/models/{FLIGHTS}/predict"]["post"]["requestBody"]
    whole, _ = body["content"]["application/json"]["schema"]["oneOf"]
    row = whole["properties"]["rows"]["items"]
    assert row["required"] == list(flights.model.feature_names)
    assert row["properties"]["dep_hour"]["description"] == "local, by timetable (hours)"


@pytest.fixture(scope="module")
def described(address):
    """The API's own description."""
    return httpx.get(f"{address}/openapi.json").json()


@pytest.fixture(scope="module")
def client(address):
    with httpx.Client(base_url=address, timeout=60) as client:
        yield client


def send(client, path, sent):
    return client.post(path, content=sent.body, headers={"Content-Type": sent.kind})


@pytest.mark.parametrize("model", [FLIGHTS, HOUSEHOLDS])
@fuzzing(max_examples=60, derandomize=True)
@given(data=st.data())
def test_a_request_that_the_description_allows_is_answered_as_described(described, client, model, data):
    path = f"/v1/models/{model}/predict"
    operation = described["paths"][path]["post"]
    sent = data.draw(allowed_requests(operation))
    found = send(client, path, sent)
    assert find_undescribed(described, operation, found) is None
    assert found.status_code == (200 if "rows" in json.loads(sent.body) else 404)


@pytest.mark.parametrize("model", [FLIGHTS, HOUSEHOLDS])
@fuzzing(max_examples=120, derandomize=True)
@given(data=st.data())
def test_any_other_request_is_answered_as_described_and_without_an_error_of_the_server(
    described, client, model, data
):
    path = f"/v1/models/{model}/predict"
    operation = described["paths"][path]["post"]
    found = send(client, path, data.draw(other_requests(operation)))
    assert find_undescribed(described, operation, found) is None
    assert found.status_code < 500


@pytest.mark.parametrize("model", [FLIGHTS, HOUSEHOLDS])
def test_answers_of_every_kind_are_as_described(flights, described, client, model):
    spec, path = flights.installation.catalog.model(model), f"/v1/models/{model}/predict"
    rows = read(flights, model)[:3]
    keys = [pick(row, spec.keys) for row in rows]
    for sent in (
        Sent(JSON_TYPE, json.dumps({"day": str(rows[0]["day"]), "keys": keys}).encode()),
        Sent(JSON_TYPE, json.dumps({"rows": [pick(row, spec.features) for row in rows]}).encode()),
        Sent(ARROW, to_stream(pa.table(rows_of(spec.features, rows)))),
    ):
        found = send(client, path, sent)
        assert found.status_code == 200
        assert find_undescribed(described, described["paths"][path]["post"], found) is None


def test_whatever_the_description_names_is_read_as_described(described, client):
    read_only = {path: one["get"] for path, one in described["paths"].items() if "get" in one}
    assert {"/v1/models", PREDICT.removesuffix("/predict"), "/healthz", "/readyz", "/metrics"} <= {*read_only}
    for path, operation in read_only.items():
        for host in ("127.0.0.1", "rebound.example"):
            found = client.get(path, headers={"Host": host})
            assert found.status_code == (200 if host == "127.0.0.1" else 403)
            assert find_undescribed(described, operation, found) is None


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/v2", 404), ("PUT", "/v1/models", 405)])
def test_an_unknown_address_or_method_is_refused_in_the_same_form(described, client, method, path, status):
    found = client.request(method, path)
    assert found.status_code == status
    assert found.json()["detail"][0]["value"] == f"{method} {path}"
    refusals = {"responses": {str(status): described["paths"][PREDICT]["post"]["responses"]["400"]}}
    assert find_undescribed(described, refusals, found) is None


def test_a_model_without_a_version_answers_that_none_serves(address):
    found = post(address, "stock_volatility", {"rows": []})
    assert (found.status_code, found.json()["detail"][0]["problem"]) == (
        503,
        "stock_volatility: no version serves: no version has been promoted yet",
    )


def test_without_keys_only_requests_that_name_this_machine_are_answered(flights, address):
    other = httpx.get(f"{address}/v1/models", headers={"Host": "rebound.example"})
    assert (other.status_code, other.json()["detail"][0]["value"]) == (403, "rebound.example")
    assert post(address, "flights", {}).status_code == 404


@pytest.fixture(scope="module")
def keyed(flights, tmp_path_factory):
    """A server with three keys, and the keys."""
    home = tmp_path_factory.mktemp("keyed") / "catalog"
    shutil.copytree(flights.installation.catalog.home, home)
    owner = flights.model.owner
    made = {name: make_key() for name in ("all", "own", "limited")}
    keys = {
        "all": ApiKey(role="business_reader", sha256=made["all"].sha256),
        "own": ApiKey(role="data_scientist", owner=owner, sha256=made["own"].sha256),
        "limited": ApiKey(role="business_reader", models=(HOUSEHOLDS,), sha256=made["limited"].sha256),
    }
    entries = "\n".join(render_key(name, key) for name, key in keys.items())
    file = home / "access.yaml"
    file.write_text(file.read_text().replace("keys: {}", f"keys:\n{entries}"))
    with serving(flights.installation.settings, home) as found:
        yield found, {name: key.secret for name, key in made.items()}, file


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize(
    ("key", "model", "status"),
    [
        ("all", FLIGHTS, 200),
        ("own", FLIGHTS, 200),
        ("own", HOUSEHOLDS, 403),
        ("limited", FLIGHTS, 403),
        ("all", "no_such_model", 403),
        ("wrong", FLIGHTS, 401),
        (None, FLIGHTS, 401),
    ],
)
def test_a_key_opens_the_models_of_its_role(flights, keyed, key, model, status):
    address, secrets, _ = keyed
    headers = {} if key is None else bearer(secrets.get(key, "wrong"))
    found = post(address, model, one_row(flights), headers=headers)
    assert found.status_code == status, found.text
    assert httpx.get(f"{address}/v1/models/{model}", headers=headers).status_code == status


def test_what_a_key_may_not_request_is_not_listed_and_state_needs_no_key(keyed):
    address, secrets, _ = keyed
    headers = bearer(secrets["limited"])
    listed = httpx.get(f"{address}/v1/models", headers=headers).json()["models"]
    assert [one["model"] for one in listed] == [HOUSEHOLDS]
    paths = httpx.get(f"{address}/openapi.json", headers=headers).json()["paths"]
    assert {path for path in paths if path.startswith("/v1/models/")} == {
        f"/v1/models/{HOUSEHOLDS}",
        f"/v1/models/{HOUSEHOLDS}/predict",
    }
    for path in ("/v1/models", "/openapi.json"):
        assert httpx.get(address + path).status_code == 401
        assert httpx.get(address + path, headers={"Authorization": "Basic eDp5"}).status_code == 401
    for path in ("/healthz", "/readyz", "/metrics"):
        assert httpx.get(address + path).status_code == 200


def test_other_sizes_and_types_of_bodies_are_refused(flights, keyed):
    address, secrets, _ = keyed
    url, headers = f"{address}/v1/models/{FLIGHTS}/predict", bearer(secrets["all"])
    large = httpx.post(url, json={"rows": ["x" * 5_000_000]}, headers=headers, timeout=60)
    assert large.status_code == 413
    text = httpx.post(url, content=b"a,b", headers=headers | {"Content-Type": "text/csv"})
    assert (text.status_code, text.json()["detail"][0]["field"]) == (415, "Content-Type")
    no_json = httpx.post(url, content=b"{", headers=headers | {"Content-Type": "application/json"})
    assert no_json.status_code == 400


def test_refusals_of_a_server_with_keys_are_as_described(flights, keyed):
    address, secrets, _ = keyed
    described = httpx.get(f"{address}/openapi.json", headers=bearer(secrets["all"])).json()
    for key, kind, body, status in (
        ("all", JSON_TYPE, json.dumps(one_row(flights)), 200),
        ("wrong", JSON_TYPE, "{}", 401),
        ("limited", JSON_TYPE, "{}", 403),
        ("all", JSON_TYPE, "x" * 5_000_000, 413),
        ("all", "text/csv", "a,b", 415),
    ):
        headers = bearer(secrets.get(key, "wrong")) | {"Content-Type": kind}
        found = httpx.post(address + PREDICT, content=body, headers=headers, timeout=60)
        assert found.status_code == status
        assert find_undescribed(described, described["paths"][PREDICT]["post"], found) is None
    for path in (path for path, one in described["paths"].items() if "get" in one):
        operation = described["paths"][path]["get"]
        for key, expected in (("all", 200), ("wrong", 200 if "security" in operation else 401)):
            found = httpx.get(address + path, headers=bearer(secrets.get(key, "wrong")))
            assert found.status_code == expected
            assert find_undescribed(described, operation, found) is None


def test_a_key_above_its_rate_waits_as_long_as_it_is_asked_to_and_others_do_not(flights, keyed, monkeypatch):
    _, secrets, file = keyed
    monkeypatch.setenv("CONTENDER_REQUEST_RATE", "0.5")
    monkeypatch.setenv("CONTENDER_REQUEST_BURST", "2")
    body = one_row(flights)
    with serving(flights.installation.settings, file.parent, FLIGHTS) as address:
        found = [post(address, FLIGHTS, body, headers=bearer(secrets["all"])) for _ in range(3)]
        assert [one.status_code for one in found] == [200, 200, 429]
        assert post(address, FLIGHTS, body, headers=bearer(secrets["own"])).status_code == 200
        described = httpx.get(f"{address}/openapi.json", headers=bearer(secrets["all"])).json()
        assert find_undescribed(described, described["paths"][PREDICT]["post"], found[2]) is None
        assert found[2].json()["detail"][0]["allowed"] == "0.5 requests a second, and up to 2 at once"
        time.sleep(int(found[2].headers["Retry-After"]))
        assert post(address, FLIGHTS, body, headers=bearer(secrets["all"])).status_code == 200


def test_a_key_that_is_removed_is_refused_without_a_restart(keyed):
    address, secrets, file = keyed
    text = file.read_text()
    file.write_text(re.sub(r"\n  own: .*", "", text))
    wait_until(lambda: httpx.get(f"{address}/v1/models", headers=bearer(secrets["own"])).status_code == 401)
    file.write_text(re.sub(r"\nkeys:(.|\n)*", "\nkeys: {}\n", text))
    wait_until(lambda: httpx.get(f"{address}/v1/models", headers=bearer(secrets["all"])).status_code == 401)


def test_without_keys_it_refuses_to_start_on_an_address_of_the_network(flights, monkeypatch):
    here = flights.installation
    monkeypatch.setenv("CONTENDER_HOME", str(here.settings.home))
    monkeypatch.setenv("CONTENDER_CATALOG_HOME", str(here.catalog.home))
    from contender.settings import settings

    settings.cache_clear()
    try:
        refused = run_command("serve", "--host", "0.0.0.0")
    finally:
        settings.cache_clear()
    assert refused.code == 2
    assert "create one with `contender access key`" in refused.err
