"""Tables and lines on a terminal, by rich."""

from rich.console import Console


class Terminal(Console):
    """Whose reader may leave (`cellwarden scan … | head`): `main` then ends in peace, where rich ends with 1."""

    def on_broken_pipe(self) -> None:
        """Raises what has come."""
        raise BrokenPipeError
