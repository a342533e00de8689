"""What is done with campaigns and where their tests go, in the words of the audit log."""

from __future__ import annotations

from core.audit.actions import AuditAction

_A = AuditAction
CAMPAIGN_WORDS: dict[AuditAction, str] = {
    _A.CAMPAIGN_CREATED: "made the campaign {target}",
    _A.CAMPAIGN_CHANGED: "changed the campaign {target}",
    _A.CAMPAIGN_DELETED: "deleted the campaign {target}",
    _A.CAMPAIGN_SCHEDULED: "scheduled {target}",
    _A.CAMPAIGN_UNSCHEDULED: "unscheduled {target}",
    _A.CAMPAIGN_LAUNCHED: "launched {target} to {recipients}",
    _A.CAMPAIGN_PAUSED: "paused {target}",
    _A.CAMPAIGN_RESUMED: "resumed {target}",
    _A.CAMPAIGN_CANCELLED: "cancelled {target}",
    _A.CAMPAIGN_SENT_AGAIN: "sent {target} to {messages} that had not got through",
    _A.CAMPAIGN_EXPORTED: "exported who got {target}",
    _A.CAMPAIGN_TESTED: "sent a test of {target}",
    _A.SEED_ADDRESS_ADDED: "added {target} for tests",
    _A.SEED_ADDRESS_REMOVED: "removed {target} for tests",
}
