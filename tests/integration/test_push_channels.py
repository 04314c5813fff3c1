"""Notifications to a chat, beside mail: each channel is tried on its own, and none is lost or sent twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from contender.alerting import MailServer, deliver_pending, mail_channel, push
from contender.embedded_airflow import free_port, mailbox
from tests.integration.test_alert_delivery import ALERT, SENDER


class Chat(HTTPServer):
    """A service that accepts messages over HTTP, or refuses them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.messages: list[dict[str, Any]] = []
        self.status = 200


class Handler(BaseHTTPRequestHandler):
    server: Chat

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.status == 200:
            self.server.messages.append(content)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def chat() -> Iterator[Chat]:
    server = Chat()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def channels(chat: Chat, mail_port: int):
    url = f"json://127.0.0.1:{chat.server_port}/token"
    mail = mail_channel(MailServer(host="127.0.0.1", port=mail_port), SENDER)
    return {"mail": mail, "chat": lambda alert: push(alert, url)}


def test_a_notification_reaches_the_mailbox_and_the_chat(book, chat, tmp_path):
    book.alerts.add(ALERT)
    with mailbox.running(tmp_path) as box:
        assert deliver_pending(book, channels(chat, box.port)) == []
    (message,) = chat.messages
    assert (message["title"], message["message"]) == (ALERT.subject, ALERT.text)
    assert len(mailbox.read(tmp_path)) == 1


def test_a_chat_that_is_down_delays_its_messages_and_no_mail(book, chat, tmp_path):
    book.alerts.add(ALERT)
    chat.status = 503
    with mailbox.running(tmp_path) as box:
        (pending,) = deliver_pending(book, channels(chat, box.port))
        assert pending.delivered == ("mail",)
        assert "chat: PushError: the service did not accept" in str(pending.last_error)
        chat.status = 200
        assert deliver_pending(book, channels(chat, box.port)) == []
        deliver_pending(book, channels(chat, box.port))
    assert len(mailbox.read(tmp_path)) == len(chat.messages) == 1


def test_a_mail_server_that_is_down_delays_mails_and_no_message(book, chat, tmp_path):
    book.alerts.add(ALERT)
    port = free_port()
    (pending,) = deliver_pending(book, channels(chat, port))
    assert pending.delivered == ("chat",)
    with mailbox.running(tmp_path, port):
        assert deliver_pending(book, channels(chat, port)) == []
    assert len(mailbox.read(tmp_path)) == len(chat.messages) == 1


def test_questions_and_decisions_are_mails_only(book, chat, tmp_path):
    book.alerts.add(ALERT.model_copy(update={"kind": "approval"}))
    with mailbox.running(tmp_path) as box:
        assert deliver_pending(book, channels(chat, box.port)) == []
    assert chat.messages == []


@pytest.mark.parametrize("url", ["no url", "nosuchservice://secret"])
def test_the_error_about_a_wrong_url_does_not_show_it(book, url):
    book.alerts.add(ALERT)
    (pending,) = deliver_pending(book, {"chat": lambda alert: push(alert, url)})
    assert "not one that Apprise knows" in str(pending.last_error)
    assert url not in str(pending.last_error)
