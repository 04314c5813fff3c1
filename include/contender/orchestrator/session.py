"""A logged-in session with Airflow's API that outlasts a restart of Airflow."""

from __future__ import annotations

from typing import Any

import httpx
import tenacity

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 16.0  # seconds
_PATIENCE = 180.0  # seconds: enough for all of Airflow, or its database, to be started again


class ApiError(RuntimeError):
    """A run failed or did not start, or Airflow rejected a request; the message names the DAG, run and cause."""


def _is_token_refused(answer: httpx.Response) -> bool:
    """Return whether the token has expired, was ended by a restart, or is of the future: the clock was set back."""
    if answer.status_code == httpx.codes.FORBIDDEN:
        return "Invalid JWT token" in answer.text
    return bool(answer.status_code == httpx.codes.UNAUTHORIZED)


class Session:
    """A session with one Airflow, which logs in with the first request.

    The first log-in is tried once, so that a command says at once that no Airflow runs. Whatever fails after it is
    tried again for three minutes.
    """

    def __init__(self, url: str, password: str, user: str) -> None:
        self.url = url
        self._login = {"username": user, "password": password}
        # Ignore proxies of the environment: requests may stay on this machine.
        self._http = httpx.Client(base_url=url, timeout=30.0, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request and return the response. Raises ApiError if there is none in three minutes."""
        if "Authorization" not in self._http.headers:
            self._log_in(patience=0)
        answer = self._send(method, path, _PATIENCE, **options)
        if _is_token_refused(answer):
            self._log_in(_PATIENCE)
            answer = self._send(method, path, _PATIENCE, **options)
        return answer

    def _log_in(self, patience: float) -> None:
        answer = self._send("POST", "/auth/token", patience, json=self._login)
        if not answer.is_success:
            user = self._login["username"]
            raise ApiError(f"Airflow rejects the user {user} with {answer.status_code}: {answer.text[:200]}")
        try:
            token = answer.json()["access_token"]
        except (ValueError, LookupError, TypeError):
            raise ApiError(
                f"{self.url} gives no token, so it is not Airflow's API server: correct CONTENDER_UI_URL"
            ) from None
        self._http.headers["Authorization"] = f"Bearer {token}"

    def _send(self, method: str, path: str, patience: float, **options: Any) -> httpx.Response:
        """Send a request until the server responds without an error of its own, and return its last response."""
        is_down = tenacity.retry_if_exception_type(httpx.TransportError)
        is_failing = tenacity.retry_if_result(lambda answer: answer.is_server_error)
        retrying = tenacity.Retrying(
            retry=is_down | is_failing,
            wait=tenacity.wait_exponential(_FIRST_PAUSE, max=_LONGEST_PAUSE),
            stop=tenacity.stop_after_delay(patience),
        )
        try:
            answer: httpx.Response = retrying(self._http.request, method, path, **options)
        except tenacity.RetryError as error:
            if cause := error.last_attempt.exception():
                raise ApiError(
                    f"Airflow does not respond at {self.url}: {cause}. Check that it is running"
                ) from None
            answer = error.last_attempt.result()
        return answer
