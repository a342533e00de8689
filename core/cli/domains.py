"""`postwright domains`: the domains mail is sent from, and whether their DNS is as it should be."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli.answers import Answer, table
from core.cli.call import Call
from core.cli.command import command, group
from core.deliverability.models import Checked, Need, SenderDomain, State, Verdict
from core.deliverability.names import readable
from core.deliverability.records import zone_file

domains = group("domains", "The domains mail is sent from.")
Domain = Annotated[str, typer.Argument(help="The domain, for example example.com.")]


@command(domains, "add")
def add(
    call: Call,
    domain: Domain,
    return_path: Annotated[
        str, typer.Option("--return-path", metavar="HOST", help="The host of the domain at which a provider takes bounces.")
    ] = "",
) -> Answer:
    """Add a domain, make keys for it, and show the records to set."""
    found = call.services.sender_domains.add(call.by, domain)
    if return_path:
        found = call.services.sender_domains.change(call.by, found.domain, return_path=return_path)
    zone = zone_file(found.records)
    text = f"{found.domain} is added. Set these records, then run `postwright domains check {found.domain}`:\n\n{zone}{_by_hand(found)}"
    return Answer({"domain": _facts(found), "zone": zone}, text.rstrip())


@command(domains, "list")
def show(call: Call) -> Answer:
    """List the domains and what is known of them."""
    found = call.services.sender_domains.all(call.by)
    rows = [(readable(one.domain), one.verdict.value.replace("_", " "), len(one.signs_with), one.checked_at) for one in found]
    return Answer({"domains": [_facts(one) for one in found]}, table(("DOMAIN", "STATE", "KEYS IN USE", "CHECKED"), rows))


@command(domains, "check")
def check(call: Call, domain: Domain) -> Answer:
    """Ask the DNS about every record; fails where something required is missing or wrong. Keys that are found sign from now on."""
    found = call.services.sender_domains.check(call.by, domain)
    rows = [(one.record.title, one.record.host, one.record.need, one.state or "") for one in found.records]
    open_ones = [f"{one.record.title} {one.record.host}: {_said(one)}" for one in found.records if one.state is not State.OK]
    values = [f"{one.record.host}  {one.record.type}  {one.value}" for one in found.records if one.value and one.state is not State.OK]
    to_enter = ["", "As they should stand in the DNS:", *values] if values else []
    text = "\n".join([table(("RECORD", "HOST", "NEED", "STATE"), rows), *(["", *open_ones] if open_ones else []), *to_enter])
    return Answer({"domain": _facts(found)}, text, ok=found.verdict is not Verdict.NOT_READY)


@command(domains, "rotate")
def rotate(call: Call, domain: Domain) -> Answer:
    """Make new keys; those of now go on signing until a check has found the new ones."""
    found = call.services.sender_domains.rotate(call.by, domain)
    zone = zone_file(found.records)
    text = f"Set the new records, then run `postwright domains check {found.domain}`:\n\n{zone}"
    return Answer({"domain": _facts(found), "zone": zone}, text.rstrip())


@command(domains, "remove")
def remove(call: Call, domain: Domain) -> Answer:
    """Remove a domain and its keys; mail from it is not signed any more."""
    call.services.sender_domains.remove(call.by, domain)
    return Answer({}, "The domain is removed. Leave its records in the DNS for a few days.")


def _by_hand(one: SenderDomain) -> str:
    """Return the required records whose value only a person knows."""
    known = zone_file(one.records)
    lines = [
        f"{each.record.title} {each.record.host}: {each.record.value} {each.record.note}".replace(":  ", ": ")
        for each in one.records
        if each.record.need is Need.REQUIRED
        and each.state is not State.OK
        and f"{each.record.host}.\t3600\tIN\t{each.record.type}" not in known
    ]
    return "\nBesides, where only you know what goes in:\n\n" + "\n".join(lines) if lines else ""


def _facts(one: SenderDomain) -> dict[str, object]:
    known = {"domain": one.domain, "verdict": one.verdict, "return_path": one.return_path, "checked_at": one.checked_at}
    signing = [key.selector for key in one.signs_with]
    return known | {"signs_with": signing, "records": [_record(each) for each in one.records], "alignment": list(one.alignment)}


def _record(one: Checked) -> dict[str, object]:
    record, finding = one.record, one.finding
    known = {"purpose": record.purpose, "title": record.title, "type": record.type, "host": record.host, "value": one.value}
    state = one.state.value if one.state else None
    return known | {"need": record.need, "state": state, "found": list(finding.found) if finding else [], "says": _said(one)}


def _said(one: Checked) -> str:
    return f"{one.finding.says} {one.finding.fix}".strip() if one.finding else one.record.note
