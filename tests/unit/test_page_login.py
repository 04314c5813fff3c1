"""A page's link without a login: a browser is sent to Airflow's login and back, a program gets 401."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import pages
from page_rendering import PREFIX

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PAGES = [
    "/",
    "/gates/g1",
    "/gates/g1/rows",
    "/catalog",
    "/decisions/m/d1",
    "/cards/m",
    "/audit?about=datasets.weather",
]


@pytest.fixture(scope="module")
def visitor() -> TestClient:
    """A visitor who is not logged in, of an Airflow with the pages."""
    airflow = FastAPI()
    airflow.mount(PREFIX, pages.app)
    return TestClient(airflow, follow_redirects=False)


@pytest.mark.parametrize("path", PAGES)
def test_a_browser_is_sent_to_the_login_and_back_to_the_page(visitor, path):
    answer = visitor.get(f"{PREFIX}{path}", headers=BROWSER)
    login = urlsplit(answer.headers["Location"])
    assert (answer.status_code, login.path) == (303, "/api/v2/auth/login")
    assert parse_qs(login.query) == {"next": [f"{PREFIX}{path}"]}


@pytest.mark.parametrize("accept", ["application/json", "*/*"])
@pytest.mark.parametrize("path", PAGES)
def test_a_program_gets_401(visitor, path, accept):
    assert visitor.get(f"{PREFIX}{path}", headers={"Accept": accept}).status_code == 401


def test_an_error_other_than_a_missing_login_is_shown():
    error = pages.HTTPException(403, "You need the right to read the DAG x to see this page.")
    request = pages.Request({"type": "http", "headers": [(b"accept", b"text/html")]})
    assert pages.refuse(request, error).status_code == 403
