"""Text from data, file names and people is never markup or template code in a page, mail or report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import contender
from card_pages import show as card_page
from catalogue_pages import show_overview, show_table
from contender.accounting import Prices, Share, Terms, settle
from contender.admission import ComparedRows, Quarantined, ShownRows
from contender.admission.comparing import ComparedRow
from contender.alerting import (
    Declared,
    Difference,
    FailedTask,
    Refusal,
    RequestCheck,
    ReturnedCanary,
    compose_access_alert,
    compose_approval_alert,
    compose_canary_alert,
    compose_decision_alert,
    compose_gate_alert,
    compose_held_alert,
    compose_refusal_alert,
    compose_request_alert,
    compose_task_alert,
    compose_verdict_alert,
)
from contender.alerting.compose_incidents import (
    compose_missing_alert,
    compose_recovered_alert,
    compose_reminder_alert,
    link_incident,
)
from contender.backtesting import render_report
from contender.cards import render_html
from contender.catalogue import Catalogue, Edge, ModelHistory, Told, draw
from contender.catalogue.history import ToldEntry
from contender.drilling import render_drill
from contender.feasibility import judge
from contender.feasibility import render_report as render_feasibility
from contender.incidents import Signal
from contender.monitoring.report import Figures, render_frame
from contender.planning import SeenRun, judge_night
from contender.promoting import decide_promotion
from contender.records import (
    Act,
    Answer,
    BehaviourCheck,
    Book,
    Caveat,
    Defect,
    Entry,
    Evidence,
    ExpectationResult,
    Failure,
    FitVerdict,
    GateResult,
    Incident,
    IncidentEvent,
    Interval,
    Monitored,
    Pin,
    Proposal,
    SliceMeasures,
    StagedBatch,
    Step,
    TaskUse,
    migrate,
    open_book,
)
from contender.records.audit import merge
from contender.scorecard import score
from contender.settings import PROJECT, Settings
from contender.specs import Days, Guards
from contender.status import DatasetStatus, ModelStatus, Status
from cost_pages import show as cost_page
from decision_pages import show as decision_page
from incident_pages import show as incident_page
from model_pages import show as model_page
from model_pages import show_versions
from page_rendering import page
from score_pages import show as score_page
from tests.unit.drill_results import drill_result
from tests.unit.hostile import WORDS, Seen, saying
from tests.unit.judged import evaluation, measures, version
from tests.unit.policy_results import backtest
from tests.unit.scored import FULL
from tests.unit.studied import study
from tests.unit.test_cards import card
from tests.unit.test_page_rendering import HISTORY as COLUMN
from tests.unit.test_page_rendering import entry
from tests.unit.test_tonight import night as night_of
from tonight_pages import show as tonight_page

NIGHT, AT = date(2013, 8, 31), datetime(2013, 9, 1, 4, tzinfo=UTC)
GATE = GateResult(
    id="g",
    table="datasets.sales",
    owner="o",
    days=Days.one(NIGHT),
    run="r",
    verdict="fail",
    rows=2,
    fingerprint="f",
    expectations=(
        ExpectationResult(
            expectation="e", verdict="fail", observed="o", failing_rows=1, failing_keys=({"k": "v"},)
        ),
    ),
    defects=(Defect(what="w", where="sales.csv", way_out="out"),),
    quarantine="q",
)
JUDGED = evaluation(
    challenger=version(2).model_copy(update={"pins": (Pin(table="t", snapshot=1),), "features": ("f",)}),
    slices=(
        SliceMeasures(
            name="s",
            rows=300,
            challenger_loss=0.17,
            champion_loss=0.18,
            difference=Interval(low=-0.02, high=0.01),
        ),
    ),
    behaviour=(
        BehaviourCheck(name="b", kind="direction", passed=False, observed=0.1, bound=0.5, explanation="x"),
    ),
)
EVIDENCE = Evidence(
    question="race", incumbent="i", rival="v", value=2, bar=20, days=3, since=NIGHT, enough=False
)
DECIDED = decide_promotion(JUDGED, Guards()).model_copy(
    update={"why": "w", "by": "b", "approved_by": "a", "evidence": (EVIDENCE,)}
)
ENTERED = Entry(number=1, previous="", entered=AT, decision=DECIDED, seal="s")
ASKED = Proposal(
    decision=DECIDED,
    asked=AT,
    deadline=AT + timedelta(hours=12),
    form="http://x",
    state="refused",
    answer=Answer(decision=DECIDED.id, approved=False, by="b", at=AT, why="w"),
)
CAVEAT = Caveat(
    id="c", model="m", version=2, kind="released", table="t", days=Days.one("2013-08-01"), why="w"
)
HELD = DECIDED.model_copy(update={"kind": "held"})
FIGURES = Figures(drifted=("f",), left_out=("g",), current=Days.one(NIGHT), reference=Days.one(NIGHT), rows=1)
MONITORED = Monitored(
    id="m",
    model="m",
    day=NIGHT,
    version=2,
    measures=measures(),
    expected_loss=0.1,
    verdict="concept_drift",
    why="w",
    action="a",
)
STATUS = Status(
    datasets=(
        DatasetStatus(
            name="n",
            owner="o",
            last_good_day=NIGHT,
            rows_of_last_gate=1,
            last_verdict="fail",
            last_judged="2013",
        ),
    ),
    models=(
        ModelStatus(
            name="n",
            owner="o",
            champion=2,
            trained_on="t",
            measures=measures(),
            last_night=NIGHT,
            last_decision="d",
            last_scored_day=NIGHT,
            last_monitored=MONITORED,
            fit=FitVerdict(model="n", night=NIGHT, due=False, why="t"),
            caveats=("c",),
        ),
    ),
)
ACT = Act(id="a", kind="released", about="datasets.sales", key="k", by="b", reason="r")
COMPARED = ComparedRows(
    columns=("c",),
    rows=(ComparedRow(good=False, values=("v",)), ComparedRow(good=True, values=("v",))),
    good_day="d",
)
SHOWN = ShownRows(columns=("c",), masked=("m",), rows=(("v",),), total=1)


DRAWN = draw(["datasets.sales", "features.churn"], [Edge(source="datasets.sales", target="features.churn")])

STEP = Step(dag="operations__upkeep", task="t", table="t")
INCIDENT = Incident(
    id="i",
    kind="task",
    cause=STEP,
    what="w",
    topic="t",
    error="e",
    severity="critical",
    owners=("o",),
    failures=(Failure(step=STEP, since=AT),),
    opened=AT,
    changed=AT,
)
TONIGHT = judge_night(
    night_of(
        "ingest",
        features={"rejected": True, "incident": "i", "gate": "g", "run": SeenRun(run_id="r", state="failed")},
        deadline=AT,
    ),
    AT + timedelta(days=1),
)
TOLD = Told(what="w", why="y")
HISTORY = ModelHistory(
    model="m",
    champion=2,
    since=DECIDED,
    told=TOLD,
    entries=(ToldEntry(decision=DECIDED, told=TOLD),),
    monitored=(MONITORED,),
    evaluations=(JUDGED,),
)
ACCOUNT = settle(
    Terms(model="m", prices=Prices(currency="USD", cpu=1, memory=1, storage=1)),
    [
        Share(
            use=TaskUse(
                subject="m",
                dag="retrain__m",
                run="r",
                task="t",
                number=1,
                night=NIGHT,
                cpu_seconds=1,
                wall_seconds=1,
                peak_bytes=1,
            )
        )
    ],
    [],
    stored_bytes=1,
)
HELD_BATCH = Quarantined(
    id="q",
    place="p",
    batch=StagedBatch(table="datasets.sales", days=Days.one(NIGHT), fingerprint="f", files=()),
    result=GATE,
    state="waiting",
)
EVENT = IncidentEvent(id="e", incident="i", kind="closed", what="w", by="b", at=AT)
SIGNAL = Signal(
    id="s", kind="deadline", step=STEP, what="w", severity="critical", owners=("o",), at=AT, held_up=STEP
)


def incident(word: str) -> str:
    """The page of an incident, with each text in it replaced by a given one."""
    found = saying(INCIDENT, word)
    return incident_page(
        found, [saying(EVENT, word)], {found.cause.dag, *(f.step.dag for f in found.failures)}
    ).body.decode()


def tonight(word: str) -> str:
    """The first page, with each text in it replaced by a given one, except for the kinds of steps."""
    kept = ("verb", "night", "days")
    row, held = saying(TONIGHT, word, kept), saying(HELD_BATCH, word)
    dags = {step.step.dag for step in row.steps} | {word}
    return tonight_page(
        [row], dags, incidents=[saying(INCIDENT, word)], batches=[held], waiting=[saying(ASKED, word)]
    ).body.decode()


def catalogue(word: str) -> str:
    """The page of a search in the catalogue, with each text in it replaced by a given one."""
    found = Catalogue(entries=(saying(entry(), word),), lineage=(Edge(source=word, target="other"),))
    return show_overview(found, hidden=1, sought=word).body.decode()


def table(word: str) -> str:
    """The page of a table, with each text in it replaced by a given one."""
    shown = saying(entry(), word), saying(DRAWN, word), [saying(GATE, word)]
    return show_table(*shown, [saying(COLUMN, word)], {word: "predictions"}).body.decode()


def of_page(template: str, **values: object) -> Callable[[str], str]:
    """Render a page's template with each text in its values replaced by a given one."""
    return lambda word: page(template, **{n: saying(v, word) for n, v in values.items()}).body.decode()


