"""Invitations: how somebody new gets into the workspace, once they show that the address is theirs."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from core.accounts.invitation_rows import Invitation, Invited
from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, Id, IdInPath, Line, Shown
from core.api.paging import DEFAULT, Cursor, Limit, Page, cut
from core.permissions import Permission

router = APIRouter(prefix="/people/invitations", tags=["Invitations"], route_class=Door)
_MANAGE = needs(Permission.PEOPLE_MANAGE)


class InvitationShown(Shown):
    """An invitation nobody has accepted yet."""

    id: int = Field(examples=[6])
    email: str = Field(examples=["grace@example.com"])
    name: str = Field(examples=["Grace Hopper"])
    role: str = Field(description="The key of the role they get.", examples=["marketer"])
    role_name: str = Field(examples=["Marketer"])
    lists: list[int] | None = Field(description="The only lists whose contacts they will see; null for all.")
    invited_by: str = Field(examples=["Ada Lovelace"])
    created_at: datetime
    expires_at: datetime


class InvitationSent(InvitationShown):
    """An invitation that was just sent."""

    mailed: bool = Field(description="Whether the mail was taken.")
    link: str | None = Field(description="Only where the mail was not taken: hand it over in another way. It is shown this once.")


class NewInvitation(Given):
    """Somebody to be invited."""

    email: Line = Field(examples=["grace@example.com"])
    name: Line = Field("", examples=["Grace Hopper"])
    role: Line = Field(description="“admin”, “marketer”, “analyst”, or “custom-7” for a role of your own.", examples=["marketer"])
    list_ids: list[Id] | None = Field(None, max_length=1_000, description="The only lists whose contacts they will see; null for all.")


@router.get("", summary="List invitations", openapi_extra=_MANAGE)
def list_invitations(caller: Asking, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[InvitationShown]:
    """Return the invitations nobody has accepted yet."""
    return cut(caller.services.invitations.all(caller.by), limit, cursor, _shown, lambda invitation: invitation.id)


@router.post("", summary="Invite somebody", status_code=201, openapi_extra=_MANAGE)
def invite(caller: Asking, given: NewInvitation) -> InvitationSent:
    """Mail somebody a link that lets them in; it works once, for seven days."""
    return _sent(caller.services.invitations.invite(caller.by, given.email, given.name, given.role, given.list_ids))


@router.post("/{invitation_id}/resend", summary="Send an invitation again", openapi_extra=_MANAGE)
def resend_invitation(caller: Asking, invitation_id: IdInPath) -> InvitationSent:
    """Mail a new link, good for seven days; the one before stops working."""
    return _sent(caller.services.invitations.resend(caller.by, invitation_id))


@router.delete("/{invitation_id}", summary="Take an invitation back", status_code=204, openapi_extra=_MANAGE)
def cancel_invitation(caller: Asking, invitation_id: IdInPath) -> None:
    """Take an invitation back; its link stops working."""
    caller.services.invitations.cancel(caller.by, invitation_id)


def _sent(sent: Invited) -> InvitationSent:
    return InvitationSent(mailed=sent.mailed, link=None if sent.mailed else sent.link, **_shown(sent.invitation).model_dump())


def _shown(invitation: Invitation) -> InvitationShown:
    lists = None if invitation.lists is None else sorted(invitation.lists)
    return InvitationShown.model_validate({**vars(invitation), "lists": lists})
