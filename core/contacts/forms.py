"""Sign-up forms: making, changing, pausing and taking away; how many came in by each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.attributes import AttributeType, declared
from core.contacts.consent.wordings import keep
from core.contacts.hosted.design import OWN_FIELDS, FormDesign, FormField, checked
from core.contacts.hosted.published import FormState, ListChoice, PublishedForm, published
from core.contacts.hosted.tables import form_submissions, sign_up_forms
from core.contacts.tables import lists
from core.errors import InvalidInput, NotFound
from core.hours import zone_named
from core.ids import random_secret
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.storage.tables import workspaces

MAX_NAME = 200
MOST_DAYS = 366
_c = sign_up_forms.c


@dataclass(frozen=True)
class SignUpForm:
    """A form and what came in by it.

    Args:
        id: Its number.
        name: What it is called inside.
        form: It as people outside see it.
        received: How many submissions, ever.
        created_at: When it was made.
        updated_at: When it was last changed.
    """

    id: int
    name: str
    form: PublishedForm
    received: int
    created_at: datetime
    updated_at: datetime


class Forms:
    """Makes, shows and changes sign-up forms; a form may offer any list, so nobody limited to some lists gets here.

    Args:
        db: The database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def all(self, by: Principal) -> list[SignUpForm]:
        """Return every form, by name.

        Raises:
            Denied: If `by` may not see contacts, or only sees some lists.
        """
        by.require(Permission.CONTACTS_VIEW)
        by.require_all_lists()
        with self._db.read() as connection:
            return sorted(self._read(connection, by), key=lambda each: each.name.casefold())

    def get(self, by: Principal, form_id: int) -> SignUpForm:
        """Return a form.

        Raises:
            Denied: If `by` may not see contacts, or only sees some lists.
            NotFound: If this workspace has no such form.
        """
        by.require(Permission.CONTACTS_VIEW)
        by.require_all_lists()
        with self._db.read() as connection:
            return self._one(connection, by, form_id)

    def draft(self, by: Principal, design: FormDesign) -> PublishedForm:
        """Return a form as it would look; nothing is kept.

        Raises:
            Denied: If `by` may not see contacts, or only sees some lists.
            InvalidInput: If something in it can't be used.
            NotFound: If this workspace has no such list.
        """
        by.require(Permission.CONTACTS_VIEW)
        by.require_all_lists()
        with self._db.read() as connection:
            fitting, choices = self._fitting(connection, by, design)
            name = connection.execute(sa.select(workspaces.c.name).where(workspaces.c.id == by.workspace_id)).scalar_one()
        return PublishedForm(0, by.workspace_id, "preview", name, FormState.LIVE, fitting, 1, choices)

    def create(self, by: Principal, name: str, design: FormDesign) -> SignUpForm:
        """Make a form; it takes people at once.

        Raises:
            Denied: If `by` may not edit contacts, or only sees some lists.
            InvalidInput: If its name or something in it can't be used.
            NotFound: If this workspace has no such list.
        """
        by.require(Permission.CONTACTS_EDIT)
        by.require_all_lists()
        wanted = _check_name(name)
        with self._db.transaction() as connection:
            fitting, _ = self._fitting(connection, by, design)
            now = self._clock.now()
            row = {"workspace_id": by.workspace_id, "key": random_secret(), "name": wanted, "state": FormState.LIVE.value}
            row |= {"design": fitting.as_json(), "wording_version": 1, "created_by": by.label, "created_at": now, "updated_at": now}
            form_id = int(connection.execute(sa.insert(sign_up_forms).values(**row).returning(_c.id)).scalar_one())
            self._keep_wording(connection, by, form_id, fitting)
            made = self._one(connection, by, form_id)
            self._note(connection, by, AuditAction.FORM_CREATED, form_id, after={"name": wanted})
            return made

    def update(self, by: Principal, form_id: int, name: str, design: FormDesign) -> SignUpForm:
        """Change a form; other words to agree to are a new version of them, in another language a version of their own.

        Raises:
            Denied: If `by` may not edit contacts, or only sees some lists.
            InvalidInput: If its name or something in it can't be used.
            NotFound: If this workspace has no such form or list.
        """
        by.require(Permission.CONTACTS_EDIT)
        by.require_all_lists()
        wanted = _check_name(name)
        with self._db.transaction() as connection:
            before = self._one(connection, by, form_id)
            fitting, _ = self._fitting(connection, by, design)
            version = self._keep_wording(connection, by, form_id, fitting)
            changed = {"name": wanted, "design": fitting.as_json(), "wording_version": version, "updated_at": self._clock.now()}
            connection.execute(sa.update(sign_up_forms).where(_this(by, form_id)).values(**changed))
            after = self._one(connection, by, form_id)
            was, now = ({"name": each.name, "wording_version": each.form.wording_version} for each in (before, after))
            self._note(connection, by, AuditAction.FORM_CHANGED, form_id, before=was, after=now)
            return after

    def pause(self, by: Principal, form_id: int) -> None:
        """Let a form take nobody until it is resumed.

        Raises:
            Denied: If `by` may not edit contacts, or only sees some lists.
            NotFound: If this workspace has no such form.
        """
        by.require(Permission.CONTACTS_EDIT)
        by.require_all_lists()
        self._move(by, form_id, FormState.PAUSED, AuditAction.FORM_PAUSED)

    def resume(self, by: Principal, form_id: int) -> None:
        """Let a form take people again.

        Raises:
            Denied: If `by` may not edit contacts, or only sees some lists.
            NotFound: If this workspace has no such form.
        """
        by.require(Permission.CONTACTS_EDIT)
        by.require_all_lists()
        self._move(by, form_id, FormState.LIVE, AuditAction.FORM_RESUMED)

    def delete(self, by: Principal, form_id: int) -> None:
        """Take a form away; its address leads nowhere from then on, and who signed up stays.

        What came in a moment before still counts: consent records name the form for ever.

        Raises:
            Denied: If `by` may not edit contacts, or only sees some lists.
            NotFound: If this workspace has no such form.
        """
        by.require(Permission.CONTACTS_EDIT)
        by.require_all_lists()
        self._move(by, form_id, FormState.DELETED, AuditAction.FORM_DELETED)

    def received(self, by: Principal, form_id: int, days: int = 30) -> dict[date, int]:
        """Return how many submissions came in on each of the last days, today last, in the workspace's time zone.

        Raises:
            Denied: If `by` may not see contacts, or only sees some lists.
            InvalidInput: If it is no number of days.
            NotFound: If this workspace has no such form.
        """
        by.require(Permission.CONTACTS_VIEW)
        by.require_all_lists()
        if not 1 <= days <= MOST_DAYS:
            raise InvalidInput("This is no number of days.", hint=f"Use 1 to {MOST_DAYS}.")
        submission = form_submissions.c
        with self._db.read() as connection:
            self._one(connection, by, form_id)
            said = connection.execute(sa.select(workspaces.c.timezone).where(workspaces.c.id == by.workspace_id)).scalar_one()
            zone = zone_named(said) or UTC
            today = self._clock.now().astimezone(zone).date()
            first = today - timedelta(days=days - 1)
            counted = (
                sa.select(submission.day, sa.func.count())
                .where(submission.workspace_id == by.workspace_id, submission.form_id == form_id, submission.day >= first.isoformat())
                .group_by(submission.day)
            )
            found = {day: int(number) for day, number in connection.execute(counted)}
        each = (first + timedelta(days=past) for past in range(days))
        return {day: found.get(day.isoformat(), 0) for day in each}

    def _keep_wording(self, connection: sa.Connection, by: Principal, form_id: int, design: FormDesign) -> int:
        """Keep the words people agree to for ever, and return which version of them in their language they are."""
        return keep(connection, by.workspace_id, f"form:{form_id}", design.language, design.wording, by.label, self._clock.now()).version

    def _move(self, by: Principal, form_id: int, to: FormState, what: AuditAction) -> None:
        with self._db.transaction() as connection:
            before = self._one(connection, by, form_id)
            changed = sa.update(sign_up_forms).where(_this(by, form_id))
            connection.execute(changed.values(state=to.value, updated_at=self._clock.now()))
            self._note(connection, by, what, form_id, before={"name": before.name, "state": before.form.state.value})

    def _fitting(self, connection: sa.Connection, by: Principal, design: FormDesign) -> tuple[FormDesign, tuple[ListChoice, ...]]:
        """Return a design that fits this workspace, and the lists it lets people choose from."""
        wanted = checked(design)
        asked = [*wanted.list_ids, *wanted.choices]
        mine = sa.select(lists.c.id, lists.c.name, lists.c.description).where(lists.c.workspace_id == by.workspace_id)
        found = {row.id: ListChoice(row.id, row.name, row.description) for row in connection.execute(mine.where(lists.c.id.in_(asked)))}
        if any(one not in found for one in asked):
            raise NotFound("There is no such list.", hint="It may have been deleted; choose another one.")
        known = declared(connection, by.workspace_id)
        fields = tuple(_typed(one, known) for one in wanted.fields)
        return replace(wanted, fields=fields), tuple(found[one] for one in wanted.choices)

    def _one(self, connection: sa.Connection, by: Principal, form_id: int) -> SignUpForm:
        found = self._read(connection, by, _c.id == form_id)
        if not found:
            raise NotFound("There is no such form.", hint="It may have been deleted; choose another one.")
        return found[0]

    def _read(self, connection: sa.Connection, by: Principal, *where: sa.ColumnElement[bool]) -> list[SignUpForm]:
        mine = (_c.workspace_id == by.workspace_id, *where)
        forms = {form.id: form for form in published(connection, *mine).values()}
        counted = sa.select(sa.func.count()).where(form_submissions.c.form_id == _c.id).scalar_subquery()
        wanted = sa.select(_c.id, _c.name, _c.created_at, _c.updated_at, counted.label("received")).where(*mine)
        rows = connection.execute(wanted).all()
        return [
            SignUpForm(row.id, row.name, forms[row.id], row.received, row.created_at, row.updated_at) for row in rows if row.id in forms
        ]

    def _note(self, connection: sa.Connection, by: Principal, what: AuditAction, form_id: int, **values: Mapping[str, object]) -> None:
        record(connection, self._clock.now(), by, what, f"form:{form_id}", **values)


def _this(by: Principal, form_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(_c.workspace_id == by.workspace_id, _c.id == form_id)


def _typed(one: FormField, known: Mapping[str, AttributeType]) -> FormField:
    """Return a field with the type its attribute has."""
    if one.name in OWN_FIELDS:
        return replace(one, kind=AttributeType.TEXT)
    if one.name not in known:
        raise InvalidInput("A form asks for something contacts don’t have.", hint="Leave this field out, or add it to your contacts first.")
    return replace(one, kind=known[one.name])


def _check_name(name: str) -> str:
    wanted = name.strip()
    if not wanted or len(wanted) > MAX_NAME or not wanted.isprintable():
        raise InvalidInput("A form needs a name.", hint=f"Use 1 to {MAX_NAME} characters on one line.")
    return wanted
