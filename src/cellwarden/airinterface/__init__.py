"""Air interfaces: `recognise` names what lies in a burst.

One file for each interface; adding one is that file and a line in INTERFACES. What is a phone is a column of this table
and defined nowhere else.
"""

from cellwarden.airinterface import gsm
from cellwarden.airinterface.declaration import Interface

INTERFACES: tuple[Interface, ...] = (gsm.INTERFACE,)

__all__ = ["INTERFACES", "Interface"]
