"""`postwright users`: who may sign in."""

from __future__ import annotations

import secrets
import sys
from typing import Annotated

import typer

from core.accounts.new_account import checked_email
from core.accounts.passwords import check_strength
from core.accounts.people import Person
from core.cli.answers import Answer, table
from core.cli.call import Call
from core.cli.command import Usage, command, group
from core.errors import NotFound
from core.permissions import Role

users = group("users", "Who may sign in, and what they may do.")

Email = Annotated[str, typer.Argument(help="What they sign in with.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@command(users, "add")
def add(
    call: Call,
    email: Email,
    name: Annotated[str, typer.Option("--name", help="What they are called; from the address if not given.")] = "",
    role: Annotated[Role, typer.Option("--role", help="What they may do.")] = Role.MARKETER,
    password_stdin: FromStdin = False,
) -> Answer:
    """Let somebody in; on a new installation this makes the first workspace and its admin."""
    password, made_up = _password(password_stdin, call)
    check_strength(password)
    checked_email(email)  # both before anything is made: a mistake must not leave an empty workspace behind
    call.begin()
    is_first = call.services.setup.is_needed()
    call.first_workspace()
    chosen = Role.ADMIN if is_first else role
    person = call.services.people.add(call.by, email, name or email.partition("@")[0], password, chosen)
    shown = {"password": password} if made_up else {}
    words = [f"{person.name} may sign in to “{call.workspace.name}” as {person.role}."]
    if is_first and role is not Role.ADMIN:
        words.append("The first person is always an admin.")
    if made_up:
        words.append(f"The password is {password} (shown only now).")
    return Answer({"user": person, "workspace": call.workspace.name, **shown}, "\n".join(words))


@command(users, "list")
def show(call: Call) -> Answer:
    """List the people of the workspace."""
    people = call.services.people.all(call.by)
    rows = [(person.email, person.name, person.role, "disabled" if person.disabled_at else "", person.last_seen_at) for person in people]
    return Answer({"users": people}, table(("EMAIL", "NAME", "ROLE", "", "LAST SEEN"), rows))


@command(users, "set-role")
def set_role(call: Call, email: Email, role: Annotated[Role, typer.Argument(help="The new role.")]) -> Answer:
    """Give somebody another role."""
    person = call.services.people.set_role(call.by, _find(call, email).id, role)
    return Answer({"user": person}, f"{person.name} is {person.role} now.")


@command(users, "set-password")
def set_password(call: Call, email: Email, password_stdin: FromStdin = False) -> Answer:
    """Give somebody a new password and end their sessions."""
    person = _find(call, email)
    password, made_up = _password(password_stdin, call)
    call.services.password_changes.set_by_server(call.by, person.email, password)
    words = f"{person.name} has a new password and was signed out everywhere."
    if made_up:
        words += f"\nThe password is {password} (shown only now)."
    return Answer({"user": person, **({"password": password} if made_up else {})}, words)


@command(users, "disable")
def disable(call: Call, email: Email) -> Answer:
    """Keep somebody out; what they did stays."""
    person = call.services.people.disable(call.by, _find(call, email).id)
    return Answer({"user": person}, f"{person.name} can't sign in to “{call.workspace.name}” any more.")


def _find(call: Call, email: str) -> Person:
    for person in call.services.people.all(call.by):
        if person.email == email.strip().lower():
            return person
    raise NotFound("Nobody in this workspace signs in with this address.", hint="`postwright users list` shows who does.")


def _password(from_stdin: bool, call: Call) -> tuple[str, bool]:
    """Return the password and whether it was made up here."""
    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
        if not given:
            raise Usage("There is no password on standard input.", hint="Pipe it in: `printf %s … | postwright users … --password-stdin`.")
        return given, False
    if sys.stdin.isatty() and not call.as_json:
        given = typer.prompt("Password (empty: make one up)", default="", show_default=False, hide_input=True, err=True)
        if given:
            return given, False
    return secrets.token_urlsafe(15), True
