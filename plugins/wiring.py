"""Shared parts of DAG files: owners and retries, the days of a run, and the tasks that gate and publish a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, Asset, Param, get_current_context, get_parsing_context, task, task_group
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from alerts import note_success, notify_owner
from contender.settings import Settings, settings
from contender.specs import (
    DatasetSpec,
    Days,
    DaysError,
    ModelSpec,
    Verb,
    dag_id,
    load_catalog,
    read_deadlines,
    resolve_days,
    task_priority,
    waiting_readers,
)
from gate_operator import GateOperator
from publish_operator import PublishOperator
from repeat_operator import RepeatNightOperator
from retries import RETRY_POLICY
from secrecy import mask_environment
from spark_submit import submit_job

if TYPE_CHECKING:
    from contender.installation import Installation
    from contender.retraining import InstalledStores
    from contender.specs.frozen import Frozen

Json = dict[str, Any]

PLATFORM = settings().platform_owner  # owner of everything that belongs to no dataset and no model

mask_environment()  # every task process imports its DAG file, and so this module

# Read at each parse: `.airflowignore` keeps this module out of the processes that parsers and tasks are forked from.
CATALOG = load_catalog(settings().catalog_home)
DEADLINES = read_deadlines(CATALOG)


def task_defaults(dag: str, owner: str, *, minutes: int = 30) -> Json:
    """Return the defaults of a DAG's tasks: owner, priority, retries, time limit, and the incident on failure."""
    return {
        "owner": owner,
        "priority_weight": task_priority(dag, DEADLINES),
        "weight_rule": "absolute",  # otherwise Airflow adds the weights of the tasks downstream
        "retries": 3,
        "retry_policy": RETRY_POLICY,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=15),
        "execution_timeout": timedelta(minutes=minutes),
        "on_failure_callback": notify_owner,
        "on_success_callback": note_success,
    }


@contextmanager
def dag_with_form(form: Mapping[str, Param], **arguments: Any) -> Iterator[DAG]:
    """Define a DAG, whose tasks are made inside the context, and its form of manual runs.

    A task copies the parameters that its DAG has by then, and each parse validates every copy. Added at the end, they
    are validated once.
    """
    with DAG(**arguments) as dag:
        yield dag
    dag.params.update(form)


def night_dag(
    verb: Verb,
    subject: DatasetSpec | ModelSpec,
    page: str | None,
    schedule: Any,
    description: str,
    minutes: int = 30,
    form: Mapping[str, Param] | None = None,
) -> AbstractContextManager[DAG]:
    """Define the DAG `<verb>__<name>` of a dataset or model; `page` is its documentation in the UI.

    `form` contains further parameters of manual runs, besides the days.
    """
    kind = "dataset" if isinstance(subject, DatasetSpec) else "model"
    return dag_with_form(
        day_form() | dict(form or {}),
        dag_id=dag_id(verb, subject.name),
        description=description,
        doc_md=page,
        schedule=schedule,
        start_date=_first_morning(),
        catchup=True,
        # Concurrent runs would decide on a state that the other run is changing.
        max_active_runs=1,
        default_args=task_defaults(dag_id(verb, subject.name), subject.owner, minutes=minutes),
        tags=[verb, f"{kind}:{subject.name}"],
    )


def manual_dag(
    verb: Verb, model: ModelSpec, page: str | None, description: str, form: Mapping[str, Param]
) -> AbstractContextManager[DAG]:
    """Define the DAG `<verb>__<name>` of a model that is only started by hand."""
    return dag_with_form(
        form,
        dag_id=dag_id(verb, model.name),
        description=description,
        doc_md=page,
        schedule=None,
        start_date=datetime(2013, 1, 1, tzinfo=UTC),
        max_active_runs=1,
        default_args=task_defaults(dag_id(verb, model.name), model.owner),
        tags=[verb, f"model:{model.name}"],
    )


