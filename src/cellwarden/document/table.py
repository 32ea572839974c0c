"""Tables of text, as `locate` and its neighbours write them line by line: CSV (RFC 4180)."""


def quoted(name: str) -> str:
    """A name as a cell."""
    return '"' + name.replace('"', '""') + '"' if set(name) & set(',"\r\n') else name