# By folder and name of each template.
def differing(word: str) -> RequestCheck:
    """A check whose texts are this word."""
    found = Difference(request=word, row=0, version=3, column=word, logged=word, computed=word)
    return RequestCheck(
        model=word, day=date(2013, 9, 1), rows=1, repeated=0, differing=1, differences=(found,)
    )


MADE: dict[str, Callable[[str], str]] = {
    "plugins/audit.html": of_page("audit.html", found=merge([ACT], [ENTERED]), about="a", by="b"),
    "plugins/catalog.html": catalogue,
    "plugins/table.html": table,
    "plugins/gate.html": of_page(
        "gate.html",
        result=GATE,
        batch="b",
        state="released",
        act=ACT,
        newer=GATE,
        built=False,
        dag="d",
        run_path="d/runs/r",
        release_dag="d",
        lines={},
    ),
    "plugins/incident.html": incident,
    "plugins/incidents.html": of_page("incidents.html", incidents=((INCIDENT, "t"),)),
    "plugins/rows.html": of_page("rows.html", result=GATE, shown=SHOWN, compared=COMPARED),
    "plugins/refusal.html": of_page("refusal.html", message="t"),
    "plugins/decisions.html": of_page("decisions.html", model="m", proposals=(ASKED,), entries=(ENTERED,)),
    "plugins/tonight.html": tonight,
    "plugins/model.html": lambda word: model_page(
        saying(HISTORY, word), [], [word], with_days=True
    ).body.decode(),
    "plugins/costs.html": lambda word: cost_page([saying(ACCOUNT, word)]).body.decode(),
    "plugins/scorecards.html": lambda word: score_page([saying(score(FULL), word)]).body.decode(),
    "plugins/promotions.html": of_page("promotions.html", entries=HISTORY.entries),
    "alerting/missing.html": lambda word: (
        link_incident(
            compose_missing_alert(saying(SIGNAL, word), word),
            saying(INCIDENT, word).model_copy(update={"id": word}),
            Settings(ui_url="http://ui", runbook_url="http://ui/runbook"),
        ).html
    ),
    "alerting/recovered.html": lambda word: compose_recovered_alert(saying(INCIDENT, word)).html,
    "alerting/reminder.html": lambda word: (
        compose_reminder_alert(word, [saying(INCIDENT, word)], word, "http://ui", [word]).html
    ),
    "alerting/access.html": lambda word: compose_access_alert([word], to=word, before=None).html,
    "alerting/approval.html": lambda word: (
        compose_approval_alert(
            saying(ASKED, word), saying(JUDGED, word), to=(word,), page_url="http://ui/p"
        ).html
    ),
    "alerting/decision.html": lambda word: compose_decision_alert(saying(ENTERED, word), to=word).html,
    "alerting/gate.html": lambda word: (
        compose_gate_alert(
            saying(GATE, word),
            to=(word,),
            gate_url="http://ui/g",
            log_url="http://ui/l",
            declared=Declared(lines={}),
        ).html
    ),
    "alerting/task.html": lambda word: (
        compose_task_alert(
            FailedTask(dag=word, task=word, run=word, days=word, error=word, log_url="http://ui/l"), to=word
        ).html
    ),
    "alerting/refusal.html": lambda word: (
        compose_refusal_alert(
            Refusal(model=word, version=3, entry=7, serving=2, reason=word), to=(word,)
        ).html
    ),
    "alerting/canary.html": lambda word: (
        compose_canary_alert(
            ReturnedCanary(model=word, version=3, entry=7, previous=2, reason=word), to=(word,)
        ).html
    ),
    "alerting/requests.html": lambda word: compose_request_alert(differing(word), to=(word,)).html,
    "alerting/held.html": lambda word: compose_held_alert(saying(HELD, word), 7, to=word).html,
    "alerting/verdict.html": lambda word: (
        compose_verdict_alert(saying(MONITORED, word), to=(word,), report_url="http://ui/r").html
    ),
    "monitoring/frame.html": lambda word: render_frame(
        saying(MONITORED, word), FIGURES._replace(drifted=(word,), left_out=(word,))
    ),
    "backtesting/backtest.html": lambda word: render_report(
        [saying(backtest(failed=("f",)), word, kept=("policy",))]
    ),
    "feasibility/feasibility.html": lambda word: render_feasibility(judge(saying(study(), word))),
    "drilling/drill.html": lambda word: render_drill(saying(drill_result(), word, kept=("served",))),
}
WITH_A_CATALOG = {
    "plugins/decision.html",
    "plugins/versions.html",
    "plugins/model_card_page.html",
    "cards/model_card.html",
}
PARTS = {  # of other templates
    "plugins/layout.html",
    "plugins/drawings.html",
    "cards/model_card_body.html",
    "charts/parts.html",
    "charts/chart.html",
}
EVERY = sorted({*MADE, *WITH_A_CATALOG})


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> Book:
    url = f"sqlite:///{tmp_path_factory.mktemp('book')}/book.db"
    migrate(url)
    return open_book(url)


