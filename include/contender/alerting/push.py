"""Send notifications to chats and pagers through Apprise, each of whose URLs names a service and its account."""

from __future__ import annotations

from contender.records import Alert

PUSHED = frozenset({"gate", "task", "verdict", "incident"})


class PushError(OSError):
    """A service did not accept a notification, or its URL is not one that Apprise knows. The URL is not shown."""


def push(alert: Alert, url: str) -> None:
    """Send a mail's text to an Apprise URL, if it is about an incident. Raises PushError."""
    from apprise import Apprise, NotifyFormat

    if alert.kind not in PUSHED:
        return
    service = Apprise()
    if not service.add(url):
        raise PushError("the connection's URL is not one that Apprise knows: see appriseit.com/services")
    if not service.notify(title=alert.subject, body=alert.text, body_format=NotifyFormat.TEXT):
        raise PushError("the service did not accept the notification")
