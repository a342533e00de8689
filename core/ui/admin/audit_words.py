"""The audit log in words: one sentence an entry, where it came from, and what was before and after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.audit.actions import AuditAction
from core.audit.log import AuditEntry
from core.ui.admin.campaign_audit_words import CAMPAIGN_WORDS
from core.ui.admin.template_audit_words import TEMPLATE_WORDS
from core.ui.words import counted, number, plain

_A = AuditAction


def noun_of(action: str) -> str:
    """Return what an action is about: "campaign.launched" is about "campaign"."""
    return action.partition(".")[0]


# After the name of who did it. In braces: what it was done to, or a value of the entry, after first.
WORDS: dict[AuditAction, str] = {
    _A.SIGN_IN_SUCCEEDED: "signed in",
    _A.SIGN_IN_FAILED: "tried to sign in as {target} and failed",
    _A.SIGN_IN_LOCKED: "tried to sign in as {target} too often and was locked out",
    _A.SESSION_ENDED: "ended a session",
    _A.SESSION_MOVED: "came here from another workspace",
    _A.PASSWORD_CHANGED: "changed the password of {target}",
    _A.PASSWORD_RESET_REQUESTED: "asked for a new password for {target}",
    _A.PASSWORD_RESET: "set a new password for {target} by a mailed link",
    _A.TWO_FACTOR_BEGUN: "began to set up the second factor of {target}",
    _A.TWO_FACTOR_ENABLED: "turned on the second factor of {target}",
    _A.TWO_FACTOR_DISABLED: "turned off the second factor of {target}",
    _A.RECOVERY_CODES_RENEWED: "made new recovery codes for {target}",
    _A.RECOVERY_CODE_USED: "used a recovery code of {target}",
    _A.IDENTITY_LINKED: "linked {target} to an outside sign-in",
    _A.PERSON_ADDED: "added {target} as {role}",
    _A.PERSON_INVITED: "invited somebody{as_role}",
    _A.INVITATION_CANCELLED: "cancelled {target}",
    _A.INVITATION_ACCEPTED: "accepted {target}",
    _A.PERSON_RENAMED: "changed the name of {target}",
    _A.PERSON_ROLE_CHANGED: "made {target} {role}",
    _A.PERSON_LISTS_CHANGED: "changed which lists {target} may see",
    _A.PERSON_DISABLED: "disabled {target}",
    _A.PERSON_ENABLED: "let {target} in again",
    _A.PERSON_SIGNED_OUT: "signed {target} out everywhere",
    _A.ROLE_CREATED: "made the role {target}",
    _A.ROLE_CHANGED: "changed the role {target}",
    _A.ROLE_DELETED: "deleted the role {target}",
    _A.WORKSPACE_CREATED: "made the workspace {target}",
    _A.WORKSPACE_CHANGED: "changed the workspace’s settings",
    _A.TOKEN_CREATED: "made the API token {target}",
    _A.TOKEN_REVOKED: "revoked the API token {target}",
    _A.CONNECTION_ADDED: "added the connection {target}",
    _A.CONNECTION_CHANGED: "changed the connection {target}",
    _A.CONNECTION_REMOVED: "removed the connection {target}",
    _A.CONNECTION_MADE_DEFAULT: "made {target} the default connection",
    _A.SENDER_DOMAIN_ADDED: "added the sender domain {target}",
    _A.SENDER_DOMAIN_CHANGED: "changed how {target} sends",
    _A.SENDER_DOMAIN_CHECKED: "checked the DNS of {target}",
    _A.SENDER_DOMAIN_KEYS_MADE: "made new DKIM keys for {target}",
    _A.SENDER_DOMAIN_KEYS_REMOVED: "removed old DKIM keys of {target}",
    _A.SENDER_DOMAIN_REMOVED: "removed the sender domain {target}",
    _A.CONNECTION_PACED: "changed the pace of {target}",
    _A.CONNECTION_TRIED_AGAIN: "let {target} try again",
    _A.CONTACT_SAVED: "saved {target}",
    _A.CONTACT_DELETED: "deleted {target}",
    _A.CONTACT_CHANGED: "changed {target}",
    _A.CONTACT_MERGED: "merged others into {target}",
    _A.CONTACT_NOTE_ADDED: "wrote a note about {target}",
    _A.CONTACT_NOTE_DELETED: "deleted a note about {target}",
    _A.CONTACTS_UNSUBSCRIBED: "unsubscribed {people}",
    _A.CONTACTS_SUPPRESSED: "suppressed {people}",
    _A.CONTACTS_DELETED: "deleted {people}",
    _A.FIELD_ADDED: "added the field {target}",
    _A.FIELD_CHANGED: "changed the field {target}",
    _A.FIELD_DELETED: "deleted the field {target}",
    _A.CONTACTS_MOVED_IN: "moved in from another tool",
    _A.CONTACTS_IMPORTED: "imported a file of {rows}",
    _A.MOVE_IN_STARTED: "started to move in from another tool",
    _A.IMPORT_STARTED: "started to import a file of {rows}",
    _A.IMPORT_CANCELLED: "cancelled {target}",
    _A.IMPORT_UNDONE: "took {target} back",
    _A.CONTACTS_EXPORTED: "exported {people}{of_target}",
    _A.CONSENT_GIVEN: "subscribed {target} again",
    _A.LIST_CREATED: "made the list {target}",
    _A.LIST_CHANGED: "changed how people join the list {target}",
    _A.LIST_RENAMED: "renamed a list to {target}",
    _A.LIST_DELETED: "deleted the list {target}",
    _A.LIST_MEMBERS_ADDED: "put {people} on the list {target}",
    _A.LIST_MEMBERS_REMOVED: "took {people} off the list {target}",
    _A.TAG_CREATED: "made the tag {target}",
    _A.TAG_RENAMED: "renamed a tag to {target}",
    _A.TAG_DELETED: "deleted the tag {target}",
    _A.TAG_ADDED: "put the tag {target} on {people}",
    _A.TAG_REMOVED: "took the tag {target} off {people}",
    _A.LIST_PRESENTED: "changed how people outside see the list {target}",
    _A.FORM_CREATED: "made the form {target}",
    _A.FORM_CHANGED: "changed the form {target}",
    _A.FORM_PAUSED: "paused the form {target}",
    _A.FORM_RESUMED: "let the form {target} take people again",
    _A.FORM_DELETED: "deleted the form {target}",
    _A.SUPPRESSION_ADDED: "suppressed an address",
    _A.SUPPRESSION_REMOVED: "lifted the suppression of an address",
    _A.SUPPRESSIONS_EXPORTED: "exported the suppressed addresses",
    _A.CONTACT_CHOICES_CHANGED: "noted how often {target} wants email",
    _A.SALE_REFUSED: "noted that data about {target} must not be sold",
    _A.SALE_ALLOWED: "noted that data about {target} may be sold again",
    _A.CONSENT_TEXT_SAVED: "wrote words to agree to",
    **TEMPLATE_WORDS,
    **CAMPAIGN_WORDS,
    _A.SEGMENT_CREATED: "made the segment {target}",
    _A.SEGMENT_CHANGED: "changed the segment {target}",
    _A.SEGMENT_DELETED: "deleted the segment {target}",
    _A.MESSAGE_REQUESTED: "sent {target}",
    _A.ALERT_DISMISSED: "dismissed an alert about blocked messages",
    _A.EVENTS_EXPORTED: "exported events{of_target}",
    _A.INTAKE_REPLAYED: "had past events processed again",
    _A.INTAKE_RECLASSIFIED: "had people and machines told apart again",
    _A.INTAKE_JOB_CANCELLED: "stopped work on past events",
    _A.AUDIT_EXPORTED: "exported the audit log",
    _A.PERSONAL_DATA_EXPORTED: "exported all that is known about {target}",
    _A.PERSONAL_DATA_ERASED: "erased {target} for good",
    _A.PRIVACY_REQUEST_OPENED: "entered {target}",
    _A.PRIVACY_REQUEST_CHANGED: "changed {target}",
    _A.PRIVACY_REQUEST_CLOSED: "closed {target}",
    _A.RETENTION_CHANGED: "changed how long data is kept",
    _A.RETENTION_APPLIED: "deleted {rows} that were kept long enough",
}

# Where somebody did it to themselves.
OWN_WORDS: dict[AuditAction, str] = {
    _A.PASSWORD_CHANGED: "changed their password",
    _A.PASSWORD_RESET: "set a new password by a mailed link",
    _A.TWO_FACTOR_BEGUN: "began to set up a second factor",
    _A.TWO_FACTOR_ENABLED: "turned on their second factor",
    _A.TWO_FACTOR_DISABLED: "turned off their second factor",
    _A.RECOVERY_CODES_RENEWED: "made new recovery codes",
    _A.RECOVERY_CODE_USED: "signed in with a recovery code",
    _A.IDENTITY_LINKED: "linked their account to an outside sign-in",
    _A.PERSON_ADDED: "joined as {role}",
    _A.PERSON_RENAMED: "changed their name",
}

ICONS = {
    "sign_in": "login",
    "session": "logout",
    "password": "key",
    "two_factor": "security",
    "recovery_codes": "pin",
    "recovery_code": "pin",
    "identity": "link",
    "person": "badge",
    "invitation": "mail",
    "role": "shield_person",
    "workspace": "settings",
    "token": "vpn_key",
    "connection": "electrical_services",
    "sender_domain": "dns",
    "contact": "person",
    "contacts": "group",
    "consent": "handshake",
    "list": "list_alt",
    "tag": "sell",
    "field": "data_object",
    "form": "assignment",
    "suppression": "block",
    "template": "article",
    "brand_kit": "palette",
    "picture": "image",
    "saved_block": "bookmark",
    "segment": "filter_alt",
    "campaign": "campaign",
    "seed_address": "mark_email_read",
    "message": "forward_to_inbox",
    "events": "download",
    "intake": "move_to_inbox",
    "alert": "block",
    "audit": "history",
    "personal_data": "person_remove",
    "privacy_request": "contact_page",
    "retention": "auto_delete",
}
_GROUPED = {
    "Signing in": ("sign_in", "session", "password", "two_factor", "recovery_codes", "recovery_code", "identity"),
    "People and roles": ("person", "invitation", "role"),
    "Workspace, connections, tokens": ("workspace", "connection", "sender_domain", "token"),
    "Contacts and lists": (
        "contact",
        "contacts",
        "consent",
        "consent_text",
        "sale",
        "list",
        "tag",
        "field",
        "suppression",
        "import",
        "form",
    ),
    "Templates and segments": ("template", "picture", "brand_kit", "saved_block", "segment"),
    "Campaigns": ("campaign", "seed_address"),
    "Single messages": ("message",),
    "Event intake": ("intake", "alert"),
    "Privacy": ("personal_data", "privacy_request", "retention"),
}
# What can be chosen to look at.
GROUPS: dict[str, frozenset[AuditAction]] = {
    **{name: frozenset(action for action in AuditAction if noun_of(action) in nouns) for name, nouns in _GROUPED.items()},
    "Exports": frozenset(action for action in AuditAction if action.endswith("exported")),
}
ALARMING = {_A.SIGN_IN_FAILED, _A.SIGN_IN_LOCKED}
_NOUNS = {
    **{"rows": "row", "sessions": "session", "messages": "message", "templates": ("template", "templates")},
    **{"people": ("person", "people"), "recipients": ("person", "people")},
}
_COMES_BY = {"token": "API token", "schedule": "its schedule", "reset-link": "a mailed link"}


def sentence(entry: AuditEntry) -> str:
    """Return who did what as Markdown: "**Ada** launched **Spring** to 42,694 people"."""
    if isinstance(entry.action, AuditAction):
        own = OWN_WORDS.get(entry.action) if entry.actor == entry.target else None
        words = (own or WORDS[entry.action]).format_map(_Filled(entry))
    else:
        words = plain(entry.action.replace(".", " ").replace("_", " "))
    return f"**{plain(entry.actor_name)}** {words}"


def icon(entry: AuditEntry) -> str:
    """Return the picture of what an entry is about; an alarming one has a colour."""
    shown = f":material/{ICONS.get(noun_of(entry.action), 'history')}:"
    return f":orange[{shown}]" if entry.action in ALARMING else f":gray[{shown}]"


def came_with(entry: AuditEntry) -> str:
    """Return what somebody came in with ("session 12"), or nothing where it is not known."""
    noun, _, number_of_it = entry.via.partition(":")
    return f"{_COMES_BY.get(noun, noun)} {number_of_it}".strip()


def changes(entry: AuditEntry) -> list[dict[str, str]]:
    """Return what was and what is, a row for each thing that is told."""
    names = [*entry.before, *(name for name in entry.after if name not in entry.before)]
    return [
        {"What": name.replace("_", " ").capitalize(), "Before": _shown(entry.before.get(name)), "After": _shown(entry.after.get(name))}
        for name in names
    ]


class _Filled(dict[str, str]):
    """What stands in the braces of a sentence."""

    def __init__(self, entry: AuditEntry) -> None:
        super().__init__()
        self._entry = entry

    def __missing__(self, name: str) -> str:
        if name == "target":
            return f"**{plain(_target(self._entry))}**"
        if name == "of_target":
            return "" if self._entry.target.startswith("workspace:") else f" of {self['target']}"
        if name == "as_role":
            return f" as {self['role']}" if "role" in self._entry.after else ""
        value = self._entry.after.get(name, self._entry.before.get(name))
        if isinstance(value, int) and name in _NOUNS:
            nouns = _NOUNS[name]
            return counted(value, *((nouns,) if isinstance(nouns, str) else nouns))
        return plain(_shown(value))


def _target(entry: AuditEntry) -> str:
    """Return what a thing is called now, else what it was called then, else its number."""
    told: Mapping[str, Any] = {**entry.before, **entry.after}
    return entry.target_name or str(told.get("name") or entry.target.replace(":", " ") or "an unknown person")


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return number(value)
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "–"
    if isinstance(value, dict):
        return "; ".join(f"{name.replace('_', ' ')}: {_shown(one)}" for name, one in value.items()) or "–"
    return str(value).replace("custom-", "role ", 1) if str(value).startswith("custom-") else str(value)
