"""To whom alerts go: what a site's file may say, and what each mistake is called."""

from pathlib import Path

import pytest

from cellwarden.errors import SiteError
from cellwarden.locate.site import load
from cellwarden.runtime.addresses import read
from cellwarden.simulate.prison import PLACE

WING = (PLACE / "remand-wing.toml").read_text("utf-8")


def written(tmp_path: Path, words: str) -> Path:
    path = tmp_path / "site.toml"
    path.write_text(WING + "\n" + words, "utf-8")
    return path


def test_a_sites_file_names_several_addresses_of_several_kinds(tmp_path: Path) -> None:
    addresses = (
        "https://user:pass%40word@hooks.example/T0KEN",
        "mqtts://guard:secret@broker.example:8883/prison/alerts",
        "syslog+tcp://siem.example",
        "mailto://watch:secret@mail.example?to=guard@prison.example",
    )
    path = written(tmp_path, f"[notify]\naddresses = {list(addresses)}\n")
    assert read(path) == addresses
    assert load(path).name == "Remand wing"  # who reads the plan has nothing against it


def test_a_site_that_tells_nobody_has_no_address(tmp_path: Path) -> None:
    assert read(written(tmp_path, "")) == ()


@pytest.mark.parametrize(
    "words",
    [
        "[notify]",
        "[notify]\naddresses = []",
        '[notify]\naddresses = "https://one"',
        "[notify]\naddresses = [7]",
        '[notify]\naddresses = ["https://one"]\nadresses = ["https://two"]',
        '[[notify]]\naddresses = ["https://one"]',
    ],
)
def test_a_table_that_is_not_understood_is_told_in_one_line(tmp_path: Path, words: str) -> None:
    with pytest.raises(SiteError, match=r"site.toml: \[notify\] needs addresses = ") as error:
        read(written(tmp_path, words))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("guard@prison.example", "is no address"),
        ("", "is no address"),
        ("://host", "is no address"),
        ("https://", "names no host"),
        ("https://user:hunter2@host/x#rooms=A-999", "names A-999, which is no room of this site"),
        ("mqtt:///alerts", "names no host"),
        ("https://user:hunter2@host:port/x", "a host or port that cannot be"),
        ("https://user:hunter2@[::1", "a host or port that cannot be"),
        ("https://user:hunter2@host/a b", "must be written as %"),
        ("https://user:hunter2@hôte/", "must be written as %"),
        ("https://host/\\u0007", "is no address"),
        ("htps://user:hunter2@host", "no address that Apprise knows"),
        ("tgram://hunter2", "no address that Apprise knows"),
        ("mailto://?pass=hunter2", "no address that Apprise knows"),
    ],
)
def test_a_mistake_in_an_address_is_told_with_its_number_and_without_its_password(
    tmp_path: Path, address: str, problem: str
) -> None:
    path = written(tmp_path, f'[notify]\naddresses = ["https://well.example", "{address}"]\n')
    with pytest.raises(SiteError, match=problem) as error:
        read(path)
    assert f"{path}: address 2 in [notify]" in str(error.value)
    assert "hunter2" not in str(error.value) and "\n" not in str(error.value)


def test_an_address_that_stands_twice_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match=r"address 2 .* stands there twice"):
        read(written(tmp_path, '[notify]\naddresses = ["https://a.example/t", "https://a.example/t"]\n'))
