"""E-mail, pagers, gateways of SMS, and what else Apprise knows: https://github.com/caronc/apprise/wiki."""

import logging

from cellwarden.errors import NotifyError
from cellwarden.language import gettext as _
from cellwarden.watch.notify.message import Message

TYPES = {"low": "info", "medium": "warning", "high": "failure"}
"""Apprise's words, by which services choose colour and sound."""


def understood(address: str) -> bool:
    """Whether it is an address of a service that Apprise knows."""
    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it would write addresses into logs
    return apprise.Apprise().add(address)


def send(address: str, message: Message) -> None:
    """Raises NotifyError where it is not taken."""
    import apprise

    from cellwarden.watch.notify import hidden

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it would write addresses into logs
    sender = apprise.Apprise()
    if not sender.add(address):
        raise NotifyError(_("{address} is no address that can be notified: mend it").format(address=hidden(address)))
    if not sender.notify(title=message.title, body=message.body, notify_type=TYPES[message.severity]):
        raise NotifyError(_("{address} did not take the message").format(address=hidden(address)))
