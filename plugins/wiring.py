"""What every DAG file shares: owners and retries, the days of a run, and the way of a batch through its gate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, Asset, Param, get_current_context, get_parsing_context, task, task_group
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from alerts import tell_owner
from contender.settings import settings
from contender.specs import DatasetSpec, Days, DaysError, ModelSpec, Verb, dag_id, load_catalog, resolve_days
from gate_operator import GateOperator
from publish_operator import PublishOperator
from secrecy import mask_environment

if TYPE_CHECKING:
    from contender.installation import Installation
    from contender.retraining import InstalledStores
    from contender.specs.frozen import Frozen

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
    verb: Verb,
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
        dag_id=dag_id(verb, subject.name),
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


def operation_dag(
    name: str,
    page: str | None,
    schedule: str | None,
    description: str,
    form: Mapping[str, Param] | None = None,
) -> DAG:
    """The DAG of an operation of the platform; one without a schedule is started by hand."""
    return DAG(
        dag_id=dag_id("operations", name),
        description=description,
        doc_md=page,
        schedule=schedule,
        start_date=datetime(2013, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        default_args=task_defaults(PLATFORM),
        params=dict(form or {}),
        tags=["operations"],
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


def night_stores(model: str) -> InstalledStores:
    """What a night of a model reads and writes; imported late, since only tasks need it."""
    from contender.retraining import InstalledStores

    return InstalledStores(open_installation(), CATALOG.model(model))


@contextmanager
def fails_for_good(*errors: type[Exception], todo: str = "") -> Iterator[None]:
    """Fail the task without a retry on these errors: the same rows and files would fail in the same way."""
    try:
        yield
    except errors as error:
        raise AirflowFailException(f"{error}: {todo}" if todo else str(error)) from error


def dump_all(records: Iterable[Frozen]) -> list[Json]:
    """The records as tasks pass them to each other."""
    return [record.model_dump(mode="json") for record in records]


def open_installation() -> Installation:
    """The installation that the tasks work on; imported late, for tasks alone need it."""
    from contender.installation import Installation

    return Installation(settings(), CATALOG)


def run_by() -> str:
    """Who started the current run."""
    return get_current_context()["dag_run"].triggering_user_name or "the scheduler"


def run_name() -> str:
    """What the current run is called in the book of record."""
    context = get_current_context()
    return f"{context['dag'].dag_id} {context['run_id']}"


def build_each(names: Mapping[str, Any], verb: Verb, build: Callable[[Any], Any]) -> None:
    """Build the DAG of this verb for each; in a task's own process, just the one that it belongs to."""
    wanted = get_parsing_context().dag_id
    for name, spec in names.items():
        if wanted in (None, dag_id(verb, name)):
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
        from contender.admission import starts_downstream
        from contender.lake import Published

        done = Published.model_validate(publication)
        if not starts_downstream(open_installation(), done):
            raise AirflowSkipException(f"{done.table} {done.days.key}: nothing downstream is to start")
        key = str(run_days().first)
        get_current_context()["outlet_events"][asset].add_partitions(key)

    return announce_day(published)