@pytest.fixture
def render(book, catalog) -> Callable[[str, str], str]:
    """Render a template with each text in its records replaced by a given one."""
    spec = catalog.model("flight_delay")
    known = card(spec, JUDGED, [ENTERED], [CAVEAT])

    def decision(word: str) -> str:
        asked = saying(ASKED, word)
        book.proposals.put(asked)
        book.evaluations.add(saying(JUDGED, word))
        book.caveats.add(saying(CAVEAT, word))
        found = asked.decision
        return decision_page(found.model, found.id, spec, book, sees_data=True).body.decode()

    made = MADE | {
        "plugins/decision.html": decision,
        "plugins/versions.html": lambda word: show_versions(
            saying(known, word), saying(known, word).model_copy(update={"version": 1})
        ).body.decode(),
        "plugins/model_card_page.html": lambda word: card_page(saying(known, word)).body.decode(),
        "cards/model_card.html": lambda word: render_html(saying(known, word)),
    }
    return lambda template, word: made[template](word)


def test_every_template_is_tested():
    engine = Path(contender.__file__).parent
    found = {f"plugins/{file.name}" for file in (PROJECT / "plugins" / "templates").glob("*.html")}
    found |= {f"{file.parents[1].name}/{file.name}" for file in engine.glob("*/templates/*.html")}
    assert found == {*EVERY, *PARTS}


@pytest.mark.parametrize("template", EVERY)
@pytest.mark.parametrize("word", WORDS)
def test_text_changes_no_tag_and_no_attribute(render, template, word):
    assert Seen(render(template, word)).shape == Seen(render(template, "word")).shape


@pytest.mark.parametrize("template", EVERY)
@pytest.mark.parametrize("word", WORDS)
def test_text_is_shown_unchanged(render, template, word):
    assert word in Seen(render(template, word)).words


@pytest.mark.parametrize("template", sorted(set(EVERY) - {"plugins/decision.html", "alerting/approval.html"}))
def test_text_is_never_the_target_of_a_link(render, template):
    # A proposal's form is a link that Contender writes itself.
    for link in Seen(render(template, "javascript:alert(1)")).links:
        assert not link.startswith("javascript:")
