"""Workspaces: those one may enter, and the one a token is for."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from core.accounts.workspaces import Workspace
from core.api.callers import Asking
from core.api.door import ANYBODY, Door, needs
from core.api.fields import Given, Line, Shown
from core.api.paging import DEFAULT, Cursor, Limit, Page, cut
from core.api.timing import Rules
from core.permissions import Permission

router = APIRouter(prefix="/workspaces", tags=["Workspaces"], route_class=Door)


class WorkspaceShown(Shown):
    """A workspace."""

    id: int = Field(examples=[1])
    name: str = Field(examples=["Aurora Tea"])
    is_demo: bool = Field(description="Whether its people and figures are made up.")
    timezone: str = Field(examples=["Europe/Berlin"])
    postal_address: str = Field(description="What the footer of every email names.", examples=["Aurora Tea\n1 Harbour Road\nHamburg"])
    requires_two_factor: bool = Field(description="Whether everybody needs a second factor.")
    tracks_people: bool = Field(description="Whether opens and clicks are kept with whose they were; else only counted.")
    sending_rules: Rules


class NewWorkspace(Given):
    """A workspace to be made."""

    name: Line = Field(examples=["Aurora Coffee"])
    timezone: Line = Field("UTC", examples=["Europe/Berlin"])


class WorkspaceChange(Given):
    """What is to be changed; what is left out stays."""

    name: Line | None = Field(None, examples=["Aurora Tea"])
    timezone: Line | None = Field(None, examples=["Europe/Berlin"])
    postal_address: Line | None = Field(None, examples=["Aurora Tea\n1 Harbour Road\nHamburg"])
    requires_two_factor: bool | None = Field(None, description="Whether everybody needs a second factor; you need one yourself to say so.")
    tracks_people: bool | None = Field(None, description="Whether opens and clicks are kept with whose they were; else only counted.")
    sending_rules: Rules | None = Field(None, description="Quiet hours and the most campaigns a person gets; given, both are replaced.")


@router.get("", summary="List my workspaces", openapi_extra=ANYBODY)
def list_workspaces(caller: Asking, limit: Limit = DEFAULT, cursor: Cursor = None) -> Page[WorkspaceShown]:
    """Return the workspaces you may enter. An API token is for one workspace and hears of no other."""
    workspaces, by = caller.services.workspaces, caller.by
    is_session = by.via.startswith("session:") and by.person_id is not None
    mine = workspaces.for_person(by.person_id or 0) if is_session else [workspaces.get(by.workspace_id)]
    return cut(mine, limit, cursor, _shown, lambda workspace: workspace.id)


@router.post("", summary="Make a workspace", status_code=201, openapi_extra=needs(Permission.WORKSPACES_CREATE))
def make_workspace(caller: Asking, given: NewWorkspace) -> WorkspaceShown:
    """Make a workspace whose admin is you. This token is not for it: sign in there, or make another one in it."""
    return _shown(caller.services.workspaces.create_for(caller.by, given.name, given.timezone))


@router.get("/current", summary="Get the current workspace", openapi_extra=ANYBODY)
def get_workspace(caller: Asking) -> WorkspaceShown:
    """Return the workspace the token is for."""
    return _shown(caller.services.workspaces.get(caller.by.workspace_id))


@router.patch("/current", summary="Change the current workspace", openapi_extra=needs(Permission.WORKSPACE_EDIT))
def change_workspace(caller: Asking, given: WorkspaceChange) -> WorkspaceShown:
    """Change the workspace the token is for."""
    fields = given.named()
    if given.sending_rules is not None:
        fields["sending_rules"] = given.sending_rules.said()
    return _shown(caller.services.workspaces.update(caller.by, **fields))


def _shown(workspace: Workspace) -> WorkspaceShown:
    facts = {name: getattr(workspace, name) for name in WorkspaceShown.model_fields}
    return WorkspaceShown.model_validate(facts | {"sending_rules": Rules.shown(workspace.sending_rules)})
