"""Send pending notifications to channels, such as an SMTP server; what a channel does not accept stays pending."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage
from email.utils import format_datetime

from contender.alerting.compose import compose_access_alert, compose_held_alert
from contender.records import Alert, Book, Decision
from contender.redaction import redact
from contender.specs import ACCESS_FILE, ModelSpec
from contender.specs.frozen import Frozen

TIMEOUT_SECONDS = 20
# Longer than a server may take for all steps of one mail: an older claim is from a process that died.
CLAIM_SECONDS = 300


# Sends a notification, or raises OSError or SMTPException.
Channel = Callable[[Alert], None]


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
    return _keep(compose_access_alert(differences, to=to, before=newest), book)


def keep_held_alert(model: ModelSpec, decisions: Sequence[Decision], book: Book) -> bool:
    """Keep the mail about refreshes that have been held for several nights. Returns whether it was kept."""
    nights = book.ledger.held_nights(model.name)
    held = (d for d in decisions if d.kind == "held" and d.challenger_recipe == d.champion_recipe)
    refresh = next(held, None)  # a night holds at most one
    return refresh is not None and _keep(compose_held_alert(refresh, nights, to=model.owner), book)


def _keep(alert: Alert | None, book: Book) -> bool:
    if alert is not None:
        book.alerts.add(alert)
    return alert is not None


def deliver_pending(book: Book, channels: Mapping[str, Channel]) -> list[Alert]:
    """Send all pending notifications to each channel. Returns those that are still pending, each with the last error.

    A channel that fails is tried again the next time, without sending to the others again. Notifications that another
    process is sending are skipped. Delivery is at least once: a notification arrives twice, with the same message id,
    if the process dies after a server accepted it and before that was recorded.
    """
    pending: list[Alert] = []
    for alert in book.alerts.pending():
        if not book.alerts.claim(alert, CLAIM_SECONDS):
            continue
        result = _try(alert, channels)
        book.alerts.settle(result)
        if result.state == "pending":
            pending.append(result)
    return pending


def mail_channel(server: MailServer, sender: str) -> Channel:
    """Return the channel that sends mails through an SMTP server."""
    return lambda alert: _send(_message(alert, sender), server)


def _try(alert: Alert, channels: Mapping[str, Channel]) -> Alert:
    done, errors = list(alert.delivered), []
    for name in channels.keys() - set(done):
        try:
            channels[name](alert)
        except (OSError, smtplib.SMTPException) as error:
            errors.append(redact(f"{name}: {type(error).__name__}: {error}"))
        else:
            done.append(name)
    return alert.model_copy(
        update={
            "state": "pending" if errors else "sent",
            "delivered": tuple(done),
            "last_error": "; ".join(errors) or None,
        }
    )


def _message(alert: Alert, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(alert.to)
    message["Subject"] = alert.subject
    message["Date"] = format_datetime(alert.at)
    # The same at each attempt, so that a mail that arrives twice is recognised.
    message["Message-ID"] = f"<{alert.id}@{sender.rpartition('@')[2]}>"
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
