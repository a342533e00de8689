"""What moving in writes besides the people themselves: every no before they come, the proof of every yes and tags after."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.addresses import normalise
from core.contacts.changes import next_change
from core.contacts.consent import ConsentStatus
from core.contacts.evidence import LONGEST_IP, ConsentMethod
from core.contacts.kits.kit import Kit, Said, Standing
from core.contacts.suppression import SuppressionReason, Suppressions
from core.contacts.tables import consent_records, contacts
from core.contacts.tagging import tag_in
from core.errors import InvalidInput
from core.permissions import Principal
from core.storage.database import Database, among, chunked

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
Standings = Mapping[str, Standing]


@dataclass(frozen=True)
class Nos:
    """What letting every no count did.

    Args:
        made: How many people were not known.
        unsubscribed: How many are unsubscribed by it.
        suppressed: How many addresses were suppressed.
    """

    made: int = 0
    unsubscribed: int = 0
    suppressed: int = 0


def put_nos(db: Database, clock: Clock, suppressing: Suppressions, by: Principal, kit: Kit, standings: Standings) -> Nos:
    """Let every no count, in one transaction, and return what that did.

    Whoever is known and had agreed is unsubscribed; whoever is not known is made, standing as they did there. Nobody is turned on.
    """
    wanted = {address: standing for address, standing in standings.items() if standing.said in _STATES and _can_be(address)}
    now, made, unsubscribed, suppressed = clock.now(), 0, 0, 0
    with db.transaction() as connection:
        change = next_change(connection, by.workspace_id)
        for addresses in chunked(sorted(wanted), _CHUNK):
            suppressing.restore_in(connection, by.workspace_id, addresses)  # who was erased comes back as somebody to keep out
            new, off = _stand(connection, by, kit, {address: wanted[address] for address in addresses}, change, now)
            made, unsubscribed = made + new, unsubscribed + off
        for said, reason in _REASONS.items():
            hit = [address for address, standing in wanted.items() if standing.said is said]
            suppressed += suppressing.add_in(connection, by.workspace_id, hit, reason, kit.label)
        after = {"from": kit.key, "unsubscribed": unsubscribed, "suppressed": suppressed}
        record(connection, now, by, AuditAction.CONTACTS_MOVED_IN, f"workspace:{by.workspace_id}", after=after)
    return Nos(made, unsubscribed, suppressed)


def put_proofs(db: Database, clock: Clock, by: Principal, kit: Kit, standings: Standings) -> int:
    """Put on record since when, and from where, people had agreed there; once each, and only of those who are subscribed here."""
    proven = {address: one for address, one in standings.items() if one.said is Said.SUBSCRIBED and (one.at or one.ip)}
    now, written = clock.now(), 0
    for addresses in chunked(sorted(proven), _CHUNK):
        with db.transaction() as connection:
            known = _known(connection, by, addresses)
            open_ids = [row.id for row in known.values() if row.consent == ConsentStatus.SUBSCRIBED.value]
            done = _with_record(connection, by, kit, open_ids)
            rows = [
                _proof(by, kit, row.id, ConsentStatus.SUBSCRIBED, proven[address], now)
                for address, row in known.items()
                if row.consent == ConsentStatus.SUBSCRIBED.value and row.id not in done
            ]
            if rows:
                connection.execute(sa.insert(consent_records), rows)
            written += len(rows)
    return written


def put_tags(db: Database, clock: Clock, by: Principal, tags: Mapping[str, Collection[str]]) -> int:
    """Put tags on people and return how many were put."""
    put = 0
    for name, addresses in sorted(tags.items()):
        for chunk in chunked(sorted(addresses), _CHUNK):
            with db.transaction() as connection:
                ids = [row.id for row in _known(connection, by, chunk).values()]
                try:
                    put += tag_in(
                        connection, by.workspace_id, ids, [" ".join(name.replace(",", " ").split())], clock.now()
                    )  # no tag has a comma
                except InvalidInput:  # a name that can't be one of ours: people matter more than a word put on them
                    continue
    return put


def _stand(connection: sa.Connection, by: Principal, kit: Kit, standings: Standings, change: int, now: datetime) -> tuple[int, int]:
    """Let some people stand as they did there, and return how many were made, and how many are unsubscribed by it."""
    known = _known(connection, by, list(standings))
    made = [_contact(by, kit, address, one, change, now) for address, one in standings.items() if address not in known]
    if made:
        connection.execute(sa.insert(contacts), made)
    turned_off = [
        row.id
        for address, row in known.items()
        if _STATES[standings[address].said] is ConsentStatus.UNSUBSCRIBED and row.consent != ConsentStatus.UNSUBSCRIBED.value
    ]
    if turned_off:
        changed = sa.update(contacts).where(contacts.c.workspace_id == by.workspace_id, contacts.c.id.in_(among(connection, turned_off)))
        connection.execute(changed.values(consent=ConsentStatus.UNSUBSCRIBED.value, updated_at=now, updated_seq=change))
    named = {row.id: address for address, row in _known(connection, by, list(standings)).items()}
    new = [contact_id for contact_id, address in named.items() if address not in known]
    rows = [_proof(by, kit, each, _STATES[standings[named[each]].said], standings[named[each]], now) for each in [*new, *turned_off]]
    if rows:
        connection.execute(sa.insert(consent_records), rows)
    return len(made), sum(row["state"] == ConsentStatus.UNSUBSCRIBED.value for row in rows)


def _contact(by: Principal, kit: Kit, address: str, standing: Standing, change: int, now: datetime) -> dict[str, Any]:
    fixed = {"workspace_id": by.workspace_id, "email": address, "first_name": "", "last_name": "", "attributes": {}}
    state = {"consent": _STATES[standing.said].value, "source": _source(kit)}
    return fixed | state | {"created_at": now, "updated_at": now, "updated_seq": change}


def _proof(by: Principal, kit: Kit, contact_id: int, state: ConsentStatus, standing: Standing, now: datetime) -> dict[str, Any]:
    return {
        "workspace_id": by.workspace_id,
        "contact_id": contact_id,
        "state": state.value,
        "source": _source(kit),
        "ip_prefix": "",
        "user_agent": "",
        "actor": by.label,
        "occurred_at": min(standing.at or now, now),
        "method": ConsentMethod.MOVE_IN.value,
        "ip": standing.ip[:LONGEST_IP],
    }


def _source(kit: Kit) -> str:
    return f"move-in:{kit.key}"


def _known(connection: sa.Connection, by: Principal, addresses: Sequence[str]) -> dict[str, Any]:
    mine = (contacts.c.workspace_id == by.workspace_id, contacts.c.email.in_(among(connection, addresses)))
    rows = connection.execute(sa.select(contacts.c.id, contacts.c.email, contacts.c.consent).where(*mine))
    return {row.email: row for row in rows}


def _with_record(connection: sa.Connection, by: Principal, kit: Kit, ids: Sequence[int]) -> set[int]:
    """Return those of these people whose yes there is on record already."""
    c = consent_records.c
    same = (c.workspace_id == by.workspace_id, c.source == _source(kit), c.state == ConsentStatus.SUBSCRIBED.value)
    return set(connection.execute(sa.select(c.contact_id).where(*same, c.contact_id.in_(among(connection, ids)))).scalars())


def _can_be(address: str) -> bool:
    try:
        return normalise(address) == address
    except InvalidInput:
        return False