def operation_dag(
    name: str,
    page: str | None,
    schedule: str | None,
    description: str,
    form: Mapping[str, Param] | None = None,
) -> AbstractContextManager[DAG]:
    """Define the DAG of a platform operation; without a schedule, it is started by hand."""
    return dag_with_form(
        form or {},
        dag_id=dag_id("operations", name),
        description=description,
        doc_md=page,
        schedule=schedule,
        start_date=datetime(2013, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        default_args=task_defaults(dag_id("operations", name), PLATFORM),
        tags=["operations"],
    )


def _first_morning() -> datetime:
    """The morning after the first day that is ingested by cron."""
    first = settings().nightly_from or date(2013, 1, 1)
    return datetime.combine(first, time.min, UTC) + timedelta(days=1)


def day_form() -> dict[str, Param]:
    """Return the parameters of a manual run: one day, or a range."""
    texts = {
        "day": ("Day", "One business day, for example the one to run again."),
        "first": ("First day", "Start of a range. A range is published without starting downstream runs."),
        "last": ("Last day", "End of the range, included."),
    }
    return {
        name: Param(None, type=["null", "string"], format="date", title=title, description=text)
        for name, (title, text) in texts.items()
    }


def run_days() -> Days:
    """Return the days of the current run. An invalid form fails the task without retry."""
    context = get_current_context()
    try:
        return resolve_days(context["dag_run"].partition_key, context["params"])
    except DaysError as error:
        raise AirflowFailException(str(error)) from None


def run_night() -> date:
    """Return the night of the current run. A range fails the task without retry."""
    nights = run_days()
    if not nights.is_single:
        raise AirflowFailException(
            f"this DAG runs for a single night, but got {nights.key}: fill in `day` only"
        )
    return nights.first


def night_stores(model: str) -> InstalledStores:
    """Return the stores that a night of a model reads and writes. Imported late: only tasks need them."""
    from contender.retraining import InstalledStores

    return InstalledStores(open_installation(), CATALOG.model(model), submit_job)


def dump(record: Frozen | None) -> Json | None:
    """Return the record as JSON, or None."""
    return None if record is None else record.model_dump(mode="json")


def dump_all(records: Iterable[Frozen]) -> list[Json]:
    """Return the records as JSON, as tasks pass them to each other."""
    return [record.model_dump(mode="json") for record in records]


def open_installation() -> Installation:
    """Return the installation, whose stores a task's process opens once. Imported late: only tasks need it."""
    return _open_installation(settings())


@cache
def _open_installation(here: Settings) -> Installation:
    from contender.installation import Installation

    return Installation(here, CATALOG)


def run_by() -> str:
    """Return who started the current run."""
    return get_current_context()["dag_run"].triggering_user_name or "the scheduler"


def run_name() -> str:
    """Return the name of the current run in the book of record."""
    context = get_current_context()
    return f"{context['dag'].dag_id} {context['run_id']}"


def build_each(names: Mapping[str, Any], verb: Verb, build: Callable[[Any], Any]) -> None:
    """Build the DAGs of this verb; in a task's process, only the DAG of the task."""
    wanted = get_parsing_context().dag_id
    for name, spec in names.items():
        if wanted in (None, dag_id(verb, name)):
            build(spec)


@cache
def _waiting_readers() -> dict[str, list[ModelSpec]]:
    # Once for all DAGs of a file: a search for each dataset would take minutes with hundreds of models.
    return waiting_readers(CATALOG)


def dataset_asset(name: str) -> Asset:
    """Return the asset that announces a dataset's publications."""
    return Asset(name=f"datasets.{name}", uri=f"contender://datasets/{name}")


def features_asset(model: str) -> Asset:
    """Return the asset that announces a model's features and matured labels."""
    return Asset(name=f"features.{model}", uri=f"contender://features/{model}")


def predictions_asset(model: str) -> Asset:
    """Return the asset that announces a model's predictions."""
    return Asset(name=f"predictions.{model}", uri=f"contender://predictions/{model}")


def gate_and_publish(batch: Any, group: str = "admit") -> Any:
    """Add two tasks: check the batch against its contract, then publish it. Returns the publication."""

    @task_group(group_id=group, tooltip="Quality gate, then one atomic commit")
    def admit() -> Any:
        gate = GateOperator(task_id="gate", batch=batch)
        published = PublishOperator(task_id="publish", batch=batch)
        gate >> published
        return published.output

    return admit()


def announce(asset: Asset, published: Any) -> Any:
    """Add a task that starts downstream runs for a new or corrected newest day; skipped for ranges and old days.

    After it, a task per model with several inputs starts the night of a correction again.
    """

    @task(task_id="announce", outlets=[asset], pool=settings().announcements_pool)
    def announce_day(publication: Json) -> None:
        from contender.admission import starts_downstream
        from contender.lake import Published

        done = Published.model_validate(publication)
        if not starts_downstream(open_installation(), done):
            raise AirflowSkipException(
                f"{done.table} {done.days.key}: no downstream run starts, since it is not a changed newest day"
            )
        key = str(run_days().first)
        get_current_context()["outlet_events"][asset].add_partitions(key)

    announced = announce_day(published)
    for model in _waiting_readers().get(asset.name, ()):
        repeat = RepeatNightOperator(
            task_id=f"repeat_night_of_{model.name}", model=model.name, published=published
        )
        announced >> repeat
    return announced
