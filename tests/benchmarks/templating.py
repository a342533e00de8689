"""Templates: compiling for the editor, rendering for each reader, and what it costs to do the first in a process of its own."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import css_inline
import mrml
from jinja2 import Environment

from core.templates.compiling.compiler import compile_template
from core.templates.confined.process import Confined
from core.templates.rendering.renderer import Compiled, Renderer
from tests.benchmarks.measure import Result, seconds
from tests.benchmarks.worlds import NEWSLETTER

SECTIONS = 40
ROUNDS = 30
MESSAGES = 3_000
NAIVE = 60
_HEAD = (
    "<mjml><mj-head><mj-preview>News for {{ contact.first_name }}</mj-preview><mj-attributes>"
    '<mj-all font-family="Helvetica,Arial,sans-serif" /></mj-attributes>'
    "<mj-style>@media (prefers-color-scheme:dark){.x{color:#fff}}</mj-style></mj-head><mj-body>"
)
_FOOT = (
    '<mj-section><mj-column><mj-text><a href="{{ unsubscribe_url }}">Unsubscribe</a></mj-text></mj-column></mj-section></mj-body></mjml>'
)
_PLAIN = (
    '<mj-section><mj-column><mj-text font-size="16px">Tea %d for {{ contact.first_name|default("you") }}.</mj-text>'
    '<mj-button href="https://shop.example/tea/%d">Buy it</mj-button></mj-column></mj-section>\n'
)
_RICH = (
    '<mj-section background-color="#ffffff"><mj-column width="33%%"><mj-image src="https://cdn.example/%d.png" alt="Tea" width="160px" />'
    '</mj-column><mj-column width="67%%"><mj-text font-size="18px">Tea for {{ contact.first_name|default("you") }}</mj-text>'
    "{%% if contact.city %%}<mj-text>Fresh in {{ contact.city }} this week.</mj-text>{%% endif %%}"
    '<mj-button href="https://shop.example/tea/%d">Buy it</mj-button></mj-column></mj-section>\n'
)
_LOGIC = (
    "{% if contact.points > 100 %}<p>Thank you, {{ contact.first_name|default('you')|title }}: {{ contact.points|number }} points.</p>"
    "{% else %}<p>Join us.</p>{% endif %}{% for item in contact['items'] %}<p>{{ loop.index }}. {{ item|title }}</p>{% endfor %}"
)


def run(_folder: Path) -> list[Result]:
    """Return the results of this suite."""
    logic = NEWSLETTER.replace("</body>", f"{_LOGIC}</body>") if "</body>" in NEWSLETTER else NEWSLETTER + _LOGIC
    return [
        _compiling("a text and a button each", _of(_PLAIN)),
        _compiling("two columns, picture, condition, button each", _of(_RICH)),
        _rendering("merge fields only", NEWSLETTER, 30, 40),
        _rendering("a condition, a loop, filters", logic, 120, 15),
        _confining(_of(_PLAIN)),
    ]


def _of(section: str) -> str:
    return _HEAD + "".join(section % (number, number) for number in range(SECTIONS)) + _FOOT


def _compiling(what: str, source: str) -> Result:
    html = compile_template(source).html
    ours = _processor(lambda: compile_template(source), rounds=ROUNDS)
    tools = _processor(lambda: css_inline.inline(mrml.to_html(source).content), rounds=ROUNDS)
    return Result(
        f"compile {SECTIONS} sections of MJML ({what}; {len(html) // 1000} KB of HTML)",
        f"{ours * 1000:.1f} ms",
        f"the two compilers alone, nothing checked {tools * 1000:.1f} ms",
        f"{ours / tools:.1f}× their time; the bar is 10 ms",
    )


def _rendering(what: str, source: str, bar: int, times: int) -> Result:
    made = compile_template(source)
    renderer, context = Renderer(made), _context(made.links)
    renderer.fill(context)
    ours = _processor(lambda: [renderer.fill(context) for _ in range(MESSAGES)], rounds=5) / MESSAGES
    naive = _processor(lambda: _naive(made, context, NAIVE), rounds=3) / NAIVE
    return Result(
        f"render HTML and text of a newsletter ({what})",
        f"{ours * 1e6:.1f} µs per message; the bar is {bar} µs",
        f"Environment per message {naive * 1e6:,.0f} µs",
        f"{naive / ours:.0f}×; the bar is {times}×",
    )


def _confining(source: str) -> Result:
    confined = Confined()
    made = confined.compile(source)
    context, renderer = _context(made.links), Renderer(made)

    def outside() -> None:
        confined.render(confined.compile(source), context)

    def inside() -> None:
        compile_template(source)
        mail = renderer.fill(context)
        str(mail.html), str(mail.text)

    outside()
    ours, ideal = seconds(outside, rounds=ROUNDS), seconds(inside, rounds=ROUNDS)
    confined.close()
    return Result(
        f"compile and preview {SECTIONS} sections in the confined process",
        f"{ours * 1000:.1f} ms",
        f"in this process {ideal * 1000:.1f} ms",
        f"{(ours - ideal) * 1000:+.1f} ms; the bar is 5 ms",
    )


def _naive(made: Compiled, context: dict[str, Any], messages: int) -> None:
    for _ in range(messages):
        for part in (made.html, made.text):
            environment = Environment(autoescape=True)
            environment.filters |= {"number": str, "pw_url": str}
            environment.from_string(part).render(context)


def _context(links: list[str]) -> dict[str, Any]:
    return {
        "contact": {
            "email": "ann@example.com",
            "first_name": "Ann",
            "last_name": "Lee",
            "city": "Oslo",
            "points": 120,
            "items": ["tea", "cup"],
        },
        "workspace": {"name": "Acme", "postal_address": "1 Main Road"},
        "campaign": {"name": "Spring", "subject": "Hello"},
        **dict.fromkeys(("unsubscribe_url", "preferences_url", "view_url"), "https://mail.example/u/1"),
        "pw_links": [f"https://mail.example/c/{number}" for number in range(len(links))],
        "pw_pixel": "https://mail.example/o/1.gif",
    }


def _processor(work: Callable[[], object], *, rounds: int) -> float:
    """Return the median time some work takes of one core, in seconds: what else the machine does is not counted."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)
