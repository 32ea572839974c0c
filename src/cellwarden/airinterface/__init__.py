"""Air interfaces: `recognise` names what lies in a burst.

One file for each interface; adding one is that file and a line in INTERFACES. What is a phone is a column of this table
and defined nowhere else.
"""

from cellwarden.airinterface import ble, bluetooth, dect, gsm, impostors, lte, nr, umts, wifi
from cellwarden.airinterface.declaration import Interface
from cellwarden.model import Emission

INTERFACES: tuple[Interface, ...] = (
    gsm.INTERFACE,
    umts.INTERFACE,
    lte.INTERFACE,
    nr.INTERFACE,
    bluetooth.INTERFACE,
    ble.INTERFACE,
    wifi.INTERFACE,
    dect.INTERFACE,
    impostors.INTERFACE,
)

TITLES = {interface.name: interface.title for interface in INTERFACES}
PHONES = frozenset(interface.name for interface in INTERFACES if interface.is_phone)
"""Names of the interfaces of phones."""


def is_phone(emission: Emission) -> bool:
    """Whether an emission was sent by a phone: its interface is one of phones, and it is no base station's."""
    return emission.label.partition(":")[0] in PHONES and emission.direction != "downlink"


__all__ = ["INTERFACES", "PHONES", "TITLES", "Interface", "is_phone"]
