"""What the audit log says of templates."""

from __future__ import annotations

from core.audit.actions import AuditAction

_A = AuditAction
TEMPLATE_WORDS: dict[AuditAction, str] = {
    _A.TEMPLATE_SAVED: "saved version {version} of the template {target}",
    _A.TEMPLATE_MOVED: "moved the template {target} to another folder",
    _A.TEMPLATE_TAGGED: "changed the tags of the template {target}",
    _A.TEMPLATE_RENAMED: "renamed a template to {target}",
    _A.TEMPLATE_ARCHIVED: "put the template {target} into the archive",
    _A.TEMPLATE_UNARCHIVED: "took the template {target} out of the archive",
    _A.TEMPLATE_DUPLICATED: "made the template {target} as a copy of another",
    _A.TEMPLATE_EXPORTED: "exported the template {target}",
    _A.TEMPLATE_DRAFTED: "began to change the template {target}",
    _A.TEMPLATE_DRAFT_DISCARDED: "threw away a draft of the template {target}",
}
