"""Signing in with an identity provider: who somebody is there decides who they are here.

What ties the two together is the provider's own number for a person, never their address (OpenID Connect Core 1.0, section
5.7): addresses are given to somebody else when people leave. An address counts once, to find the account that is linked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.accounts.assertions import Assertion, Claims, TrustedProvider, believed, too_late
from core.accounts.first_workspace import VISITOR, first_workspace
from core.accounts.newcomers import VIA, as_person, let_in
from core.accounts.tables import identities, people, used_assertions
from core.audit.actions import AuditAction
from core.audit.recording import INSTALLATION, record
from core.clock import Clock
from core.errors import Denied
from core.permissions import Principal
from core.storage.database import Database, insert_or_ignore


@dataclass(frozen=True)
class Recognised:
    """Somebody an identity provider speaks of.

    Args:
        person_id: Their number here.
        owes_code: Whether they have turned our second factor on: the provider's word is in place of the password only.
        is_new: Whether they had no account until now.
    """

    person_id: int
    owes_code: bool
    is_new: bool


class _Nobody(Denied):
    """The provider is believed, but nobody who may enter is meant."""


class Identities:
    """Finds the person an identity provider speaks of.

    Args:
        db: The operational database.
        clock: The time.
        provider: Whom we believe, or None where this way in is closed.
    """

    def __init__(self, db: Database, clock: Clock, provider: TrustedProvider | None) -> None:
        self._db = db
        self._clock = clock
        self.provider = provider

    def recognise(self, claims: Claims, origin: str = "") -> Recognised:
        """Return the person some claims speak of, linking or adding them where that is allowed.

        Every assertion is good once: a copy of the cookie it came in signs nobody in again.

        Args:
            claims: Of the ID token.
            origin: The network address it came from, for the audit log.

        Raises:
            Denied: If the claims are not the provider's, not for us, too old or used before, or if nobody here is meant; in
                the same words for people we do not know, who may not come in any more, or whose address somebody else had.
        """
        if self.provider is None:
            raise Denied("This way to sign in is not set up.", hint="Use your password.")
        now = self._clock.now()
        assertion = believed(claims, self.provider, now)
        try:
            return self._find(assertion, self.provider, now, origin)
        except _Nobody:
            with self._db.transaction() as connection:
                by = Principal(INSTALLATION, VISITOR, frozenset(), via=VIA, origin=origin)
                record(connection, now, by, AuditAction.SIGN_IN_FAILED, after={"factor": "provider"})
            raise

    def _find(self, assertion: Assertion, provider: TrustedProvider, now: datetime, origin: str) -> Recognised:
        with self._db.transaction() as connection:
            _use_up(connection, assertion, now)
            found = _known(connection, assertion) or _linked(connection, assertion, now, origin)
            newcomer = let_in(connection, assertion, provider, now, origin) if found is None and assertion.email else None
            if newcomer is not None:
                _remember(connection, newcomer, assertion, now)
            found = found or (newcomer.person_id if newcomer else _known(connection, assertion))  # known by now: in from another tab
            if found is None or first_workspace(connection, found) is None:
                raise _nobody(assertion)
            protected = connection.execute(sa.select(people.c.totp_enabled_at).where(people.c.id == found)).scalar()
        return Recognised(found, owes_code=protected is not None, is_new=newcomer is not None)


def _use_up(connection: sa.Connection, assertion: Assertion, now: datetime) -> None:
    connection.execute(sa.delete(used_assertions).where(used_assertions.c.expires_at < now))
    row = {"assertion_hash": assertion.digest, "expires_at": assertion.good_until}
    if not insert_or_ignore(connection, used_assertions, [row]):
        raise too_late()


def _known(connection: sa.Connection, assertion: Assertion) -> int | None:
    mine = (identities.c.issuer == assertion.issuer, identities.c.subject == assertion.subject)
    return connection.execute(sa.select(identities.c.person_id).where(*mine)).scalar()


def _linked(connection: sa.Connection, assertion: Assertion, now: datetime, origin: str) -> int | None:
    """Tie the provider's person to the one who has this address here, unless theirs is tied to somebody else there."""
    if not assertion.email:
        return None
    # Locked until the end: of two people at the provider only one may become this one.
    person_id = connection.execute(sa.select(people.c.id).where(people.c.email == assertion.email).with_for_update()).scalar()
    if person_id is None or (home := first_workspace(connection, person_id)) is None:
        return None
    taken = sa.select(identities.c.subject).where(identities.c.issuer == assertion.issuer, identities.c.person_id == person_id)
    subjects = connection.execute(taken).scalars().all()
    if not subjects:
        _remember(connection, as_person(person_id, home, origin), assertion, now)
    return None if subjects and assertion.subject not in subjects else int(person_id)


def _remember(connection: sa.Connection, by: Principal, assertion: Assertion, now: datetime) -> None:
    row = {"issuer": assertion.issuer, "subject": assertion.subject, "person_id": by.person_id, "created_at": now}
    connection.execute(sa.insert(identities).values(**row))
    record(connection, now, by, AuditAction.IDENTITY_LINKED, by.label, after={"issuer": assertion.issuer})


def _nobody(assertion: Assertion) -> _Nobody:
    if not assertion.email:
        return _Nobody(
            "Your provider doesn’t confirm your email address.",
            hint="Confirm it there and try again, or sign in with your password.",
        )
    return _Nobody(
        "Nobody signs in here with this account.",
        hint="Ask an admin of your workspace to let you in, or sign in with your password.",
    )
