"""A campaign's report in words for a terminal."""

from __future__ import annotations

from core.analytics.models import ArmRow, CampaignReport, Totals
from core.analytics.rates import ENOUGH, percent
from core.campaigns.models import Campaign
from core.cli.answers import table
from core.messages.standings import Standing


def report_words(campaign: Campaign, report: CampaignReport) -> str:
    """Return the report: people first, machines beside, then links and arms where there are any."""
    parts = [f"{campaign.name} ({campaign.state})", _totals(report.totals), _ledger(report.totals)]
    if report.links:
        rows = [(link.unique_clicks, link.clicks, link.machine_clicks, link.url) for link in report.links]
        parts.append(table(("CLICKERS", "CLICKS", "BY MACHINES", "LINK"), rows))
    if report.arms:
        parts.append(_arms(report.arms))
    return "\n\n".join(part for part in parts if part)


def waiting_words(campaign: Campaign, standing: Standing) -> str:
    """Return what a campaign that is not over waits for, if anything."""
    told = []
    if campaign.stopped_reason:
        told.append(f"Nothing can leave at the moment: {campaign.stopped_reason}")
    if standing.retrying and standing.next_try:
        told.append(f"{standing.retrying:,} are tried again, the first at {standing.next_try:%Y-%m-%d %H:%M:%S} UTC.")
    if standing.put_off and standing.next_turn:
        told.append(f"{standing.put_off:,} wait for their time, the first until {standing.next_turn:%Y-%m-%d %H:%M:%S} UTC.")
    return "\n".join(told)


def _totals(totals: Totals) -> str:
    delivered = totals.delivered
    rows: list[tuple[object, ...]] = [
        ("recipients", totals.recipients, "", ""),
        ("delivered", delivered, percent(delivered, totals.recipients), ""),
        ("unique opens", totals.unique_opens, percent(totals.unique_opens, delivered), _beside(totals.unique_opens_with_machines)),
        ("unique clicks", totals.unique_clicks, percent(totals.unique_clicks, delivered), _beside(totals.unique_clicks_with_machines)),
        ("click-to-open", "", percent(totals.unique_clicks, totals.unique_opens), ""),
        ("unsubscribes", totals.unsubscribes, percent(totals.unsubscribes, delivered), ""),
        ("bounced", totals.bounced, percent(totals.bounced, totals.sent), ""),
        ("conversions", totals.conversions, "", ", ".join(f"{money.amount:,.2f} {money.currency}".strip() for money in totals.revenues)),
    ]
    return table(("", "", "", ""), rows).lstrip("\n")


def _beside(with_machines: int) -> str:
    return f"{with_machines:,} with machines"


def _ledger(totals: Totals) -> str:
    """Return what did not simply go out, if anything."""
    names = ("queued", "sending", "retry", "uncertain", "refused", "skipped", "cancelled")
    told = [f"{getattr(totals, name):,} {name}" for name in names if getattr(totals, name)]
    return f"Of the recipients: {', '.join(told)}." if told else ""


def _arms(arms: tuple[ArmRow, ...]) -> str:
    rows = [(arm.key, arm.delivered, percent(arm.unique_opens, arm.delivered), _difference(arm), arm.subject) for arm in arms]
    return table(("ARM", "DELIVERED", "OPENED", "DIFFERENCE (95 %)", "SUBJECT"), rows)


def _difference(arm: ArmRow) -> str:
    if arm.delivered < ENOUGH or arm.difference is None or arm.low is None or arm.high is None:
        return ""
    return f"{100 * arm.difference:+.1f} points ({100 * arm.low:+.1f} to {100 * arm.high:+.1f})"
