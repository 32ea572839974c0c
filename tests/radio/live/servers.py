"""A server of rtl_tcp, octet for octet."""

import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress


class RtlTcp:
    """Sends `octets` to each client in turn, in pieces, and notes the commands it gets."""

    def __init__(self, octets: bytes, *, magic: bytes = b"RTL0", breaks_at: tuple[int, ...] = ()) -> None:
        self.commands: list[tuple[int, int]] = []
        self.port = 0
        self._octets, self._magic, self._breaks = octets, magic, list(breaks_at)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"rtltcp://127.0.0.1:{self.port}"

    def _serve(self) -> None:
        sent = 0
        while sent < len(self._octets):
            try:
                line, _peer = self._listener.accept()
            except OSError:
                return
            with line:
                line.sendall(struct.pack(">4sII", self._magic, 5, 29))
                threading.Thread(target=self._note, args=(line.dup(),), daemon=True).start()
                end = self._breaks.pop(0) if self._breaks else len(self._octets)
                line.sendall(self._octets[sent:end])
                sent = end

    def _note(self, line: socket.socket) -> None:
        with line, suppress(OSError):  # a client that leaves may reset the line
            while len(command := line.recv(5, socket.MSG_WAITALL)) == 5:
                self.commands.append(struct.unpack(">BI", command))

    def close(self) -> None:
        self._listener.close()


def soon(true: Callable[[], bool], within_s: float = 10.0) -> bool:
    """Whether something becomes true within some seconds."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.01)
    return true()
