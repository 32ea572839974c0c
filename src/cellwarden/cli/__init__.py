"""The commands that people type; thin, in French and English."""


def main() -> None:
    """Entry point of the `cellwarden` command."""
