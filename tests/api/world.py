"""A workspace with one of everything, and the number of each thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.campaigns.models import Audience
from core.contacts.attributes import AttributeType
from core.contacts.hosted.design import FormDesign
from core.jobs.delivering import drain
from core.messages.request_models import Request
from core.permissions import Principal, Role
from core.privacy.due import RequestKind
from core.templates.look.brand import Brand
from tests.api.conftest import MJML, PASSWORD
from tests.support.pictures import PICTURE

if TYPE_CHECKING:
    from core.app import Services


def furnish(services: Services, where: Principal, word: str) -> dict[str, Any]:
    """Fill a workspace and return where things are, by the names the API has for them.

    Args:
        services: Everything the product can do.
        where: Which workspace.
        word: Is in everything a person would read.
    """
    services.people.rounds = 4
    person = services.people.add(where, f"{word}@example.com", word, PASSWORD, Role.ADMIN)
    listed = services.lists.create(where, word)
    contact = services.contacts.save(where, f"{word}-reader@example.com", first_name=word, attributes={"city": word}, list_ids=[listed.id])
    template = services.templates.save(where, word, MJML.replace("Hello", word))
    services.translating.put(where, template.template_id, "de", MJML.replace("Hello", f"Hallo {word}"))
    fields: Any = {"name": word, "subject": word, "from_email": f"{word}@example.com", "template_id": template.template_id}
    fields |= {"audience": Audience("list", listed.id)}
    sent, draft = services.campaigns.create(where, **fields), services.campaigns.create(where, **fields)
    services.campaigns.launch(where, sent.id)
    drain(services, sent.id, owner="test", should_stop=lambda: False)
    services.ingester.catch_up()
    receipt = services.requests.submit(where, Request(f"{word}-buyer@example.com", f"{word}@example.com", word, text=word))
    taken = services.imports.run(where, f"email\n{word}-imported@example.com\n".encode(), f"{word}.csv", list_name=word)
    token, _ = services.api_tokens.create(services.people.principal(person.id, where.workspace_id), word, ["contacts.view"])
    return {
        "person_id": person.id,
        "picture_id": services.pictures.add(where, PICTURE, word, word).id,
        "list_id": listed.id,
        "list_ids": [listed.id],
        "contact_id": contact.id,
        "kit_id": services.brand_kits.save(where, word, Brand(legal=word)).kit.id,
        "seed_id": services.seed_addresses.add(where, f"{word}-seed@example.com", word).id,
        "tag_id": services.tags.create(where, word).id,
        "note_id": services.notes.add(where, contact.id, word).id,
        "field": services.fields.add(where, f"Size {word}", AttributeType.NUMBER).name,
        "contact_ids": [contact.id],
        "template_id": template.template_id,
        "number": template.number,
        "language": "de",
        "campaign_id": draft.id,
        "sent_campaign_id": sent.id,
        "message_id": services.messages.after(where, 0, 1)[0][1].id,
        "request_id": receipt.message_id,
        "email": _suppressed(services, where, f"suppressed-{where.workspace_id}@example.com"),
        "form_id": services.forms.create(where, word, FormDesign(word, word, (listed.id,))).id,
        "choices": [listed.id],
        "import_id": taken.import_id,
        "token_id": token.id,
        "privacy_request_id": services.privacy_requests.open(where, f"{word}-asks@example.com", RequestKind.ACCESS, notes=word).id,
        "erasure_id": _erased(services, where, f"{word}-gone@example.com"),
        "invitation_id": services.invitations.invite(where, f"{word}-invited@example.com", word, Role.ANALYST).invitation.id,
        "connection_id": services.connections.default(where).id,
        "workspace_id": where.workspace_id,
        "audience": {"kind": "list", "id": listed.id},
    }


def _erased(services: Services, where: Principal, email: str) -> int:
    services.contacts.save(where, email)
    return services.erasures.erase(where, email, confirmed=email).id


def _suppressed(services: Services, where: Principal, email: str) -> str:
    services.suppressions.add(where, email)
    return email
