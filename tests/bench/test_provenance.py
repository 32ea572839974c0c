"""Which commit a figure is of, in a checkout made for the purpose."""

import subprocess
from pathlib import Path

from cellwarden.bench.provenance import commit


def test_changed_code_shows_where_it_counts_and_nowhere_else(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        who = ("-c", "user.name=n", "-c", "user.email=e@x")
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    source, beside = tmp_path / "src" / "one", tmp_path / "beside"
    for folder in (source, beside):
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
    git("init")
    git("add", ".")
    git("commit", "-m", "one")
    clean = commit(source, [beside])
    assert clean is not None and len(clean) == 10
    (beside / "__init__.py").write_text("x = 1\n")
    assert commit(source, [beside]) == f"{clean}-changed"
    assert commit(source) == clean
    git("checkout", ".")
    (source / "notes.md").write_text("no code")
    assert commit(source, [beside]) == clean
    (source / "new.py").touch()
    assert commit(source) == f"{clean}-changed"
    assert commit(tmp_path) is None
