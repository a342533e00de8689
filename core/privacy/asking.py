"""Who may look after privacy."""

from __future__ import annotations

from core.permissions import Permission, Principal


def require(by: Principal) -> None:
    """Do nothing for somebody who may look after privacy in the whole workspace.

    Whoever asks about their data may be on any list, so nobody limited to some lists may.

    Raises:
        Denied: Without `privacy.manage`, or for somebody who may see only some lists.
    """
    by.require(Permission.PRIVACY_MANAGE)
    by.require_all_lists()
