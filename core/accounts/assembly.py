"""The part of `core.app` that has to do with people: who they are, what they may do, what they are signed in with."""

from __future__ import annotations

from functools import cached_property

from core.accounts.access_tokens import AccessTokens
from core.accounts.api_tokens import ApiTokens
from core.accounts.assertions import TrustedProvider
from core.accounts.identities import Identities
from core.accounts.invitations import Invitations
from core.accounts.mailing import AccountMail
from core.accounts.own_account import OwnAccount
from core.accounts.password_changes import PasswordChanges
from core.accounts.password_resets import PasswordResets
from core.accounts.people import People
from core.accounts.roles import Roles
from core.accounts.sessions import Sessions
from core.accounts.setup import Setup
from core.accounts.sign_in import SignIn
from core.accounts.throttles import Throttles
from core.accounts.two_factor import TwoFactor
from core.accounts.workspaces import Workspaces
from core.clock import Clock
from core.providers.bounce_mailboxes import BounceMailboxes
from core.providers.connections import Connections
from core.settings import Settings
from core.storage.database import Database
from core.storage.vault import Vault


class AccountServices:
    """Everything about people, each made when first asked for.

    Args:
        settings: How this installation runs.
        clock: The time.
        db: The operational database.
        vault: Encrypts secrets.
    """

    def __init__(self, settings: Settings, clock: Clock, db: Database, vault: Vault) -> None:
        self.settings = settings
        self.clock = clock
        self.db = db
        self.vault = vault

    @cached_property
    def workspaces(self) -> Workspaces:
        """The tenants."""
        return Workspaces(self.db, self.clock)

    @cached_property
    def people(self) -> People:
        """Who may sign in."""
        return People(self.db, self.clock)

    @cached_property
    def roles(self) -> Roles:
        """What people can be given to do."""
        return Roles(self.db, self.clock)

    @cached_property
    def password_changes(self) -> PasswordChanges:
        """New passwords."""
        return PasswordChanges(self.db, self.clock, self.throttles, self.people.rounds)

    @cached_property
    def password_resets(self) -> PasswordResets:
        """New passwords by mail."""
        return PasswordResets(self.db, self.clock, self.throttles, self.account_mail, self.settings.app_url, self.people.rounds)

    @cached_property
    def own_account(self) -> OwnAccount:
        """What people see of their own account."""
        return OwnAccount(self.db, self.clock)

    @cached_property
    def throttles(self) -> Throttles:
        """Who has to wait before the next try."""
        return Throttles(self.db, self.clock, self.settings.key)

    @cached_property
    def two_factor(self) -> TwoFactor:
        """Codes of authenticator apps."""
        return TwoFactor(self.db, self.clock, self.vault, self.throttles, self.people.rounds)

    @cached_property
    def sign_in(self) -> SignIn:
        """Who somebody is."""
        return SignIn(self.db, self.clock, self.throttles, self.two_factor, self.people.rounds)

    @cached_property
    def sessions(self) -> Sessions:
        """Who is signed in."""
        return Sessions(self.db, self.clock)

    @cached_property
    def identities(self) -> Identities:
        """Who people are at the identity provider."""
        return Identities(self.db, self.clock, TrustedProvider.of(self.settings))

    @cached_property
    def api_tokens(self) -> ApiTokens:
        """What programs prove themselves with."""
        return ApiTokens(self.db, self.clock)

    @cached_property
    def access_tokens(self) -> AccessTokens:
        """Sign-ins without a browser."""
        return AccessTokens(self.db, self.clock, self.settings.key)

    @cached_property
    def setup(self) -> Setup:
        """The first run."""
        return Setup(self.db, self.clock, self.workspaces, self.people, self.throttles)

    @cached_property
    def account_mail(self) -> AccountMail:
        """Invitations and new passwords, on their way."""
        return AccountMail(self.clock, self.settings, self.workspaces, self.connections)

    @cached_property
    def invitations(self) -> Invitations:
        """How people get into a workspace."""
        return Invitations(self.db, self.clock, self.account_mail, self.settings.app_url, self.people.rounds)

    @cached_property
    def bounce_mailboxes(self) -> BounceMailboxes:
        """Where mail comes back to."""
        return BounceMailboxes(self.db, self.clock, self.vault)

    @cached_property
    def connections(self) -> Connections:
        """Configured providers."""
        return Connections(self.db, self.clock, self.vault, self.settings.data_dir)
