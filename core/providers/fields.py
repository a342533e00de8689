"""What many kinds of provider ask for, asked for in the same words."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from core.errors import InvalidInput
from core.providers.base import ProviderField

NEEDED_TO_SEND = "Needed to send; reports do without."


def sent_as(*names: str) -> Callable[[Mapping[str, Any]], frozenset[Hashable]]:
    """Return the place a secret is sent to, as a few other fields say it: `ProviderField.goes_to`.

    Args:
        names: The fields.
    """
    return lambda values: frozenset([tuple(values.get(name) for name in names)])


def secret(name: str, label: str, help: str) -> ProviderField:
    """Return a field for something that is stored encrypted; it may be left empty, and then proves nothing.

    Args:
        name: The name in `--set name=value`.
        label: The label of the form.
        help: One sentence below the field.
    """
    return ProviderField(name, label, kind="password", required=False, secret=True, help=help)


def credential(name: str, label: str) -> ProviderField:
    """Return a field for a key or token that is needed to send; it goes to the API address.

    It may be pasted with the line breaks it was copied with.

    Args:
        name: The name in `--set name=value`.
        label: The label of the form.
    """

    def check(entered: str) -> None:
        if not entered.isascii():
            raise InvalidInput(f"{label} holds letters no key has.", hint="Copy it once more from the provider's page.")

    field = ProviderField(name, label, kind="password", required=False, secret=True, help=NEEDED_TO_SEND)
    return replace(field, check=check, is_wrapped=True, goes_to=sent_as("api_url"))


API_KEY = credential("api_key", "API key")


def api_url(default: str, help: str = "") -> ProviderField:
    """Return a field for where a provider's API is; it is entered where mail goes through another host or a proxy.

    Args:
        default: Where it usually is; empty where another field says so.
        help: One sentence below the field.
    """
    return ProviderField("api_url", "API address", required=False, default=default, help=help or f"Usually {default}.", check=_check_url)


def _check_url(entered: str) -> None:
    try:
        address = urlsplit(entered)
        is_one = address.scheme in ("http", "https") and address.hostname and address.port != 0
    except ValueError:  # brackets or a port that are none
        is_one = False
    if not is_one or address.query or address.fragment or "@" in address.netloc or " " in entered:
        raise InvalidInput("The API address is no address.", hint="It looks like https://api.example.com.")


def username_and_password(help: str) -> tuple[ProviderField, ProviderField]:
    """Return the fields of a provider that signs in at our address.

    Args:
        help: Where the same has to be entered, one sentence.
    """
    return ProviderField("webhook_username", "Webhook user name", required=False, help=help), secret(
        "webhook_password", "Webhook password", f"Long and random. {help}"
    )
