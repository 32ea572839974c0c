"""Every number that a recogniser gives with an emission has a name in words, in French too."""

import ast
from collections.abc import Iterator
from pathlib import Path

import cellwarden
from cellwarden import language
from cellwarden.runtime import report_words

SOURCE = Path(cellwarden.__file__).parent
PRODUCERS = [*(SOURCE / "airinterface").glob("*.py"), *(SOURCE / "signature").glob("*.py"), SOURCE / "runtime/scan.py"]


def called(tree: ast.Module) -> set[str]:
    """`details`, and what is unpacked into something that is passed on as such."""
    passed = [node.value for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "details"]
    unpacked = [
        value.id
        for node in passed
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if key is None and isinstance(value, ast.Name)
    ]
    return {"details", *unpacked}


def keys(tree: ast.Module) -> Iterator[str]:
    """Names in whatever is called `details`, or stands where details are passed on."""
    names = called(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "details":
            yield from of_dict(node.value)
        elif isinstance(node, ast.AnnAssign | ast.Assign):
            targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
            for target in targets:
                if isinstance(target, ast.Name) and target.id in names and node.value is not None:
                    yield from of_dict(node.value)
                if isinstance(target, ast.Subscript) and ast.unparse(target.value) == "details":
                    yield from of_text(target.slice)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("named", "_frame", "_emission", "_named"):
            for argument in node.args:
                yield from of_dict(argument)


def of_dict(node: ast.expr) -> Iterator[str]:
    """Its keys; of one that is chosen at run time all that it may be."""
    branches = [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]
    for branch in branches:
        for key in branch.keys if isinstance(branch, ast.Dict) else ():
            if key is not None:
                yield from of_text(key)


def of_text(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from of_text(node.body)
        yield from of_text(node.orelse)


def emitted() -> set[str]:
    return {key for path in PRODUCERS for key in keys(ast.parse(path.read_text(encoding="utf-8")))}


def test_every_detail_that_may_be_emitted_has_its_words() -> None:
    found = emitted()
    assert {"training_sequence", "synchronisation_sequence", "proof", "below_strongest_db", "train"} <= found
    assert sorted(found - report_words.DETAILS.keys()) == []
    assert sorted(report_words.DETAILS.keys() - found) == []


def test_details_are_told_in_the_language_in_use() -> None:
    try:
        language.use("fr")
        assert report_words.detail("hop_channel") == "canal de saut"
        assert report_words.detail_value("crc") == "sa somme de contrôle"
        assert report_words.detail_value(1152000.0) == "1\u202f152\u202f000"
        assert report_words.detail_value(0.32) == "0,32"
        assert report_words.detail_value(7) == "7"
    finally:
        language.use("en")
    assert report_words.detail("proof") == "known by"
    assert report_words.detail("no_such_detail") == "no such detail"
