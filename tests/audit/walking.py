"""Going through every door of every service once, each in a workspace of its own with one of everything in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pyotp
import sqlalchemy as sa

from core.accounts.sessions import Sessions
from core.app import Services
from core.audit.tables import audit_log
from core.campaigns.models import Audience
from core.contacts.attributes import AttributeType
from core.contacts.consent.evidence import Evidence
from core.contacts.hosted.design import FormDesign
from core.deliverability.dns import Dns
from core.deliverability.domains import SenderDomains
from core.hours import Quiet
from core.jobs.delivering import drain
from core.messages.request_models import Request
from core.permissions import Principal, Role
from core.privacy.due import RequestKind
from core.providers.pace_book import PaceBook
from core.providers.standing import after_failure
from core.sending_rules import Cap, SendingRules
from core.storage.schema import metadata
from core.templates.compiling.compiler import TemplateKind
from core.templates.images.moved import NewAddress
from core.templates.languages.headings import Heading
from core.templates.look.brand import Brand, Logo, Sender
from tests.accounts.blocks import blocked
from tests.accounts.doors import MJML, SAMPLES, Door, doors
from tests.support.dns_server import DnsServer
from tests.support.pictures import OTHER_PICTURE, PICTURE

# Stands in everything that is personal or secret: none of it may be in the log.
MARK = "zebrafish"
PASSWORD = f"{MARK} horse battery staple"
ORIGIN = "203.0.113.7"
# Counters and "seen at" that move by themselves.
BOOKKEEPING = {"sequences", "audit_log", "audit_heads", "audit_seals", "throttles", "leases"}
RULES = {"all": [{"field": "email", "operator": "equals", "value": f"{MARK}-1@example.com"}]}
Row = tuple[object, ...]


@dataclass
class World:
    """A workspace with one of everything, and the admin who goes through the door."""

    services: Services
    system: Principal
    by: Principal
    things: dict[str, Any]


@dataclass(frozen=True)
class Passage:
    """What going through a door did.

    Args:
        door: Which door.
        by: Who went.
        changed: The tables whose rows are not what they were.
        entries: What the audit log got, in whatever chain.
    """

    door: Door
    by: Principal
    changed: set[str]
    entries: list[sa.Row[Any]]


def make_world(services: Services, number: int) -> World:
    """Return a fresh workspace with people, contacts, a list, a template, a segment, two connections and campaigns."""
    system = Principal.system(services.workspaces.create(f"Workspace {number}").id)
    ada, grace = (
        services.people.add(system, f"{MARK}-{who}-{number}@example.com", f"{who} {MARK}", PASSWORD, role)
        for who, role in (("ada", Role.ADMIN), ("grace", Role.MARKETER))
    )
    by = replace(services.people.principal(ada.id, system.workspace_id), via="session:1", origin=ORIGIN)
    people = f"email,first_name,city\n{MARK}-1@example.com,{MARK},{MARK}ville\n{MARK}-2@example.com,B,C\nnonsense,x,y\n".encode()
    imported = services.imports.run(system, people, f"{MARK}.csv", list_name="Readers")
    contact = services.contacts.find(system, f"{MARK}-1@example.com")
    template = services.templates.save(system, "Letter", MJML)
    outbox = services.connections.default(system)
    relay = services.connections.add(system, "Relay", "smtp", {"host": "127.0.0.1", "username": MARK, "password": f"{MARK}-secret"})
    fields = {"name": "Spring", "subject": f"Hello {MARK}", "from_email": f"{MARK}@example.com", "template_id": template.template_id}
    fields |= {"audience": Audience("list", imported.list_id or 0), "connection_id": outbox.id}
    draft, launched = services.campaigns.create(system, **fields), services.campaigns.create(system, **fields)
    services.campaigns.launch(system, launched.id)
    assert contact
    design = FormDesign("News", f"I agree to get {MARK}.", (imported.list_id or 0,))
    services.brand_kits.save(system, "House", Brand())
    kit = services.brand_kits.save(system, "Shop", Brand(legal=MARK)).kit
    things = {
        **SAMPLES,
        "person_id": grace.id,
        "contact_id": contact.id,
        "contact_ids": [contact.id],
        "list_id": imported.list_id,
        "list_ids": [imported.list_id],
        "tag_id": services.tags.create(system, "VIP").id,
        "saved_id": services.saved_blocks.save(system, "Banner", SAMPLES["block"]).id,
        "seed_id": services.seed_addresses.add(system, f"{MARK}-seed@example.com", "Outlook").id,
        "template_id": template.template_id,
        "kit_id": kit.id,
        "brand": Brand(legal=MARK, senders=(Sender(name=MARK, email=f"{MARK}@example.com"),)),
        "segment_id": services.segments.create(system, "First", RULES).id,
        "form_id": services.forms.create(system, "Footer", design).id,
        "picture_id": services.pictures.add(system, PICTURE, "A lake").id,
        "design": replace(design, wording=f"I agree to get {MARK} anew."),
        "connection_id": relay.id,
        "campaign_id": draft.id,
        "campaign_ids": [launched.id],
        "domain": services.sender_domains.add(system, f"shop{number}.example.com").domain,
        "import_id": imported.import_id,
        "token_id": services.api_tokens.create(by, "Shop", ["contacts.view"])[0].id,
        "message_id": services.messages.after(system, 0, 1)[0][1].id,
        "audience": fields["audience"],
        "version": template,
        "data": people,
        "file_name": f"{MARK}.csv",
        "list_name": "Guests",
        "email": f"{MARK}-3@example.com",
        "to_email": f"{MARK}-4@example.com",
        "source": f"{MARK} said so",
        "rules": RULES,
        "current": PASSWORD,
        "new": f"{PASSWORD} anew",
        "password": PASSWORD,
        "fields": fields,
        "launched": launched.id,
        "ada": ada,
        "grace": grace,
    }
    return World(services, system, by, things)


def _name(name: str) -> Callable[[World], Mapping[str, Any]]:
    return lambda world: {"name": name}


def _launched(world: World) -> Mapping[str, Any]:
    return {"campaign_id": world.things["launched"]}


def _scheduled(world: World) -> Mapping[str, Any]:
    world.services.campaigns.schedule(world.system, world.things["campaign_id"], world.things["at"])
    return {}


def _held(world: World) -> Mapping[str, Any]:
    connection_id = world.things["fields"]["connection_id"]
    now = world.services.clock.now()
    broken = partial(after_failure, reason="It is down.", now=now)
    PaceBook(world.services.db, world.services.clock).note(world.by.workspace_id, connection_id, {"": broken})
    return {"connection_id": connection_id}


def _paused(world: World) -> Mapping[str, Any]:
    world.services.campaigns.pause(world.system, world.things["launched"])
    return _launched(world)


def _cancelled(world: World) -> Mapping[str, Any]:
    world.services.campaigns.cancel(world.system, world.things["launched"])
    return _launched(world)


def _suppressed(world: World) -> Mapping[str, Any]:
    world.services.suppressions.add(world.system, world.things["email"])
    return {}


def _unsubscribed(world: World) -> Mapping[str, Any]:
    with world.services.db.transaction() as connection:
        world.services.consent.withdraw(connection, world.by.workspace_id, world.things["contact_ids"], Evidence(source="one-click"))
    return {}


def _paused_form(world: World) -> Mapping[str, Any]:
    world.services.forms.pause(world.system, world.things["form_id"])
    return {}


def _disabled(world: World) -> Mapping[str, Any]:
    world.services.people.disable(world.system, world.things["person_id"])
    return {}


def _role(world: World) -> Mapping[str, Any]:
    return {"role": world.services.roles.create(world.system, "Proofreader", ()).key, "name": "Reader", "permissions": ()}


def _session(world: World) -> Mapping[str, Any]:
    sessions = Sessions(world.services.db, world.services.clock)
    sessions.redeem(sessions.issue_ticket(world.things["person_id"], world.by.workspace_id), ORIGIN, MARK)
    return {}


def _own_sessions(world: World) -> Mapping[str, Any]:
    """Let the admin be signed in twice more."""
    sessions = Sessions(world.services.db, world.services.clock)
    for _ in range(2):
        sessions.redeem(sessions.issue_ticket(world.things["ada"].id, world.by.workspace_id), ORIGIN, MARK)
    return {}


def _own_session(world: World) -> Mapping[str, Any]:
    _own_sessions(world)
    return {"session_id": world.services.sessions.mine(world.by)[-1].id}


def _new_app(world: World) -> Mapping[str, Any]:
    secret = world.services.two_factor.begin(world.by).secret
    return {"code": pyotp.TOTP(secret).at(world.services.clock.now()), "secret": secret}


def _first_code(world: World) -> Mapping[str, Any]:
    return {"code": _new_app(world)["code"]}


def _next_code(world: World) -> Mapping[str, Any]:
    """Turn the admin's second factor on; return the code after the one that did."""
    app = _new_app(world)
    world.services.two_factor.confirm(world.by, app["code"])
    return {"code": pyotp.TOTP(app["secret"]).at(world.services.clock.now(), counter_offset=1)}


