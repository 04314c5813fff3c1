"""### Airflow's roles, held against access.yaml.

Once a day, **check_access** reads Airflow's roles and who holds them, by the connection `contender_access`, and fails
with a line for each difference. `contender access apply` mends roles that differ; who holds one of Airflow's own roles
beside them is for a person to settle.

- The platform's owner gets a mail when the differences are others than in the last one, and when there are none any
  more: one mail a finding, not one a night. The task fails for as long as there is a difference.
- The connection's user needs the role `contender.access_check` alone, which `contender access apply` makes.
- Without the connection the check is skipped and says so: an Airflow with a single user has no roles.
"""

from __future__ import annotations

from airflow.sdk import Connection, task
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowSkipException

from alerts import OwnerNotified, deliver
from contender.settings import settings
from wiring import CATALOG, PLATFORM, open_installation, operation_dag

CONNECTION = "contender_access"


@task
def check_access() -> None:
    """Fail with a line for each way in which Airflow's roles are not as the file says."""
    from contender.alerting import keep_access_alert
    from contender.granting import compare_roles
    from contender.orchestrator import Airflow
    from contender.specs import load_access

    try:
        login = Connection.get(CONNECTION)
    except AirflowNotFoundException:
        raise AirflowSkipException(f"there is no connection {CONNECTION}: nothing was checked") from None
    with Airflow(settings().ui_url, login.password or "", login.login or "") as airflow:
        found = compare_roles(load_access(CATALOG), CATALOG, airflow)
    told = [difference.told for difference in found]
    if keep_access_alert(told, PLATFORM, open_installation().book):
        deliver()
    if told:
        raise OwnerNotified("\n".join(told))


with operation_dag("access", __doc__, "30 6 * * *", "Holds Airflow's roles against access.yaml"):
    check_access()
