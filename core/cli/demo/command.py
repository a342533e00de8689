"""`postwright demo`: a workspace of made-up people to look around in, never mixed with a real one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli import running
from core.cli.answers import Answer
from core.cli.call import Call
from core.cli.demo.ideas import ANOTHER, DRAFT, IDEAS, NAME, Idea
from core.cli.demo.receiving import a_receiver
from core.cli.supervisor import stop_signals
from core.permissions import Principal

if TYPE_CHECKING:  # it pulls in everything
    from core.app import Services

Contacts = Annotated[int, typer.Option("--contacts", min=50, max=20_000, help="How many made-up people.")]


def demo(call: Call, contacts: Contacts = 1_200) -> Answer:
    """Make a demo workspace; run again, it gets one more campaign."""
    from core.cli.demo.building import demo_workspace, draft, furnish, let_admins_in

    call.begin()
    services = call.services
    workspace, is_new = demo_workspace(services)
    by = Principal.system(workspace.id, "demo")
    if is_new:
        call.say(f"Making the workspace “{NAME}” with {contacts:,} made-up people …")
        furnish(services, by, contacts)
    else:
        call.say(f"The workspace “{NAME}” is there already: it gets one more campaign.")
    admins = let_admins_in(services, workspace)
    with stop_signals() as stop:
        sent = _send(call, services, by, IDEAS if is_new else (_one_more(services, by),), stop)
    if is_new and not stop.is_set():
        draft(services, by, DRAFT)
    return _answer(call, sent, admins, was_stopped=stop.is_set())


def _send(call: Call, services: Services, by: Principal, ideas: tuple[Idea, ...], stop: threading.Event) -> list[int]:
    from core.cli.demo.building import draft
    from core.cli.demo.living import live

    sent = []
    with a_receiver(services.settings) as base:
        for idea in ideas:
            if stop.is_set():
                break
            campaign = draft(services, by, idea)
            live(services, by, campaign, idea, base, call.say, stop)
            sent.append(campaign.id)
    return sent


def _one_more(services: Services, by: Principal) -> Idea:
    """Return the idea for another campaign, with a name that is not there yet, so that the readers act differently."""
    count = len(services.campaigns.all(by))
    return Idea(f"{ANOTHER.name} ({count})", ANOTHER.subject, ANOTHER.template, ANOTHER.appeal, sells=ANOTHER.sells)


def _answer(call: Call, sent: list[int], admins: int, *, was_stopped: bool) -> Answer:
    facts = {"workspace": NAME, "campaigns": sent, "admins": admins, "was_stopped": was_stopped}
    if was_stopped:
        return Answer(facts, "Stopped. What was made so far stays; run it again to go on.", ok=False)
    up = running.find(call.settings)
    where = f"Open {up.app_url} and choose" if up else "Start `postwright up` and choose"
    lines = [
        f"The demo is ready: made-up people, real mail in the outbox, real requests to the receiver ({len(sent)} campaigns).",
        f"{where} the workspace “{NAME}”. Or stay here:",
        *(f"  postwright campaigns report {campaign_id} --workspace {NAME}" for campaign_id in sent),
        f"  postwright outbox list --workspace {NAME}",
    ]
    if not admins:
        lines.append("Nobody can sign in yet: the first admin, made at the set-up, is let into the demo too.")
    return Answer(facts, "\n".join(lines))