def _lost_phone(world: World) -> Mapping[str, Any]:
    """Turn on the second factor of somebody else, who then can't sign in."""
    services, grace = world.services, world.things["grace"]
    theirs = services.people.principal(grace.id, world.by.workspace_id)
    secret = services.two_factor.begin(theirs).secret
    services.two_factor.confirm(theirs, pyotp.TOTP(secret).at(services.clock.now()))
    return {"email": grace.email}


def _mail(world: World) -> Mapping[str, Any]:
    drain(world.services, world.things["launched"], owner="test", should_stop=lambda: False)
    return {"key": world.services.outbox.page(world.system).rows[0].key}


def _invitation(world: World) -> Mapping[str, Any]:
    invited = world.services.invitations.invite(world.system, f"{MARK}-6-{world.by.workspace_id}@example.com", MARK, Role.MARKETER)
    return {"invitation_id": invited.invitation.id}


def _invited_elsewhere(world: World) -> Mapping[str, Any]:
    elsewhere = Principal.system(world.services.workspaces.create(f"Elsewhere {world.by.workspace_id}").id)
    invited = world.services.invitations.invite(elsewhere, world.things["ada"].email, MARK, Role.MARKETER)
    return {"token": invited.link.rpartition("=")[2]}


def _started_import(world: World) -> Mapping[str, Any]:
    given = {name: world.things[name] for name in ("staged", "file_name", "choices")}
    return {"import_id": world.services.imports.start(world.system, **given)}


