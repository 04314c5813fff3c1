"""A failed batch waits for a person, whose word lets it into the lake or forgets it, and is kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contender.cli import app
from contender.gating import (
    QuarantineError,
    apply_release,
    check,
    discard,
    find_quarantined,
    list_quarantined,
    quarantine,
    release,
)
from contender.ingesting import land
from contender.specs import Days
from demo import source

DAY = date(2013, 9, 2)


@pytest.fixture
def judge(here, catalog, book):
    """Lands a delivery and holds it to its contract, as a run does; what fails is quarantined."""

    def land_and_gate(fault, run="night", dataset="departures"):
        spec = catalog.dataset(dataset)
        source.drop(dataset, [DAY], here.landing, fault=fault)
        batch = land(spec, Days.one(DAY), here)
        result = apply_release(check(spec.contract, batch, run), batch, book)
        if result.verdict == "fail":
            result = quarantine(batch, result, here)
        return batch, book.gates.add(result)

    return land_and_gate


@pytest.fixture
def waiting(judge, here, book):
    judge(one_too_late)
    (item,) = list_quarantined(here, book)
    return item


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


def test_a_released_batch_passes_the_gate_with_a_warning_that_names_person_and_reason(waiting, judge, book):
    release(waiting, "ann", "the flight really left in two weeks", book)
    _, result = judge(one_too_late, run="again")
    assert result.verdict == "warn"
    assert result.defects[0].what == "it was released by ann: the flight really left in two weeks"


def test_a_release_is_not_forgotten_however_many_people_look_at_the_table_since(waiting, judge, here, book):
    release(waiting, "ann", "the flight really left in two weeks", book)
    for _ in range(150):
        book.acts.record("read", waiting.batch.table, waiting.result.id, "ben", "opened the page")
    _, result = judge(one_too_late, run="again")
    assert result.verdict == "warn"
    assert find_quarantined(waiting.id, here, book).state == "released"


def test_another_bad_batch_of_the_day_is_not_excused_by_it(waiting, judge, book):
    release(waiting, "ann", "true", book)
    _, result = judge(source.append_rerun, run="again")
    assert result.verdict == "fail"


def test_what_was_superseded_cannot_be_released(waiting, judge, here, book):
    judge(None, run="corrected")
    superseded = find_quarantined(waiting.id, here, book)
    assert superseded.state == "superseded"
    with pytest.raises(QuarantineError, match=r"another delivery of .* 2013-09-02 passed since"):
        release(superseded, "ann", "why not", book)


def test_what_was_superseded_stays_so_however_many_days_are_judged_since(waiting, judge, here, book):
    _, passed = judge(None, run="corrected")
    for n in range(1, 151):
        changed = {"id": f"later {n}", "days": Days.one(DAY + timedelta(days=n)), "at": datetime.now(UTC)}
        book.gates.add(passed.model_copy(update=changed))
    assert find_quarantined(waiting.id, here, book).state == "superseded"


def test_what_nobody_could_read_cannot_be_released(judge, here, book):
    judge(nothing_but_noise)
    (item,) = list_quarantined(here, book)
    with pytest.raises(QuarantineError, match="no row that could be read"):
        release(item, "ann", "let it in", book)


def test_a_discarded_batch_is_deleted_and_its_judgement_kept(waiting, here, book):
    discard(waiting, "ann", "a test file", book)
    assert not (Path(waiting.place) / "raw").exists()
    kept = find_quarantined(waiting.id, here, book)
    assert (kept.state, kept.act.reason, kept.result.verdict) == ("discarded", "a test file", "fail")


@pytest.mark.parametrize("settle", [release, discard])
def test_a_batch_is_settled_once(waiting, here, book, settle):
    settle(waiting, "ann", "first word", book)
    again = find_quarantined(waiting.id, here, book)
    with pytest.raises(QuarantineError, match=r"was (released|discarded) by ann"):
        settle(again, "bob", "second word", book)


def test_an_attempt_that_was_killed_leaves_no_half_of_a_batch(waiting, here, book):
    (Path(waiting.place) / "gate.json").unlink()
    assert list_quarantined(here, book) == []


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


def test_a_release_without_a_reason_is_refused(waiting, run):
    assert run("release", waiting.id, "--by", "ann").exit_code == 2


def test_an_unknown_batch_is_told_with_those_that_are_there(waiting, run):
    outcome = run("show", "zzzz")
    assert isinstance(outcome.exception, QuarantineError)
    assert "`contender quarantine list` shows all" in str(outcome.exception)


def test_its_files_are_readable(waiting):
    assert Path(waiting.batch.sources[0]).read_bytes().startswith(b"day,carrier")
    assert Path(waiting.batch.files[0].path).is_file()
