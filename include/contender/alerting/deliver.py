"""Send pending mails through an SMTP server; a mail that it does not accept stays pending."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from contender.alerting.compose import compose_access_alert
from contender.records import Alert, Book
from contender.redaction import redact
from contender.specs import ACCESS_FILE
from contender.specs.frozen import Frozen

TIMEOUT_SECONDS = 20
# Longer than a server may take for all steps of one mail: an older claim is from a process that died.
CLAIM_SECONDS = 300


class MailServer(Frozen):
    """The address and login of an SMTP server."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    tls: bool = False
    starttls: bool = False


def keep_access_alert(differences: Sequence[str], to: str, book: Book) -> bool:
    """Keep the mail about how roles differ, unless the last one said the same. Returns whether it was kept."""
    newest = next(iter(book.alerts.newest(ACCESS_FILE, limit=1)), None)
    alert = compose_access_alert(differences, to=to, before=newest)
    if alert is not None:
        book.alerts.add(alert)
    return alert is not None


def deliver_pending(book: Book, server: MailServer, sender: str) -> list[Alert]:
    """Send all pending mails. Returns those that are still pending, each with the last error.

    Mails that another process is sending are skipped. Delivery is at least once: a mail arrives twice if the process
    dies after the server accepted it and before that was recorded.
    """
    pending: list[Alert] = []
    for alert in book.alerts.pending():
        if not book.alerts.claim(alert, CLAIM_SECONDS):
            continue
        result = _try(alert, server, sender)
        book.alerts.settle(result)
        if result.state == "pending":
            pending.append(result)
    return pending


def _try(alert: Alert, server: MailServer, sender: str) -> Alert:
    try:
        _send(_message(alert, sender), server)
    except (OSError, smtplib.SMTPException) as error:
        return alert.model_copy(update={"last_error": redact(f"{type(error).__name__}: {error}")})
    return alert.model_copy(update={"state": "sent", "last_error": None})


def _message(alert: Alert, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(alert.to)
    message["Subject"] = alert.subject
    message["Date"] = format_datetime(alert.at)
    message["Message-ID"] = make_msgid(alert.id, domain=sender.rpartition("@")[2])
    message.set_content(alert.text)
    message.add_alternative(alert.html, subtype="html")
    return message


def _send(message: EmailMessage, server: MailServer) -> None:
    secure = ssl.create_default_context()
    if server.tls:
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=TIMEOUT_SECONDS, context=secure
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    with connection:
        if server.starttls:
            connection.starttls(context=secure)
        if server.user:
            connection.login(server.user, server.password or "")
        connection.send_message(message)
