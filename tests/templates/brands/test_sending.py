"""What an email says of its brand when it is looked at, tried, sent and asked for by a program."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from core.campaigns.models import Audience
from core.campaigns.plans import plan_of_message
from core.clock import FrozenClock
from core.errors import InvalidInput
from core.jobs.delivering import drain
from core.messages.request_models import Request
from core.messages.tables import messages
from core.permissions import Principal
from core.templates.blocks.document import read_document
from core.templates.brands.kits import BrandKits
from core.templates.brands.reading import fields_of
from core.templates.jinja.fields import BRAND_FIELDS
from core.templates.look.brand import Brand, Colours, Logo
from core.templates.tables import template_variants, template_versions
from tests.support.lists import list_called
from tests.templates.brands.conftest import letter

if TYPE_CHECKING:
    from core.app import Services

GREEN = Brand(colours=Colours(primary="#0a7d4f"), legal="Register no. 1 & 2")
RED = Brand(colours=Colours(primary="#b3261e"), postal_address="2 Side Street", logo=Logo(url="https://a.example/l.png"))
SOURCE = (
    "<html><body><p>{{ brand.name }}|{{ brand.postal_address }}|{{ brand.legal }}|{{ brand['primary_colour'] }}|"
    "{% if brand.logo_url %}{{ brand.logo_url }}{% else %}no logo{% endif %}</p><a href='{{ unsubscribe_url }}'>stop</a></body></html>"
)


@pytest.fixture
def by(services: Services, workspace: Principal) -> Principal:
    services.workspaces.update(workspace, postal_address="1 Main Street")
    return workspace


def said(html: str) -> str:
    found = re.search(r"<p[^>]*>(.*?)</p>", html)
    assert found
    return found[1]


def campaign(services: Services, by: Principal, template_id: int) -> int:
    readers = list_called(services.lists, by, "Readers")
    services.contacts.save(by, "reader@example.com", list_ids=[readers.id])
    fields: Any = {"name": "News", "subject": "From {{ brand.name }}", "from_email": "news@example.com"}
    return services.campaigns.create(by, **fields, template_id=template_id, audience=Audience("list", readers.id)).id


def sent(services: Services, by: Principal) -> Any:
    return services.outbox.show(by, services.outbox.page(by).rows[0].key)


def test_every_field_that_may_be_written_is_filled_in() -> None:
    assert set(fields_of("Acme", Brand(), "1 Main Street")) == set(BRAND_FIELDS)


@pytest.mark.parametrize("source", ["{{ brand.color }}", "{{ brand.nmae }}", "{% if brand.secret %}x{% endif %}"])
def test_a_field_that_no_brand_has_is_refused_when_it_is_saved(services: Services, by: Principal, source: str) -> None:
    with pytest.raises(InvalidInput, match="does not exist") as refused:
        services.templates.save(by, "Letter", f"<p>{source}</p>")
    assert "brand.name" in refused.value.hint


def test_a_preview_shows_the_brand_of_its_template(services: Services, by: Principal) -> None:
    version = services.templates.save(by, "Letter", SOURCE)
    assert said(services.templates.preview(by, version).html) == "Acme|1 Main Street||#4f46e5|no logo"
    services.brand_kits.save(by, "House", GREEN)
    shop = services.brand_kits.save(by, "Shop & Co", RED).kit
    assert said(services.templates.preview(by, version).html) == "House|1 Main Street|Register no. 1 &amp; 2|#0a7d4f|no logo"
    services.brand_kits.wear(by, version.template_id, shop.id)
    assert said(services.templates.preview(by, version).html) == "Shop &amp; Co|2 Side Street||#b3261e|https://a.example/l.png"


def test_a_campaign_says_what_the_kit_said_when_it_was_launched(services: Services, by: Principal) -> None:
    kit = services.brand_kits.save(by, "House", GREEN).kit
    version = letter(services.templates, by)
    number = campaign(services, by, version.template_id)
    services.campaigns.launch(by, number)
    services.brand_kits.save(by, "Shop", RED, kit.id)
    assert services.templates.latest(by, version.template_id).number == 2
    drain(services, number, owner="test", should_stop=lambda: False)
    mail = sent(services, by)
    assert mail.row.subject == "From House"
    assert "#0a7d4f" in mail.html and "#b3261e" not in mail.html
    assert services.campaigns.get(by, number).template_version_id == version.id


def test_an_email_in_code_that_was_sent_is_looked_at_in_the_look_it_was_sent_in(services: Services, by: Principal) -> None:
    kit = services.brand_kits.save(by, "House", GREEN).kit
    version = services.templates.save(by, "Letter", SOURCE)
    number = campaign(services, by, version.template_id)
    services.campaigns.launch(by, number)
    drain(services, number, owner="test", should_stop=lambda: False)
    services.brand_kits.save(by, "Shop", RED, kit.id)
    assert said(sent(services, by).html).startswith("House|1 Main Street|Register no. 1 &amp; 2|#0a7d4f|")
    with services.db.read() as connection:
        [message_id] = connection.execute(sa.select(messages.c.id)).scalars()
        planned = plan_of_message(connection, message_id)
    assert planned and planned.plan.brand["primary_colour"] == "#0a7d4f" and planned.plan.brand["name"] == "House"
    services.campaigns.send_test(by, number, ["ada@example.com"])
    assert sent(services, by).row.subject == "[Test] From House"


def rows_of(services: Services) -> list[tuple[Any, ...]]:
    with services.db.read() as connection:
        found = [connection.execute(sa.select(table).order_by(table.c.id)).all() for table in (template_versions, template_variants)]
    return [(place, *row) for place, rows in enumerate(found) for row in rows]


def test_what_was_sent_stays_byte_for_byte_and_what_was_not_gets_the_new_look(
    services: Services, by: Principal, clock: FrozenClock
) -> None:
    kit = services.brand_kits.save(by, "House", GREEN).kit
    version = letter(services.templates, by)
    words = json.dumps({next(read_document(version.source).blocks()).id: {"text": "Los"}})
    german = services.translating.put(by, version.template_id, "de", words)
    launched, scheduled, draft = (campaign(services, by, version.template_id) for _ in range(3))
    services.campaigns.launch(by, launched)
    services.campaigns.schedule(by, scheduled, clock.now().replace(tzinfo=None) + timedelta(hours=1))
    before = rows_of(services)
    hurried = BrandKits(services.db, clock, patience=0)
    assert hurried.save(by, "House", RED, kit.id).restyled.waiting == 1
    drain(services, launched, owner="test", should_stop=lambda: False)
    assert services.campaigns.get(by, launched).template_version_id == german.id
    clock.advance(timedelta(hours=2))
    services.campaigns.launch_due()
    services.campaigns.launch(by, draft)
    newest = services.templates.latest(by, version.template_id)
    assert newest.number == 3 and "#b3261e" in newest.html
    assert [services.campaigns.get(by, one).template_version_id for one in (scheduled, draft)] == [newest.id] * 2
    after = rows_of(services)
    assert len(after) == len(before) + 2 and all(row in after for row in before), (
        "every version that was there is what it was, in every language"
    )


def test_a_test_mail_is_filled_in_too(services: Services, by: Principal) -> None:
    services.brand_kits.save(by, "House", GREEN)
    version = services.templates.save(by, "Letter", SOURCE)
    services.campaigns.send_test(by, campaign(services, by, version.template_id), ["ada@example.com"])
    mail = sent(services, by)
    assert mail.row.subject == "[Test] From House"
    assert said(mail.html).startswith("House|1 Main Street|")


def test_a_single_message_is_filled_in_when_it_is_asked_for(services: Services, by: Principal) -> None:
    services.brand_kits.save(by, "House", GREEN)
    shop = services.brand_kits.save(by, "Shop", RED).kit
    version = services.templates.save(by, "Receipt", SOURCE)
    services.brand_kits.wear(by, version.template_id, shop.id)
    request = Request("kim@example.com", "shop@example.com", "Your order at {{ brand.name }}", template="Receipt")
    asked = services.requests.submit(by, request)
    assert services.requests.get(by, asked.message_id).subject == "Your order at Shop"
