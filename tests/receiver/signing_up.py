"""A form of the receiver's site, and how somebody fills it in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx2
import sqlalchemy as sa

from core.clock import SystemClock
from core.contacts.attributes import AttributeType
from core.contacts.forms import Forms, SignUpForm
from core.contacts.hosted.design import FormDesign, FormField
from core.contacts.hosted.public_lists import PublicLists
from core.contacts.lists import Lists
from core.contacts.tables import contact_attributes
from core.permissions import Principal
from core.settings import Settings
from core.storage.database import Database
from tests.receiver.conftest import Site
from tests.support.waiting import wait_for

BY = Principal.system(1)
ASKED = (
    FormField("first_name", "First name"),
    FormField("city", "City", is_required=True),
    FormField("age", "Age"),
    FormField("born", "Birthday"),
    FormField("vip", "VIP"),
)
TYPES = {"city": AttributeType.TEXT, "age": AttributeType.NUMBER, "born": AttributeType.DATE, "vip": AttributeType.BOOLEAN}
WORDING = "I agree to get <news> & offers."


@contextmanager
def database(settings: Settings) -> Iterator[Database]:
    db = Database(settings.resolved_database_url)
    yield db
    db.close()


def make_list(settings: Settings, name: str, description: str = "") -> int:
    with database(settings) as db:
        made = Lists(db, SystemClock()).create(BY, name)
        PublicLists(db, SystemClock()).present(BY, made.id, is_public=True, description=description)
        return made.id


def make_form(site: Site, list_id: int, name: str = "Footer", settings: Settings | None = None, **changes: Any) -> SignUpForm:
    """Make a form and wait until the receiver knows it as it is."""
    design = replace(FormDesign("Our news", WORDING, (list_id,), fields=ASKED, allows_plain=True), **changes)
    with database(settings or site.settings) as db:
        with db.transaction() as connection:
            declare(connection)
        made = Forms(db, SystemClock()).create(BY, name, design)
    wait_for(lambda: site.http.get(f"/f/{made.form.key}").status_code == 200, "the form to be known")
    return made


def declare(connection: sa.Connection) -> None:
    known = set(connection.execute(sa.select(contact_attributes.c.name).where(contact_attributes.c.workspace_id == 1)).scalars())
    for name in TYPES.keys() - known:
        row = {"workspace_id": 1, "name": name, "type": TYPES[name].value, "created_at": SystemClock().now()}
        connection.execute(sa.insert(contact_attributes).values(**row))


def filled(email: str, **more: Any) -> dict[str, Any]:
    """What a browser sends of a form that is filled in well."""
    return {"email": email, "field_city": "Köln", "agree": "yes"} | more


def send(site: Site, form: SignUpForm, email: str, **more: Any) -> httpx2.Response:
    return site.http.post(f"/f/{form.form.key}", data=filled(email, **more), follow_redirects=False)


def stamp_in(page: str) -> str:
    found = re.search(r'name="stamp" value="([^"]+)"', page)
    assert found, page
    return found[1]


def submissions(site: Site, email: str = "") -> list[dict[str, Any]]:
    return [line for line in site.records("form") if email in ("", line["email"])]
