"""The same made-up world for every suite: a migrated installation, a workspace, people, a newsletter."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

from core.app import Services, build
from core.permissions import Principal
from core.settings import Settings
from core.storage.migrate import migrate

COUNTRIES = ("DE", "AT", "CH", "FR", "IT", "US", "GB")
ARTICLE = """<tr><td style='padding:12px'><h2>Story {n}, {{{{ contact.first_name }}}}</h2><p>Some words about story {n} that are long
enough to fill two lines of a letter on a phone.</p><a href='https://news.example.com/story/{n}'>Read story {n}</a></td></tr>"""
ARTICLES = "".join(ARTICLE.format(n=n) for n in range(12))
NEWSLETTER = f"""<html><head><style>h2 {{ color: #1f2433; font-size: 20px }} p {{ color: #444; line-height: 1.5 }}</style></head>
<body><table width="600">{ARTICLES}</table><p><a href="{{{{ unsubscribe_url }}}}">Unsubscribe</a></p></body></html>"""


def world(folder: Path) -> tuple[Services, Principal]:
    """Return a fresh installation and the system's principal in its workspace."""
    settings = Settings.load(data_dir=folder / "data", secret_key="a-key-for-benchmarks-only")
    services = build(settings)
    migrate(services.db)
    return services, Principal.system(services.workspaces.create("Bench").id, "bench")


def people_csv(count: int) -> bytes:
    """Return a CSV file of `count` people with ten attributes."""
    dice = random.Random(1)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["email", "first_name", "last_name", *(f"field_{n}" for n in range(7)), "country", "spend", "member"])
    for n in range(count):
        fields = [str(dice.randint(1, 1000)) for _ in range(7)]
        writer.writerow(
            [f"person-{n}@example.com", f"First{n}", f"Last{n}", *fields, dice.choice(COUNTRIES), f"{dice.uniform(0, 999):.2f}", n % 2]
        )
    return out.getvalue().encode()
