"""The health of an Airflow, which needs no login."""

from __future__ import annotations

import httpx

_PARTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")


def find_unhealthy(url: str) -> list[str]:
    """Return the components of an Airflow that are not healthy (yet); `api_server` too if it does not respond."""
    try:
        with httpx.Client(trust_env=False, timeout=5.0) as client:
            answer = client.get(f"{url}/api/v2/monitor/health")
        report = answer.json() if answer.is_success else {}
    except (httpx.HTTPError, ValueError):
        return ["api_server", *_PARTS]
    return [part for part in _PARTS if (report.get(part) or {}).get("status") != "healthy"]