def _kit_with_a_picture_of_before(world: World) -> Mapping[str, Any]:
    key, workspace_id = "ab" * 32, world.by.workspace_id
    world.services.brand_kits.save(world.system, "Of before", Brand(logo=Logo(url=f"http://10.0.0.1/i/{workspace_id}/{key}.png")))
    return {"new_address": NewAddress("https://mail.example.org", workspace_id, {key})}


def _other_contact(world: World) -> Mapping[str, Any]:
    return {"contact_ids": [world.services.contacts.save(world.system, f"{MARK}-5@example.com").id]}


def _noted(world: World) -> Mapping[str, Any]:
    return {"note_id": world.services.notes.add(world.by, world.things["contact_id"], MARK).id}


def _field(world: World) -> Mapping[str, Any]:
    return {"field": world.services.fields.add(world.system, "Size", AttributeType.NUMBER).name, "type": AttributeType.TEXT}


def _tagged(world: World) -> Mapping[str, Any]:
    world.services.tags.add(world.system, world.things["contact_ids"], "VIP")
    return {"tag_id": world.things["tag_id"]}


def _suppressed_everywhere(world: World) -> Mapping[str, Any]:
    world.services.suppressed_everywhere.add_all(world.system, world.things["email"])
    return {}


def _replay(world: World) -> Mapping[str, Any]:
    return {"job_id": world.services.intake.replay(world.system, world.things["since"], world.things["until"]).id}


