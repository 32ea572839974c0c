"""Tables of text, as `locate` and its neighbours write them line by line: CSV (RFC 4180)."""


def quoted(name: str) -> str:
    """A name as a cell."""
    return '"' + name.replace('"', '""') + '"' if set(name) & set(',"\r\n') else name


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe stands before what might be one."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
