"""What lists and tags have in common for a program: a name that people are put under, and taken from."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from core.api.fields import Given, Id, Line, Shown

MOST_AT_ONCE = 1_000


class GroupShown(Shown):
    """A list or a tag."""

    id: int = Field(examples=[4])
    name: str = Field(examples=["Newsletter"])
    size: int = Field(description="How many people there are.", examples=[1_204])
    created_at: datetime


class GroupName(Given):
    """What a list or a tag is called."""

    name: Line = Field(examples=["Newsletter"])


class People(Given):
    """Contacts to be put there."""

    contact_ids: list[Id] = Field(min_length=1, max_length=MOST_AT_ONCE, examples=[[7, 8]])


class PeopleAdded(Shown):
    """How many came."""

    added: int = Field(description="How many were not there before; unknown ids are passed over.", examples=[2])
