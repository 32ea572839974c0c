"""The chain, against its definition."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwarden.ledger.canonical import Plain, canonical
from cellwarden.ledger.chain import BEGINNING, Head, Line, appended, first_broken

BODIES: list[dict[str, Plain]] = [{"what": f"line {k}"} for k in range(6)]


def chain(bodies: list[dict[str, Plain]] = BODIES) -> list[Line]:
    made: list[Line] = []
    for body in bodies:
        made.append(appended(Head(made[-1].number, made[-1].digest) if made else BEGINNING, body))
    return made


def head(lines: list[Line]) -> Head:
    return Head(lines[-1].number, lines[-1].digest)


def test_a_digest_is_what_the_definition_says() -> None:
    first = hashlib.sha256(bytes(32) + b'{"body":{"what":"line 0"},"number":1}').hexdigest()
    second = hashlib.sha256(bytes.fromhex(first) + b'{"body":{"what":"line 1"},"number":2}').hexdigest()
    assert [line.digest for line in chain()[:2]] == [first, second]


def test_a_whole_chain_has_no_broken_line_from_wherever_one_looks() -> None:
    lines = chain()
    assert first_broken(lines, head(lines)) is None
    assert first_broken(lines[3:], head(lines), Head(3, lines[2].digest)) is None
    assert first_broken([], BEGINNING) is None


@pytest.mark.parametrize("k", range(6))
def test_any_line_changed_missing_doubled_or_moved_is_the_first_broken(k: int) -> None:
    lines = chain()
    end = head(lines)
    changed = [*lines[:k], lines[k]._replace(body={"what": "nothing"}), *lines[k + 1 :]]
    assert first_broken(changed, end) == k + 1
    assert first_broken([*lines[:k], *lines[k + 1 :]], end) == k + 1
    assert first_broken([*lines[: k + 1], *lines[k:]], end) == k + 2
    assert first_broken([*reversed(lines)], end) == 1


def test_a_tail_that_was_cut_off_or_written_anew_is_seen_by_who_kept_the_head() -> None:
    lines = chain()
    assert first_broken(lines[:4], head(lines)) == 5
    assert first_broken(lines, head(lines[:4])) == 5
    other = chain([*BODIES[:3], {"what": "forged"}, *BODIES[4:]])
    assert first_broken(other, head(lines)) == 6


def test_canonical_json_is_that_of_rfc_8785() -> None:
    """Its §3.2.3 gives this order: by UTF-16 code units, so U+1F600 (D83D…) comes before U+FB33."""
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    due = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    text = canonical(dict.fromkeys(keys)).decode()
    places = [text.index(f'"{key}"' if key != "\r" else '"\\r"') for key in due]
    assert places == sorted(places)
    assert (
        canonical({"b": [True, None, "é\n"], "a": 10**18})
        == '{"a":1000000000000000000,"b":[true,null,"é\\n"]}'.encode()
    )


NAMES = st.text(st.characters(exclude_categories=["Cs"]))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | NAMES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(NAMES, PLAIN, max_size=6))
def test_the_order_in_which_a_table_was_filled_does_not_show(value: dict[str, Plain]) -> None:
    assert canonical(value) == canonical(dict(reversed(value.items())))


@pytest.mark.parametrize("value", [0.5, float("nan"), b"x", {1: "x"}, (1, 2), {"a": [1.0]}])
def test_what_has_several_spellings_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)  # type: ignore[arg-type]
