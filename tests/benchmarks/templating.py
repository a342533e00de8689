"""Templates: compiling for the editor, rendering for each reader, and what it costs to do the first in a process of its own."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import css_inline
import mrml
from jinja2 import Environment

from core.templates.blocks.document import Document, Section, new_block, new_section, read_document
from core.templates.blocks.kinds import BlockKind
from core.templates.blocks.writing import to_mjml
from core.templates.compiling.compiler import compile_template
from core.templates.confined.process import Confined
from core.templates.look.brand import Brand
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
        _compiling("MJML", "a text and a button each", partial(_of, _PLAIN)),
        _compiling("MJML", "two columns, picture, condition, button each", partial(_of, _RICH)),
        _compiling("blocks", "a text and a button each", partial(document, rich=False), marked=True),
        _compiling("blocks", "two columns, picture, heading, condition, button each", partial(document, rich=True), marked=True),
        _rendering("merge fields only", NEWSLETTER, 30, 40),
        _rendering("a condition, a loop, filters", logic, 120, 15),
        _confining("MJML, a text and a button each", partial(_of, _PLAIN)),
        _confining("MJML, two columns, picture, condition, button each", partial(_of, _RICH)),
        _confining("blocks, two columns, picture, heading, condition, button each", partial(document, rich=True)),
    ]


def _of(section: str, first: int, changed: int) -> str:
    """Return an email of sections that are numbered, its last one with a number of its own."""
    numbers = [*range(first, first + SECTIONS - 1), changed]
    return _HEAD + "".join(section % (number, number) for number in numbers) + _FOOT


def document(first: int, changed: int, *, rich: bool) -> str:
    """Return the same as a block document."""
    sections = [_section(number, rich=rich) for number in [*range(first, first + SECTIONS - 1), changed]]
    return Document(preview_text="News for {{ contact.first_name }}", sections=(*sections, _footer())).as_json()


@cache
def _footer() -> Section:
    return new_section("1", new_block(BlockKind.FOOTER))


@cache
def _section(number: int, *, rich: bool) -> Section:
    """Return a section; the same one, with the same ids, for the same number."""
    words = new_block(BlockKind.TEXT, html=f"<p>Tea {number} for {{{{ contact.first_name|default('you') }}}}.</p>")
    button = new_block(BlockKind.BUTTON, text="Buy it", url=f"https://shop.example/tea/{number}")
    if not rich:
        return new_section("1", words, button)
    heading = new_block(BlockKind.HEADING, text=f"Tea {number}", level=2)
    fresh = new_block(
        BlockKind.TEXT,
        html="<p>Fresh in {{ contact.city }} this week.</p>",
        show_if={"conditions": [{"field": "contact.city", "operator": "is_set"}]},
    )
    picture = new_block(BlockKind.IMAGE, src=f"https://cdn.example/{number}.png", alt="Tea", width=160)
    section = new_section("1-2", picture)
    left, right = section.columns
    return section.model_copy(update={"columns": (left, right.model_copy(update={"blocks": (heading, words, fresh, button)}))})


def _compiling(kind: str, what: str, make: Callable[[int, int], str], *, marked: bool = False) -> Result:
    """Measure emails that somebody goes on writing, one section new each time, and emails of which no word was seen before."""
    edited = [make(0, 1_000 + number) for number in range(ROUNDS)]
    unseen = [make(10_000 * number, 10_000 * number + 1_000) for number in range(1, ROUNDS + 1)]
    made = compile_template(edited[0], marked=marked)
    compiling = partial(compile_template, marked=marked)
    ours, fresh = (_processor_each(compiling, sources) for sources in (edited, unseen))
    written = to_mjml(read_document(edited[0]), Brand(), marked=marked) if kind == "blocks" else edited[0]
    tools = _processor(lambda: css_inline.inline(_by_mrml(written)), rounds=ROUNDS)
    return Result(
        f"compile {SECTIONS} sections of {kind} ({what}; {len(made.html) // 1000} KB of HTML) after a change",
        f"{ours * 1000:.1f} ms; all of it never seen before {fresh * 1000:.1f} ms",
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


def _confining(what: str, make: Callable[[int, int], str]) -> Result:
    """Measure an email that somebody goes on writing, compiled and shown, in the confined process and in this one."""
    confined = Confined()
    sources = [make(0, 1_000 + number) for number in range(ROUNDS + 1)]

    def outside(source: str) -> None:
        made = confined.compile(source)
        confined.render(made, _context(made.links))

    def inside(source: str) -> None:
        made = compile_template(source)
        mail = Renderer(made).fill(_context(made.links))
        str(mail.html), str(mail.text)

    for work in (outside, inside):
        work(sources[-1])
    ours, ideal = (_each(work, sources[:-1]) for work in (outside, inside))
    confined.close()
    return Result(
        f"compile and preview {SECTIONS} sections ({what}) after a change, in the confined process",
        f"{ours * 1000:.1f} ms",
        f"in this process {ideal * 1000:.1f} ms",
        f"{(ours - ideal) * 1000:+.1f} ms; the bar is 5 ms",
    )


def _each(work: Callable[[str], object], sources: list[str]) -> float:
    upcoming = iter(sources)
    return seconds(lambda: work(next(upcoming)), rounds=len(sources))


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


def _by_mrml(source: str) -> str:
    return str(mrml.to_html(source, mrml.ParserOptions(), mrml.RenderOptions(fonts={})).content)  # web fonts would be fetched


def _processor_each(work: Callable[[str], object], sources: list[str]) -> float:
    upcoming = iter(sources)
    return _processor(lambda: work(next(upcoming)), rounds=len(sources))


def _processor(work: Callable[[], object], *, rounds: int) -> float:
    """Return the median time some work takes of one core, in seconds: what else the machine does is not counted."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)
