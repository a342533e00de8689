"""What an identity provider says about somebody, and whether we believe it: checked by us, against our own clock.

The signature was checked when the provider answered (Authlib, OpenID Connect Core 1.0, section 3.1.3.7). What is checked
here is everything that may have changed since: Streamlit keeps the claims in a cookie for weeks and looks at no date in it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.accounts.new_account import LONGEST_NAME, checked_email
from core.errors import Denied, InvalidInput
from core.ids import fingerprint
from core.permissions import Role
from core.settings import Settings

FRESH_FOR = timedelta(minutes=5)
SKEW = timedelta(minutes=1)  # how far the provider's clock may be ahead of ours
LONGEST_SUBJECT = 255  # OpenID Connect Core 1.0, section 2
_YEAR_9999 = 253_370_764_800

Claims = Mapping[str, object]


@dataclass(frozen=True)
class TrustedProvider:
    """The one provider whoever runs the server has chosen to believe.

    Args:
        issuer: What it calls itself.
        client_id: What it calls this installation.
        name: What people call it.
        joins_as: The role of verified people nobody has invited; None keeps them out.
        domains: Whose addresses may join so.
    """

    issuer: str
    client_id: str
    name: str
    joins_as: Role | None = None
    domains: frozenset[str] = frozenset()

    @classmethod
    def of(cls, settings: Settings) -> TrustedProvider | None:
        """Return the provider of this installation, or None if it has none."""
        if not settings.oidc_issuer:
            return None
        joins_as = Role(settings.oidc_join) if settings.oidc_join else None
        domains = frozenset(filter(None, settings.oidc_join_domains.split(",")))
        return cls(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_name, joins_as, domains)

    def role_for(self, email: str) -> Role | None:
        """Return the role of a verified address nobody has invited, or None if it may not join."""
        return self.joins_as if email.rpartition("@")[2] in self.domains else None


@dataclass(frozen=True)
class Assertion:
    """One sign-in at the provider, believed.

    Args:
        issuer: The provider, in one spelling.
        subject: Who it is there; never changes, never given to anybody else.
        email: Their address if the provider has verified it, else "".
        name: What they are called there; "" where it is not said.
        digest: Stands for this one assertion among those used before.
        good_until: When it is refused for its age in any case.
    """

    issuer: str
    subject: str
    email: str
    name: str
    digest: str
    good_until: datetime


def believed(claims: Claims, provider: TrustedProvider, now: datetime) -> Assertion:
    """Return what the claims say, if they are the provider's, for us, and fresh.

    Args:
        claims: Of the ID token, as the provider signed them.
        provider: Whom we believe.
        now: Our own time.

    Raises:
        Denied: If anything about them is wrong; the words tell no more than whether trying again helps.
    """
    subject = claims.get("sub")
    if _text(claims.get("iss")).rstrip("/") != provider.issuer.rstrip("/") or not _is_for(claims, provider.client_id):
        raise _not_believed()
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise _not_believed()
    issued, expires = _moment(claims.get("iat")), _moment(claims.get("exp"))
    if issued is None or expires is None or issued > now + SKEW:
        raise _not_believed()
    if expires <= now or now - issued > FRESH_FOR:
        raise too_late()
    issuer = provider.issuer.rstrip("/")
    return Assertion(issuer, subject, _verified_address(claims), _name(claims), _digest(claims), issued + FRESH_FOR + SKEW)


def too_late() -> Denied:
    """Return the refusal of an assertion that is old or was used before."""
    return Denied("This sign-in is too old or was used before.", hint="Sign in again.")


def _not_believed() -> Denied:
    return Denied("This sign-in can't be used here.", hint="Try again; if it stays, tell whoever runs this server.")


def _is_for(claims: Claims, client_id: str) -> bool:
    audience, party = claims.get("aud"), claims.get("azp")
    audiences = audience if isinstance(audience, list) else [audience]
    # Of several audiences one is said to be the one it was issued to (OpenID Connect Core 1.0, section 3.1.3.7).
    return client_id in audiences and (party == client_id or (party is None and len(audiences) == 1))


def _verified_address(claims: Claims) -> str:
    """Return the address only where the provider says so in so many words: a missing or other value is a no."""
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str):
        return ""
    try:
        return checked_email(email)
    except InvalidInput:
        return ""


def _name(claims: Claims) -> str:
    return " ".join(_text(claims.get("name")).split())[:LONGEST_NAME].strip()


def _digest(claims: Claims) -> str:
    return fingerprint(json.dumps([str(claims.get(name)) for name in ("iss", "sub", "iat", "exp", "nonce")]))


def _moment(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or not 0 < value < _YEAR_9999:
        return None
    return datetime.fromtimestamp(value, UTC)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
