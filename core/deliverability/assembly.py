"""The part of `core.app` that has to do with the domains mail is sent from."""

from __future__ import annotations

from functools import cached_property

from core.accounts.assembly import AccountServices
from core.deliverability.dns import Dns
from core.deliverability.domains import SenderDomains
from core.deliverability.signing import Signing
from core.providers.connections import Connections


class DeliverabilityServices(AccountServices):
    """Sender domains, and the connections whose mail is signed with their keys."""

    @cached_property
    def signing(self) -> Signing:
        """What signs the mail that leaves."""
        return Signing(self.db, self.clock, self.vault)

    @cached_property
    def connections(self) -> Connections:
        """Configured providers; what leaves through a mail server is signed."""
        return Connections(self.db, self.clock, self.vault, self.settings.data_dir, self.signing.signer)

    @cached_property
    def sender_domains(self) -> SenderDomains:
        """The domains mail is sent from."""
        return SenderDomains(self.db, self.clock, self.vault, Dns(self.settings.dns_servers), self.settings.public_url)
