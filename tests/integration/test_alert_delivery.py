"""Alert mails over real SMTP: a server that is down loses none of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from contender.alerting import MailServer, deliver_pending
from contender.records import Alert
from demo import mailbox
from demo.stack import free_port

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


@pytest.fixture
def server():
    return MailServer(host="127.0.0.1", port=free_port())


def test_a_mail_arrives_as_text_and_html(book, tmp_path):
    book.alerts.add(ALERT)
    with mailbox.running(tmp_path) as box:
        assert deliver_pending(book, MailServer(host="127.0.0.1", port=box.port), SENDER) == []
    (mail,) = mailbox.read(tmp_path)
    assert (mail.subject, mail.to, mail.sender) == (ALERT.subject, ALERT.to, SENDER)
    assert (mail.text.strip(), mail.html.strip()) == (ALERT.text, ALERT.html)


def test_a_mail_waits_while_the_server_is_down_and_goes_out_once(book, server, tmp_path):
    book.alerts.add(ALERT)
    (left,) = deliver_pending(book, server, SENDER)
    assert "ConnectionRefusedError" in (left.last_error or "")
    with mailbox.running(tmp_path, server.port):
        deliver_pending(book, server, SENDER)
        deliver_pending(book, server, SENDER)
    assert len(mailbox.read(tmp_path)) == 1
    assert book.alerts.pending() == []


def test_two_who_deliver_at_once_send_each_mail_once(book, tmp_path):
    for number in range(8):
        book.alerts.add(ALERT.model_copy(update={"id": f"a{number}"}))
    with mailbox.running(tmp_path) as box, ThreadPoolExecutor(4) as pool:
        server = MailServer(host="127.0.0.1", port=box.port)
        assert list(pool.map(lambda _: deliver_pending(book, server, SENDER), range(4))) == [[]] * 4
    assert len(mailbox.read(tmp_path)) == 8


def test_a_mail_whose_sender_died_goes_out_later(book, tmp_path):
    book.alerts.add(ALERT)
    with mailbox.running(tmp_path) as box:
        server = MailServer(host="127.0.0.1", port=box.port)
        assert book.alerts.claim(ALERT, 300)
        deliver_pending(book, server, SENDER)
        assert mailbox.read(tmp_path) == []
        book.alerts.settle(ALERT)
        assert book.alerts.claim(ALERT, -1)
        deliver_pending(book, server, SENDER)
    assert len(mailbox.read(tmp_path)) == 1
