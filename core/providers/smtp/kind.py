"""What has to be entered for a mail server."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

from core.errors import InvalidInput
from core.providers.base import FieldGroup, Provider, ProviderField, ProviderKind, Surroundings
from core.providers.mailbox import Mailbox
from core.providers.smtp.access_tokens import tokens_of
from core.providers.smtp.account import MailboxProtocol, account_of, protocol_of
from core.providers.smtp.imap import ImapMailbox
from core.providers.smtp.opening import Security, SignIn
from core.providers.smtp.pop3 import Pop3Mailbox
from core.providers.smtp.send import CONNECTIONS, SmtpProvider
from core.providers.smtp.verp import check_template

_MOST_CONNECTIONS = 64


def _build(values: Mapping[str, Any], around: Surroundings) -> Provider:
    way = SignIn(values["sign_in"])
    return SmtpProvider(
        values["host"],
        values["port"],
        Security(values["security"]),
        values["username"],
        values["password"] if way is SignIn.PASSWORD else tokens_of(values),
        sign_in=way,
        connections=min(max(int(values["connections"]), 1), _MOST_CONNECTIONS),
        bounce_address=values["return_path"],
        sign=around.sign,
    )


def _mailbox(values: Mapping[str, Any]) -> Mailbox | None:
    account = account_of(values)
    if account is None:
        return None
    return ImapMailbox(account) if protocol_of(values) is MailboxProtocol.IMAP else Pop3Mailbox(account)


def _server(values: Mapping[str, Any]) -> Hashable:
    return values["host"], values["port"], values["security"]


def _mailboxes(values: Mapping[str, Any]) -> frozenset[Hashable]:
    """Return where the bounce mailbox is signed in at, nowhere if none is read."""
    if protocol_of(values) is MailboxProtocol.NONE:
        return frozenset()
    found = account_of({**values, **dict.fromkeys(_SECRETS, "")})
    return frozenset([(protocol_of(values), found.host, found.port, found.security)] if found else [])


def _password_goes_to(values: Mapping[str, Any]) -> frozenset[Hashable]:
    """Return the server, and the bounce mailbox where that is signed in at as for sending."""
    return frozenset([_server(values)]) | (frozenset() if values["bounce_username"] else _mailboxes(values))


def _bounce_password_goes_to(values: Mapping[str, Any]) -> frozenset[Hashable]:
    return _mailboxes(values) if values["bounce_username"] else frozenset()


def _client_secret_goes_to(values: Mapping[str, Any]) -> frozenset[Hashable]:
    return frozenset([values["oauth_token_url"]])


def _refresh_token_goes_to(values: Mapping[str, Any]) -> frozenset[Hashable]:
    """Return the token address, and wherever the access tokens it brings are signed in with."""
    return _client_secret_goes_to(values) | _password_goes_to(values)


_SECRETS = ("password", "bounce_password", "oauth_client_secret", "oauth_refresh_token")
_NO_SECURITY = "None: only for a server on this machine"
_CLEAR = "Without encryption, sign-in and mail are sent in the clear."
_BOUNCES = FieldGroup(
    "Bounces",
    "Mail that can’t be delivered comes back. Name a mailbox for it, and Postwright reads there which addresses do not exist, and who "
    "complained where mailbox providers send such reports to it.",
)
_BOUNCE_FIELDS = (
    ProviderField(
        "return_path",
        "Bounce address",
        required=False,
        check=check_template,
        help="For example bounces@mail.example.com; bounces+anything@… must reach it too. Empty: mail comes back to the sender’s address.",
    ),
    ProviderField(
        "bounce_protocol",
        "Read its mailbox by",
        kind="choice",
        default=MailboxProtocol.NONE.value,
        choices=(MailboxProtocol.NONE.value, MailboxProtocol.IMAP.value, MailboxProtocol.POP3.value),
        choice_words=("Not at all: bounces are not read", "IMAP: mail is marked as read", "POP3: mail is deleted"),
        help="Use a mailbox nobody else reads.",
    ),
    ProviderField("bounce_host", "Mailbox server", required=False, help="For example imap.example.com. Empty: the server that sends."),
    ProviderField(
        "bounce_port",
        "Mailbox port",
        kind="number",
        required=False,
        help="Empty for the usual one: 993 for IMAP and 995 for POP3 with TLS, 143 and 110 otherwise.",
    ),
    ProviderField(
        "bounce_security",
        "Mailbox encryption",
        kind="choice",
        default=Security.TLS.value,
        choices=(Security.TLS.value, Security.STARTTLS.value, Security.NONE.value),
        choice_words=("TLS from the start (usually port 993 or 995)", "STARTTLS (usually port 143 or 110)", _NO_SECURITY),
        help=_CLEAR,
    ),
    ProviderField("bounce_username", "Mailbox username", required=False, help="Empty: the sign-in for sending is used."),
    ProviderField("bounce_password", "Mailbox password", kind="password", required=False, secret=True, goes_to=_bounce_password_goes_to),
    ProviderField("bounce_folder", "Folder", required=False, default="INBOX", help="Which folder IMAP reads."),
)

_TOKENS = FieldGroup("Sign in with a token", "For servers that take no passwords from programs, such as Google's and Microsoft's.")
_TOKEN_FIELDS = (
    ProviderField(
        "sign_in",
        "Sign in by",
        kind="choice",
        default=SignIn.PASSWORD.value,
        choices=(SignIn.PASSWORD.value, SignIn.XOAUTH2.value),
        choice_words=("Password", "Access token (XOAUTH2)"),
        help="An access token is fetched for the username above, with what is entered here.",
    ),
    ProviderField("oauth_token_url", "Token address", required=False, help="For example https://oauth2.googleapis.com/token."),
    ProviderField(
        "oauth_client_id", "Client ID", required=False, help="From the provider's console, where this installation is registered."
    ),
    ProviderField("oauth_client_secret", "Client secret", kind="password", required=False, secret=True, goes_to=_client_secret_goes_to),
    ProviderField("oauth_refresh_token", "Refresh token", kind="password", required=False, secret=True, goes_to=_refresh_token_goes_to),
)


def _check_connections(entered: str) -> None:
    if not entered.isdigit() or not 1 <= int(entered) <= _MOST_CONNECTIONS:
        raise InvalidInput(f"The number of connections is from 1 to {_MOST_CONNECTIONS}.")


KIND = ProviderKind(
    kind="smtp",
    label="SMTP server",
    summary="Sends through any mail server that speaks SMTP.",
    fields=(
        ProviderField("host", "Server", help="The name of the mail server, for example smtp.example.com."),
        ProviderField("port", "Port", kind="number", default=587, help="Usually 587 with STARTTLS, 465 with TLS."),
        ProviderField(
            "security",
            "Encryption",
            kind="choice",
            default=Security.STARTTLS.value,
            choices=(Security.STARTTLS.value, Security.TLS.value, Security.NONE.value),
            choice_words=("STARTTLS (usually port 587)", "TLS from the start (usually port 465)", _NO_SECURITY),
            help=_CLEAR,
        ),
        ProviderField("username", "Username", required=False, help="Empty if the server asks for no sign-in."),
        ProviderField("password", "Password", kind="password", required=False, secret=True, goes_to=_password_goes_to),
        ProviderField(
            "connections",
            "Connections at once",
            kind="number",
            required=False,
            default=CONNECTIONS,
            check=_check_connections,
            help="How many the server allows; more are faster, up to its limit.",
        ),
        *(replace(field, group=_TOKENS) for field in _TOKEN_FIELDS),
        *(replace(field, group=_BOUNCES) for field in _BOUNCE_FIELDS),
    ),
    build=_build,
    mailbox=_mailbox,
    takes_utf8=True,  # where the server says so; one that does not is told in words when the mail is to leave
)
