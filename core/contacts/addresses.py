"""E-mail addresses: one spelling per mailbox, checked against the standards without asking any name server."""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import normalize

from email_validator import EmailNotValidError, validate_email

from core.errors import InvalidInput
from core.ids import fingerprint

MAX_LENGTH = 254
_MAX_LOCAL = 64
_TOO_LONG = f"The address is longer than {MAX_LENGTH} characters."
# White space, and the invisible characters that spreadsheets and web pages leave around a copied address.
_AROUND = " \t\r\n\v\f\u00a0\u200b\u200c\u200d\u2060\ufeff"
# RFC 5322 dot-atom: what nearly every address is, checked here because the full validator costs 20 µs each.
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOTLESS = ("gmail.com", "googlemail.com")
_PLAIN_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")


def normalise(email: str, *, allows_utf8: bool = False) -> str:
    """Return the one spelling an address is kept under: trimmed, lower case, the domain in ASCII (A-labels).

    Args:
        email: What somebody typed.
        allows_utf8: Whether the part before the @ may hold letters of every alphabet (RFC 6531); then it is in NFC.

    Raises:
        InvalidInput: If it can't be an address (RFC 5321 §4.5.3, RFC 5322 §3.4.1); says why.
    """
    reason = ""
    try:
        return _checked(email.strip(_AROUND).lower(), allows_utf8=allows_utf8)
    except EmailNotValidError as error:
        reason = str(error)
    raise InvalidInput(reason, hint="Correct the address, for example ada@example.com.")


def comparable(email: str) -> str:
    """Return the spelling an address is looked up under; never refuses, for addresses that others report to us."""
    try:
        return normalise(email, allows_utf8=True)
    except InvalidInput:
        return email.strip(_AROUND).lower()


def domain_of(email: str) -> str:
    """Return what stands after the last @ of an address."""
    return email.rpartition("@")[2]


def mailbox_of(email: str) -> str:
    """Return one spelling for all addresses that lead to the same mailbox as this one, as far as that can be told from outside.

    What follows a + is a note to oneself nearly everywhere, and Gmail sees no dots. Only for counting: nobody is written to by it.
    """
    local, _, domain = email.rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _DOTLESS:
        local, domain = local.replace(".", ""), _DOTLESS[0]
    return f"{local}@{domain}"


def _checked(email: str, *, allows_utf8: bool) -> str:
    local, at, domain = (normalize("NFC", email) if allows_utf8 else email).rpartition("@")
    if not at:
        raise EmailNotValidError("The address has no @." if email else "There is no address.")
    if len(email) > MAX_LENGTH:
        raise EmailNotValidError(_TOO_LONG)
    if len(local.encode("utf-8", "surrogatepass")) > _MAX_LOCAL:
        raise EmailNotValidError(f"The part before the @ is longer than {_MAX_LOCAL} characters.")
    if '"' in local:
        raise EmailNotValidError("The part before the @ holds a quotation mark.")
    if not _PLAIN_LOCAL.fullmatch(local):
        _validate(f"{local}@example.com", allows_utf8=allows_utf8)  # says what is wrong with it
        if not allows_utf8 or local.isascii():
            raise EmailNotValidError("The part before the @ holds a character that can't be there.")
    address = f"{local}@{_checked_domain(domain)}"
    if len(address) > MAX_LENGTH:
        raise EmailNotValidError(_TOO_LONG)
    return address


@lru_cache(maxsize=65_536)
def _checked_domain(domain: str) -> str:
    labels = domain.split(".")
    if len(labels) < 2 or labels[-1].isdigit():
        raise EmailNotValidError("The part after the @ is not a domain such as example.com.")
    # The validator refuses reserved domains (.test, .local), which an internal mail server may well serve:
    # with a label more it checks the rest of the name only.
    return _validate(f"x@{domain}.com").removesuffix(".com")


def _validate(email: str, *, allows_utf8: bool = False) -> str:
    """Return the domain as ASCII, or raise with the validator's reason."""
    domain = validate_email(email, check_deliverability=False, globally_deliverable=False, allow_smtputf8=allows_utf8).ascii_domain
    return str(domain).lower()


def disguised(workspace_id: int, address: str) -> str:
    """Return how the audit log names an address: who has it can find its entries, who has the log can't read it there."""
    return fingerprint(f"{workspace_id}:{address}")[:16]
