"""`postwright tokens`: what programs prove themselves with."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from core.accounts.api_tokens import DEFAULT_PER_MINUTE, GRANTABLE, ApiToken
from core.accounts.people import Person
from core.cli.answers import Answer, table
from core.cli.call import Call
from core.cli.command import Usage, command, group
from core.errors import NotFound
from core.permissions import Permission, Principal

tokens = group("tokens", "API tokens: what programs prove themselves with.")

EVERYTHING = "all"
Scopes = Annotated[
    list[str] | None,
    typer.Option(
        "--scope", metavar="PERMISSION", help="What it may do, such as contacts.view; may be given several times. “all” for everything."
    ),
]


@command(tokens, "create")
def create(
    call: Call,
    name: Annotated[str, typer.Argument(help="What uses it.")],
    scopes: Scopes = None,
    email: Annotated[str, typer.Option("--as", metavar="EMAIL", help="For whom it acts; the first admin if not given.")] = "",
    days: Annotated[int | None, typer.Option("--days", help="Ends after so many days; never if not given.")] = None,
    per_minute: Annotated[int, typer.Option("--per-minute", help="How often it may ask.")] = DEFAULT_PER_MINUTE,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the token and nothing else.")] = False,
) -> Answer:
    """Make a token; its text is shown this once."""
    by = _principal(call, email)
    made, text = call.services.api_tokens.create(by, name, _scopes(scopes or [], by), expires_in_days=days, requests_per_minute=per_minute)
    address = f"{call.settings.app_url}/api/v1/me"
    words = f'{text}\n\nShown only now. It acts for {made.person_name}. Try it:\n  curl -H "Authorization: Bearer {text}" {address}'
    return Answer({"token": text, **_facts(made)}, text if quiet else words)


@command(tokens, "list")
def show(call: Call) -> Answer:
    """List the tokens of the workspace; nobody can read their text again."""
    found = call.services.api_tokens.all(call.by)
    rows = [(one.id, one.name, one.person_name, len(one.scopes), one.expires_at or "never", one.last_used_at or "never") for one in found]
    return Answer({"tokens": [_facts(one) for one in found]}, table(("ID", "NAME", "FOR", "SCOPES", "ENDS", "LAST USED"), rows))


@command(tokens, "revoke")
def revoke(call: Call, token_id: Annotated[int, typer.Argument(metavar="ID", help="From `postwright tokens list`.")]) -> Answer:
    """End a token at once."""
    call.services.api_tokens.revoke(call.by, token_id)
    return Answer({"id": token_id}, f"Token {token_id} is refused from now on.")


def _principal(call: Call, email: str) -> Principal:
    people = call.services.people
    active = sorted((person for person in people.all(call.by) if person.disabled_at is None), key=lambda person: person.id)
    for person in active:
        if _is_meant(person, email):
            # Theirs are the rights, but who makes it is whoever sits at the server, and the audit log says so.
            return replace(people.principal(person.id, call.workspace.id), label=call.by.label)
    hint = "`postwright users list` shows who does." if email else "`postwright users add EMAIL --role admin` lets one in."
    raise NotFound("Nobody in this workspace signs in with this address." if email else "This workspace has no admin yet.", hint=hint)


def _is_meant(person: Person, email: str) -> bool:
    return person.email == email.strip().lower() if email else person.role == "admin"


def _scopes(given: list[str], by: Principal) -> list[Permission]:
    if not given:
        raise Usage("Say what the token may do.", hint="For example: --scope contacts.view --scope contacts.edit, or --scope all.")
    if given == [EVERYTHING]:
        return [permission for permission in GRANTABLE if by.may(permission)]
    known = {permission.value: permission for permission in GRANTABLE}
    if unknown := [scope for scope in given if scope not in known]:
        raise Usage(f"There is no scope “{unknown[0][:60]}”.", hint=f"There are: {', '.join(known)}.")
    return [known[scope] for scope in given]


def _facts(one: ApiToken) -> dict[str, object]:
    names = ("id", "name", "person_id", "person_name", "requests_per_minute", "created_at", "expires_at", "last_used_at")
    return {**{name: getattr(one, name) for name in names}, "scopes": sorted(one.scopes)}
