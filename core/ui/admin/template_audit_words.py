"""What is done with templates and what they are built from, in the words of the audit log."""

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
    _A.TEMPLATE_TESTED: "sent a test of the template {target}",
    _A.PICTURE_ADDED: "uploaded the picture {target}",
    _A.PICTURE_CHANGED: "changed the picture {target}",
    _A.PICTURE_DELETED: "deleted the picture {target}",
    _A.PICTURES_READDRESSED: "wrote the new address of pictures into whatever shows them",
    _A.TEMPLATE_BRAND_CHOSEN: "chose another brand for the template {target}",
    _A.TEMPLATES_RESTYLED: "wrote {templates} in the new look of their brand",
    _A.BRAND_KIT_CREATED: "made the brand kit {target}",
    _A.BRAND_KIT_CHANGED: "changed the brand kit {target}",
    _A.BRAND_KIT_RENAMED: "renamed a brand kit to {target}",
    _A.BRAND_KIT_MADE_DEFAULT: "made {target} the default brand kit",
    _A.BRAND_KIT_DELETED: "deleted the brand kit {target}",
    _A.SAVED_BLOCK_KEPT: "kept the block {target} for other templates",
    _A.SAVED_BLOCK_RENAMED: "gave the kept block {target} another name",
    _A.SAVED_BLOCK_DELETED: "deleted the kept block {target}",
}
