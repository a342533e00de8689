"""Mail about accounts: invitations and new passwords.

It leaves through the default connection of the installation's first workspace, never through another workspace's: whoever
runs that one's mail server could read the links of people who also belong elsewhere. Where that connection is the outbox, the
mail lies in a folder of its own that no page shows, or a marketer could read their admin's links.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, StrictUndefined, Template

from core.accounts.workspaces import Workspaces
from core.clock import Clock
from core.errors import Unavailable
from core.ids import random_name
from core.permissions import Principal
from core.providers.base import Outcome, OutgoingMessage
from core.providers.catalogue import OUTBOX
from core.providers.connections import Connections
from core.providers.content import Filled
from core.settings import Settings

NO_WORKSPACE = 0  # the outbox folder of mail about accounts
_CLOSING = "You get this because somebody entered your address in Postwright. If it was not you, ignore it: nothing happens."
_LETTER = Path(__file__).parent / "letter.html"


@dataclass(frozen=True)
class Letter:
    """One mail to one person.

    Args:
        to_email: Their address.
        to_name: Their name; may be empty.
        subject: The subject, also the heading.
        paragraphs: Plain sentences.
        link: What the button opens; "" for no button.
        button: What the button says.
    """

    to_email: str
    to_name: str
    subject: str
    paragraphs: tuple[str, ...]
    link: str = ""
    button: str = ""


class AccountMail:
    """Sends letters about accounts.

    Args:
        clock: The time.
        settings: The app's address and, where given, who such mail is from.
        workspaces: To find the first one.
        connections: Its default carries the mail.
    """

    def __init__(self, clock: Clock, settings: Settings, workspaces: Workspaces, connections: Connections) -> None:
        self._clock, self._settings = clock, settings
        self._workspaces, self._connections = workspaces, connections

    def send(self, letter: Letter) -> None:
        """Send a letter.

        Raises:
            Unavailable: If it was not taken; says why.
        """
        home = self._workspaces.first()
        if home is None:
            raise Unavailable("There is no workspace whose connection could carry this mail.", hint="Set Postwright up first.")
        by = Principal.system(home.id, "account-mail")
        known = self._connections.default(by)
        place = NO_WORKSPACE if known.kind == OUTBOX.kind else home.id
        message = self._compose(letter, place, sender(self._settings, str(known.settings.get("username", ""))))
        with closing(self._connections.open(home.id, known.id)) as provider:
            (result,) = provider.send([message])
        if result.outcome is not Outcome.ACCEPTED:
            raise Unavailable("The mail was not taken.", hint="Check the default connection of the first workspace and try again.")

    def _compose(self, letter: Letter, workspace_id: int, from_email: str) -> OutgoingMessage:
        now, key = self._clock.now(), f"account-{random_name(24)}"
        return OutgoingMessage(
            message_id=0,
            workspace_id=workspace_id,
            key=key,
            to=letter.to_email,
            from_email=from_email,
            from_name="Postwright",
            subject=letter.subject,
            html=Filled.whole(self._template.render(letter=letter, closing=_CLOSING)),
            text=Filled.whole("\n\n".join([*letter.paragraphs, *([f"{letter.button}: {letter.link}"] if letter.link else []), _CLOSING])),
            headers=_headers(key, from_email, now),
            is_bulk=False,
        )

    @cached_property
    def _template(self) -> Template:
        environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        return environment.from_string(_LETTER.read_text("utf-8"))


def sender(settings: Settings, username: str) -> str:
    """Return whose address is on mail about accounts: the setting, else the mail server's user, else one at the app's host.

    Args:
        settings: `mail_from` and the app's address.
        username: What the connection signs in with; counts where it is an address.
    """
    if settings.mail_from:
        return settings.mail_from
    if "@" in username:
        return username
    host = urlsplit(settings.app_url).hostname or "localhost"
    return f"postwright@{host if _is_name(host) else 'localhost.localdomain'}"


def _is_name(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return "." in host
    return False


def _headers(key: str, from_email: str, now: datetime) -> dict[str, str]:
    # RFC 3834, section 5: no vacation notes in answer to a machine.
    domain = from_email.rpartition("@")[2]
    return {"Message-ID": f"<{key}@{domain}>", "Date": format_datetime(now), "Auto-Submitted": "auto-generated"}
