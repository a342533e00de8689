"""The closed list of what the audit log tells of: noun and verb in the past."""

from __future__ import annotations

from enum import StrEnum

from core.errors import InvalidInput


class AuditAction(StrEnum):
    """One thing that happened."""

    SIGN_IN_SUCCEEDED = "sign_in.succeeded"
    SIGN_IN_FAILED = "sign_in.failed"
    SIGN_IN_LOCKED = "sign_in.locked"
    SESSION_ENDED = "session.ended"
    SESSION_MOVED = "session.moved"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - the name of an event
    PASSWORD_RESET_REQUESTED = "password.reset_requested"  # noqa: S105 - the name of an event
    PASSWORD_RESET = "password.reset"  # noqa: S105 - the name of an event
    TWO_FACTOR_BEGUN = "two_factor.begun"
    TWO_FACTOR_ENABLED = "two_factor.enabled"
    TWO_FACTOR_DISABLED = "two_factor.disabled"
    RECOVERY_CODES_RENEWED = "recovery_codes.renewed"
    RECOVERY_CODE_USED = "recovery_code.used"
    IDENTITY_LINKED = "identity.linked"
    PERSON_ADDED = "person.added"
    PERSON_INVITED = "person.invited"
    INVITATION_CANCELLED = "invitation.cancelled"
    INVITATION_ACCEPTED = "invitation.accepted"
    PERSON_RENAMED = "person.renamed"
    PERSON_ROLE_CHANGED = "person.role_changed"
    PERSON_LISTS_CHANGED = "person.lists_changed"
    PERSON_DISABLED = "person.disabled"
    PERSON_ENABLED = "person.enabled"
    PERSON_SIGNED_OUT = "person.signed_out"
    ROLE_CREATED = "role.created"
    ROLE_CHANGED = "role.changed"
    ROLE_DELETED = "role.deleted"
    WORKSPACE_CREATED = "workspace.created"
    WORKSPACE_CHANGED = "workspace.changed"
    TOKEN_CREATED = "token.created"  # noqa: S105 - the name of an event
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 - the name of an event
    CONNECTION_ADDED = "connection.added"
    CONNECTION_CHANGED = "connection.changed"
    CONNECTION_REMOVED = "connection.removed"
    CONNECTION_MADE_DEFAULT = "connection.made_default"
    SENDER_DOMAIN_ADDED = "sender_domain.added"
    SENDER_DOMAIN_CHANGED = "sender_domain.changed"
    SENDER_DOMAIN_CHECKED = "sender_domain.checked"
    SENDER_DOMAIN_KEYS_MADE = "sender_domain.keys_made"
    SENDER_DOMAIN_KEYS_REMOVED = "sender_domain.keys_removed"
    SENDER_DOMAIN_REMOVED = "sender_domain.removed"
    CONNECTION_PACED = "connection.paced"
    CONNECTION_TRIED_AGAIN = "connection.tried_again"
    CONTACT_SAVED = "contact.saved"
    CONTACT_DELETED = "contact.deleted"
    CONTACT_CHANGED = "contact.changed"
    CONTACT_MERGED = "contact.merged"
    CONTACT_NOTE_ADDED = "contact.note_added"
    CONTACT_NOTE_DELETED = "contact.note_deleted"
    CONTACTS_UNSUBSCRIBED = "contacts.unsubscribed"
    CONTACTS_SUPPRESSED = "contacts.suppressed"
    CONTACTS_DELETED = "contacts.deleted"
    FIELD_ADDED = "field.added"
    FIELD_CHANGED = "field.changed"
    FIELD_DELETED = "field.deleted"
    CONTACTS_IMPORTED = "contacts.imported"
    CONTACTS_EXPORTED = "contacts.exported"
    CONSENT_GIVEN = "consent.given"
    LIST_CREATED = "list.created"
    LIST_RENAMED = "list.renamed"
    LIST_DELETED = "list.deleted"
    LIST_MEMBERS_ADDED = "list.members_added"
    LIST_MEMBERS_REMOVED = "list.members_removed"
    TAG_CREATED = "tag.created"
    TAG_RENAMED = "tag.renamed"
    TAG_DELETED = "tag.deleted"
    TAG_ADDED = "tag.added"
    TAG_REMOVED = "tag.removed"
    LIST_PRESENTED = "list.presented"
    FORM_CREATED = "form.created"
    FORM_CHANGED = "form.changed"
    FORM_PAUSED = "form.paused"
    FORM_RESUMED = "form.resumed"
    FORM_DELETED = "form.deleted"
    SUPPRESSION_ADDED = "suppression.added"
    SUPPRESSION_REMOVED = "suppression.removed"
    SUPPRESSIONS_EXPORTED = "suppressions.exported"
    LIST_CHANGED = "list.changed"
    CONSENT_TEXT_SAVED = "consent_text.saved"
    SALE_REFUSED = "sale.refused"
    SALE_ALLOWED = "sale.allowed"
    CONTACT_CHOICES_CHANGED = "contact.choices_changed"
    TEMPLATE_SAVED = "template.saved"
    SEGMENT_CREATED = "segment.created"
    SEGMENT_CHANGED = "segment.changed"
    SEGMENT_DELETED = "segment.deleted"
    CAMPAIGN_CREATED = "campaign.created"
    CAMPAIGN_CHANGED = "campaign.changed"
    CAMPAIGN_DELETED = "campaign.deleted"
    CAMPAIGN_SCHEDULED = "campaign.scheduled"
    CAMPAIGN_UNSCHEDULED = "campaign.unscheduled"
    CAMPAIGN_LAUNCHED = "campaign.launched"
    CAMPAIGN_PAUSED = "campaign.paused"
    CAMPAIGN_RESUMED = "campaign.resumed"
    CAMPAIGN_CANCELLED = "campaign.cancelled"
    CAMPAIGN_SENT_AGAIN = "campaign.sent_again"
    CAMPAIGN_EXPORTED = "campaign.exported"
    CAMPAIGN_TESTED = "campaign.tested"
    MESSAGE_REQUESTED = "message.requested"
    ALERT_DISMISSED = "alert.dismissed"
    EVENTS_EXPORTED = "events.exported"
    INTAKE_REPLAYED = "intake.replayed"
    INTAKE_RECLASSIFIED = "intake.reclassified"
    INTAKE_JOB_CANCELLED = "intake.job_cancelled"
    AUDIT_EXPORTED = "audit.exported"
    PERSONAL_DATA_EXPORTED = "personal_data.exported"
    PERSONAL_DATA_ERASED = "personal_data.erased"
    PRIVACY_REQUEST_OPENED = "privacy_request.opened"
    PRIVACY_REQUEST_CHANGED = "privacy_request.changed"
    PRIVACY_REQUEST_CLOSED = "privacy_request.closed"
    RETENTION_CHANGED = "retention.changed"
    RETENTION_APPLIED = "retention.applied"


def actions_called(word: str) -> frozenset[AuditAction]:
    """Return the action of this name, or all actions of a noun: "campaign" means every "campaign.…".

    Raises:
        InvalidInput: If there is neither; says what there is.
    """
    found = frozenset(action for action in AuditAction if word in {action.value, action.value.partition(".")[0]})
    if not found:
        nouns = sorted({action.value.partition(".")[0] for action in AuditAction})
        raise InvalidInput(f"The audit log knows nothing called “{word[:40]}”.", hint=f"Say an action or one of: {', '.join(nouns)}.")
    return found
