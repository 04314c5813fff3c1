"""A failed batch waits in quarantine until a person releases or discards it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contender.admission import (
    QuarantineError,
    decide_quarantined,
    discard_batch,
    find_quarantined,
    gate_batch,
    list_quarantined,
    publish_batch,
    receive_batch,
    record_release,
    release_batch,
)
from contender.admission.quarantine import settle
from contender.cli import app
from contender.ingesting import land
from contender.lake.commits import LoadedDays
from contender.records.acts import Acts
from contender.records.gates import GateResults
from contender.records.publications import Publications
from contender.specs import Between, Days
from demo import source
from tests.made_up_catalog import set_catalog

DAY = date(2013, 9, 2)


@pytest.fixture
def judge(here, installation):
    """Lands a delivery and gates it, as a run does."""

    def land_and_gate(fault, run="night", dataset="departures"):
        source.drop(dataset, [DAY], here.landing, fault=fault)
        batch = land(installation.catalog.dataset(dataset), Days.one(DAY), here)
        return batch, gate_batch(installation, batch, run)

    return land_and_gate


@pytest.fixture
def waiting(judge, installation):
    judge(one_too_late)
    (item,) = list_quarantined(installation)
    return item


@pytest.fixture
def narrower(installation):
    """Lets the contract change after the judgement that the person saw, so that every flight breaks it."""

    def narrow(dataset="departures"):
        spec = installation.catalog.dataset(dataset)
        none_so_late = Between(column="dep_delay", high=-1000)
        narrowed = spec.model_copy(update={"expectations": (*spec.expectations, none_so_late)})
        datasets = {**installation.catalog.datasets, dataset: narrowed}
        set_catalog(installation, installation.catalog.model_copy(update={"datasets": datasets}))

    return narrow


def one_too_late(csv: bytes) -> bytes:
    """One flight more than two weeks late: beyond the contract, and yet it may be true."""
    header, first, rest = csv.split(b"\n", 2)
    fields = first.split(b",")
    fields[header.split(b",").index(b"dep_delay")] = b"20500"
    return b"\n".join([header, b",".join(fields), rest])


def nothing_but_noise(_: bytes) -> bytes:
    return b"\xff\xfe\x00"


def test_a_failed_batch_waits_with_its_judgement(waiting):
    assert (waiting.state, waiting.result.verdict) == ("waiting", "fail")


def test_a_released_batch_passes_the_gate_with_a_warning_that_names_person_and_reason(
    waiting, judge, installation
):
    record_release(installation, waiting.id, "ann", "the flight really left in two weeks")
    _, result = judge(one_too_late, run="again")
    assert result.verdict == "warn"
    assert result.defects[0].what == "it was released by ann: the flight really left in two weeks"


def test_a_release_is_not_forgotten_however_many_people_look_at_the_table_since(waiting, judge, installation):
    record_release(installation, waiting.id, "ann", "the flight really left in two weeks")
    for _ in range(150):
        installation.book.acts.record(
            "read", waiting.batch.table, waiting.result.id, "ben", "opened the page"
        )
    _, result = judge(one_too_late, run="again")
    assert result.verdict == "warn"
    assert find_quarantined(installation, waiting.id).state == "released"


def test_a_release_does_not_excuse_another_batch_of_the_day(waiting, judge, installation):
    record_release(installation, waiting.id, "ann", "true")
    _, result = judge(source.append_rerun, run="again")
    assert result.verdict == "fail"


def test_a_superseded_batch_cannot_be_released(waiting, judge, installation):
    judge(None, run="corrected")
    assert find_quarantined(installation, waiting.id).state == "superseded"
    with pytest.raises(QuarantineError, match=r"another delivery of .* 2013-09-02 has passed since"):
        record_release(installation, waiting.id, "ann", "why not")


def test_a_superseded_batch_stays_superseded_after_later_gates(waiting, judge, installation):
    _, passed = judge(None, run="corrected")
    for n in range(1, 151):
        changed = {"id": f"later {n}", "days": Days.one(DAY + timedelta(days=n)), "at": datetime.now(UTC)}
        installation.book.gates.add(passed.model_copy(update=changed))
    assert find_quarantined(installation, waiting.id).state == "superseded"


def test_an_unreadable_batch_cannot_be_released(judge, installation):
    judge(nothing_but_noise)
    (item,) = list_quarantined(installation)
    with pytest.raises(QuarantineError, match="no readable rows"):
        record_release(installation, item.id, "ann", "let it in")


def test_a_discarded_batch_is_deleted_and_its_judgement_kept(waiting, installation):
    discard_batch(installation, waiting.id, "ann", "a test file")
    assert not (Path(waiting.place) / "raw").exists()
    kept = find_quarantined(installation, waiting.id)
    assert (kept.state, kept.act.reason, kept.result.verdict) == ("discarded", "a test file", "fail")


def test_a_released_delivery_is_ingested_again(waiting, installation):
    run = decide_quarantined(
        installation, waiting.id, "release", "ann", "the flight really left in two weeks"
    )
    assert run.dag == "ingest__departures"
    assert run.conf == {"day": str(DAY), "quarantined": waiting.id}
    batch = receive_batch(installation, "departures", Days.one(DAY), run.conf["quarantined"])
    assert batch.fingerprint == waiting.batch.fingerprint


def test_a_discarded_delivery_starts_no_run(waiting, installation):
    assert decide_quarantined(installation, waiting.id, "discard", "ann", "a test file") is None
    assert find_quarantined(installation, waiting.id).state == "discarded"


@pytest.mark.parametrize("decide", [record_release, discard_batch])
def test_a_batch_is_settled_once(waiting, installation, decide):
    decide(installation, waiting.id, "ann", "first word")
    with pytest.raises(QuarantineError, match=r"was (released|discarded) by ann"):
        decide(installation, waiting.id, "bob", "second word")


@pytest.mark.parametrize("decide", [record_release, discard_batch])
def test_the_same_decision_given_again_is_the_same_act(waiting, installation, decide):
    acts = {decide(installation, waiting.id, "ann", "first word").act.id for _ in range(2)}
    assert len(acts) == 1


@pytest.mark.parametrize("second", ["released", "discarded"])
def test_of_two_people_who_decide_at_once_only_the_first_is_recorded(waiting, installation, second):
    settle(installation, waiting, "released", "ann", "it is true")
    with pytest.raises(QuarantineError, match="was released by ann"):
        settle(installation, waiting, second, "bob", "it is not")  # read before the first decision
    assert [act.by for act in installation.book.acts.newest(waiting.batch.table)] == ["ann"]


def test_a_decision_that_two_processes_record_at_once_is_one_act(waiting, installation):
    acts = {settle(installation, waiting, "released", "ann", "it is true").act.id for _ in range(2)}
    assert len(acts) == 1


def test_a_release_publishes_records_its_gate_and_looks_at_the_past(waiting, installation):
    done = release_batch(installation, waiting.id, "ann", "it is true")
    assert (done.result.verdict, done.published.changed) == ("warn", True)
    assert installation.book.gates.get(done.result.id) == done.result
    assert any(e.expectation == "the day before it has been published" for e in done.result.expectations)
    assert installation.lake.holds(waiting.batch)


def test_a_release_does_not_excuse_new_failures(waiting, installation, narrower):
    narrower()
    done = release_batch(installation, waiting.id, "ann", "it is true")
    assert (done.result.verdict, done.published) == ("fail", None)
    assert "dep_delay is between any and -1000" in done.result.defects[0].what
    assert installation.lake.days(waiting.batch.table) == []


def test_a_batch_that_failed_again_for_another_reason_waits_for_another_decision(
    waiting, installation, narrower
):
    narrower()
    release_batch(installation, waiting.id, "ann", "it is true")
    assert find_quarantined(installation, waiting.id).state == "waiting"
    done = release_batch(installation, waiting.id, "bob", "that, too")
    assert (done.result.verdict, done.published.changed) == ("warn", True)


RELEASING = [
    (Acts, "add"),
    (GateResults, "add"),
    (Publications, "intend"),
    (LoadedDays, "replace"),
    (Publications, "confirm"),
]


@pytest.mark.parametrize(("kind", "method"), RELEASING, ids=lambda part: str(part))
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_release_killed_at_any_step_and_given_again_comes_to_the_same(
    waiting, installation, monkeypatch, kind, method, after
):
    real = getattr(kind, method)

    def die(*given, **named):
        if after:
            real(*given, **named)
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(kind, method, die)
        with pytest.raises(KeyboardInterrupt):
            release_batch(installation, waiting.id, "ann", "it is true")
    done = release_batch(installation, waiting.id, "ann", "it is true")
    assert (done.result.verdict, done.published.changed) == ("warn", True)
    assert installation.lake.holds(waiting.batch)
    assert [act.kind for act in installation.book.acts.newest(waiting.batch.table)] == ["released"]


def test_a_release_given_again_does_not_replace_a_delivery_that_passed_since(waiting, judge, installation):
    release_batch(installation, waiting.id, "ann", "it is true")
    corrected, _ = judge(None, run="corrected")
    publish_batch(installation, corrected, "corrected")
    with pytest.raises(QuarantineError, match="was superseded"):
        release_batch(installation, waiting.id, "ann", "it is true")
    assert installation.lake.holds(corrected)


def test_an_attempt_that_was_killed_leaves_no_half_of_a_batch(waiting, installation):
    (Path(waiting.place) / "gate.json").unlink()
    assert list_quarantined(installation) == []


@pytest.fixture
def run(here, monkeypatch):
    monkeypatch.setenv("CONTENDER_HOME", str(here.home))
    from contender.settings import settings

    settings.cache_clear()
    yield lambda *words: CliRunner().invoke(app, ["quarantine", *words])
    settings.cache_clear()


def test_the_command_line_lists_shows_and_releases(waiting, run, lake, book):
    assert waiting.id[:8] in run("list", "--json").output
    shown = run("show", waiting.id[:6]).output
    assert "dep_delay is between -60 and 2000" in shown
    released = run("release", waiting.id, "--reason", "it is true", "--by", "ann")
    assert "929 rows published, released by ann" in released.output
    assert lake.days("datasets.departures") == [DAY]
    assert [act.kind for act in book.acts.newest("datasets.departures")] == ["released"]


def test_the_command_line_publishes_nothing_that_fails_for_another_reason(
    waiting, run, installation, narrower, monkeypatch
):
    narrower()
    monkeypatch.setattr("contender.cli.quarantine.open_installation", lambda: installation)
    refused = run("release", waiting.id, "--reason", "it is true", "--by", "ann")
    assert refused.exit_code == 1
    assert "Nothing was published" in refused.output
    assert "dep_delay is between any and -1000" in refused.output


def test_a_batch_with_several_problems_is_listed_with_the_first_and_shown_with_all(judge, installation, run):
    judge(source.append_rerun)
    (item,) = list_quarantined(installation)
    assert "no two rows share day, carrier, flight, origin: " in run("list").output
    assert f"; and {len(item.result.failed) - 1} more" in run("list").output
    shown = run("show", item.id).output
    assert [broken.expectation for broken in item.result.failed if broken.expectation not in shown] == []
    (listed,) = json.loads(run("list", "--json").output)
    verdicts = [expectation["verdict"] for expectation in listed["result"]["expectations"]]
    assert verdicts.count("fail") == len(item.result.failed) > 1


def test_a_release_without_a_reason_is_refused(waiting, run):
    assert run("release", waiting.id, "--by", "ann").exit_code == 2


def test_an_unknown_batch_is_reported_with_the_known_ones(waiting, run):
    outcome = run("show", "zzzz")
    assert isinstance(outcome.exception, QuarantineError)
    assert "list all with `contender quarantine list`" in str(outcome.exception)


def test_its_files_are_readable(waiting):
    assert Path(waiting.batch.sources[0]).read_bytes().startswith(b"day,carrier")
    assert Path(waiting.batch.files[0].path).is_file()
