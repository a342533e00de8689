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
RoleName = Annotated[str, typer.Option("--role", help="What they may do: admin, marketer, analyst, or a role of the workspace’s own.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@command(users, "add")
def add(
    call: Call,
    email: Email,
    name: Annotated[str, typer.Option("--name", help="What they are called; from the address if not given.")] = "",
    role: RoleName = Role.MARKETER,
    password_stdin: FromStdin = False,
) -> Answer:
    """Let somebody in; on a new installation this makes the first workspace and its admin."""
    password, made_up = _password(password_stdin, call)
    check_strength(
        password, (checked_email(email), name)
    )  # both before anything is made: a mistake must not leave an empty workspace behind
    call.begin()
    is_first = call.services.setup.is_needed()
    call.first_workspace()
    chosen = Role.ADMIN if is_first else _role(call, role)
    person = call.services.people.add(call.by, email, name or email.partition("@")[0], password, chosen)
    shown = {"password": password} if made_up else {}
    words = [f"{person.name} may sign in to “{call.workspace.name}” as {person.role_name}."]
    if is_first and role != Role.ADMIN:
        words.append("The first person is always an admin.")
    if made_up:
        words.append(f"The password is {password} (shown only now).")
    return Answer({"user": person, "workspace": call.workspace.name, **shown}, "\n".join(words))


@command(users, "invite")
def invite(
    call: Call,
    email: Annotated[str, typer.Argument(help="Whom to invite.")],
    name: Annotated[str, typer.Option("--name", help="What they are called; they can say it themselves.")] = "",
    role: RoleName = Role.MARKETER,
    lists: Annotated[
        list[str] | None, typer.Option("--list", metavar="NAME", help="Only the contacts of this list; may be repeated.")
    ] = None,
) -> Answer:
    """Send somebody a link with which they make their account; it works once, for seven days."""
    only = [call.services.lists.by_name(call.by, one).id for one in lists or ()]
    invited = call.services.invitations.invite(call.by, email, name, _role(call, role), only or None)
    known = invited.invitation
    how = "A mail with this link is on its way" if invited.mailed else "The mail could not be sent. Hand this link over yourself"
    words = f"{known.email} is invited to “{call.workspace.name}” as {known.role_name}. {how}:\n{invited.link}"
    return Answer({"invitation": known, "link": invited.link, "mailed": invited.mailed}, words)


@command(users, "list")
def show(call: Call) -> Answer:
    """List the people of the workspace."""
    people = call.services.people.all(call.by)
    rows = [
        (person.email, person.name, person.role_name, "disabled" if person.disabled_at else "", person.last_seen_at) for person in people
    ]
    return Answer({"users": people}, table(("EMAIL", "NAME", "ROLE", "", "LAST SEEN"), rows))


@command(users, "set-role")
def set_role(call: Call, email: Email, role: Annotated[str, typer.Argument(help="The new role, by its name or key.")]) -> Answer:
    """Give somebody another role."""
    person = call.services.people.set_role(call.by, _find(call, email).id, _role(call, role))
    return Answer({"user": person}, f"{person.name} is {person.role_name} now.")


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


@command(users, "reset-two-factor")
def reset_two_factor(call: Call, email: Email) -> Answer:
    """Turn off the second factor of somebody who has lost it and their recovery codes; make sure first that it is them."""
    person = _find(call, email)
    call.services.two_factor.reset_by_server(call.by, person.email)
    return Answer({"user": person}, f"{person.name} signs in with the password alone now, and can set up a second factor again.")


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


def _role(call: Call, wanted: str) -> str:
    """Return the key of a role named by its key or by what it is called."""
    roles = call.services.roles.all(call.by)
    asked = " ".join(wanted.split()).lower()
    for role in roles:
        if asked in (role.key, role.name.lower()):
            return role.key
    names = ", ".join(role.name for role in roles)
    raise NotFound("There is no such role in this workspace.", hint=f"Choose one of: {names}.")


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
