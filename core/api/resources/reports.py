"""What a campaign's report looks like; the words are those of `analytics.models`."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from core.api.fields import Shown


class MoneyShown(Shown):
    """What conversions brought in one currency."""

    currency: str = Field(examples=["EUR"])
    amount: float
    conversions: int


class TotalsShown(Shown):
    """What its messages came to. “Unique” counts recipients; machines are in none of the other numbers."""

    recipients: int
    queued: int
    sending: int
    accepted: int
    retry: int
    uncertain: int = Field(description="The provider gave no answer; never sent again blindly.")
    refused: int
    skipped: int
    cancelled: int
    sent: int
    delivered: int
    bounced: int
    unique_opens: int
    unique_opens_with_machines: int
    opens_total: int
    machine_opens: int
    unique_clicks: int
    unique_clicks_with_machines: int
    clicks_total: int
    machine_clicks: int
    unsubscribes: int
    complaints: int
    conversions: int
    converting_contacts: int
    revenue: float
    revenues: list[MoneyShown]
    open_rate: float | None = Field(description="Of the delivered; null where nothing was delivered. So are the other rates.")
    click_rate: float | None
    click_to_open: float | None
    bounce_rate: float | None
    unsubscribe_rate: float | None
    complaint_rate: float | None
    conversion_rate: float | None


class HourShown(Shown):
    """One hour."""

    hour: datetime
    sent: int
    opens: int
    clicks: int
    unique_opens: int
    unique_clicks: int
    machine_opens: int
    machine_clicks: int
    unsubscribes: int


class LinkShown(Shown):
    """What one link came to."""

    link_id: int
    url: str
    position: int | None
    unique_clicks: int
    clicks: int
    machine_clicks: int


class ArmShown(Shown):
    """One arm of an A/B test."""

    key: str
    subject: str
    recipients: int
    delivered: int
    unique_opens: int
    unique_clicks: int
    rate: float | None = Field(description="Unique opens per delivered message.")
    difference: float | None = Field(description="Less the first arm's rate; null where it can't be said.")
    low: float | None = Field(description="Lower end of the difference's 95% interval.")
    high: float | None
    p_value: float | None
    click_rate: float | None


class Report(Shown):
    """What came of a campaign."""

    campaign_id: int
    totals: TotalsShown
    hourly: list[HourShown]
    links: list[LinkShown]
    arms: list[ArmShown] = Field(description="Empty without an A/B test.")
    timezone: str
    made_at: datetime
