"""Which message came back, told by the address it came back to: every message has a return path of its own (VERP).

“bounces@mail.example.com” and the key “123-abcdef012345” make “bounces+123-abcdef012345@mail.example.com”. Mail servers that
know subaddressing (RFC 5233) put both into one mailbox.
"""

from __future__ import annotations

import re

from core.errors import InvalidInput
from core.providers.mime import address

_SEPARATOR = "+"
# The local part has room for 64 octets (RFC 5321, 4.5.3.1.1); the longest key and the separator take 32 of them.
_LONGEST_LOCAL = 32
_KEYED = re.compile(r"(?:^|[+=_.-])([0-9]{1,18}-[0-9a-f]{12})$")


def return_path(template_address: str, message_key: str) -> str:
    """Return the address that bounces of one message come back to.

    Args:
        template_address: What was entered as bounce address, checked by `check_template`; empty for none.
        message_key: Our name of the message.

    Raises:
        InvalidInput: If it is no address.
    """
    if not template_address:
        return ""
    local, _, domain = address(template_address).rpartition("@")
    return f"{local}{_SEPARATOR}{message_key}@{domain}"


def key_in(address: str) -> str:
    """Return the message key in an address that bounces come back to, empty if there is none."""
    found = _KEYED.search(address.strip("<> ").rpartition("@")[0].lower())
    return found[1] if found else ""


def check_template(text: str) -> None:
    """Do nothing if bounces can come back to an address made of this one.

    Raises:
        InvalidInput: If not; says why.
    """
    try:
        local = address(text).rpartition("@")[0]
    except InvalidInput as error:
        raise InvalidInput("The bounce address is no email address.", hint="For example bounces@mail.example.com.") from error
    if len(local) > _LONGEST_LOCAL or local.startswith('"'):
        raise InvalidInput(
            "The bounce address can't be used: its part before the @ is too long or quoted.",
            hint=f"Use at most {_LONGEST_LOCAL} letters: the name of the message is added to it.",
        )
