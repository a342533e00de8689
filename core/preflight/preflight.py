"""Preflight: everything that is looked at before an email is sent, by one question."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import sqlalchemy as sa

from core.clock import Clock
from core.contacts.snapshot import ContactSnapshots
from core.deliverability.domains import SenderDomains
from core.errors import Conflict
from core.permissions import Permission, Principal
from core.preflight import checks, fields, sender
from core.preflight.emails import Email, Envelope, Whom
from core.preflight.fetching import Fetcher, Step
from core.preflight.fields import Audiences
from core.preflight.findings import Finding, Report, Severity, sorted_out
from core.preflight.reaching import reached
from core.segments.asking import Asking
from core.segments.segments import Segments
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine
from core.storage.tables import workspaces
from core.templates.brands.reading import sender_fields
from core.templates.compiling.compiler import CompiledTemplate, TemplateKind
from core.templates.languages.reading import languages_of
from core.templates.library.templates import TemplateVersion

_FOOTER = re.compile(r'"kind"\s*:\s*"footer"')
# So many errors are named where a launch is refused.
_SHOWN = 3


class Preflight:
    """Looks at emails before they are sent.

    Args:
        db: The database.
        clock: The time, for segments.
        engine: Where audiences are counted.
        snapshots: The contacts as a relation.
        segments: Rules that choose people.
        domains: What is known about senders.
        fetcher: Asks for links and images.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        engine: AnalyticsEngine,
        snapshots: ContactSnapshots,
        segments: Segments,
        domains: SenderDomains,
        fetcher: Fetcher,
    ) -> None:
        self._db, self._domains, self._fetcher = db, domains, fetcher
        self._audiences = Audiences(Asking(db, clock, engine, snapshots), segments)

    def check(
        self,
        by: Principal,
        version: CompiledTemplate | TemplateVersion,
        envelope: Envelope | None = None,
        *,
        audience: Whom | None = None,
        source: str = "",
        fetch: bool = False,
        step: Step | None = None,
    ) -> Report:
        """Return what is to be mended in an email, and what had better be. Within some ten seconds, however many links it has.

        Args:
            by: Who asks.
            version: A saved version, or a template that was just compiled.
            envelope: Subject, preview text and sender, as far as they are known.
            audience: Whom it goes to; then fields are found that are empty for some of them.
            source: What was compiled, where that is not a saved version: findings name its lines.
            fetch: Whether links and images are asked for.
            step: Told how many of these are done, of how many.

        Raises:
            Denied: If `by` may not see templates, the sender's domain, or the audience.
            NotFound: If the audience is not there.
        """
        by.require(Permission.TEMPLATES_VIEW)
        envelope = envelope or Envelope()
        if envelope.sender is not None:
            by.require(Permission.CAMPAIGNS_VIEW)
        email = self._email(by, version, source, envelope)
        findings = [*self._about(by, email, audience)]
        if fetch:
            findings += reached(email, self._fetcher, step)
        return Report(sorted_out(findings), fetched=fetch)

    def _about(self, by: Principal, email: Email, audience: Whom | None) -> Iterator[Finding]:
        if audience is not None:  # first: who may not see them, or names none, is told at once
            needed = fields.needed(email)
            yield from fields.empty_fields(email, self._audiences.emptiness(by, audience, needed))
        yield from checks.run(email)
        yield from sender.address(email.envelope.sender)
        if email.envelope.sender:
            yield from sender.standing(email.envelope.sender, self._domains.all(by))

    def _email(self, by: Principal, version: CompiledTemplate | TemplateVersion, source: str, envelope: Envelope) -> Email:
        """Return an email with what its workspace, its brand and its template know about it."""
        saved = version if isinstance(version, TemplateVersion) else None
        with self._db.read() as connection:
            known = sender_fields(connection, by.workspace_id, saved.template_id if saved else None)
            languages = languages_of(connection, by.workspace_id, saved.id) if saved else ()
        address, brand = known["workspace"]["postal_address"].strip(), known["brand"]["postal_address"].strip()
        return replace(_email(version, source, envelope, address, brand), languages=languages)


def must_be_sendable(version: TemplateVersion, subjects: tuple[str, ...], postal_address: str) -> None:
    """Do nothing if nothing was found that keeps an email from being sent; quick, and without asking anybody.

    Args:
        version: What is to be sent.
        subjects: Its subject, or several.
        postal_address: The workspace's.

    Raises:
        Conflict: If something was; names it.
    """
    email = _email(version, "", Envelope(subjects), postal_address)
    errors = [one for one in sorted_out([*checks.run(email, checks.BLOCKING)]) if one.severity is Severity.ERROR]
    if errors:
        more = f" And {len(errors) - _SHOWN} more." if len(errors) > _SHOWN else ""
        said = " ".join(f"{f'{one.where}: ' if one.where else ''}{one.message}" for one in errors[:_SHOWN])
        raise Conflict(f"This email can’t be sent as it is. {said}{more}", hint=errors[0].hint)


def postal_address_of(connection: sa.Connection, workspace_id: int) -> str:
    """Return the postal address of a workspace, may be empty."""
    found = connection.execute(sa.select(workspaces.c.postal_address).where(workspaces.c.id == workspace_id)).scalar_one_or_none()
    return str(found or "").strip()


def _email(
    version: CompiledTemplate | TemplateVersion, source: str, envelope: Envelope, postal_address: str, brand_address: str = ""
) -> Email:
    written = source or (version.source if isinstance(version, TemplateVersion) else "")
    if version.kind is TemplateKind.BLOCKS:  # an editor writes it: nobody knows its lines
        return Email(version, "", envelope, postal_address, brand_address, has_footer=bool(_FOOTER.search(written)))
    return Email(version, written, envelope, postal_address, brand_address)
