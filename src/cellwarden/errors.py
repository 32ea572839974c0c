"""What can go wrong, one type per thing that the caller can do about it.

Every message names the object, says what is wrong and what to do; `cli` prints it as one line and exits with 2.
"""


class CellwardenError(Exception):
    """Base of all errors that a person can act on."""


class RecordingError(CellwardenError):
    """A recording cannot be read: mend or choose another file."""


class OutputError(CellwardenError):
    """A result cannot be written: choose another place, make room, or allow overwriting."""


class BenchError(CellwardenError):
    """What was given to the research bench cannot be used: mend the file or the setting."""


class DetectorError(CellwardenError):
    """A detector that was brought along fails: mend it."""


class SiteError(CellwardenError):
    """A site's file cannot be used: mend it, or choose another one."""


class ReadingsError(CellwardenError):
    """A table of levels (a survey, or what sensors heard) cannot be used: mend it, or choose another one."""


class SourceError(CellwardenError):
    """A receiver or stream cannot be used: mend its address, its settings, or the line to it."""


class PlanError(CellwardenError):
    """A plan of bands cannot be used: mend it, or make another one."""


class LaneError(CellwardenError):
    """What a lane's instrument recorded cannot be used: mend the table or recording, or record again."""


class GalleryError(CellwardenError):
    """A gallery of emitters, or what it was asked for, cannot be used: mend it, or choose another one."""


class StoreError(CellwardenError):
    """The store cannot be used, or has no such thing: mend its place, or ask for another one."""


class StoreDamagedError(StoreError):
    """The store's file is damaged: restore a backup; what can still be read opens read-only."""


class StoreValueError(StoreError):
    """A store cannot hold what it was given or asked for: ask for something else."""


class StoreFullError(StoreError):
    """There is no room to write: make some, and do again what was not acknowledged."""


class MandateError(CellwardenError):
    """The law does not allow what is asked: the mandate is missing, incomplete or expired."""


class RulesError(CellwardenError):
    """The rules of alerts cannot be used: mend the file, or choose another one."""


class EvidenceError(CellwardenError):
    """A folder of evidence cannot be verified: name the right one, or restore it."""


class NodeError(CellwardenError):
    """A node cannot work as it is set up: mend its file, or make room for its queue."""


class InUseError(CellwardenError):
    """Another process has what only one may have: stop that one, or choose another place."""


class OpenIdError(CellwardenError):
    """The directory says of nobody who they are: begin again, sign in with a password, or ask the administrator."""


class LdapError(CellwardenError):
    """The directory cannot be asked: sign in with a password of the console, or wait."""


class ConsoleError(CellwardenError):
    """The console cannot be opened: choose another address, or mend what it shows."""


class NotifyError(CellwardenError):
    """An alert could not be sent to an address: it is tried again, or the address must be mended."""
