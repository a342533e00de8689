"""What moving in writes besides the people themselves: every no, and the proof of every yes, each as their own row has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.contacts.addresses import normalise
from core.contacts.changes import mark_changed
from core.contacts.consent.evidence import LONGEST_IP, ConsentMethod
from core.contacts.consent.records import ConsentStatus, clear_marks, close_askings, set_consent
from core.contacts.imports.merging import Writing
from core.contacts.imports.models import ImportResult
from core.contacts.imports.own_words import Stands
from core.contacts.move_in.kits.kit import Kit, Said, Standing
from core.contacts.move_in.models import Nos, Outcome
from core.contacts.person_tables import contact_tags
from core.contacts.suppression.suppression import SuppressionReason, Suppressions
from core.contacts.tables import consent_records, contacts, opt_ins
from core.errors import InvalidInput
from core.permissions import Principal
from core.storage.database import among, chunked

_CHUNK = 5_000
# What somebody is here who is not known yet. A yes is left to the import, a bounced address says nothing about consent.
_STATES = {
    Said.UNSUBSCRIBED: ConsentStatus.UNSUBSCRIBED,
    Said.COMPLAINED: ConsentStatus.UNSUBSCRIBED,
    Said.BLOCKED: ConsentStatus.UNSUBSCRIBED,
    Said.BOUNCED: ConsentStatus.UNKNOWN,
    Said.NEVER_SUBSCRIBED: ConsentStatus.UNKNOWN,
}
_REASONS = {
    Said.BOUNCED: SuppressionReason.HARD_BOUNCE,
    Said.COMPLAINED: SuppressionReason.COMPLAINT,
    Said.BLOCKED: SuppressionReason.MANUAL,
}
_UNSUBSCRIBED = ConsentStatus.UNSUBSCRIBED.value


class Standings:
    """How people stood at another tool, written in the transaction of the import that brings them: all of it counts, or nothing does.

    Args:
        suppressing: What keeps addresses from being written to.
        by: Who imports.
        kit: Where the export is from.
        people: How they stood, by address.
        address: Which column of its people holds the address.
    """

    def __init__(self, suppressing: Suppressions, by: Principal, kit: Kit, people: Mapping[str, Standing], address: int = 0) -> None:
        self._suppressing, self._by, self._kit, self._address = suppressing, by, kit, address
        self._counts = Counter(one.said for one in people.values())
        self._nos = {address: one for address, one in people.items() if one.said in _STATES and _can_be(address)}
        # Mail may go to an address that no contact can have; what forbids it there counts as well.
        self._barred = {address: one.said for address, one in people.items() if one.said in _REASONS and _can_be(address, allows_utf8=True)}
        self._yes = {address: one for address, one in people.items() if one.said is Said.SUBSCRIBED and (one.at or one.ip)}
        self.nos, self.proofs, self.tagged = Nos(), 0, 0

    @property
    def stands(self) -> Stands:
        """How new people stand who had not agreed, by state."""
        found: Stands = {state: [] for state in (ConsentStatus.UNKNOWN, ConsentStatus.UNSUBSCRIBED)}
        for address, one in self._nos.items():
            found[_STATES[one.said]].append(address)
        return found

    @property
    def proven(self) -> list[str]:
        """Of whom the export shows, each by their own row, that they have agreed themselves."""
        return [address for address, one in self._yes.items() if one.is_proven]

    def write(self, connection: sa.Connection, writing: Writing) -> None:
        """Let every no count, and put the proof of every yes on record."""
        workspace_id, counts = self._by.workspace_id, Counter[str]()
        for addresses in chunked(sorted(self._nos), _CHUNK):
            self._suppressing.restore_in(connection, workspace_id, addresses)  # who was erased comes back as somebody to keep out
            counts.update(self._stand(connection, writing, addresses))
        for said, reason in _REASONS.items():
            hit = [address for address, theirs in self._barred.items() if theirs is said]
            counts["suppressed"] += self._suppressing.add_in(connection, workspace_id, hit, reason, self._kit.label)
        # Suppressing is a change of its own; nobody else can have made one meanwhile.
        mark_changed(connection, workspace_id, writing.change, contacts.c.updated_seq > writing.change)
        self.nos = Nos(counts["made"], counts["unsubscribed"], counts["suppressed"])
        self.proofs = sum(self._prove(connection, writing, addresses) for addresses in chunked(sorted(self._yes), _CHUNK))
        after = {"from": self._kit.key, "unsubscribed": self.nos.unsubscribed, "suppressed": self.nos.suppressed}
        record(connection, writing.now, self._by, AuditAction.CONTACTS_MOVED_IN, f"workspace:{workspace_id}", after=after)

    def kept(self, connection: sa.Connection, writing: Writing, result: ImportResult) -> dict[str, Any]:
        """Return where the people of the import come from, and what became of how they stood."""
        self.tagged = _tags_put(connection, self._by.workspace_id, writing.now)
        found = (self._counts, self.nos, self.proofs, self.tagged)
        return Outcome(*found, result.roles, result.disposable, self._address).noted(self._kit)

    def _stand(self, connection: sa.Connection, writing: Writing, addresses: Sequence[str]) -> dict[str, int]:
        """Let some people stand as they did there, also those whose row was refused; whoever is known is only ever turned off."""
        known = _known(connection, self._by, addresses)
        made = [self._contact(address, writing) for address in addresses if address not in known]
        if made:
            connection.execute(sa.insert(contacts), made)
            known = _known(connection, self._by, addresses)
        new = {address: row for address, row in known.items() if row.source == writing.source}
        off = {
            address: row
            for address, row in known.items()
            if address not in new and row.consent != _UNSUBSCRIBED and self._state(address) is ConsentStatus.UNSUBSCRIBED
        }
        ids = [row.id for row in off.values()]
        set_consent(connection, self._by.workspace_id, ids, ConsentStatus.UNSUBSCRIBED, writing.change, writing.now)
        clear_marks(connection, ids, writing.now)
        close_askings(connection, ids, writing.now)
        self._close_asked(connection, known.keys() - new.keys() - off.keys(), known, writing.now)
        rows = [self._proof(row.id, self._state(address), self._nos[address], writing.now) for address, row in {**new, **off}.items()]
        if rows:
            connection.execute(sa.insert(consent_records), rows)
        return {"made": len(made), "unsubscribed": sum(row["state"] == _UNSUBSCRIBED for row in rows)}

    def _close_asked(self, connection: sa.Connection, addresses: Collection[str], known: Mapping[str, Any], now: datetime) -> None:
        """Close what others, who had said no here already, were asked before they said it there."""
        noes = {known[address].id: self._nos[address] for address in addresses if self._state(address) is ConsentStatus.UNSUBSCRIBED}
        for contact_id in _asked(connection, list(noes), now):
            close_askings(connection, [contact_id], min(noes[contact_id].at or now, now))

    def _state(self, address: str) -> ConsentStatus:
        return _STATES[self._nos[address].said]

    def _prove(self, connection: sa.Connection, writing: Writing, addresses: Sequence[str]) -> int:
        """Put on record since when, and from where, people had agreed there; once each, and only of those who are subscribed here."""
        known = _known(connection, self._by, addresses)
        open_ids = [row.id for row in known.values() if row.consent == ConsentStatus.SUBSCRIBED.value]
        done = _with_record(connection, self._by, self._kit, open_ids)
        rows = [
            self._proof(row.id, ConsentStatus.SUBSCRIBED, self._yes[address], writing.now)
            for address, row in known.items()
            if row.consent == ConsentStatus.SUBSCRIBED.value and row.id not in done
        ]
        if rows:
            connection.execute(sa.insert(consent_records), rows)
        return len(rows)

    def _contact(self, address: str, writing: Writing) -> dict[str, Any]:
        fixed = {"workspace_id": self._by.workspace_id, "email": address, "first_name": "", "last_name": "", "attributes": {}}
        state = {"consent": self._state(address).value, "source": writing.source}
        return fixed | state | {"created_at": writing.now, "updated_at": writing.now, "updated_seq": writing.change}

    def _proof(self, contact_id: int, state: ConsentStatus, standing: Standing, now: datetime) -> dict[str, Any]:
        at = min(standing.at or now, now)
        return {
            "workspace_id": self._by.workspace_id,
            "contact_id": contact_id,
            "state": state.value,
            "source": _source(self._kit),
            "ip_prefix": "",
            "user_agent": "",
            "actor": self._by.label,
            "occurred_at": at,
            "asked_at": standing.asked_at if standing.asked_at and standing.asked_at <= at else None,
            "method": ConsentMethod.MOVE_IN.value,
            "ip": standing.ip[:LONGEST_IP],
        }


def _tags_put(connection: sa.Connection, workspace_id: int, moment: datetime) -> int:
    """Return how many tags an import put on people: those of its moment, to the microsecond."""
    put = (contact_tags.c.workspace_id == workspace_id, contact_tags.c.added_at == moment)
    return connection.execute(sa.select(sa.func.count()).select_from(contact_tags).where(*put)).scalar_one()


def _source(kit: Kit) -> str:
    return f"move-in:{kit.key}"


def _known(connection: sa.Connection, by: Principal, addresses: Sequence[str]) -> dict[str, Any]:
    mine = (contacts.c.workspace_id == by.workspace_id, contacts.c.email.in_(among(connection, addresses)))
    rows = connection.execute(sa.select(contacts.c.id, contacts.c.email, contacts.c.consent, contacts.c.source).where(*mine))
    return {row.email: row for row in rows}


def _asked(connection: sa.Connection, ids: Sequence[int], now: datetime) -> list[int]:
    """Return those of these people who were asked something by mail and may still answer."""
    c = opt_ins.c
    still = (c.contact_id.in_(among(connection, ids)), c.confirmed_at.is_(None), c.expires_at > now)
    return list(connection.execute(sa.select(c.contact_id).distinct().where(*still)).scalars())


def _with_record(connection: sa.Connection, by: Principal, kit: Kit, ids: Sequence[int]) -> set[int]:
    """Return those of these people whose yes there is on record already."""
    c = consent_records.c
    same = (c.workspace_id == by.workspace_id, c.source == _source(kit), c.state == ConsentStatus.SUBSCRIBED.value)
    return set(connection.execute(sa.select(c.contact_id).where(*same, c.contact_id.in_(among(connection, ids)))).scalars())


def _can_be(address: str, *, allows_utf8: bool = False) -> bool:
    try:
        return normalise(address, allows_utf8=allows_utf8) == address
    except InvalidInput:
        return False
