"""A recording on disk, made from its bytes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes `r.sigmf-meta` and its samples, and returns the path of the first."""

    def write_recording(
        datatype: object, data: bytes, *, captures: Any = None, annotations: Any = None, name: str = "r", **head: Any
    ) -> Path:
        meta = {
            "global": {"core:datatype": datatype, "core:sample_rate": 1e6, "core:version": "1.2.5", **head},
            "captures": [{"core:sample_start": 0}] if captures is None else captures,
            "annotations": [] if annotations is None else annotations,
        }
        path = tmp_path / f"{name}.sigmf-meta"
        path.write_text(json.dumps(meta))
        (tmp_path / head.get("core:dataset", f"{name}.sigmf-data")).write_bytes(data)
        return path

    return write_recording
