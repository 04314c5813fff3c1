"""Every link that a page shows to a user leads where the user's role may go."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from urllib.parse import quote, unquote, urldefrag, urljoin

import httpx
import pytest

from contender.retraining import InstalledStores
from menu import ITEMS, PREFIX
from tests.access.fab import USERS, Fab
from tests.integration.made_up import NIGHT, install_flights, late_incident, run_night

pytestmark = pytest.mark.usefixtures("fab_users")

WITHOUT_ROLE = "stranger"
DATASET, MODEL = "departures", "flight_delay"


@pytest.fixture(scope="module", autouse=True)
def night(fab: Fab, catalog) -> None:
    """Make a night of one model, and an incident of a delivery that its runs wait for."""
    stores: InstalledStores = install_flights(fab.here, catalog)
    run_night(stores, NIGHT, ["boosted_trees"])
    stores.installation.book.incidents.add(late_incident(f"ingest__{DATASET}", also=f"features__{MODEL}"))


def read_links(page: httpx.Response) -> Iterator[str]:
    """Yield the addresses that a page links to, without their fragments."""
    for href in re.findall(r'<a [^>]*?href="([^"#][^"]*)"', page.text):
        yield urldefrag(urljoin(str(page.url.path), href.replace("&amp;", "&"))).url


def ask(client: httpx.Client, link: str) -> httpx.Response:
    """Ask for a page of Contender, or for the DAG or run that a page of Airflow shows."""
    dag = re.match(r"/dags/([^/?]+)(?:/runs/([^/?]+))?", link)
    if dag is None:
        return client.get(link)
    run = f"/dagRuns/{quote(unquote(dag[2]), safe='')}" if dag[2] else ""
    return client.get(f"/api/v2/dags/{dag[1]}{run}")


@pytest.mark.parametrize("user", [user for user in USERS if user != WITHOUT_ROLE])
def test_no_page_shows_a_link_that_is_refused(fab, user):
    client, refused = fab.as_user(user), {}
    waiting = deque((f"{PREFIX}{path}", "the menu") for name, path in ITEMS.items() if name != "Audit")
    seen = {link for link, _ in waiting}
    while waiting:
        link, source = waiting.popleft()
        answer = ask(client, link)
        if answer.status_code != 200:
            refused[link] = f"{answer.status_code}, linked from {source}"
        elif link.startswith(PREFIX) and "html" in answer.headers["Content-Type"]:
            new = [found for found in read_links(answer) if found not in seen]
            seen.update(new)
            waiting.extend((found, link) for found in new)
    assert refused == {}
    kinds = {link.split("/")[2] for link in seen if link.startswith(PREFIX)}
    assert kinds >= {"cards", "catalog", "decisions", "gates", "incidents", "models"}
