"""Signing in by OpenID Connect: the prison's own directory says who somebody is, and by a claim which role they have.

```
 browser ─► /sign-in/openid ─► provider (signs in) ─► /sign-in/openid/return?code&state
                │ state, nonce, PKCE (in a cookie)         │ code ─► ID token: signature, issuer, audience, nonce, time
                                                           └─► name and role
```

Source: OpenID Connect Core 1.0 §3.1 (authorization code flow), RFC 7636 (PKCE). Nothing but the ID token is asked for,
and nothing of it is kept but name and role.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from cellwarden.errors import OpenIdError
from cellwarden.language import gettext as _
from cellwarden.model import Role

WAIT_S = 10.0
LEEWAY_S = 60
"""Clocks of provider and console may differ by so much."""
SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Those with a key of the provider's own: never `none`, nor one made with our secret."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Who says who somebody is."""

    issuer: str
    client_id: str
    client_secret: str
    roles: tuple[tuple[Role, tuple[str, ...]], ...]
    """For each role the values of `claim` that give it; the first that fits holds."""
    claim: str = "groups"
    name: str = "preferred_username"
    """Claim that tells a person's name: one that nobody can change for themselves."""
    scope: str = "openid profile"


class Begun(NamedTuple):
    """A way to the provider, and what must be known when somebody comes back."""

    address: str
    kept: str
    """State, nonce and verifier, for a cookie."""


class Known(NamedTuple):
    """Who came back."""

    name: str
    role: Role


def begun(provider: Provider, back: str) -> Begun:
    """Where to send a browser that comes back to `back`. Raises OpenIdError where the provider is lost."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _n in range(3))
    address, _state = _session(provider, back).create_authorization_url(
        _told(provider, "authorization_endpoint"), state=state, nonce=nonce, code_verifier=verifier
    )
    return Begun(address, f"{state}.{nonce}.{verifier}")


def returned(provider: Provider, back: str, kept: str, answer: Mapping[str, str]) -> Known:
    """Who comes back with an answer to what was `kept`. Raises OpenIdError where that proves nobody, or no role."""
    state, _dot, rest = kept.partition(".")
    nonce, _dot, verifier = rest.partition(".")
    if not verifier or not secrets.compare_digest(answer.get("state", "").encode(), state.encode()):
        raise OpenIdError(_("This way to sign in is too old, or did not begin here: begin again."))
    if "code" not in answer:
        raise OpenIdError(_("The directory did not let you in: begin again, or ask the administrator."))
    token = _fetched(provider, back, answer["code"], verifier)
    claims = _claims(provider, token, nonce)
    name, role = claims.get(provider.name), role_of(provider, claims)
    if not isinstance(name, str) or not name.strip() or not name.isprintable() or len(name) > 100:
        raise OpenIdError(_("The directory does not tell your name: ask the administrator."))
    if role is None:
        raise OpenIdError(_("The directory gives you no role here: ask the administrator."))
    return Known(name.strip(), role)


def role_of(provider: Provider, claims: Mapping[str, Any]) -> Role | None:
    """The first role of the settings that a claim (a text, or a list of them) gives."""
    told = claims.get(provider.claim)
    values = {told} if isinstance(told, str) else {one for one in told if isinstance(one, str)} if told else set()
    return next((role for role, groups in provider.roles if values & set(groups)), None)


def _session(provider: Provider, back: str) -> Any:
    from authlib.integrations.requests_client import OAuth2Session

    return OAuth2Session(
        provider.client_id, provider.client_secret, scope=provider.scope, redirect_uri=back,
        code_challenge_method="S256", default_timeout=WAIT_S,
    )  # fmt: skip


def _asked(provider: Provider, address: str) -> dict[str, Any]:
    """What the provider publishes at an address. Raises OpenIdError."""
    import requests

    try:
        answer = requests.get(address, timeout=WAIT_S)
        answer.raise_for_status()
        found = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise _lost(provider) from error
    if not isinstance(found, dict):
        raise _lost(provider)
    return found


def _told(provider: Provider, what: str) -> str:
    """An address of the provider's, as its configuration tells it (OpenID Connect Discovery 1.0 §4)."""
    found = _asked(provider, f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != provider.issuer or not isinstance(found.get(what), str):
        raise _lost(provider)
    return str(found[what])


def _fetched(provider: Provider, back: str, code: str, verifier: str) -> str:
    """The ID token that a code is good for."""
    import requests
    from authlib.common.errors import AuthlibBaseError

    try:
        token = _session(provider, back).fetch_token(
            _told(provider, "token_endpoint"), code=code, code_verifier=verifier, timeout=WAIT_S
        )
    except AuthlibBaseError as error:
        raise OpenIdError(_("The directory did not let you in: begin again, or ask the administrator.")) from error
    except (requests.RequestException, ValueError) as error:
        raise _lost(provider) from error
    return str(token.get("id_token", ""))


def _claims(provider: Provider, token: str, nonce: str) -> Mapping[str, Any]:
    """What an ID token says, where its signature, issuer, audience, nonce and times hold (Core §3.1.3.7)."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    asked = jwt.JWTClaimsRegistry(
        leeway=LEEWAY_S, iss={"essential": True, "value": provider.issuer}, exp={"essential": True},
        aud={"essential": True, "value": provider.client_id}, nonce={"essential": True, "value": nonce},
    )  # fmt: skip
    try:
        keys = KeySet.import_key_set(_asked(provider, _told(provider, "jwks_uri")))  # type: ignore[arg-type]
        found = jwt.decode(token, keys, algorithms=list(SIGNATURES))
        asked.validate(found.claims)
    except (JoseError, ValueError) as error:
        raise OpenIdError(_("What the directory says of you does not hold: begin again.")) from error
    return found.claims


def _lost(provider: Provider) -> OpenIdError:
    return OpenIdError(
        _("{issuer} does not answer as it should: sign in with a password, or wait").format(issuer=provider.issuer)
    )
