"""The choice of language, the catalogue, and numbers for people."""

import os
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from cellwarden import language

PATH = ("CELLWARDEN_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    yield
    language.use("en")


@pytest.mark.parametrize(
    ("asked", "environment", "chosen"),
    [
        ("fr", {"CELLWARDEN_LANGUAGE": "en", "LC_ALL": "en_GB.UTF-8"}, "fr"),
        (None, {"CELLWARDEN_LANGUAGE": "fr", "LC_ALL": "en_GB.UTF-8"}, "fr"),
        (None, {"LC_ALL": "fr_CA.UTF-8", "LC_MESSAGES": "en_GB", "LANG": "en_GB"}, "fr"),
        (None, {"LC_ALL": "", "LC_MESSAGES": "fr_BE@euro", "LANG": "en_GB"}, "fr"),
        (None, {"LANG": "fr"}, "fr"),
        (None, {"LC_ALL": "C", "LANG": "fr_FR.UTF-8"}, "en"),
        (None, {"LANG": "de_DE.UTF-8"}, "en"),
        (None, {}, "en"),
    ],
)
def test_the_wish_comes_first_then_the_variables_in_posix_order(
    asked: str | None, environment: dict[str, str], chosen: str
) -> None:
    assert language.choose(asked, environment) == chosen


def test_a_sentence_without_translation_is_shown_in_english() -> None:
    language.use("fr")
    assert language.gettext("no such sentence, ever") == "no such sentence, ever"
    assert language.ngettext("one such", "many such", 1) == "one such"
    assert language.ngettext("one such", "many such", 2) == "many such"


def test_numbers_are_written_as_each_language_writes_them() -> None:
    language.use("en")
    assert language.number(3412) == "3,412"
    assert language.number(-3412.54, 1) == "-3,412.5"
    language.use("fr")
    assert language.number(3412) == "3\u202f412"
    assert language.number(-3412.54, 1) == "-3\u202f412,5"


def test_two_threads_speak_their_own_language_at_once() -> None:
    def said(asked: str) -> tuple[str, str]:
        with language.speaking(asked):
            both.wait(10)  # both are within before either speaks
            return language.language(), language.number(1234.5, 1)

    both = Barrier(2)
    language.use("en")
    with ThreadPoolExecutor(2) as pool:
        french, english = pool.submit(said, "fr"), pool.submit(said, "en")
        assert french.result() == ("fr", "1\u202f234,5")
        assert english.result() == ("en", "1,234.5")
    assert language.language() == "en"


def test_why_the_system_refuses_is_told_in_the_language_in_use() -> None:
    """Its own words are English in every country."""
    for one in (FileNotFoundError, PermissionError, IsADirectoryError):
        number = {FileNotFoundError: 2, PermissionError: 13, IsADirectoryError: 21}[one]
        assert language.reason_of(one(number, os.strerror(number), "x")) == os.strerror(number)
    language.use("fr")
    assert language.reason_of(OSError(28, os.strerror(28))) == "le disque est plein"
    assert [
        os.strerror(n) for n in (2, 13, 17, 20, 21, 24, 28, 30, 36, 98, 111) if os.strerror(n) not in language.REASONS
    ] == []
    assert language.reason_of(ValueError("odd")) == "odd"


def test_where_a_toml_is_none_is_told_in_the_language_in_use() -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as error:
        tomllib.loads("[alert]\nbursts 5")
    language.use("fr")
    told = "il manque «\u00a0=\u00a0» après une clé (ligne 2, colonne 8)"
    assert language.reason_of(error.value) == told
    language.use("en")
    assert language.reason_of(error.value) == str(error.value)


def test_a_thing_is_named_before_what_is_said_of_it() -> None:
    assert language.about("SITE.db", "sound") == "SITE.db: sound"
    language.use("fr")
    assert language.about("SITE.db", "saine") == "SITE.db\u00a0: saine"
