"""The nightly check of a model's request log: compare, report, and merge the files of the checked days."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from contender.alerting import RequestCheck, report_request_check
from contender.installation import Installation
from contender.lake import merge_days
from contender.serving.comparing import check_requests, days_to_check
from contender.specs import ModelSpec

log = logging.getLogger(__name__)


def check_log(here: Installation, model: ModelSpec, now: datetime) -> tuple[RequestCheck, ...]:
    """Check yesterday's logged answers, and those that were added to earlier days. Then merge each day's files.

    Rows that batch scoring does not repeat open an incident.
    """
    done = []
    for day in days_to_check(here.lake, model, now):
        check = check_requests(here, model, day)
        log.log(logging.ERROR if check.differing else logging.INFO, "%s", check.summary())
        report_request_check(here, model, check)
        done.append(check)
    merge_days(here.lake, model.request_contract, now.astimezone(UTC).date(), here.settings.staging)
    return tuple(done)
