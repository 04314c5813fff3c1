"""What a server of online predictions decides: which version to load, whether it may serve, who may ask."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.serving import ServingError
from contender.serving.deciding import (
    Attempt,
    Champion,
    check_finite,
    check_loss,
    choose_step,
    compare_predictions,
    note_failure,
)
from contender.serving.keys import Keyring, check_key, digest_key, find_caller, make_key, render_key
from contender.serving.limiting import RateLimit
from contender.serving.requests import BadRequest
from contender.serving.server import check_reach
from contender.specs import Access, ApiKey, CatalogError, load_access

NOW = datetime(2013, 9, 2, 4, tzinfo=UTC)
CHAMPION = Champion(entry=7, version=3)


def failed(*, refused: bool, failures: int = 1, champion: Champion = CHAMPION) -> Attempt:
    return Attempt(champion=champion, refused=refused, failures=failures, reason="x", at=NOW)


def test_the_champion_is_loaded_unless_it_serves_already():
    assert choose_step(CHAMPION, None, None, NOW) == "load"
    assert choose_step(CHAMPION, 2, None, NOW) == "load"
    assert choose_step(CHAMPION, 3, None, NOW) == "keep"
    assert choose_step(Champion(entry=1, version=None), None, None, NOW) == "keep"


def test_a_refused_version_is_tried_again_only_after_another_entry():
    later = NOW + timedelta(days=1)
    assert choose_step(CHAMPION, 2, failed(refused=True), later) == "keep"
    assert choose_step(Champion(entry=9, version=3), 2, failed(refused=True), NOW) == "load"


@given(st.integers(1, 1000), st.floats(0, 100))
def test_a_store_that_does_not_answer_is_asked_ever_more_rarely_but_at_least_every_half_minute(
    failures, seconds
):
    last = failed(refused=False, failures=failures)
    step = choose_step(CHAMPION, 2, last, NOW + timedelta(seconds=seconds))
    assert step == ("load" if seconds >= min(2 ** (failures - 1), 30) else "wait")


def test_a_clock_that_was_set_back_delays_no_version():
    assert choose_step(CHAMPION, 2, failed(refused=False, failures=5), NOW - timedelta(hours=1)) == "load"


def test_failures_of_an_entry_are_counted():
    first = note_failure(CHAMPION, None, "no answer", NOW, refused=False)
    second = note_failure(CHAMPION, first, "no answer", NOW, refused=False)
    assert (first.failures, second.failures) == (1, 2)
    assert note_failure(Champion(entry=8, version=4), second, "x", NOW, refused=False).failures == 1


def test_predictions_that_differ_by_more_than_rounding_are_a_problem():
    recorded = np.array([0.1, 0.2, 0.3])
    assert compare_predictions("predictions", recorded, recorded.copy()).problem is None
    assert compare_predictions("predictions", recorded, recorded * (1 + 1e-12)).problem is None
    changed = compare_predictions("shadow predictions", recorded, np.array([0.1, 0.25, 0.3]))
    assert changed.problem == "1 of 3 predictions differ from the recorded shadow predictions, by up to 0.05"
    lost = compare_predictions("predictions", recorded, np.array([0.1, np.nan, 0.3]))
    assert "1 of 3" in (lost.problem or "")


def test_each_score_of_a_row_is_compared():
    recorded = np.array([[0.1, 0.9], [0.5, 0.5]])
    changed = compare_predictions("predictions", recorded, np.array([[0.1, 0.9], [0.4, 0.6]]))
    assert "1 of 2" in (changed.problem or "")


def test_without_recorded_predictions_those_of_the_newest_features_are_finite():
    assert check_finite(np.array([0.1, 0.2])).problem is None
    assert "1 of 2" in (check_finite(np.array([0.1, np.inf])).problem or "")
    assert check_loss(9, 0.25, 0.25).problem is None
    assert "0.25 was recorded" in (check_loss(9, 0.25, 0.26).problem or "")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_this_machine_needs_no_key(host):
    check_reach(host, keys_exist=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "server.example"])
def test_any_other_address_needs_a_key(host):
    check_reach(host, keys_exist=True)
    with pytest.raises(ServingError, match="has no API keys"):
        check_reach(host, keys_exist=False)


def with_key(catalog, **fields) -> Access:
    access = load_access(catalog)
    return access.model_copy(update={"keys": {"app": ApiKey.model_validate(fields)}})


def test_a_key_is_known_by_its_digest_only(catalog):
    made = make_key()
    access = with_key(catalog, role="business_reader", sha256=made.sha256)
    found = find_caller(access, catalog, f"Bearer {made.secret}")
    assert found is not None
    assert found.models == frozenset(catalog.models)
    assert made.secret not in render_key("app", access.keys["app"])
    for header in (
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {made.sha256}",
        f"Basic {made.secret}",
        made.secret,
    ):
        assert find_caller(access, catalog, header) is None


def test_a_key_reaches_the_models_of_its_role_and_owner_within_its_own_list(catalog):
    digest = digest_key("x")
    owner = catalog.model("flight_delay").owner
    own = with_key(catalog, role="data_scientist", owner=owner, sha256=digest)
    limited = with_key(catalog, role="business_reader", models=("stock_volatility",), sha256=digest)
    both = with_key(catalog, role="data_scientist", owner=owner, models=("stock_volatility",), sha256=digest)
    found = [find_caller(access, catalog, "Bearer x") for access in (own, limited, both)]
    assert [caller and caller.models for caller in found] == [{"flight_delay"}, {"stock_volatility"}, set()]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"role": "reader"}, "keys.app.role: unknown role 'reader'"),
        ({"role": "auditor"}, "keys.app.role: auditor may not predict"),
        ({"role": "data_scientist"}, "keys.app.owner: must be an owner of models"),
        ({"role": "business_reader", "models": ("flights",)}, "keys.app.models: unknown model 'flights'"),
    ],
)
def test_a_wrong_key_is_explained(catalog, fields, said):
    key = ApiKey.model_validate({"sha256": "0" * 64, **fields})
    (mistake,) = check_key(load_access(catalog), catalog, "app", key)
    assert said in mistake


def test_mistakes_in_the_keys_of_the_file_are_reported_with_their_place(catalog, tmp_path):
    text = (catalog.home / "access.yaml").read_text()
    key = '{role: business_reader, sha256: "' + "0" * 64 + '"}'
    (tmp_path / "access.yaml").write_text(text.replace("keys: {}", f"keys:\n  a: {key}\n  b: {key}"))
    with pytest.raises(CatalogError, match=r"keys\.a\.sha256: another key has the same digest"):
        load_access(catalog.model_copy(update={"home": tmp_path}))
    (tmp_path / "access.yaml").write_text(
        text.replace("keys: {}", "keys:\n  a: {role: business_reader, sha256: secret}")
    )
    with pytest.raises(CatalogError, match=r"keys\.a.*SHA-256 in 64 lower-case"):
        load_access(catalog.model_copy(update={"home": tmp_path}))


def test_keys_are_read_again_when_the_file_changes_and_stay_required(catalog, tmp_path):
    file, made = tmp_path / "access.yaml", make_key()
    keys = Keyring(catalog.model_copy(update={"home": tmp_path}))
    assert not keys.required
    text = (catalog.home / "access.yaml").read_text()
    key = ApiKey(role="business_reader", sha256=made.sha256)
    file.write_text(text.replace("keys: {}", f"keys:\n{render_key('app', key)}"))
    keys.refresh()
    assert keys.required
    assert keys.find_caller(f"Bearer {made.secret}") is not None
    file.write_text("keys: [")
    keys.refresh()
    assert keys.find_caller(f"Bearer {made.secret}") is not None
    file.write_text(text)
    keys.refresh()
    assert keys.required
    assert keys.find_caller(f"Bearer {made.secret}") is None


def test_keys_that_the_disk_did_not_read_are_read_as_soon_as_it_does(catalog, tmp_path, caplog):
    file, made = tmp_path / "access.yaml", make_key()
    keys = Keyring(catalog.model_copy(update={"home": tmp_path}))
    file.symlink_to("/proc/self/mem")  # a file that exists and whose content cannot be read
    keys.refresh()
    assert "access.yaml was not read again: [Errno 5]" in caplog.text
    of_file = file.stat()
    key = ApiKey(role="business_reader", sha256=made.sha256)
    text = (catalog.home / "access.yaml").read_text()
    file.unlink()
    file.write_text(text.replace("keys: {}", f"keys:\n{render_key('app', key)}"))
    os.utime(file, ns=(of_file.st_atime_ns, of_file.st_mtime_ns))
    keys.refresh()
    assert keys.find_caller(f"Bearer {made.secret}") is not None


def refusal(limit, caller="app"):
    """The seconds after which a refused request may be sent again, or None if it is answered."""
    try:
        limit.take(caller)
    except BadRequest as refused:
        return refused.retry_after
    return None


def test_a_burst_is_answered_then_requests_at_the_rate_and_each_key_has_its_own():
    now = 0.0
    limit = RateLimit(0.5, 3, lambda: now)
    assert [refusal(limit) for _ in range(5)] == [None, None, None, 2, 2]
    assert refusal(limit, "other") is None
    now = 1.0
    assert refusal(limit) == 1
    now = 2.0
    assert [refusal(limit) for _ in range(2)] == [None, 2]
    now = 1000.0
    assert [refusal(limit) for _ in range(4)] == [None, None, None, 2]


@given(st.floats(0.1, 100), st.integers(1, 20), st.lists(st.floats(0, 5), max_size=60))
def test_no_more_than_the_burst_and_the_rate_are_ever_answered(a_second, burst, pauses):
    now, answered = 0.0, 0
    limit = RateLimit(a_second, burst, lambda: now)
    for pause in pauses:
        now += pause
        answered += refusal(limit) is None
        assert answered <= burst + now * a_second + 1e-6


@given(st.floats(0.1, 100), st.integers(1, 20), st.integers(1, 40))
def test_a_request_after_the_named_seconds_is_answered(a_second, burst, requests):
    now = 0.0
    limit = RateLimit(a_second, burst, lambda: now)
    for _ in range(requests):
        now += refusal(limit) or 0.0
    assert refusal(limit) in (None, *range(1, 11))
    now += 10.0
    assert refusal(limit) is None


def test_a_rate_of_nought_limits_nothing():
    limit = RateLimit(0, 1, lambda: 0.0)
    assert [refusal(limit) for _ in range(100)] == [None] * 100
