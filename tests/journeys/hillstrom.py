"""Customers of an e-mail experiment: the real file where it is on the machine, and a synthetic twin of the same shape."""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

COLUMNS = (
    "recency", "history_segment", "history", "mens", "womens", "zip_code", "newbie", "channel", "segment", "visit", "conversion", "spend",
)  # fmt: skip
ARMS = ("Mens E-Mail", "Womens E-Mail", "No E-Mail")


@dataclass(frozen=True)
class ArmTotals:
    """What is known of one arm."""

    customers: int
    visits: int
    conversions: int
    spend: float


PUBLISHED = {
    "Mens E-Mail": ArmTotals(21_307, 3_894, 267, 30_311.69),
    "Womens E-Mail": ArmTotals(21_387, 3_238, 189, 23_038.11),
}


def real_rows(path: Path) -> list[dict[str, str]]:
    """Return the 64,000 real customers with an address made up for each."""
    with path.open(newline="") as file:
        return _with_addresses(list(csv.DictReader(file)))


def twin_rows(count: int = 900) -> list[dict[str, str]]:
    """Return synthetic customers of the same shape: the first spends are 0 and a fraction comes late, as in the original."""
    dice = random.Random(20080320)
    rows = []
    for n in range(count):
        arm = ARMS[n % 3]
        visit = n > 100 and dice.random() < 0.2
        conversion = visit and dice.random() < 0.3
        spend = f"{dice.uniform(29, 499):.2f}" if conversion else "0"
        values = (
            dice.randint(1, 12), "1) $0 - $100", f"{dice.uniform(29.99, 3345):.2f}", n % 2, 1 - n % 2, dice.choice(("Urban", "Rural")),
            dice.randint(0, 1), dice.choice(("Phone", "Web")), arm, int(visit), int(conversion), spend,
        )  # fmt: skip
        rows.append(dict(zip(COLUMNS, map(str, values), strict=True)))
    return _with_addresses(rows)


def totals(rows: list[dict[str, str]]) -> dict[str, ArmTotals]:
    """Count each arm, independently of the product."""
    counts: dict[str, Counter[str]] = {arm: Counter() for arm in ARMS}
    spend: Counter[str] = Counter()
    for row in rows:
        counts[row["segment"]].update(customers=1, visits=int(row["visit"]), conversions=int(row["conversion"]))
        spend[row["segment"]] += round(float(row["spend"]) * 100)  # type: ignore[assignment]  # whole cents
    return {arm: ArmTotals(c["customers"], c["visits"], c["conversions"], spend[arm] / 100) for arm, c in counts.items()}


def as_csv(rows: list[dict[str, str]]) -> str:
    """Return the rows as a file to import."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=["email", *COLUMNS])
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _with_addresses(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{"email": f"customer-{n}@example.com", **row} for n, row in enumerate(rows, 1)]
