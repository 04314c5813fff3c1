"""Delivery of alert mails over SMTP: once each, and without loss when the server is down."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from contender.alerting import MailServer, deliver_pending, mail_channel
from contender.embedded_airflow import free_port, mailbox
from contender.records import Alert

ALERT = Alert(
    id="a1",
    kind="gate",
    about="departures",
    to=("flight-data@contender.example",),
    subject="[contender] departures 2013-09-02: gate failed",
    text="ä plain text",
    html="<p>ä page</p>",
)
SENDER = "contender@contender.example"


def by_mail(server: MailServer):
    return {"mail": mail_channel(server, SENDER)}


@pytest.fixture
def server():
    return MailServer(host="127.0.0.1", port=free_port())


def test_a_mail_is_delivered_as_text_and_html(book, tmp_path):
    book.alerts.add(ALERT)
    with mailbox.running(tmp_path) as box:
        assert deliver_pending(book, by_mail(MailServer(host="127.0.0.1", port=box.port))) == []
    (mail,) = mailbox.read(tmp_path)
    assert (mail.subject, mail.to, mail.sender) == (ALERT.subject, ALERT.to, SENDER)
    assert (mail.text.strip(), mail.html.strip()) == (ALERT.text, ALERT.html)


def test_a_mail_stays_pending_while_the_server_is_down_and_is_sent_once(book, server, tmp_path):
    book.alerts.add(ALERT)
    (pending,) = deliver_pending(book, by_mail(server))
    assert "ConnectionRefusedError" in (pending.last_error or "")
    with mailbox.running(tmp_path, server.port):
        deliver_pending(book, by_mail(server))
        deliver_pending(book, by_mail(server))
    assert len(mailbox.read(tmp_path)) == 1
    assert book.alerts.pending() == []


def test_concurrent_deliveries_send_each_mail_once(book, tmp_path):
    for number in range(8):
        book.alerts.add(ALERT.model_copy(update={"id": f"a{number}"}))
    with mailbox.running(tmp_path) as box, ThreadPoolExecutor(4) as pool:
        server = MailServer(host="127.0.0.1", port=box.port)
        assert list(pool.map(lambda _: deliver_pending(book, by_mail(server)), range(4))) == [[]] * 4
    assert len(mailbox.read(tmp_path)) == 8


def test_a_mail_claimed_by_a_dead_process_is_sent_later(book, tmp_path):
    book.alerts.add(ALERT)
    with mailbox.running(tmp_path) as box:
        server = MailServer(host="127.0.0.1", port=box.port)
        assert book.alerts.claim(ALERT, 300)
        deliver_pending(book, by_mail(server))
        assert mailbox.read(tmp_path) == []
        book.alerts.settle(ALERT)
        assert book.alerts.claim(ALERT, -1)
        deliver_pending(book, by_mail(server))
    assert len(mailbox.read(tmp_path)) == 1
