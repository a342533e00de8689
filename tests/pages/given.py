"""Something to look at: people, templates and campaigns, made through the same doors as real ones."""

from __future__ import annotations

from core.app import Services
from core.campaigns.models import Audience, Campaign
from core.contacts.contacts import Contact
from core.jobs.delivering import drain
from core.messages.ledger import MessageRow
from core.permissions import Principal
from core.storage.event_record import event_record
from core.storage.event_words import EventKind
from core.storage.journal import JournalWriter
from core.templates.library.templates import TemplateVersion
from tests.support.lists import list_called

SOURCE = """<html><body><p>Hello {{ contact.first_name | default('there') }}, <a href="https://shop.example.com/tea">tea</a></p>
<p>{{ workspace.postal_address }} <a href="{{ unsubscribe_url }}">Unsubscribe</a></p></body></html>"""
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
READER_IP = "84.17.46.10"


def people(services: Services, by: Principal, count: int = 3, *, on: str = "Newsletter") -> list[Contact]:
    """Put people on a list: reader0@example.org, reader1@…"""
    target = list_called(services.lists, by, on)
    return [
        services.contacts.save(by, f"reader{n}@example.org", first_name=f"Reader {n}", attributes={"orders": n}, list_ids=[target.id])
        for n in range(count)
    ]


def template(services: Services, by: Principal, name: str = "Tea letter", source: str = SOURCE) -> TemplateVersion:
    """Keep a template."""
    return services.templates.save(by, name, source)


def draft(services: Services, by: Principal, *, count: int = 3, **fields: object) -> Campaign:
    """Keep a draft to everybody on a list."""
    people(services, by, count)
    audience = Audience("list", services.lists.by_name(by, "Newsletter").id)
    known = {"name": "Autumn tea", "subject": "A new tea", "from_email": "tea@example.com", "from_name": "Tea House"}
    version = template(services, by)
    return services.campaigns.create(by, **(known | {"template_id": version.template_id, "audience": audience} | fields))


def sent(services: Services, by: Principal, *, count: int = 3, **fields: object) -> Campaign:
    """Send a campaign into the outbox, and let what was sent be counted."""
    campaign = draft(services, by, count=count, **fields)
    services.campaigns.launch(by, campaign.id)
    drain(services, campaign.id, owner="test", should_stop=lambda: False)
    services.ingester.run_once()
    return services.campaigns.get(by, campaign.id)


def opened(services: Services, by: Principal, campaign: Campaign, *, readers: int, clicked: int = 0) -> None:
    """Let readers open and click, as the receiver would tell it."""
    mailed = messages(services, by, campaign)[:readers]
    (link,) = [link.id for link in services.links.for_campaign(by.workspace_id, campaign.id)][:1]
    known = {"ip": READER_IP, "user_agent": BROWSER, "method": "GET"}
    now = services.clock.now()
    records = [event_record(EventKind.OPENED, now, "receiver", message_id=one.id, **known) for one in mailed]
    records += [event_record(EventKind.CLICKED, now, "receiver", message_id=one.id, link_id=link, **known) for one in mailed[:clicked]]
    journal = JournalWriter(services.settings.journal_dir, "receiver")
    journal.append(records, durable=True)
    journal.close()
    services.ingester.run_once()


def messages(services: Services, by: Principal, campaign: Campaign) -> list[MessageRow]:
    """Return a campaign's messages."""
    return services.ledger.page(by, campaign.id, limit=1000)
