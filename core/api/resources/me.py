"""Who asks."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from core.api.callers import Asking
from core.api.door import ANYBODY, Door
from core.api.fields import Shown

router = APIRouter(prefix="/me", tags=["Me"], route_class=Door)


class Me(Shown):
    """Who a token stands for and what it may do."""

    person_id: int | None = Field(examples=[1])
    name: str = Field(examples=["Ada Lovelace"])
    kind: Literal["token", "session"] = Field(description="What was brought: an API token, or the access token of a session.")
    workspace_id: int = Field(examples=[1])
    workspace: str = Field(description="What the workspace is called.", examples=["Aurora Tea"])
    role: str = Field(description="The key of the role.", examples=["admin"])
    role_name: str = Field(examples=["Admin"])
    permissions: list[str] = Field(description="What may be done at this moment.", examples=[["contacts.view", "contacts.edit"]])
    lists: list[int] | None = Field(description="The only lists whose contacts may be seen; null for all.")
    needs_two_factor: bool = Field(
        description="Whether the workspace asks for a second factor that is not set up yet; until then nothing works."
    )


@router.get("", summary="Who am I", openapi_extra=ANYBODY)
def who_am_i(caller: Asking) -> Me:
    """Return who the token stands for, in which workspace, and what it may do."""
    by = caller.by
    return Me(
        person_id=by.person_id,
        name=by.name,
        kind="token" if by.via.startswith("token:") else "session",
        workspace_id=by.workspace_id,
        workspace=caller.services.workspaces.get(by.workspace_id).name,
        role=by.role,
        role_name=by.role_name,
        permissions=sorted(by.permissions),
        lists=None if by.lists is None else sorted(by.lists),
        needs_two_factor=by.needs_two_factor,
    )
