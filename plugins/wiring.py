"""What every DAG file shares: owners and retries, the days of a run, and the way of a batch through its gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, Asset, Param, get_current_context, get_parsing_context, task, task_group
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from alerts import tell_owner
from contender.settings import settings
from contender.specs import DatasetSpec, Days, DaysError, ModelSpec, load_catalog, resolve_days
from gate_operator import GateOperator
from publish_operator import PublishOperator
from secrecy import mask_environment

if TYPE_CHECKING:
    from contender.lake import Lake
    from contender.records import Book
    from contender.registry import Registry

Json = dict[str, Any]

PLATFORM = settings().platform_owner  # owns what belongs to no dataset and no model

mask_environment()  # every task begins by reading its DAG, and so this

CATALOG = load_catalog(settings().catalog_home)


def task_defaults(owner: str, *, minutes: int = 30) -> Json:
    """Each task's owner, its retries with growing pauses, its time limit, and who hears of its failure."""
    return {
        "owner": owner,
        "retries": 3,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=15),
        "execution_timeout": timedelta(minutes=minutes),
        "on_failure_callback": tell_owner,
    }


def night_dag(
    verb: str,
    subject: DatasetSpec | ModelSpec,
    page: str | None,
    schedule: Any,
    description: str,
    minutes: int = 30,
    form: Mapping[str, Param] | None = None,
) -> DAG:
    """The DAG `<verb>__<name>` of a dataset or model, one run at a time; `page` is its text in the UI.

    `form` is what a manual run is asked beside its days.
    """
    kind = "dataset" if isinstance(subject, DatasetSpec) else "model"
    return DAG(
        dag_id=f"{verb}__{subject.name}",
        description=description,
        doc_md=page,
        schedule=schedule,
        start_date=_first_morning(),
        catchup=True,
        # Two runs at once would each decide on what the other is about to change.
        max_active_runs=1,
        default_args=task_defaults(subject.owner, minutes=minutes),
        params={**day_form(), **(form or {})},
        tags=[verb, f"{kind}:{subject.name}"],
    )


def _first_morning() -> datetime:
    """The morning after the first day that cron ingests."""
    first = settings().nightly_from or date(2013, 1, 1)
    return datetime.combine(first, time.min, UTC) + timedelta(days=1)


def day_form() -> dict[str, Param]:
    """The form of a manual run: one day, or a range."""
    kind = ["null", "string"]
    return {
        "day": Param(
            None,
            type=kind,
            format="date",
            title="Day",
            description="One business day. Leave all three empty when the run has a partition key.",
        ),
        "first": Param(
            None,
            type=kind,
            format="date",
            title="First day",
            description="A range publishes without starting anything downstream.",
        ),
        "last": Param(None, type=kind, format="date", title="Last day", description="Included."),
    }


def run_days() -> Days:
    """The days that the current run is about. A form that makes no sense fails the task at once."""
    context = get_current_context()
    try:
        return resolve_days(context["dag_run"].partition_key, context["params"])
    except DaysError as error:
        raise AirflowFailException(str(error)) from None


def run_night() -> date:
    """The one night that the current run is about. A range fails the task at once."""
    nights = run_days()
    if not nights.is_single:
        raise AirflowFailException(f"this is about one night, not about {nights.key}: give one day")
    return nights.first


def open_stores() -> tuple[Lake, Registry, Book]:
    """The lake, the registry and the book of these settings; imported late, for tasks alone need them."""
    from contender.lake import open_lake
    from contender.records import open_book
    from contender.registry import open_registry

    here = settings()
    return open_lake(here), open_registry(here), open_book(here.records)


def run_by() -> str:
    """Who started the current run."""
    return get_current_context()["dag_run"].triggering_user_name or "the scheduler"


def run_name() -> str:
    """What the current run is called in the book of record."""
    context = get_current_context()
    return f"{context['dag'].dag_id} {context['run_id']}"


def build_each(names: Mapping[str, Any], prefix: str, build: Callable[[Any], Any]) -> None:
    """Build the DAG `<prefix>__<name>` for each; in a task's own process, just the one that it belongs to."""
    wanted = get_parsing_context().dag_id
    for name, spec in names.items():
        if wanted in (None, f"{prefix}__{name}"):
            build(spec)


def dataset_asset(name: str) -> Asset:
    """What a dataset's publication is announced as."""
    return Asset(name=f"datasets.{name}", uri=f"contender://datasets/{name}")


def features_asset(model: str) -> Asset:
    """What a model's new features and matured labels are announced as."""
    return Asset(name=f"features.{model}", uri=f"contender://features/{model}")


def predictions_asset(model: str) -> Asset:
    """What a model's new predictions are announced as."""
    return Asset(name=f"predictions.{model}", uri=f"contender://predictions/{model}")


def gate_and_publish(batch: Any, group: str = "admit") -> Any:
    """Two tasks: hold the batch to its contract, then make it part of its table. Returns the publication."""

    @task_group(group_id=group, tooltip="The quality gate, then the atomic commit")
    def admit() -> Any:
        judged = GateOperator(task_id="gate", batch=batch)
        published = PublishOperator(task_id="publish", batch=batch)
        judged >> published
        return published.output

    return admit()


def announce(asset: Asset, published: Any) -> Any:
    """Tell those downstream of a new or corrected newest day; ranges and old days are told to nobody."""

    @task(task_id="announce", outlets=[asset], pool=settings().announcements_pool)
    def announce_day(publication: Json) -> None:
        from contender.lake import Published, open_lake, starts_downstream

        done = Published.model_validate(publication)
        if not starts_downstream(done, CATALOG.contract(done.table), open_lake(settings())):
            raise AirflowSkipException(f"{done.table} {done.days.key}: nothing downstream is to start")
        key = str(run_days().first)
        get_current_context()["outlet_events"][asset].add_partitions(key)

    return announce_day(published)
