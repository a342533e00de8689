"""Carrying out what people outside asked for, inside the ingester's transaction: each thing once, as of when it was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from core.clock import FrozenClock
from core.contacts.addresses import normalise
from core.contacts.attributes import Value, declared, fitted
from core.contacts.changes import next_change
from core.contacts.consent.askings import lists_asked_for
from core.contacts.consent.choices import set_mail_in, set_sale_in
from core.contacts.consent.consent import Consent
from core.contacts.consent.evidence import ConsentMethod, Evidence
from core.contacts.consent.joining import asks_first
from core.contacts.consent.list_choices import join_list, leave_list, own_lists
from core.contacts.consent.opt_in import OptIn
from core.contacts.consent.records import About, ConsentStatus, has_forbidden_sale_since, has_refused_since
from core.contacts.hosted.lines import Choices, Confirmation, Preferences, Submission
from core.contacts.hosted.preferences import open_lists, pace_after
from core.contacts.hosted.tables import form_submissions, sign_up_forms
from core.contacts.lookup import Frequency
from core.contacts.suppression.suppression import Suppressions
from core.contacts.tables import contacts, list_members, list_optouts, stop_marks
from core.errors import InvalidInput
from core.hours import zone_named
from core.storage.database import Database, insert_or_ignore
from core.storage.tables import workspaces

_c = contacts.c


@dataclass(frozen=True)
class _Case:
    """One person, one moment, one change.

    Args:
        connection: The transaction.
        workspace_id: Whose contact.
        contact_id: Who.
        change: The number of this change.
        at: When it was said.
        evidence: How we know.
        about: The message whose link was used, if one was.
    """

    connection: sa.Connection
    workspace_id: int
    contact_id: int
    change: int
    at: datetime
    evidence: Evidence
    about: About


@dataclass(frozen=True)
class _Person:
    """Whose address was typed into a form.

    Args:
        id: Their number.
        consent: Where they stand.
        told: What was told of them and is not known of them.
        is_new: Whether they were not known before.
    """

    id: int
    consent: ConsentStatus
    told: Mapping[str, Mapping[str, Any]]
    is_new: bool = False


class Applying:
    """Carries out what was asked for.

    Args:
        db: The database.
        suppressions: Recognises addresses that were erased and suppressed.
    """

    def __init__(self, db: Database, suppressions: Suppressions) -> None:
        self._db, self._suppressions = db, suppressions

    def submit(self, connection: sa.Connection, asked: Submission) -> None:
        """Carry out a submission; the same one again changes nothing.

        Whoever types an address is not proved to be its owner: of somebody who is known nothing is changed, and nobody has anything
        filled in before they have answered the mail that asks. Whoever had said no is asked by mail, also where the form does without.
        Who was erased and suppressed is suppressed again at once. What they have refused since, they are not asked about.
        """
        change = next_change(connection, asked.workspace_id)
        if not _is_first(connection, asked):
            return
        values = _fitting(connection, asked.workspace_id, asked.attributes)
        person = self._person(connection, asked, change, values)
        noted = sa.update(form_submissions).where(form_submissions.c.form_id == asked.form_id, form_submissions.c.key == asked.key)
        connection.execute(noted.values(contact_id=person.id))
        case = _Case(connection, asked.workspace_id, person.id, change, asked.at, asked.evidence, About())
        if (list_ids := _still_wanted(case, asked.list_ids)) is not None:
            self._sign_up(case, asked, list_ids, person)
        if asked.has_gpc:
            _set_sale(case, forbidden=True, method=ConsentMethod.PRIVACY_SIGNAL)

    def confirm(self, connection: sa.Connection, asked: Confirmation) -> None:
        """Carry out a confirmation; a token that is not good, or no longer, changes nothing.

        What they told of themselves with what they confirm fills in what is not known of them yet.
        """
        confirmed = OptIn(self._db, FrozenClock(asked.at)).confirm(connection, asked.token, asked.evidence)
        if confirmed is None:
            return
        change = next_change(connection, confirmed.workspace_id)
        case = _Case(connection, confirmed.workspace_id, confirmed.contact_id, change, asked.at, asked.evidence, About())
        _complete(case, confirmed.given)
        if asked.has_gpc:
            _set_sale(case, forbidden=True, method=ConsentMethod.PRIVACY_SIGNAL)

    def choose(self, connection: sa.Connection, workspace_id: int, contact_id: int, asked: Preferences, *, only_less: bool = False) -> None:
        """Carry out what somebody chose for themselves.

        Args:
            connection: The transaction.
            workspace_id: Whose contact.
            contact_id: Who; one that was deleted meanwhile is passed over.
            asked: What they chose.
            only_less: Whether it may only become less mail: so for the link of an address that was merged into another.
        """
        change = next_change(connection, workspace_id)
        if connection.execute(sa.select(_c.id).where(_c.workspace_id == workspace_id, _c.id == contact_id)).scalar() is None:
            return
        about = About(message_id=asked.message_id)
        case = _Case(connection, workspace_id, contact_id, change, asked.at, asked.evidence, about)
        if asked.choices.comes_back and not has_refused_since(connection, workspace_id, contact_id, asked.at):
            Consent(self._db, FrozenClock(asked.at)).accept(connection, workspace_id, contact_id, change, asked.evidence, about)
        _change_lists(case, asked.choices)
        _change_pace(case, asked.choices, only_less=only_less)
        if asked.has_gpc:
            _set_sale(case, forbidden=True, method=ConsentMethod.PRIVACY_SIGNAL)
        elif asked.choices.do_not_sell is not None:
            _set_sale(case, forbidden=asked.choices.do_not_sell, method=ConsentMethod.PREFERENCES)

    def _sign_up(self, case: _Case, asked: Submission, list_ids: Sequence[int], person: _Person) -> None:
        """Have them asked by mail, or subscribe them where neither the form nor a list nor a no of theirs asks for that."""
        whose, clock = (case.connection, case.workspace_id, case.contact_id), FrozenClock(case.at)
        if asked.double_opt_in or person.consent is ConsentStatus.UNSUBSCRIBED or _asks_by_mail(case, list_ids):
            OptIn(self._db, clock).ask(*whose, list_ids, case.evidence, person.told)
            return
        if person.is_new:
            _complete(case, person.told)
        Consent(self._db, clock).accept(*whose, case.change, case.evidence)
        for list_id in list_ids:
            join_list(*whose, list_id, case.change, case.evidence, case.at)

    def _person(self, connection: sa.Connection, asked: Submission, change: int, values: dict[str, Value]) -> _Person:
        """Return whose address it is, made where they are new: with nothing but the address, for anybody may have typed the rest."""
        email = normalise(asked.email)
        wanted = sa.select(contacts).where(_c.workspace_id == asked.workspace_id, _c.email == email)
        if known := connection.execute(wanted).one_or_none():
            return _Person(known.id, ConsentStatus(known.consent), _unknown_yet(known, asked.names, values))
        state = ConsentStatus.PENDING if asked.double_opt_in else ConsentStatus.UNKNOWN
        row: dict[str, Any] = {"email": email, "attributes": {}, "consent": state.value, "source": f"form:{asked.form_id}"}
        row |= {"workspace_id": asked.workspace_id, "created_at": asked.at, "updated_at": asked.at, "updated_seq": change}
        self._suppressions.restore_in(connection, asked.workspace_id, [email])
        made = connection.execute(sa.insert(contacts).values(**row).returning(contacts)).one()
        return _Person(made.id, state, _unknown_yet(made, asked.names, values), is_new=True)


def _is_first(connection: sa.Connection, asked: Submission) -> bool:
    form = sign_up_forms.c
    whose = sa.select(workspaces.c.timezone).join(sign_up_forms, form.workspace_id == workspaces.c.id)
    timezone = connection.execute(whose.where(form.workspace_id == asked.workspace_id, form.id == asked.form_id)).scalar()
    if timezone is None:
        return False
    day = asked.at.astimezone(zone_named(timezone) or UTC).date().isoformat()
    row = {"workspace_id": asked.workspace_id, "form_id": asked.form_id, "key": asked.key, "day": day, "received_at": asked.at}
    return insert_or_ignore(connection, form_submissions, [row]) == 1


def _fitting(connection: sa.Connection, workspace_id: int, given: Mapping[str, Value]) -> dict[str, Value]:
    """Return the values of attributes there still are, as their types are now."""
    known, values = declared(connection, workspace_id), {}
    for name in given.keys() & known.keys():
        try:
            values[name] = fitted(name, given[name], known[name])
        except InvalidInput:  # its type was changed since the form was shown
            continue
    return values


def _unknown_yet(known: sa.Row[Any], names: Mapping[str, str], values: Mapping[str, Value]) -> dict[str, dict[str, Any]]:
    """Return the names and attributes among these that are empty where somebody is known; nothing where there are none."""
    told: dict[str, dict[str, Any]] = {
        "names": {name: text for name, text in names.items() if text and not getattr(known, name)},
        "attributes": {name: value for name, value in values.items() if known.attributes.get(name) in (None, "")},
    }
    return {kind: found for kind, found in told.items() if found}


def _complete(case: _Case, told: Mapping[str, Mapping[str, Any]]) -> None:
    """Fill in what somebody told of themselves, where it is empty still."""
    whose = (_c.workspace_id == case.workspace_id, _c.id == case.contact_id)
    known = case.connection.execute(sa.select(contacts).where(*whose)).one()
    values = _fitting(case.connection, case.workspace_id, told.get("attributes", {}))
    missing = _unknown_yet(known, told.get("names", {}), values)
    row: dict[str, Any] = dict(missing.get("names", {}))
    if attributes := missing.get("attributes"):
        row["attributes"] = {**known.attributes, **attributes}
    if row:
        case.connection.execute(sa.update(contacts).where(*whose).values(**row, updated_at=case.at, updated_seq=case.change))


def _still_wanted(case: _Case, list_ids: Sequence[int]) -> list[int] | None:
    """Return the lists they want and have not refused since; None where they have refused all that they asked for."""
    whose = (case.connection, case.workspace_id, case.contact_id, case.at)
    if has_refused_since(*whose):
        return None
    own = own_lists(case.connection, case.workspace_id, list_ids)
    wanted = [list_id for list_id in own if not has_refused_since(*whose, list_id)]
    return wanted if wanted or not own else None


def _asks_by_mail(case: _Case, list_ids: Sequence[int]) -> bool:
    """Whether one of the lists asks everybody by mail, or they left one of them, or have just said no."""
    left = sa.select(list_optouts.c.list_id).where(list_optouts.c.contact_id == case.contact_id, list_optouts.c.list_id.in_(list_ids))
    has_left = case.connection.execute(left.limit(1)).first() is not None
    marked = sa.select(stop_marks.c.contact_id).where(stop_marks.c.contact_id == case.contact_id)
    has_left = has_left or case.connection.execute(marked).first() is not None
    return has_left or asks_first(case.connection, case.workspace_id, list_ids)


def _change_lists(case: _Case, choices: Choices) -> None:
    """Join and leave lists, only those that are open to everybody, and only where that changes something.

    Who is only asked about a list leaves it, too: the no closes the question.
    """
    connection, member = case.connection, list_members.c
    public = {each.id for each in open_lists(connection, case.workspace_id)}
    on = set(connection.execute(sa.select(member.list_id).where(member.contact_id == case.contact_id)).scalars())
    asked, common = lists_asked_for(connection, case.contact_id, case.at), (case.workspace_id, case.contact_id)
    for list_id in sorted(public & set(choices.left) & (on | asked)):
        leave_list(connection, *common, list_id, case.change, case.evidence, case.at, case.about)
    for list_id in sorted(public & set(choices.joined) - on):
        join_list(connection, *common, list_id, case.change, case.evidence, case.at, case.about)


def _change_pace(case: _Case, choices: Choices, *, only_less: bool) -> None:
    known = case.connection.execute(sa.select(_c.frequency, _c.paused_until).where(_c.id == case.contact_id)).one()
    frequency, until = pace_after(choices, case.at, Frequency(known.frequency), known.paused_until, only_less=only_less)
    if (frequency.value, until) != tuple(known):
        whose = (case.connection, case.workspace_id, case.contact_id)
        set_mail_in(*whose, case.change, case.at, frequency=frequency, paused_until=until)


def _set_sale(case: _Case, *, forbidden: bool, method: ConsentMethod) -> None:
    """Note whether what is known about somebody may be sold, with a record of its own where that changes; a later no wins."""
    if not forbidden and has_forbidden_sale_since(case.connection, case.workspace_id, case.contact_id, case.at):
        return
    told = replace(case.evidence, method=method, wording="", wording_version=0)
    whose = (case.connection, case.workspace_id, [case.contact_id])
    set_sale_in(*whose, case.change, told, case.at, forbidden=forbidden, about=case.about)
