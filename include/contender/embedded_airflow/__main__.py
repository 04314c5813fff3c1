"""Run the embedded Airflow of this environment's settings until SIGTERM: `python -m contender.embedded_airflow`."""

from __future__ import annotations

import logging
import sys

from contender.embedded_airflow.errors import StackError
from contender.embedded_airflow.mailbox import MailboxError
from contender.embedded_airflow.service import serve
from contender.settings import settings

log = logging.getLogger("contender")


def main() -> None:
    """Run Airflow, with one line in the log for each thing that happens to it."""
    logging.basicConfig(stream=sys.stdout, format="%(asctime)s %(message)s", datefmt="%Y-%m-%d %H:%M:%S")
    log.setLevel(logging.INFO)
    try:
        serve(settings(), log.info)
    except (StackError, MailboxError) as error:
        log.error("%s", error)
        sys.exit(1)


if __name__ == "__main__":
    main()
