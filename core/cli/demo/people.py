"""Made-up contacts: the same ones every time, all at example.com, which never delivers (RFC 2606)."""

from __future__ import annotations

import csv
import io
import random
from datetime import date, timedelta

_FIRST = (
    "Ada", "Amir", "Anna", "Ben", "Carla", "Chidi", "Chloé", "David", "Elif", "Emma", "Felix", "Fatima", "Georg", "Hana",
    "Henrik", "Ines", "Ivan", "Jana", "Jonas", "Kaito", "Lena", "Léo", "Lin", "Luca", "Maja", "Marek", "Mei", "Mina", "Nadia",
    "Noah", "Olga", "Omar", "Paula", "Priya", "Quentin", "Rosa", "Sami", "Sofia", "Tariq", "Tomás", "Uma", "Vera", "Wanjiru",
    "Yara", "Zoë",
)  # fmt: skip
_LAST = (
    "Andersson", "Bauer", "Çelik", "Costa", "Dubois", "Eriksen", "Fischer", "García", "Hansen", "Ito", "Jansen", "Kovács",
    "Kowalska", "Lang", "López", "Maier", "Moreau", "Müller", "Nakamura", "Novak", "Okafor", "Olsen", "Petrov", "Rossi", "Santos",
    "Schmidt", "Silva", "Singh", "Suzuki", "Tanaka", "Torres", "Weber", "Wójcik", "Yilmaz", "Zhang",
)  # fmt: skip
_CITIES = ("Berlin", "Hamburg", "Lisbon", "Lyon", "Copenhagen", "Kraków", "Vienna", "Ghent", "Porto", "Zürich")
_DRINKS = ("filter", "espresso", "both", "decaf")
_GERMAN = {"Berlin", "Hamburg", "Vienna", "Zürich"}
COLUMNS = ("email", "first_name", "last_name", "city", "drinks", "orders", "member", "last_order", "language")
MAPPING = {
    "email": "email",
    "first_name": "first_name",
    "last_name": "last_name",
    **{name: f"attribute.{name}" for name in ("city", "drinks", "orders", "member", "last_order", "language")},
}


def people_csv(count: int, today: date) -> bytes:
    """Return a file to import.

    Args:
        count: How many people.
        today: What "last order" counts back from.
    """
    dice = random.Random(20_240_229)  # noqa: S311 - made up the same way every time, not a secret
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number in range(1, count + 1):
        writer.writerow(_person(number, dice, today))
    return out.getvalue().encode()


def _person(number: int, dice: random.Random, today: date) -> tuple[object, ...]:
    first, last = dice.choice(_FIRST), dice.choice(_LAST)
    orders = min(int(dice.expovariate(0.35)), 24)
    last_order = today - timedelta(days=int(dice.triangular(1, 700, 60))) if orders else ""
    member = "true" if orders >= 3 and dice.random() < 0.6 else "false"
    # A few give no name, as in every real list.
    name = (first, last) if dice.random() > 0.06 else ("", "")
    city = dice.choice(_CITIES)
    language = "de" if city in _GERMAN else ""
    return (f"reader-{number}@example.com", *name, city, dice.choice(_DRINKS), orders, member, last_order, language)
