"""The kinds of source that are built in, without any of them: help names them, and should not wait for numpy."""

SOURCES = {
    "file": ("replay", "file:RECORDING.sigmf-meta?loop&realtime"),
    "rtltcp": ("rtl_tcp", "rtltcp://HOST:1234?gain=30"),
    "zmq": ("zeromq", "zmq://HOST:PORT?datatype=cf32_le"),
    "udp": ("udp", "udp://HOST:PORT?datatype=ci16_le  udp://HOST:PORT?vita49"),
    "soapy": ("soapy", "soapy:driver=hackrf?gain=30"),
}
"""First word of an address: the module of `radio.live` that opens it, and how the rest is written."""
