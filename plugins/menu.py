"""Register Contender's pages and their menu items with Airflow."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

PREFIX = "/contender"
ITEMS = {
    "Tonight": "/",
    "Catalogue": "/catalog",
    "Incidents": "/incidents",
    "Costs": "/costs",
    "Scorecards": "/scorecards",
    "Audit": "/audit",
}


class ContenderPages(AirflowPlugin):
    """The pages and their menu items.

    Without a `url_route`, a menu item opens its page in a tab of its own. With one, Airflow shows the page in a frame
    whose sandbox allows neither new windows nor to replace Airflow's page, so that no link to Airflow could work.
    """

    name = "contender_pages"
    external_views: ClassVar[list[dict[str, Any]]] = [
        {"name": name, "href": f"{PREFIX}{path}", "destination": "nav", "category": "browse"}
        for name, path in ITEMS.items()
    ]

    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:
        """The application of the pages; only the API server asks for it, and only there are they imported."""
        from pages import app

        return [{"app": app, "url_prefix": PREFIX, "name": "Contender"}]
