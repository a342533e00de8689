"""Conversions that a shop's own server reports."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from core.api.callers import Asking
from core.api.door import Door, needs
from core.api.fields import Given, Id, Line, Shown
from core.events.conversions import MOST, ReportedConversion
from core.permissions import Permission

router = APIRouter(prefix="/conversions", tags=["Conversions"], route_class=Door)


class NewConversion(Given):
    """A purchase, or whatever else counts as success; whose it is is said by one of `token`, `message` and `email`."""

    token: Line = Field("", description="The `pw` value of the landing page's URL.")
    message: Line = Field("", description="The message's key.", examples=["4711-0f3a9c71d2b4"])
    email: Line = Field("", examples=["grace@example.com"])
    campaign_id: Id | None = Field(None, description="With `email`: the campaign it is put down to.")
    value: float | None = Field(None, examples=[19.9])
    currency: Line = Field("", examples=["EUR"])
    order_id: Line = Field("", description="Makes a second report of the same order harmless.", examples=["A-1001"])
    at: AwareDatetime | None = Field(None, description="When; now if not said.")


class NewConversions(Given):
    """Conversions, kept all or none."""

    conversions: Annotated[list[NewConversion], Field(min_length=1, max_length=MOST)]


class Kept(Shown):
    """What is on the disk now, and in the reports seconds later."""

    kept: int = Field(examples=[1])


@router.post("", summary="Report conversions", status_code=202, openapi_extra=needs(Permission.EVENTS_WRITE))
def report_conversions(caller: Asking, given: NewConversions) -> Kept:
    """Keep conversions. With `order_id` a report may be repeated; without, every report counts."""
    reported = [ReportedConversion(**one.model_dump()) for one in given.conversions]
    return Kept(kept=caller.services.conversions.report(caller.by, reported))
