"""Secrets are masked in errors, mails and command lines."""

from __future__ import annotations

import html
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contender.alerting import FailedTask, MailServer, compose_task_alert, deliver_pending, mail_channel
from contender.records import BookError, open_book
from contender.redaction import known_secrets, redact
from contender.settings import SettingsError, settings

PLANTED = {
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCY",
    "AIRFLOW__CORE__FERNET_KEY": "cVrR3vqYk5yU0m1XlZ2bWq8nT4sD6fG9hJ0kL1zX2cA=",
    "AIRFLOW__API_AUTH__JWT_SECRET": "jwt-<secret>&of this test",
    "AIRFLOW_CONN_WAREHOUSE": '{"password": "p@ss&word\\"s", "extra": {"api_key": "extra-secret"}}',
    "CONTENDER_RECORDS": "postgresql+psycopg://contender:b%40d/pass@records.example/contender",
    "CONTENDER_UI_PASSWORD": "a person's own",
}
SECRETS = (
    "wJalrXUtnFEMI/K7MDENG+bPxRfiCY",
    "cVrR3vqYk5yU0m1XlZ2bWq8nT4sD6fG9hJ0kL1zX2cA=",
    "jwt-<secret>&of this test",
    'p@ss&word"s',
    "extra-secret",
    "b@d/pass",
    "a person's own",
)


@pytest.fixture
def planted(monkeypatch):
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("spell", [str, html.escape, lambda secret: quote(secret, safe=""), repr])
def test_a_secret_of_the_environment_is_masked_however_it_is_spelt(planted, secret, spell):
    told = redact(f"could not log in with {spell(secret)}, try again")
    assert told.startswith("could not log in with ")
    assert told.endswith(", try again")
    assert spell(secret).strip("'\"") not in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "no route to postgresql://ada:l0velace@db.example:5432/x",
            "no route to postgresql://ada:***@db.example:5432/x",
        ),
        ("redis://:only-a-password@cache", "redis://:***@cache"),
        ("http://u:p@ss/w@h/path failed", "http://u:***@h/path failed"),
        (
            "connection failed: host=db user=ada password=l0velace sslmode=require",
            "connection failed: host=db user=ada password=*** sslmode=require",
        ),
        ("{'password': 'l0velace', 'user': 'ada'}", "{'password': '***', 'user': 'ada'}"),
        ("GET /x?token=abc123&day=1", "GET /x?token=***&day=1"),
        ("denied for AKIAIOSFODNN7EXAMPLE", "denied for ***"),
    ],
)
def test_what_looks_like_a_secret_is_masked_without_being_known(text, told):
    assert redact(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "weather 2013-09-01: 12 of 900 rows, 'N14228' among them",
        "http://127.0.0.1:8080/dags/ingest__weather/runs/manual__2013-09-01T00:00:00",
        "s3://bucket/landing/weather/2013-09-01.csv: no such file",
        "the primary key is day, origin",
    ],
)
def test_other_text_is_not_masked(text):
    assert redact(text) == text


@given(st.text(min_size=6, alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zs"))))
def test_no_secret_of_six_characters_or_more_survives(secret):
    found = known_secrets({"SERVICE_PASSWORD": secret})
    assert not found or secret in found


def test_switches_numbers_and_files_are_not_secrets(tmp_path):
    (tmp_path / "key.pem").touch()
    environment = {"A_TOKEN": "false", "B_KEY": "86400", "C_CREDENTIALS": str(tmp_path / "key.pem")}
    assert known_secrets(environment) == ()


def test_a_mail_about_a_failed_task_holds_no_secret(planted):
    failed = FailedTask(
        dag="ingest__weather",
        task="land",
        run="r",
        days="2013-09-01",
        error=f"could not log in: {' '.join(SECRETS)}",
        log_url="http://127.0.0.1:8080/x",
    )
    alert = compose_task_alert(failed, to="a@b.example")
    for part in (alert.subject, alert.text, alert.html):
        for secret in SECRETS:
            assert secret not in part
            assert html.escape(secret) not in part


def test_what_a_mail_server_answers_is_kept_without_secrets(book, planted):
    failed = FailedTask(dag="d", task="t", run="r", days="", error="e", log_url="")
    alert = compose_task_alert(failed, to="a@b.example")
    book.alerts.add(alert)
    # A host that cannot be resolved is named in the error, as a URL pasted into the wrong field would be.
    server = MailServer(host="smtp://u:l0velace@mail.invalid", port=25, password="l0velace")
    (left,) = deliver_pending(book, {"mail": mail_channel(server, "a@b.example")})
    assert left.last_error
    assert "l0velace" not in left.last_error


def test_a_setting_that_cannot_be_read_is_named_without_its_value(monkeypatch):
    monkeypatch.setenv("CONTENDER_SPARK_ROWS", "postgresql://ada:l0velace@db/x")
    settings.cache_clear()
    try:
        with pytest.raises(SettingsError, match=r"CONTENDER_SPARK_ROWS: .*integer") as raised:
            settings()
    finally:
        settings.cache_clear()
    assert "l0velace" not in str(raised.value)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    "url",
    ["postgresql+psycopg://ada:l0velace@127.0.0.1:1/x", "ada:l0velace@db", "sqlite:////no/such/l0/x.db"],
)
def test_a_book_that_cannot_be_opened_is_named_without_its_password(url):
    with pytest.raises(BookError) as raised:
        open_book(url)
    assert "l0velace" not in str(raised.value)
