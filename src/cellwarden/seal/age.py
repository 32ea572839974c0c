"""Encryption to somebody who is not here: what is written can be read by the holder of the other half of a key alone.

The form is age (age-encryption.org/v1): X25519, ChaCha20-Poly1305 in pieces of 64 KiB. Whoever holds the secret half
opens a file with any program of that form, as `age --decrypt -i KEY FILE`. What is recorded under a mandate goes to a
key whose secret half this program never sees; what nodes send goes to their site's, which it holds.
"""

from typing import Any

from cellwarden.errors import MandateError
from cellwarden.language import gettext as _

ENDING = ".age"


def sealed(plain: bytes, recipient: str) -> bytes:
    """The octets, encrypted to the holder of a public key (`age1…`). Raises MandateError where it is no key."""
    age = _library()
    return bytes(age.encrypt(plain, [_recipient(age, recipient)]))


def check(recipient: str) -> None:
    """Raises MandateError where a public key is none, or nothing can be encrypted here."""
    _recipient(_library(), recipient)


def is_key(recipient: str) -> bool:
    """Whether it is a public key."""
    try:
        check(recipient)
    except MandateError:
        return False
    return True


def fresh_key() -> tuple[str, str]:
    """A new secret key and its public half."""
    made = _library().x25519.Identity.generate()
    return str(made), str(made.to_public())


def unsealed(octets: bytes, secret: str) -> bytes:
    """What `sealed` sealed to the public half. Raises ValueError where it was sealed to another, or altered."""
    age = _library()
    try:
        return bytes(age.decrypt(octets, [age.x25519.Identity.from_str(secret)]))
    except (age.DecryptError, age.IdentityError) as error:
        raise ValueError("sealed to another key, or altered") from error


def _recipient(age: Any, text: str) -> Any:
    try:
        return age.x25519.Recipient.from_str(text)
    except age.RecipientError as error:
        raise MandateError(
            _("{key} is no public key of age: give what `age-keygen` printed, age1…").format(key=repr(text))
        ) from error


def _library() -> Any:
    try:
        import pyrage
    except ImportError as error:
        raise MandateError(_("nothing can be encrypted: install pyrage")) from error
    return pyrage
