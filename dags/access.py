"""### Compare Airflow's roles with access.yaml.

Once a day, **check_access** reads Airflow's roles and their users through the connection `contender_access`, and fails
with one line per difference. `contender access apply` corrects roles that differ. Users who also have one of Airflow's
own roles must be corrected by an administrator.

- The platform's owner gets a mail when the differences change and when there are none left, not every day. The task
  fails as long as there is a difference.
- The connection's user needs only the role `contender.access_check`, which `contender access apply` creates.
- Without the connection, the check is skipped: an Airflow with a single user has no roles.
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
    """Fail with one line per difference between Airflow's roles and access.yaml."""
    from contender.alerting import keep_access_alert
    from contender.granting import compare_roles
    from contender.orchestrator import Airflow
    from contender.specs import load_access

    try:
        login = Connection.get(CONNECTION)
    except AirflowNotFoundException:
        raise AirflowSkipException(f"nothing was checked: there is no connection {CONNECTION}") from None
    with Airflow(settings().ui_url, login.password or "", login.login or "") as airflow:
        found = compare_roles(load_access(CATALOG), CATALOG, airflow)
    differences = [difference.message for difference in found]
    if keep_access_alert(differences, PLATFORM, open_installation().book):
        deliver()
    if differences:
        raise OwnerNotified("\n".join(differences))


with operation_dag("access", __doc__, "30 6 * * *", "Compares Airflow's roles with access.yaml"):
    check_access()
