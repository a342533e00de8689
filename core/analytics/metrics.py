"""The catalogue of metrics: what may be counted, how, and what it means; reports, exports and help read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Unit(StrEnum):
    """What a number is."""

    COUNT = "count"
    MONEY = "money"
    SHARE = "share"


@dataclass(frozen=True)
class Metric:
    """Something that is counted over rows of facts (one per campaign and recipient).

    Args:
        key: Its name in reports and exports; the field of `Totals`.
        label: Its name on the page.
        sql: A DuckDB aggregate over the columns of `FACT_SCHEMA`.
        help: What it means, one sentence.
        unit: What kind of number it is.
    """

    key: str
    label: str
    sql: str
    help: str
    unit: Unit = Unit.COUNT


@dataclass(frozen=True)
class Rate:
    """A share: one metric per another.

    Args:
        key: Its name in reports and exports; the field of `Totals`.
        label: Its name on the page.
        part: The metric that is counted.
        whole: The metric it is a share of.
        help: What it means, one sentence.
    """

    key: str
    label: str
    part: str
    whole: str
    help: str


def _having(condition: str) -> str:
    # CASE and not FILTER: DuckDB 2.0 aggregates it several times faster.
    return f"count(case when {condition} then 1 end)"


def _sum(column: str) -> str:
    return f"coalesce(sum({column}), 0)::bigint"


METRICS: tuple[Metric, ...] = (
    Metric("sent", "Sent", "count(sent_at)", "Messages that the provider took."),
    Metric("delivered", "Delivered", _having("sent_at is not null and bounced_at is null"), "Sent and not come back."),
    Metric("bounced", "Bounced", _having("sent_at is not null and bounced_at is not null"), "Sent and come back."),
    Metric("unique_opens", "Unique opens", _having("opens > 0"), "Recipients who opened, themselves or through their mailbox's proxy."),
    Metric(
        "unique_opens_with_machines",
        "Unique opens incl. machines",
        _having("opens + machine_opens > 0"),
        "Recipients whose message was opened by anybody, security scanners included.",
    ),
    Metric("opens_total", "Opens", _sum("opens"), "Opens by people, however often by the same one."),
    Metric("machine_opens", "Machine opens", _sum("machine_opens"), "Opens by machines, such as security scanners."),
    Metric("unique_clicks", "Unique clicks", _having("clicks > 0"), "Recipients who clicked."),
    Metric(
        "unique_clicks_with_machines",
        "Unique clicks incl. machines",
        _having("clicks + machine_clicks > 0"),
        "Recipients whose links were followed by anybody, security scanners included.",
    ),
    Metric("clicks_total", "Clicks", _sum("clicks"), "Clicks by people, however often by the same one."),
    Metric("machine_clicks", "Machine clicks", _sum("machine_clicks"), "Clicks by machines, such as security scanners."),
    Metric("unsubscribes", "Unsubscribes", "count(unsubscribed_at)", "Recipients who unsubscribed through this message."),
    Metric("complaints", "Complaints", "count(complained_at)", "Recipients who reported the message as spam."),
    Metric("conversions", "Conversions", _sum("conversions"), "Conversions, however often by the same recipient."),
    Metric("converting_contacts", "Converting recipients", _having("conversions > 0"), "Recipients who converted."),
    Metric("revenue", "Revenue", "coalesce(sum(revenue), 0)::double", "What the conversions brought.", Unit.MONEY),
)

RATES: tuple[Rate, ...] = (
    Rate("open_rate", "Open rate", "unique_opens", "delivered", "Unique opens per delivered message."),
    Rate("click_rate", "Click rate", "unique_clicks", "delivered", "Unique clicks per delivered message."),
    Rate(
        "click_to_open",
        "Click-to-open",
        "unique_clicks",
        "unique_opens",
        "Unique clicks per unique open; above 100% where images are blocked.",
    ),
    Rate("bounce_rate", "Bounce rate", "bounced", "sent", "Bounced per sent message."),
    Rate("unsubscribe_rate", "Unsubscribe rate", "unsubscribes", "delivered", "Unsubscribes per delivered message."),
    Rate("complaint_rate", "Complaint rate", "complaints", "delivered", "Complaints per delivered message."),
    Rate("conversion_rate", "Conversion rate", "converting_contacts", "delivered", "Converting recipients per delivered message."),
)

SELECT_METRICS = ", ".join(f"{metric.sql} as {metric.key}" for metric in METRICS)


def rates(counted: Mapping[str, Any]) -> dict[str, Any]:
    """Return every rate of a row of metrics; None where there is nothing to be a share of."""
    return {rate.key: share(counted[rate.part], counted[rate.whole]) for rate in RATES}


def share(part: int, whole: int) -> float | None:
    """Return a share between 0 and 1 (more where parts need not be in the whole), or None of nothing."""
    return part / whole if whole else None
