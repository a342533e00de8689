"""Every door of the services that a person can go through, found by looking at them, and something to knock with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from core.app import Services
from core.campaigns.models import Audience
from core.contacts.attributes import AttributeType
from core.contacts.bulk import BulkAction, BulkChange
from core.contacts.hosted.design import FormDesign
from core.contacts.imports.importing import Choices, ContactImport
from core.contacts.imports.staged import Staged
from core.contacts.lookup import Frequency
from core.contacts.move_in.moving_in import MoveIn
from core.events.conversions import ReportedConversion
from core.messages.fates import Fate
from core.messages.missing import Choice
from core.messages.request_models import Request
from core.permissions import Principal, Role
from core.privacy.due import RequestKind
from core.privacy.retention import DataKind
from core.providers.pacing import Pacing
from core.templates.blocks.document import new_block
from core.templates.blocks.kinds import BlockKind
from core.templates.images.moved import NewAddress
from core.templates.look.brand import Brand

MJML = "<mjml><mj-body><mj-section><mj-column><mj-text>Hello</mj-text></mj-column></mj-section></mj-body></mjml>"
ROWS = pl.DataFrame({"line": [2], "surplus": [False], "c0": ["ann@example.com"]})
RULES = {"all": [{"field": "first_name", "operator": "equals", "value": "Ann"}]}

# What a parameter is given where a test has nothing better to offer; a door with a new parameter has to be added here.
SAMPLES: Mapping[str, object] = {
    **dict.fromkeys(
        (
            *("person_id", "contact_id", "list_id", "template_id", "segment_id", "connection_id", "campaign_id", "import_id"),
            *("invitation_id", "session_id", "tag_id", "note_id", "event_id", "job_id", "alert_id", "request_id", "erasure_id"),
            *("form_id", "picture_id", "kit_id", "brand_kit_id", "saved_id", "seed_id"),
        ),
        2**40,
    ),
    **dict.fromkeys(("token_id", "message_id"), 2**40),
    **dict.fromkeys(("contact_ids", "campaign_ids", "list_ids", "connection_ids"), (2**40,)),
    **{"since": datetime(2026, 11, 22, 11, tzinfo=UTC), "until": datetime(2026, 11, 22, 12, tzinfo=UTC), "words": "ann@example.com"},
    "request": Request("ann@example.com", "shop@example.com", "Your order", text="Thanks"),
    **{"fate": Fate.REFUSED, "chosen": Choice(cancelled=True)},
    **{"asked_for": RequestKind.ACCESS, "what": DataKind.EVENTS, "days": 365, "because": "There are many.", "notes": "By phone."},
    **{"confirmed": "ann@example.com", "path": Path("/nowhere/about.zip")},
    "role": Role.ADMIN,
    "permissions": (),
    **{"scopes": ("contacts.view",), "limit": 10, "before_number": None, "after_number": 0, "after": None},
    "audience": Audience("list", 2**40),
    "rules": RULES,
    **{"design": FormDesign("News", "I agree to get news.", (2**40,)), "is_public": True, "description": "News, once a month."},
    "values": {},
    "change": BulkChange(BulkAction.UNSUBSCRIBE),
    **{"field": "city", "label": "Shoe size", "type": AttributeType.TEXT, "text": "Likes tea"},
    **{"first_name": "Ann", "last_name": "Lee", "attributes": {}},
    **{"pacing": Pacing(per_second=5), "fallback_id": None},
    "conversions": (ReportedConversion(email="ann@example.com", value=1.0),),
    **{"source": MJML, "alt": "A lake", "block": new_block(BlockKind.HEADING)},
    **{"based_on": 1, "revision": 0, "number": 1, "other_number": 1, "version_ids": (2**40,), "folder": "News", "tags": ("spring",)},
    **{"brand": Brand(), "new_address": NewAddress("https://mail.example.org", 2**40, ())},
    "data": b"email\nann@example.com\n",
    "file_name": "people.csv",
    **{"staged": Staged(["email"], None, 1, frame=ROWS), "choices": Choices("A name")},
    **{"format": "csv", "people": 10},
    "kind": "outbox",
    "key": "0" * 32,
    "subject": "Hello",
    **{"email": "ann@example.com", "addresses": ("ann@example.com",)},
    "domain": "example.com",
    "code": "123456",
    **dict.fromkeys(("name", "list_name"), "A name"),
    "token": "a-token-nobody-was-given",
    "timezone": "UTC",
    **{"text": "ann@example.com", "language": "en", "frequency": Frequency.WEEKLY, "paused_until": None},
    **{"forbidden": True, "double_opt_in": False},
    "at": datetime.fromisoformat("2026-11-23T09:00"),
    **dict.fromkeys(("password", "current", "new"), "correct horse battery"),
}


@dataclass(frozen=True)
class Door:
    """A public method that takes the one who asks."""

    service: str
    method: str
    needs: tuple[str, ...]
    takes: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.service}.{self.method}"

    def open(self, services: Services, by: Principal, given: Mapping[str, object]) -> Any:
        """Go through it, and take the first of what it yields: a generator does nothing before."""
        found = getattr(getattr(services, self.service), self.method)(by, **given)
        return next(found, None) if isinstance(found, Iterator) else found


def doors() -> list[Door]:
    """Return every public method of every public service whose first parameter is a principal; pages and API reach no others."""
    services = inspect.getmembers(Services, lambda member: isinstance(member, cached_property))
    return [door for name, made in services if not name.startswith("_") for door in _of(name, _made(made.func))]


def _made(make: Callable[..., object]) -> type:
    # What a worker does without is imported only where it is used, so its name stands in no module.
    found: type = inspect.signature(make, eval_str=True, locals={"ContactImport": ContactImport, "MoveIn": MoveIn}).return_annotation
    return found


def _of(service: str, kind: type) -> Iterator[Door]:
    for method, function in inspect.getmembers(kind, inspect.isfunction):
        if not method.startswith("_") and (found := _door(service, method, function)):
            yield found


def _door(service: str, method: str, function: Callable[..., object]) -> Door | None:
    parameters = list(inspect.signature(function).parameters.values())[1:]
    if not parameters or (parameters[0].name, parameters[0].annotation) != ("by", "Principal"):
        assert not any(each.annotation == "Principal" for each in parameters), f"{service}.{method} takes its principal somewhere else"
        return None
    named = [each for each in parameters[1:] if each.kind is not inspect.Parameter.VAR_KEYWORD]
    needed = tuple(each.name for each in named if each.default is inspect.Parameter.empty)
    return Door(service, method, needed, tuple(each.name for each in named))
