"""What reports say: plain values, in the words of people who send."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from core.experiments.comparing import Comparison


@dataclass(frozen=True)
class Money:
    """What conversions brought in one currency.

    Args:
        currency: ISO 4217 code; empty where none was named.
        amount: The sum.
        conversions: How many conversions it comes from.
    """

    currency: str
    amount: float
    conversions: int


@dataclass(frozen=True)
class Progress:
    """Where a campaign's messages stand in the ledger; the states add up to `recipients`.

    Args:
        recipients: Everybody the campaign was frozen for.
        queued: Not yet begun.
        sending: Handed over, no answer yet.
        accepted: The provider took them.
        retry: To be tried again later.
        uncertain: The provider gave no answer; never sent again blindly.
        refused: The provider refused them for good.
        skipped: Left out on purpose (suppressed, unsubscribed, …).
        cancelled: Taken back before they were sent.
    """

    recipients: int = 0
    queued: int = 0
    sending: int = 0
    accepted: int = 0
    retry: int = 0
    uncertain: int = 0
    refused: int = 0
    skipped: int = 0
    cancelled: int = 0


@dataclass(frozen=True)
class Totals(Progress):
    """What messages came to. “Unique” counts recipients; people and their proxies count, machines are shown beside.

    Args:
        sent: Messages that a provider took, by event.
        delivered: Sent and not bounced.
        bounced: Sent and come back.
        unique_opens: Recipients who opened.
        unique_opens_with_machines: The same with machines' opens.
        opens_total: Opens, however often by the same recipient.
        machine_opens: Opens by machines; in none of the other numbers.
        unique_clicks: Recipients who clicked.
        unique_clicks_with_machines: The same with machines' clicks.
        clicks_total: Clicks, however often by the same recipient.
        machine_clicks: Clicks by machines; in none of the other numbers.
        unsubscribes: Recipients who unsubscribed.
        complaints: Recipients who complained.
        conversions: Conversions, however often by the same recipient.
        converting_contacts: Recipients who converted.
        revenue: What conversions brought; a sum over currencies where there are several (see `revenues`).
        revenues: The same by currency, largest first; only in the report of one campaign.
        open_rate: Unique opens per delivered message; None where nothing was delivered. So are the other rates.
        click_rate: Unique clicks per delivered message.
        click_to_open: Unique clicks per unique open.
        bounce_rate: Bounced per sent message.
        unsubscribe_rate: Unsubscribes per delivered message.
        complaint_rate: Complaints per delivered message.
        conversion_rate: Converting recipients per delivered message.
    """

    sent: int = 0
    delivered: int = 0
    bounced: int = 0
    unique_opens: int = 0
    unique_opens_with_machines: int = 0
    opens_total: int = 0
    machine_opens: int = 0
    unique_clicks: int = 0
    unique_clicks_with_machines: int = 0
    clicks_total: int = 0
    machine_clicks: int = 0
    unsubscribes: int = 0
    complaints: int = 0
    conversions: int = 0
    converting_contacts: int = 0
    revenue: float = 0.0
    revenues: tuple[Money, ...] = ()
    open_rate: float | None = None
    click_rate: float | None = None
    click_to_open: float | None = None
    bounce_rate: float | None = None
    unsubscribe_rate: float | None = None
    complaint_rate: float | None = None
    conversion_rate: float | None = None


@dataclass(frozen=True)
class HourPoint:
    """One hour of a campaign; the hours add up to the totals.

    Args:
        hour: When it begins, aware, in the zone that was asked for.
        sent: Messages sent.
        opens: Opens by people.
        clicks: Clicks by people.
        unique_opens: Recipients whose first open this was.
        unique_clicks: Recipients whose first click this was.
        machine_opens: Opens by machines.
        machine_clicks: Clicks by machines.
        unsubscribes: Recipients who unsubscribed.
    """

    hour: datetime
    sent: int = 0
    opens: int = 0
    clicks: int = 0
    unique_opens: int = 0
    unique_clicks: int = 0
    machine_opens: int = 0
    machine_clicks: int = 0
    unsubscribes: int = 0


@dataclass(frozen=True)
class LinkRow:
    """What one link of a campaign came to.

    Args:
        link_id: The link.
        url: Where it leads.
        position: Its place in the message, from 0; None where it is not registered any more.
        unique_clicks: Recipients who clicked it.
        clicks: Clicks by people.
        machine_clicks: Clicks by machines.
    """

    link_id: int
    url: str
    position: int | None
    unique_clicks: int = 0
    clicks: int = 0
    machine_clicks: int = 0


@dataclass(frozen=True)
class ArmRow:
    """One arm of an A/B test; subjects are compared by the share of delivered messages that were opened.

    Args:
        key: The arm ("A").
        subject: What it said.
        recipients: How many were assigned to it.
        delivered: How many got it.
        unique_opens: Recipients who opened.
        unique_clicks: Recipients who clicked.
        rate: Unique opens per delivered message; None where nothing was delivered.
        difference: This arm's rate less the first arm's; None for the first arm and where it can't be said.
        low: Lower end of the difference's 95% interval.
        high: Upper end of the difference's 95% interval.
        p_value: How surprising a difference like this would be if there were none.
        click_rate: Unique clicks per delivered message.
        clicks_compared: The same comparison for the click rate.
    """

    key: str
    subject: str
    recipients: int
    delivered: int
    unique_opens: int
    unique_clicks: int
    rate: float | None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    click_rate: float | None = None
    clicks_compared: Comparison | None = None


@dataclass(frozen=True)
class CampaignReport:
    """Everything a report says about one campaign.

    Args:
        campaign_id: The campaign.
        totals: What its messages came to.
        hourly: By hour, oldest first; hours without anything are there unless they would be more than a month of them.
        links: By link, in the order of the message.
        arms: By arm; empty without an A/B test.
        timezone: The zone the hours are told in.
        made_at: When this was true.
    """

    campaign_id: int
    totals: Totals
    hourly: tuple[HourPoint, ...]
    links: tuple[LinkRow, ...]
    arms: tuple[ArmRow, ...]
    timezone: str
    made_at: datetime


@dataclass(frozen=True)
class CampaignRow:
    """One campaign in a table.

    Args:
        campaign_id: The campaign; its name and state are the campaign's own.
        totals: What its messages came to.
        last_sent_at: When the newest of its messages was sent; None before the first.
    """

    campaign_id: int
    totals: Totals
    last_sent_at: datetime | None = None


@dataclass(frozen=True)
class DayPoint:
    """One day of the overview; the days add up to the totals.

    Args:
        day: The day in the zone that was asked for.
        sent: Messages sent.
        unique_opens: Recipients whose first open of a campaign this was.
        unique_clicks: Recipients whose first click of a campaign this was.
        unsubscribes: Recipients who unsubscribed.
    """

    day: date
    sent: int = 0
    unique_opens: int = 0
    unique_clicks: int = 0
    unsubscribes: int = 0


@dataclass(frozen=True)
class Overview:
    """What was sent in the last days, and what came of it until now.

    Args:
        days: How many days, today included.
        since: When the first of them began.
        totals: What the messages sent in them came to.
        previous_totals: The same for as many days before.
        daily: Every day, oldest first.
        campaigns: The campaigns that sent in them, newest first, at most ten.
        timezone: The zone the days are told in.
    """

    days: int
    since: datetime
    totals: Totals
    previous_totals: Totals
    daily: tuple[DayPoint, ...] = ()
    campaigns: tuple[CampaignRow, ...] = field(default=())
    timezone: str = "UTC"
