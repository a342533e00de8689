"""Preflight: everything that is looked at before an email is sent, by one question."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from core.clock import Clock
from core.contacts.snapshot import ContactSnapshots
from core.deliverability.domains import SenderDomains
from core.errors import Conflict
from core.permissions import Permission, Principal
from core.preflight import checks, fields, languages, sender
from core.preflight.emails import RECEIVER, Email
from core.preflight.envelopes import Envelope, Whom
from core.preflight.fetching import Fetcher, Step
from core.preflight.fields import Audiences
from core.preflight.findings import MAIN, Finding, Report, Severity, merged, sorted_out
from core.preflight.reaching import asked_for, reached
from core.preflight.wordings import Version, Wordings, kept, wordings
from core.segments.asking import Asking
from core.segments.segments import Segments
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine
from core.templates.library.templates import TemplateVersion

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
        receiver: Where tracked links lead.
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
        receiver: str = RECEIVER,
    ) -> None:
        self._db, self._domains, self._fetcher, self._receiver = db, domains, fetcher, receiver
        self._audiences = Audiences(Asking(db, clock, engine, snapshots), segments)

    def check(
        self,
        by: Principal,
        version: Version,
        envelope: Envelope | None = None,
        *,
        audience: Whom | None = None,
        source: str = "",
        template_id: int | None = None,
        fetch: bool = False,
        step: Step | None = None,
    ) -> Report:
        """Return what is to be mended in an email, in each of its languages, and what had better be.

        Within some ten seconds, however many links and languages it has.

        Args:
            by: Who asks.
            version: A saved version, or a template that was just compiled.
            envelope: Subject, preview text and sender, as far as they are known.
            audience: Whom it goes to; then fields are found that are empty for some of them.
            source: What was compiled, where that is not a saved version: findings name its lines or blocks.
            template_id: The template whose brand and languages it has, where it is not a saved version.
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
        with self._db.read() as connection:
            known = kept(connection, by.workspace_id, version, template_id)
        written = source or (version.source if isinstance(version, TemplateVersion) else "")
        said = wordings(version, written, envelope, known, self._receiver)
        findings: list[Finding] = []
        if audience is not None:  # first: who may not see them, or names none, is told at once
            wanted = fields.wanted(said.emails)
            empty = self._audiences.emptiness(by, audience, wanted, [one for one in said.emails if one != MAIN])
            findings += fields.empty_fields(said.emails, wanted, empty)
        answers, unasked = asked_for(list(said.emails.values()), self._fetcher, step) if fetch else ({}, [])
        findings += looked_at(said, lambda email: [*checks.run(email), *reached(email, answers)])
        findings += [*sender.address(envelope.sender), *unasked]
        if envelope.sender:
            findings += sender.standing(envelope.sender, self._domains.all(by))
        return Report(sorted_out(findings), fetched=fetch, asked=len(answers))


def looked_at(said: Wordings, look: Callable[[Email], list[Finding]]) -> list[Finding]:
    """Return what is found in an email in all its languages: the one door for a check and for a launch.

    Args:
        said: The email.
        look: Finds what there is to find in one language.
    """
    per_language = merged({language: look(email) for language, email in said.emails.items()})
    return [*per_language, *languages.unusable(said), *languages.partly(said), *languages.around(said)]


def must_be_sendable(connection: sa.Connection, workspace_id: int, version: TemplateVersion, envelope: Envelope) -> None:
    """Do nothing if nothing was found in any language that keeps an email from being sent; quick, and without asking anybody.

    Args:
        connection: Reads.
        workspace_id: Whose email.
        version: What is to be sent.
        envelope: What stands around it.

    Raises:
        Conflict: If something was; names it, and the language it is in.
    """
    said = wordings(version, version.source, envelope, kept(connection, workspace_id, version))
    found = looked_at(said, lambda email: [*checks.run(email, checks.BLOCKING)])
    errors = [one for one in sorted_out(found) if one.severity is Severity.ERROR]
    if errors:
        more = f" And {len(errors) - _SHOWN} more." if len(errors) > _SHOWN else ""
        words = " ".join(map(_in_words, errors[:_SHOWN]))
        raise Conflict(f"This email can’t be sent as it is. {words}{more}", hint=errors[0].hint)


def _in_words(one: Finding) -> str:
    where = f"{one.where}: " if one.where else ""
    language = f"In the language {', '.join(one.languages)}: " if one.languages and MAIN not in one.languages else ""
    return f"{language}{where}{one.message}"
