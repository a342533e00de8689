"""The arms of an A/B test side by side, each compared with the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.analytics.metrics import share
from core.analytics.models import ArmRow
from core.experiments.comparing import Comparison, compare
from core.experiments.experiments import Arm

Counted = Mapping[str, Any]
_NOTHING: Counted = {"delivered": 0, "unique_opens": 0, "unique_clicks": 0}


def arm_rows(arms: Sequence[Arm], counted: Mapping[int | None, Counted], recipients: Mapping[int, int]) -> tuple[ArmRow, ...]:
    """Return one row per arm.

    Args:
        arms: The arms of the campaign, in order; the first is what the others are compared with.
        counted: Metrics by arm.
        recipients: How many were assigned to each arm.
    """
    numbers = [counted.get(arm.id, _NOTHING) for arm in arms]
    firsts = [None, *numbers[:1] * len(arms)]
    return tuple(_row(arm, mine, first, recipients.get(arm.id, 0)) for arm, mine, first in zip(arms, numbers, firsts, strict=False))


def _row(arm: Arm, mine: Counted, first: Counted | None, recipients: int) -> ArmRow:
    opens, clicks = _compared(first, mine, "unique_opens"), _compared(first, mine, "unique_clicks")
    return ArmRow(
        key=arm.key,
        subject=arm.subject,
        recipients=recipients,
        delivered=mine["delivered"],
        unique_opens=mine["unique_opens"],
        unique_clicks=mine["unique_clicks"],
        rate=share(mine["unique_opens"], mine["delivered"]),
        click_rate=share(mine["unique_clicks"], mine["delivered"]),
        clicks_compared=clicks,
        **_told(opens),
    )


def _compared(first: Counted | None, mine: Counted, metric: str) -> Comparison | None:
    if first is None:
        return None
    return compare(_reached(first, metric), first["delivered"], _reached(mine, metric), mine["delivered"])


def _told(comparison: Comparison | None) -> dict[str, Any]:
    names = ("difference", "low", "high", "p_value") if comparison else ()
    return {name: getattr(comparison, name) for name in names}


def _reached(counted: Counted, metric: str) -> int:
    # Somebody may open a message whose bounce was wrong; a share can't be above one.
    return int(min(counted[metric], counted["delivered"]))
