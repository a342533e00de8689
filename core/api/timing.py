"""The parts of requests and answers that tell hours: windows, quiet hours, and how a campaign keeps time."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from core.api.fields import Given, Line
from core.campaigns.timing import Late, Timing
from core.hours import Quiet, Window
from core.sending_rules import MOST_DAYS, MOST_MESSAGES, Cap, SendingRules

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class HoursOfTheWeek(Given):
    """Hours of some days of the week."""

    opens: Line = Field(description="A time of day.", examples=["09:00"])
    closes: Line = Field(description="Later than it opens, up to 24:00.", examples=["18:00"])
    weekdays: list[Weekday] = Field(min_length=1, max_length=7, examples=[["mon", "tue", "wed", "thu", "fri"]])


class QuietHours(Given):
    """Hours of every day in which nobody gets campaigns, by each contact's own clock; they may go past midnight."""

    starts: Line = Field(examples=["21:00"])
    ends: Line = Field(examples=["08:00"])


class FrequencyCap(Given):
    """How many campaigns somebody gets at most."""

    messages: int = Field(ge=1, le=MOST_MESSAGES, examples=[3])
    days: int = Field(ge=1, le=MOST_DAYS, description="Within so many days.", examples=[7])


class Rules(Given):
    """What holds for all campaigns of a workspace; null for no such rule."""

    quiet: QuietHours | None = None
    cap: FrequencyCap | None = None

    def said(self) -> SendingRules:
        """Return them as the services know them."""
        quiet = Quiet.from_json(self.quiet.model_dump()) if self.quiet else None
        return SendingRules(quiet, Cap(self.cap.messages, self.cap.days) if self.cap else None)

    @classmethod
    def shown(cls, rules: SendingRules) -> Rules:
        """Return them as they are shown."""
        return cls.model_validate(rules.as_json())


class KeepsTime(Given):
    """How a campaign keeps time."""

    window: HoursOfTheWeek | None = Field(None, description="The hours it may go out in; null for any.")
    in_contact_zone: bool = Field(
        False, description="Whether its hours and its time are meant by each contact's own clock (their attribute `time_zone`)."
    )
    late: Late = Field(Late.NOW, description="For contacts whose clocks have passed the time already: at once, or the next day.")
    ignores_cap: bool = Field(False, description="Sends it whatever its readers got before; takes `workspace.edit`.")

    def said(self) -> Timing:
        """Return it as the services know it."""
        window = Window.from_json(self.window.model_dump()) if self.window else None
        return Timing(window, self.in_contact_zone, self.late, self.ignores_cap)

    @classmethod
    def shown(cls, timing: Timing) -> KeepsTime:
        """Return it as it is shown."""
        return cls.model_validate(timing.as_json())


class ScheduleFor(Given):
    """A time for a campaign."""

    at: datetime = Field(
        description="The time on the clock, without a zone: the workspace's, or each contact's own.", examples=["2026-12-01T09:00"]
    )
    timing: KeepsTime | None = Field(None, description="How it keeps time; as the draft says if left out.")
