"""Signing in: password, second factor, lockout, sessions, set-up links."""

import pyotp
import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY
from sqlalchemy import Engine, text

from cellwarden.errors import StoreError
from cellwarden.model import Person
from cellwarden.store import people
from cellwarden.store.engine import reading

NOW = 1_790_000_000 * 10**9
SECRET = pyotp.random_base32(32)
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""Its parameters stand in each hash: what is checked against it costs little too."""
STEP = people.TOTP_STEP_S * 10**9


def code(now_ns: int = NOW) -> str:
    return pyotp.TOTP(SECRET).at(now_ns // 10**9)


@pytest.fixture
def zoe(engine: Engine) -> Engine:
    with engine.begin() as c:
        token = people.invite(c, "zoe", "officer", NOW)
        people.accept(c, token, QUICK.hash("correct horse"), SECRET, NOW)
    return engine


def test_password_and_code_open_a_session_that_ends(zoe: Engine) -> None:
    signed = people.sign_in(zoe, "zoe", "correct horse", code(), NOW)
    assert signed is not None and signed.person == Person("zoe", "officer")
    with reading(zoe) as c:
        assert people.session(c, signed.token, NOW + people.SESSION_NS - 1) == Person("zoe", "officer")
        assert people.session(c, signed.token, NOW + people.SESSION_NS) is None
        assert people.session(c, "another", NOW) is None
    with zoe.begin() as c:
        people.sign_out(c, signed.token)
        assert people.session(c, signed.token, NOW) is None


@pytest.mark.parametrize(
    ("name", "password", "digits"),
    [("zoe", "wrong", None), ("zoe", "correct horse", "000000"), ("nobody", "correct horse", None), ("zoe", "", "")],
)
def test_anything_wrong_opens_nothing(zoe: Engine, name: str, password: str, digits: str | None) -> None:
    given = code() if digits is None else digits
    assert given != "000000" or code() != "000000"
    assert people.sign_in(zoe, name, password, given, NOW) is None


def test_a_code_is_good_once_and_one_step_around_its_own(zoe: Engine) -> None:
    assert people.sign_in(zoe, "zoe", "correct horse", code(), NOW + STEP) is not None
    assert people.sign_in(zoe, "zoe", "correct horse", code(), NOW + STEP) is None
    assert people.sign_in(zoe, "zoe", "correct horse", code(NOW + 9 * STEP), NOW + 11 * STEP) is None
    assert people.sign_in(zoe, "zoe", "correct horse", code(NOW + 12 * STEP), NOW + 11 * STEP) is not None


def test_a_code_used_by_two_at_one_time_admits_one(zoe: Engine) -> None:
    with zoe.begin() as c:
        first, second = people.attempt(c, "zoe", NOW), people.attempt(c, "zoe", NOW)
    steps = [people.proved(known, "correct horse", code(), NOW) for known in (first, second)]
    assert first and second and steps[0] is not None and steps[0] == steps[1]
    with zoe.begin() as c:
        people.admitted(c, first, steps[0], NOW)
    with pytest.raises(StoreError, match="used already"), zoe.begin() as c:
        people.admitted(c, second, steps[0], NOW)


def test_without_a_second_factor_two_at_one_time_are_both_admitted(zoe: Engine) -> None:
    with zoe.begin() as c:
        people.set_totp(c, "zoe", "", 0)
        tries = [people.attempt(c, "zoe", NOW) for _turn in range(2)]
    for known in tries:
        step = people.proved(known, "correct horse", "", NOW)
        assert known is not None and step is not None
        with zoe.begin() as c:
            people.admitted(c, known, step, NOW)


def test_five_guesses_lock_for_a_quarter_of_an_hour_even_who_then_knows(zoe: Engine) -> None:
    for _ in range(people.TRIES):
        assert people.sign_in(zoe, "zoe", "guess", code(), NOW) is None
    assert people.sign_in(zoe, "zoe", "correct horse", code(), NOW + people.LOCKED_NS - 1) is None
    later = NOW + people.LOCKED_NS
    assert people.sign_in(zoe, "zoe", "correct horse", code(later), later) is not None


def test_guesses_are_counted_before_they_are_checked(zoe: Engine) -> None:
    with zoe.begin() as c:
        open_at_once = [people.attempt(c, "zoe", NOW) for _ in range(50)]
    assert sum(known is not None for known in open_at_once) == people.TRIES


def test_an_administrator_unlocks(zoe: Engine) -> None:
    for _ in range(people.TRIES):
        people.sign_in(zoe, "zoe", "guess", code(), NOW)
    with zoe.begin() as c:
        assert people.persons(c) == [Person("zoe", "officer", locked_until_ns=NOW + people.LOCKED_NS)]
        people.unlock(c, "zoe")
    assert people.sign_in(zoe, "zoe", "correct horse", code(), NOW) is not None


def test_signing_in_forgets_earlier_failures(zoe: Engine) -> None:
    for k in range(3):
        now = NOW + 10 * k * STEP
        for _ in range(people.TRIES - 1):
            people.sign_in(zoe, "zoe", "guess", code(now), now)
        assert people.sign_in(zoe, "zoe", "correct horse", code(now), now) is not None


def test_who_is_barred_loses_sessions_and_does_not_come_in(zoe: Engine) -> None:
    signed = people.sign_in(zoe, "zoe", "correct horse", code(), NOW)
    assert signed is not None
    with zoe.begin() as c:
        people.set_disabled(c, "zoe", True)
        assert people.session(c, signed.token, NOW) is None
    later = NOW + 9 * STEP
    assert people.sign_in(zoe, "zoe", "correct horse", code(later), later) is None
    with zoe.begin() as c:
        people.set_disabled(c, "zoe", False)
        assert people.session(c, signed.token, NOW) is None


def test_a_new_role_holds_in_open_sessions(zoe: Engine) -> None:
    signed = people.sign_in(zoe, "zoe", "correct horse", code(), NOW)
    assert signed is not None
    with zoe.begin() as c:
        people.set_role(c, "zoe", "auditor")
        told = people.session(c, signed.token, NOW)
        assert told is not None and told.role == "auditor"
        with pytest.raises(StoreError, match="nobody here"):
            people.set_role(c, "yan", "auditor")


def test_a_link_works_once_and_for_a_day(engine: Engine) -> None:
    with engine.begin() as c:
        old = people.invite(c, "zoe", "administrator", NOW)
        token = people.invite(c, "zoe", "administrator", NOW)
        assert people.invitation(c, old, NOW) is None
        told = people.invitation(c, token, NOW)
        assert told is not None and (told.name, told.role) == ("zoe", "administrator")
        assert people.invitation(c, token, NOW + people.INVITATION_NS) is None
        people.accept(c, token, QUICK.hash("a"), SECRET, NOW)
        with pytest.raises(StoreError, match="used or is too old"):
            people.accept(c, token, QUICK.hash("b"), SECRET, NOW)


def test_a_new_password_ends_the_sessions_of_the_old_one(zoe: Engine) -> None:
    signed = people.sign_in(zoe, "zoe", "correct horse", code(), NOW)
    assert signed is not None
    with zoe.begin() as c:
        people.accept(c, people.invite(c, "zoe", "officer", NOW), QUICK.hash("new one"), SECRET, NOW)
        assert people.session(c, signed.token, NOW) is None
    assert people.sign_in(zoe, "zoe", "correct horse", code(), NOW) is None
    assert people.sign_in(zoe, "zoe", "new one", code(), NOW) is not None


def test_the_store_holds_no_password_and_no_token(zoe: Engine) -> None:
    signed = people.sign_in(zoe, "zoe", "correct horse", code(), NOW)
    assert signed is not None
    with zoe.begin() as c:
        invited = people.invite(c, "yan", "officer", NOW)
        held = " ".join(
            str(tuple(row))
            for table in ("people", "sessions", "invitations")
            for row in c.execute(text(f"SELECT * FROM {table}"))
        )
    assert "$argon2id$" in held
    for secret in ("correct horse", signed.token, invited):
        assert secret not in held


def test_an_authenticator_app_is_told_name_and_site() -> None:
    secret = people.new_totp_secret()
    assert len(secret) == 32  # base32: 5 bits a letter, 160 bits
    read = pyotp.parse_uri(people.totp_address(secret, "zoe", "Remand wing"))
    assert (read.secret, read.name, read.issuer) == (secret, "zoe", "Remand wing")
    assert people.step_of(secret, f" {pyotp.TOTP(secret).at(NOW // 10**9)} ", NOW) == NOW // STEP


def test_a_code_is_taken_as_authenticators_show_it_and_no_letter_of_it_fails() -> None:
    secret = people.new_totp_secret()
    code = pyotp.TOTP(secret).at(NOW // 10**9)
    assert people.step_of(secret, f"{code[:3]} {code[3:]}", NOW) == NOW // STEP
    assert people.step_of(secret, "é١٢٣", NOW) is None


def test_passwords_are_hashed_as_the_rfc_recommends_and_never_alike() -> None:
    one, other = people.hashed("correct horse"), people.hashed("correct horse")
    assert one != other
    assert extract_parameters(one) == RFC_9106_LOW_MEMORY