def _event(world: World) -> Mapping[str, Any]:
    drain(world.services, world.things["launched"], owner="test", should_stop=lambda: False)
    world.services.ingester.catch_up()
    message = world.services.messages.after(world.system, 0, 1)[0][1]
    return {"event_id": world.services.intake.look_up(world.system, str(message.id))[0].event_id}


def _blocked(world: World) -> Mapping[str, Any]:
    return {"alert_id": blocked(world.services, world.system.workspace_id, world.things["launched"])}


def _requested(world: World) -> Mapping[str, Any]:
    request = Request(world.things["email"], f"{MARK}@example.com", MARK, text=MARK)
    return {"message_id": world.services.requests.submit(world.system, request).message_id}


def _name_server(world: World) -> Mapping[str, Any]:
    """Let the DNS be a name server on loopback that knows the domain's keys."""
    services, server = world.services, DnsServer()
    for one in services.sender_domains.get(world.system, world.things["domain"]).records:
        if one.record.type == "TXT":
            server.set(one.record.host, "TXT", one.record.value)
    parts = (services.db, services.clock, services.vault)
    services.sender_domains = SenderDomains(*parts, Dns(server.address), services.settings.public_url)
    return {}


def _old_keys(world: World) -> Mapping[str, Any]:
    for _ in range(2):
        _name_server(world)
        world.services.sender_domains.check(world.system, world.things["domain"])
        world.services.sender_domains.rotate(world.system, world.things["domain"])
    return {}


def _asked(world: World) -> Mapping[str, Any]:
    return {"request_id": world.services.privacy_requests.open(world.system, world.things["email"], RequestKind.ACCESS, notes=MARK).id}


def _known(world: World) -> Mapping[str, Any]:
    return {"email": f"{MARK}-1@example.com"}


def _erased(world: World) -> Mapping[str, Any]:
    address = f"{MARK}-1@example.com"
    return {"erasure_id": world.services.erasures.erase(world.system, address, confirmed=address).id}


def _two_versions(world: World) -> Mapping[str, Any]:
    world.services.templates.save(world.system, "Letter", f"<p>{MARK}</p>")
    return {"number": 1}


def _in_german(world: World) -> dict[str, Any]:
    kind = world.services.templates.latest(world.system, world.things["template_id"]).kind
    column = f"<mj-section><mj-column><mj-text>{MARK}</mj-text></mj-column></mj-section>"
    words = f"<mjml><mj-body>{column}</mj-body></mjml>" if kind is TemplateKind.MJML else f"<p>{MARK}</p>"
    return {"language": "de", "words": words}


def _lines() -> dict[str, Any]:
    """What a campaign says in inboxes, in two languages, to both halves of a test."""
    theirs = {"de": Heading(MARK, MARK)}
    return {"preview_text": MARK, "subjects": theirs, "preview_text_b": MARK, "subjects_b": theirs}


def _translated(world: World) -> Mapping[str, Any]:
    world.services.translating.put(world.system, world.things["template_id"], **_in_german(world))
    return {"language": "de"}


def _put_away(world: World) -> Mapping[str, Any]:
    world.services.template_shelves.archive(world.system, world.things["template_id"])
    return {}


def _drafted(world: World) -> Mapping[str, Any]:
    world.services.template_drafts.keep(world.system, world.things["template_id"], MARK, TemplateKind.HTML, based_on=1, revision=0)
    return {}


