"""Send pending mails through an SMTP server; a mail that it does not accept stays pending."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from contender.alerting.compose import compose_access_alert, compose_held_alert, compose_verdict_alert
from contender.installation import Installation
from contender.records import Alert, Book, Decision, Monitored
from contender.redaction import redact
from contender.specs import ACCESS_FILE, ModelSpec
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
    return _keep(compose_access_alert(differences, to=to, before=newest), book)


def keep_verdict_alert(installation: Installation, monitored: Monitored, report_url: str) -> bool:
    """Keep the mail about a monitoring verdict, if somebody must know it. Returns whether it was kept.

    A broken feed is reported to the owners of the model's inputs, too, and a regime break to `Monitoring.mail_to`.
    """
    catalog, book = installation.catalog, installation.book
    model = catalog.model(monitored.model)
    sources = catalog.sources(model) if monitored.verdict == "broken_feed" else ()
    readers = model.monitoring.mail_to if monitored.verdict == "regime_break" else ()
    owners = dict.fromkeys((model.owner, *(source.contract.owner for source in sources), *readers))
    earlier = book.monitored.days_before(model.name, monitored.day, 1)
    alert = compose_verdict_alert(
        monitored, to=tuple(owners), report_url=report_url, before=earlier[-1] if earlier else None
    )
    return _keep(alert, book)


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
