"""What a new account needs: an address, a name, a password; and how it is written down."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email

from core.accounts import passwords
from core.accounts.tables import people
from core.errors import InvalidInput
from core.storage.database import Row, insert_or_ignore

LONGEST_NAME = 120


def checked_account(email: str, name: str, password: str, rounds: int, workspace_name: str = "") -> dict[str, str]:
    """Return the row of a new account, its password hashed; slow on purpose, so call it outside a transaction.

    Args:
        email: What they sign in with.
        name: What they are called.
        password: Their first password.
        rounds: Cost of its hash.
        workspace_name: Where they come in, where it is known: a password must not be made of it.

    Raises:
        InvalidInput: If the address, the name or the password can't be used.
    """
    name, email = checked_name(name), checked_email(email)
    passwords.check_strength(password, (name, email, workspace_name))
    return {"email": email, "name": name, "password_hash": passwords.hash_password(password, rounds=rounds)}


def checked_email(email: str) -> str:
    """Return an address as it is stored: checked by its form (RFC 5321) and in lower case.

    Raises:
        InvalidInput: If it is not an address.
    """
    try:
        return validate_email(email.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise InvalidInput("This is not an email address.", hint="Check it for typing mistakes.") from error


def checked_name(name: str) -> str:
    """Return a person's name as it is stored.

    Raises:
        InvalidInput: If it is empty or too long.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise InvalidInput(f"A person needs a name of 1 to {LONGEST_NAME} characters.", hint="It is what colleagues see.")
    return name


def add_account(connection: sa.Connection, account: Row, now: datetime) -> int:
    """Write an account made by `checked_account`, unless the address has one already; return the person's number.

    Args:
        connection: An open transaction.
        account: The row.
        now: When.
    """
    insert_or_ignore(connection, people, [{**account, "created_at": now}])
    return int(connection.execute(sa.select(people.c.id).where(people.c.email == account["email"])).scalar_one())
