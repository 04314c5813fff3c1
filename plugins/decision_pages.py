"""Pages of decisions: proposals that wait for approval, ledger entries, and the figures that they are based on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from contender.specs import dag_id
from evidence_charts import draw_evidence
from page_access import readable_dags, require_dag
from page_rendering import drawn, page

if TYPE_CHECKING:
    from contender.records import Book, Decision, Evaluation, Measures, Proposal
    from contender.specs import ModelSpec

MAX_LISTED, MAX_GATES = 100, 10

router = APIRouter(prefix="/decisions")


@router.get("/{model}")
def decisions(model: str, user: GetUserDep) -> HTMLResponse:
    """List a model's proposals and ledger entries, newest first."""
    from contender.installation import open_installation

    require_dag(dag_id("retrain", model), user)
    book = open_installation().book
    return page(
        "decisions.html",
        model=model,
        training_dag=dag_id("retrain", model),
        proposals=book.proposals.newest([model], limit=MAX_LISTED),
        entries=book.ledger.newest(model, limit=MAX_LISTED),
    )


@router.get("/{model}/{decision_id}")
def decision(model: str, decision_id: str, user: GetUserDep) -> HTMLResponse:
    """Show one decision: measures, slices, evidence, calibration, guards and training data."""
    from contender.installation import open_installation

    require_dag(dag_id("retrain", model), user)
    installation = open_installation()
    spec = installation.catalog.models.get(model)
    sees_data = bool(readable_dags([dag_id("features", model)], user))
    return show(model, decision_id, spec, installation.book, sees_data=sees_data)


def show(
    model: str, decision_id: str, spec: ModelSpec | None, book: Book, *, sees_data: bool
) -> HTMLResponse:
    """Return the page of a decision; gates of the model's data only if `sees_data`. Raises 404 if it does not exist."""
    from contender.cards import MEASURE_NAMES
    from contender.catalogue import tell_decision

    proposal = book.proposals.get(decision_id)
    found = proposal.decision if proposal else book.ledger.decision(decision_id)
    if found is None or found.model != model:
        raise HTTPException(404, f"There is no decision {decision_id!r} about {model}.")
    evaluation = book.evaluations.get(found.evaluation) if found.evaluation else None
    measured = _measures_by_version(evaluation)
    return page(
        "decision.html",
        decision=found,
        told=None if proposal else tell_decision(found, evaluation),
        proposal=proposal,
        changed=_champion_changed(proposal, evaluation, book),
        evaluation=evaluation,
        measured=measured,
        measures=[(name, label) for name, label in MEASURE_NAMES.items() if _applies(name, measured)],
        charts=_charts(found, evaluation, spec, book),
        caveats=book.caveats.of_version(model, found.challenger),
        gates=book.gates.newest([f"features.{model}", f"labels.{model}"], MAX_GATES) if sees_data else None,
    )


def _champion_changed(proposal: Proposal | None, evaluation: Evaluation | None, book: Book) -> int | None:
    """The serving version, if it has changed since the proposal, so that an approval has no effect."""
    if proposal is None or proposal.state != "waiting" or evaluation is None:
        return None
    compared = None if evaluation.champion is None else evaluation.champion.version
    serving = book.ledger.champion(proposal.decision.model)
    return None if serving in (compared, proposal.decision.champion_before) else serving


def _measures_by_version(evaluation: Evaluation | None) -> dict[str, Measures | None]:
    if evaluation is None:
        return {}
    champion = evaluation.champion
    label = "champion" if champion is None else f"champion, version {champion.version}"
    return {
        f"challenger, version {evaluation.challenger.version}": evaluation.challenger_measures,
        label: evaluation.champion_measures,
        "simple baseline": evaluation.baseline_measures,
    }


def _applies(name: str, measured: dict[str, Measures | None]) -> bool:
    return any(getattr(measures, name, None) is not None for measures in measured.values())


def _charts(
    found: Decision, evaluation: Evaluation | None, spec: ModelSpec | None, book: Book
) -> dict[str, Any]:
    """Charts as markup; they escape their texts."""
    from contender.cards import draw_judgement

    drawings: dict[str, str] = {}
    if evaluation is not None:
        drawings = draw_judgement(evaluation.challenger.version, evaluation.calibration, evaluation.slices)
    return {
        **{name: drawn(drawings[name]) if name in drawings else None for name in ("slices", "calibration")},
        "evidence": draw_evidence(found, spec, book) if spec else [],
    }