# What a door needs besides the things every world has: prepared, or given in another form.
GIVEN: dict[str, Callable[[World], Mapping[str, Any]]] = {
    "imports.cancel": _started_import,
    "brand_kits.move_pictures": _kit_with_a_picture_of_before,
    "pictures.add": lambda world: {"data": OTHER_PICTURE, "name": MARK, "alt": MARK},
    "pictures.describe": lambda world: {"name": "The lake", "alt": MARK},
    "workspaces.update": lambda world: {
        "postal_address": "1 Main Street",
        "timezone": "Europe/Berlin",
        "sending_rules": SendingRules(Quiet(1260, 480), Cap(3, 7)),
    },
    "workspaces.create_for": lambda world: {"name": f"One more than {world.by.workspace_id}"},
    "invitations.invite": lambda world: {"name": MARK},
    "invitations.cancel": _invitation,
    "invitations.resend": _invitation,
    "invitations.accept": _invited_elsewhere,
    "invitations.is_for": _invited_elsewhere,
    "people.enable": _disabled,
    "people.sign_out": _session,
    "people.set_role": lambda world: {"role": Role.ANALYST},
    "roles.change": _role,
    "roles.delete": lambda world: {"role": _role(world)["role"]},
    "password_changes.set_by_server": lambda world: {"email": world.things["grace"].email},
    "sessions.revoke_one": _own_session,
    "sessions.revoke_others": _own_sessions,
    "two_factor.confirm": _first_code,
    "two_factor.disable": _next_code,
    "two_factor.renew_recovery_codes": _next_code,
    "two_factor.reset_by_server": _lost_phone,
    "contacts.save": lambda world: {"first_name": MARK, "attributes": {"city": MARK}, "list_ids": world.things["list_ids"]},
    **dict.fromkeys(
        ("move_ins.run", "move_ins.start"),
        lambda world: {"data": f"EMAIL;FIRSTNAME;BLOCKLISTED\n{MARK}-7@example.com;{MARK};Yes\n".encode()},
    ),
    "consent.give": _unsubscribed,
    "suppressions.add": lambda world: {"source": MARK},
    "suppressions.remove": _suppressed,
    "suppressions.add_all": lambda world: {"text": f"{MARK}-7@example.com", "source": MARK},
    "suppressed_everywhere.add_all": lambda world: {"text": f"{MARK}-8-{world.by.workspace_id}@example.com", "source": MARK},
    "suppressed_everywhere.remove": _suppressed_everywhere,
    "choices.set_sale": lambda world: {"source": MARK},
    "lists.set_opt_in": lambda world: {"double_opt_in": True, "from_email": f"{MARK}@example.com"},
    "wordings.save": lambda world: {"name": "newsletter", "text": MARK},
    "lists.add": _other_contact,
    "lists.by_name": _name("Readers"),
    "bulk_changes.run": _other_contact,
    "profiles.change": lambda world: {"first_name": MARK, "attributes": {"city": MARK}},
    "notes.add": lambda world: {"text": MARK},
    "notes.delete": _noted,
    "fields.describe": lambda world: {"label": "Town", "description": MARK},
    "fields.retype": _field,
    "merges.preview": _other_contact,
    "merges.merge": _other_contact,
    "tags.create": _name("A tag"),
    "tags.remove": _tagged,
    "forms.resume": _paused_form,
    "templates.by_name": _name("Letter"),
    "template_exchange.load": lambda world: {"data": f"<p>{MARK}</p>".encode(), "file_name": "news.html"},
    **dict.fromkeys(("template_trying.send", "templates.unsaved"), lambda world: {"source": f"<p>{MARK}</p>"}),
    "templates.save_version": lambda world: {"source": f"<p>{MARK}</p>", "note": MARK},
    "template_versions.restore": _two_versions,
    "template_shelves.unarchive": _put_away,
    "translating.put": _in_german,
    "translating.try_out": _in_german,
    "translating.remove": _translated,
    "template_drafts.keep": lambda world: {"kind": TemplateKind.MJML, "source": MARK},
    "template_drafts.discard": _drafted,
    "template_drafts.get": _drafted,
    "saved_blocks.rename": _name("Hero"),
    "segments.by_name": _name("First"),
    "segments.update": lambda world: {"rules": {"any": RULES["all"]}, "name": "Second"},
    "connections.by_name": _name("Relay"),
    "connections.add": lambda world: {"kind": "smtp", "values": {"host": "localhost", "password": f"{MARK}-secret"}},
    "connections.change": lambda world: {"values": {"host": "localhost", "password": f"{MARK}-other"}},
    "connections.test": lambda world: {"connection_id": world.things["fields"]["connection_id"]},
    "sender_domains.add": lambda world: {"domain": "example.net"},
    "sender_domains.change": lambda world: {"return_path": "bounces"},
    "sender_domains.check": _name_server,
    "sender_domains.remove_old_keys": _old_keys,
    "paces.try_again": _held,
    "alerts.dismiss": _blocked,
    **dict.fromkeys(("privacy_requests.get", "privacy_requests.extend", "privacy_requests.note", "privacy_requests.close"), _asked),
    "person_exports.export": lambda world: {**_known(world), "path": world.services.settings.data_dir / "about.zip"},
    "erasures.preview": _known,
    "erasures.erase": lambda world: {**_known(world), "confirmed": f"{MARK}-1@example.com"},
    "erasures.get": _erased,
    "intake.raw": _event,
    "intake.job": _replay,
    "intake.cancel": _replay,
    "outbox.show": _mail,
    "requests.submit": lambda world: {"request": Request(world.things["email"], f"{MARK}@example.com", MARK, text=MARK)},
    "requests.get": _requested,
    "ledger.counts": _launched,
    "ledger.page": _launched,
    "analytics.campaign_report": _launched,
    "again.send": _cancelled,
    "again.missing": _cancelled,
    "again.joined": _launched,
    "recipients.fates": _launched,
    "recipients.page": _launched,
    "recipients.stream_csv": _launched,
    "standings.now": _launched,
    "campaigns.create": lambda world: {**world.things["fields"], "subject_b": MARK, **_lines()},
    "campaigns.update": lambda world: {"name": "Summer", "subject": f"Bye {MARK}", "subject_b": MARK, "from_name": MARK, **_lines()},
    "campaigns.unschedule": _scheduled,
    "campaigns.pause": _launched,
    "campaigns.resume": _paused,
    "campaigns.cancel": _launched,
}
# Only whoever runs the server goes through these.
FOR_THE_SERVER = {"people.add", "password_changes.set_by_server", "two_factor.reset_by_server"}


