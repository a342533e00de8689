"""The visual editor in a real browser: from a key that is pressed, or a block that is dropped, to the email with it on the canvas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from tests.benchmarks.measure import Result
from tests.benchmarks.templating import SECTIONS, document
from tests.support import browser as hands
from tests.support import canvas
from tests.support.product import Product, running

EMAIL, PASSWORD = "ada@example.com", "correct horse battery"
BLOCKS = ("heading", "text", "button", "divider", "quote", "products", "text", "heading", "text", "button")
TIMES = 60
BAR = 300  # milliseconds, of 95 in 100
# Waits for the canvas to tell that the next state of the email is on show; the clock begins with the key or the drop.
WATCH = """begins => {
    const find = root => {
        for (const one of root.querySelectorAll("*")) {
            if (one.classList?.contains("stage")) return one
            const inside = one.shadowRoot && find(one.shadowRoot)
            if (inside) return inside
        }
        return null
    }
    window.took = new Promise(done => {
        let begun = 0
        window.addEventListener(begins, () => { begun = performance.now() }, { capture: true, once: true })
        const seen = new MutationObserver(() => { seen.disconnect(); done(performance.now() - begun) })
        seen.observe(find(document), { attributes: true, attributeFilter: ["data-shown"] })
    })
    return null
}"""


def run(folder: Path) -> list[Result]:
    """Return the results of this suite."""
    with running(folder / "data") as product, hands.launch() as browser:
        product.run("users", "add", EMAIL, "--name", "Ada", "--role", "admin", "--password-stdin", given=f"{PASSWORD}\n")
        page = hands.profile(browser).new_page()
        page.goto(product.app_url)
        hands.sign_in(page, EMAIL, PASSWORD)
        canvas.make(page, product.app_url, "Measured")
        for kind in BLOCKS:
            canvas.tile(page, kind).click()
            canvas.settled(page)
        canvas.row(page, "Heading").first.click()
        canvas.settled(page)
        words = page.get_by_role("textbox", name="Text", exact=True)
        words.focus()
        typed = _took(page, "keydown", lambda: page.keyboard.press("x"))
        chosen = canvas.row(page, "Heading").first
        moved = _took(page, "keydown", lambda: page.keyboard.press("Alt+ArrowDown"), before=chosen.focus)
        _open_long_one(product, page, folder / "long.json")
        words.focus()
        typed_in_a_long_one = _took(page, "keydown", lambda: page.keyboard.press("x"))
    return [
        _result("a letter typed in the panel", typed),
        _result("a block moved with the keyboard", moved),
        _result("a letter typed in an email of 40 sections, two columns, five blocks each", typed_in_a_long_one),
    ]


def _open_long_one(product: Product, page: Page, file: Path) -> None:
    """Open an email of 40 sections and choose a heading in it."""
    file.write_text(document(0, SECTIONS, rich=True).replace("contact.city", "contact.last_name"))
    made = product.run("templates", "import", str(file), "--name", "Long")
    page.goto(f"{product.app_url}/template?id={made['template_id']}")
    hands.heading(page, "Long")
    canvas.row(page, "Heading").first.click()
    canvas.settled(page)


def _took(page: Page, begins: str, act: Callable[[], None], before: Callable[[], None] = lambda: None) -> list[float]:
    found = []
    for _ in range(TIMES):
        before()
        page.evaluate(WATCH, begins)
        act()
        found.append(float(page.evaluate("() => window.took")))
        canvas.settled(page)
    return sorted(found)


def _result(what: str, took: list[float]) -> Result:
    middle, late = took[len(took) // 2], took[int(len(took) * 0.95)]
    return Result(f"{what}, until the canvas shows it", f"{middle:.0f} ms", f"95 in 100 within {late:.0f} ms", f"bar {BAR} ms")
