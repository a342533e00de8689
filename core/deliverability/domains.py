"""Sender domains: added, checked against the DNS, given new keys, removed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.deliverability import checking, rows
from core.deliverability.aligning import Known, alignments
from core.deliverability.dns import Dns
from core.deliverability.models import Checked, DkimKey, Finding, Purpose, SenderDomain, State
from core.deliverability.names import domain_name, host_beneath
from core.deliverability.records import Setting, records_of
from core.deliverability.rows import Row
from core.deliverability.senders import distinct, sender_of
from core.deliverability.tables import dkim_keys, sender_domains
from core.errors import Conflict, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database, insert_or_ignore
from core.storage.vault import Vault

Step = Callable[[int, int], None]


class SenderDomains:
    """The domains a workspace sends from.

    Args:
        db: The database.
        clock: The time.
        vault: Encrypts private keys.
        dns: Where questions go.
        public_url: Where the receiver is reached from outside.
    """

    def __init__(self, db: Database, clock: Clock, vault: Vault, dns: Dns, public_url: str) -> None:
        self._db, self._clock, self._vault = db, clock, vault
        self._dns, self._public_url = dns, public_url

    def add(self, by: Principal, domain: str) -> SenderDomain:
        """Add a domain and make keys for it.

        Raises:
            InvalidInput: If it is no domain.
            Conflict: If it is there already.
        """
        by.require(Permission.CONNECTIONS_MANAGE)
        name, now = domain_name(domain), self._clock.now()
        row = {"workspace_id": by.workspace_id, "domain": name, "return_path": "", "created_at": now, "findings": []}
        with self._db.transaction() as connection:
            if not insert_or_ignore(connection, sender_domains, [row]):
                raise Conflict("This domain is there already.", hint="Look for it among your sender domains.")
            made = rows.find(connection, by.workspace_id, name)
            selectors = rows.add_keys(connection, self._vault, made, now)
            after = {"name": name, "selectors": selectors}
            record(connection, now, by, AuditAction.SENDER_DOMAIN_ADDED, f"sender_domain:{made.id}", after=after)
        return self._shown(by, name)

    def change(
        self, by: Principal, domain: str, *, return_path: str | None = None, connection_ids: Sequence[int] | None = None
    ) -> SenderDomain:
        """Change where a provider takes bounces, and what the domain sends through.

        Args:
            by: Who asks.
            domain: Which one.
            return_path: The host of the domain at which a provider takes bounces; "" for none; None leaves it as it is.
            connection_ids: The connections it sends through; empty for all; None leaves it as it is.

        Raises:
            NotFound: If this workspace has no such domain or connection.
            InvalidInput: If the host does not belong to the domain.
        """
        by.require(Permission.CONNECTIONS_MANAGE)
        name = domain_name(domain)
        values: dict[str, object] = {}
        if return_path is not None:
            values["return_path"] = host_beneath(return_path, name)
        if connection_ids is not None:
            values["connection_ids"] = sorted(set(connection_ids)) or None
        if not values:
            raise InvalidInput("There is nothing to change.", hint="Name the return path or the connections.")
        with self._db.transaction() as connection:
            row = rows.find(connection, by.workspace_id, name, lock=True)
            if not {one.id for one in rows.connections_of(connection, by.workspace_id)}.issuperset(connection_ids or ()):
                raise NotFound("This connection does not exist.")
            connection.execute(sa.update(sender_domains).where(sender_domains.c.id == row.id).values(**values))
            before = {key: getattr(row, key) for key in values}
            target = f"sender_domain:{row.id}"
            record(connection, self._clock.now(), by, AuditAction.SENDER_DOMAIN_CHANGED, target, before=before, after=values)
        return self._shown(by, name)

    def remove(self, by: Principal, domain: str) -> None:
        """Remove a domain and its keys; mail from it is not signed any more.

        Raises:
            NotFound: If this workspace has no such domain.
        """
        by.require(Permission.CONNECTIONS_MANAGE)
        with self._db.transaction() as connection:
            row = rows.find(connection, by.workspace_id, domain_name(domain), lock=True)
            connection.execute(sa.delete(sender_domains).where(sender_domains.c.id == row.id))
            target, before = f"sender_domain:{row.id}", {"name": row.domain}
            record(connection, self._clock.now(), by, AuditAction.SENDER_DOMAIN_REMOVED, target, before=before)

    def all(self, by: Principal) -> list[SenderDomain]:
        """Return the domains by name."""
        by.require(Permission.CAMPAIGNS_VIEW)
        with self._db.read() as connection:
            available = rows.connections_of(connection, by.workspace_id)
            found = rows.listed(connection, by.workspace_id)
            keys = rows.keys_of(connection, [row.id for row in found])
        return [self._seen(row, keys.get(row.id, ()), available) for row in found]

    def get(self, by: Principal, domain: str) -> SenderDomain:
        """Return one domain.

        Raises:
            NotFound: If this workspace has no such domain.
        """
        by.require(Permission.CAMPAIGNS_VIEW)
        return self._shown(by, domain)

    def check(self, by: Principal, domain: str, step: Step | None = None) -> SenderDomain:
        """Ask the DNS about every record of a domain, and keep what it says; keys that are found sign from now on.

        Args:
            by: Who asks.
            domain: Which one.
            step: Told how many records are done, of how many.

        Raises:
            NotFound: If this workspace has no such domain, also if it is removed meanwhile.
        """
        by.require(Permission.CONNECTIONS_MANAGE)
        row, keys, available = self._read(by, domain)
        about = self._setting(row, keys, available)
        look, wanted = self._dns.look(), records_of(about)
        findings: list[Finding] = []
        for done, one in enumerate(wanted, start=1):
            findings.append(checking.check(look, one, about))
            if step:
                step(done, len(wanted))
        proved = {finding.key for finding in findings if finding.state is State.OK}
        hosts = {one.host for one in wanted if one.purpose is Purpose.DKIM and one.key in proved}
        self._keep(by, row, findings, frozenset(host.partition("._domainkey.")[0] for host in hosts if host))
        return self._shown(by, row.domain)

    def rotate(self, by: Principal, domain: str) -> SenderDomain:
        """Make new keys; those of now go on signing until a check has found the new ones in the DNS.

        New keys that were never published are replaced.

        Raises:
            NotFound: If this workspace has no such domain.
        """
        by.require(Permission.CONNECTIONS_MANAGE)
        now = self._clock.now()
        with self._db.transaction() as connection:
            row = rows.find(connection, by.workspace_id, domain_name(domain), lock=True)
            connection.execute(sa.delete(dkim_keys).where(dkim_keys.c.domain_id == row.id, dkim_keys.c.confirmed_at.is_(None)))
            after = {"selectors": rows.add_keys(connection, self._vault, row, now)}
            record(connection, now, by, AuditAction.SENDER_DOMAIN_KEYS_MADE, f"sender_domain:{row.id}", after=after)
        return self._shown(by, row.domain)

    def remove_old_keys(self, by: Principal, domain: str) -> SenderDomain:
        """Forget the keys that newer ones have taken over from; their records can go then.

        Raises:
            NotFound: If this workspace has no such domain.
            Conflict: If there is none.
        """
        by.require(Permission.CONNECTIONS_MANAGE)
        with self._db.transaction() as connection:
            row = rows.find(connection, by.workspace_id, domain_name(domain), lock=True)
            gone = sa.delete(dkim_keys).where(dkim_keys.c.domain_id == row.id, dkim_keys.c.retired_at.is_not(None))
            selectors = sorted(connection.execute(gone.returning(dkim_keys.c.selector)).scalars())
            if not selectors:
                raise Conflict("There are no old keys.", hint="Keys become old when newer ones have taken over from them.")
            target, before = f"sender_domain:{row.id}", {"selectors": selectors}
            record(connection, self._clock.now(), by, AuditAction.SENDER_DOMAIN_KEYS_REMOVED, target, before=before)
        return self._shown(by, row.domain)

    def _shown(self, by: Principal, domain: str) -> SenderDomain:
        return self._seen(*self._read(by, domain))

    def _read(self, by: Principal, domain: str) -> tuple[Row, tuple[DkimKey, ...], list[Row]]:
        with self._db.read() as connection:
            row = rows.find(connection, by.workspace_id, domain_name(domain))
            keys = rows.keys_of(connection, [row.id]).get(row.id, ())
            return row, keys, rows.connections_of(connection, by.workspace_id)

    def _keep(self, by: Principal, row: Row, findings: Iterable[Finding], selectors: frozenset[str]) -> None:
        now, stored = self._clock.now(), [finding.to_json() for finding in findings]
        with self._db.transaction() as connection:
            rows.find(connection, by.workspace_id, row.domain, lock=True)
            mine = sa.update(sender_domains).where(sender_domains.c.id == row.id)
            connection.execute(mine.values(findings=stored, checked_at=now))
            rows.confirm(connection, rows.keys_of(connection, [row.id]).get(row.id, ()), selectors, now)
            bad = sum(finding["state"] in (State.MISSING, State.WRONG) for finding in stored)
            target, after = f"sender_domain:{row.id}", {"records": len(stored), "not_right": bad}
            record(connection, now, by, AuditAction.SENDER_DOMAIN_CHECKED, target, after=after)

    def _setting(self, row: Row, keys: tuple[DkimKey, ...], available: Iterable[Row]) -> Setting:
        chosen = [one for one in available if row.connection_ids is None or one.id in row.connection_ids]
        senders = distinct(sender_of(one.kind, one.settings) for one in chosen)
        return Setting(row.domain, row.return_path, senders, keys, self._public_url)

    def _seen(self, row: Row, keys: tuple[DkimKey, ...], available: Iterable[Row]) -> SenderDomain:
        about, found = self._setting(row, keys, available), {one["key"]: Finding.from_json(one) for one in row.findings}
        records = tuple(Checked(one, found.get(one.key)) for one in records_of(about))
        modes = next((dict(one.finding.facts) for one in records if one.record.purpose is Purpose.DMARC and one.finding), {})
        signing = any(key.confirmed_at is not None and key.retired_at is None for key in keys)
        right = [one.record for one in records if one.state is State.OK]
        providers = frozenset(kind for one in right if one.purpose is Purpose.DKIM for kind in one.expected)
        spf_hosts = frozenset(one.host for one in right if one.purpose is Purpose.SPF)
        chosen = None if row.connection_ids is None else tuple(row.connection_ids)
        return SenderDomain(
            *(row.id, row.domain, row.return_path, chosen, row.created_at, row.checked_at, keys, records),
            alignments(about, Known(modes, signing, providers, spf_hosts)),
        )