def walk(services: Services) -> Iterator[Passage]:
    """Go through every door, each in a world as it was made, and yield what it did."""
    untouched: World | None = None  # a world takes half a second to make, and most doors only look
    for number, door in enumerate(doors()):
        prepare = GIVEN.get(str(door))
        world = untouched if untouched and not prepare else make_world(services, number)
        prepared = prepare(world) if prepare else {}
        given = {name: world.things[name] for name in door.needs} | dict(prepared)
        by = world.system if str(door) in FOR_THE_SERVER else world.by
        before, last = _rows(services), _last_entry(services)
        door.open(services, by, given)
        after = _rows(services)
        changed = {name for name in before if before[name] != after[name]}
        if not prepare:
            untouched = None if changed else world
        yield Passage(door, by, changed, _entries(services, last))


def _rows(services: Services) -> dict[str, list[Row]]:
    """Return the rows of every table as SQLite keeps them: making values of all of them, before and after each door, takes minutes."""
    with services.db.read() as connection:
        tables = [table.name for table in metadata.sorted_tables if table.name not in BOOKKEEPING]
        return {name: list(map(tuple, connection.exec_driver_sql(f'select * from "{name}"').all())) for name in tables}


def _last_entry(services: Services) -> int:
    with services.db.read() as connection:
        return connection.execute(
            sa.select(sa.func.coalesce(sa.func.max(sa.literal_column("rowid")), 0)).select_from(audit_log)
        ).scalar_one()


def _entries(services: Services, after: int) -> list[sa.Row[Any]]:
    with services.db.read() as connection:
        new = sa.select(audit_log).where(sa.literal_column("rowid") > after)
        return list(connection.execute(new.order_by(audit_log.c.workspace_id, audit_log.c.sequence)))
