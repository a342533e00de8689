"""One campaign of the demo from launch to report: sent by the real delivery, read through the real receiver."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator

from core.app import Services
from core.campaigns.models import Campaign
from core.cli.demo.ideas import Idea
from core.cli.demo.readers import Deed, Visit, visits
from core.cli.demo.visiting import Links, links_in, make_visits
from core.cli.progress import Progress
from core.jobs.catching_up import catch_up
from core.jobs.doorbell import ring
from core.jobs.seeing_through import see_through
from core.messages.rows import MessageRow
from core.permissions import Principal

_PAGE = 5_000

Say = Callable[[str], None]


def live(services: Services, by: Principal, campaign: Campaign, idea: Idea, base: str, say: Say, stop: threading.Event) -> Counter[Deed]:
    """Send a campaign, let everybody react, and return once the report knows all of it.

    Args:
        services: Everything the product can do.
        by: The demo's principal.
        campaign: A draft.
        idea: What it was made from.
        base: Where the receiver is, as seen from here.
        say: Tells how it goes.
        stop: Set by a signal.
    """
    say(f"Sending “{campaign.name}” …")
    services.campaigns.launch(by, campaign.id)
    ring(campaign.id, services.settings)
    see_through(services, by, campaign.id, stop=stop, tell=Progress(lambda text: say(f"  {text}")).tell)
    if stop.is_set():
        return Counter()
    say("  readers open, click and buy …")
    done = make_visits(base, _planned(services, by, campaign, idea))
    catch_up(services, stop)
    told = {Deed.OPEN: "opens", Deed.CLICK: "clicks", Deed.BUY: "purchases", Deed.UNSUBSCRIBE: "unsubscribes"}
    say("  " + ", ".join(f"{done[deed]:,} {word}" for deed, word in told.items()) + " (machines included)")
    return done


def _planned(services: Services, by: Principal, campaign: Campaign, idea: Idea) -> Iterator[tuple[Links, list[Visit]]]:
    """Read the campaign's mail as it lies in the outbox, and decide what each reader does with it."""
    emails = {row.id: row.email for row in _messages(services, by, campaign.id)}
    for row in services.outbox.page(by, limit=len(emails)).rows:  # newest first: these are the ones
        email = emails.get(_message_id(row.key))
        if email is None:
            continue
        links = links_in(services.outbox.show(by, row.key).html)
        appeal = idea.appeal_b if row.subject == idea.subject_b else idea.appeal
        yield links, visits(email, campaign.name, links=len(links.clicks), appeal=appeal)


def _messages(services: Services, by: Principal, campaign_id: int) -> Iterator[MessageRow]:
    last = 0
    while page := services.ledger.page(by, campaign_id, limit=_PAGE, after_id=last):
        yield from page
        last = page[-1].id


def _message_id(key: str) -> int:
    """Return the ledger row that a mail's key begins with."""
    number = key.partition("-")[0]
    return int(number) if number.isdigit() else 0
