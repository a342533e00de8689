"""What somebody does with the visual editor in a browser."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.support.browser import heading, wait_idle


def make(page: Page, app_url: str, name: str, *kinds: str) -> None:
    """Make a blank template of blocks, wait until its email is on show, and put blocks in by pressing their tiles."""
    page.goto(f"{app_url}/templates")
    heading(page, "Templates")
    page.get_by_role("button", name="New template").click()
    dialog = page.get_by_role("dialog", name="New template")
    dialog.get_by_role("radio", name="Blank, with blocks").click()
    wait_idle(page)
    dialog.get_by_role("textbox", name="Name").fill(name)
    dialog.get_by_role("button", name="Make template").click()
    heading(page, name)
    expect(page.get_by_text("Drop something here")).to_be_visible()
    for kind in kinds:
        tile(page, kind).click()
        settled(page)


def settled(page: Page) -> None:
    """Wait until everything that was done has arrived, and what is on show is what there is."""
    expect(page.locator(".editor.busy")).to_have_count(0)
    wait_idle(page)


def tile(page: Page, kind: str) -> Locator:
    """Return what is dragged from the palette."""
    return page.locator(f".tile[data-kind='{kind}']")


def drag(page: Page, what: Locator, to: Locator, *, share: float = 0.5, drop: bool = True) -> None:
    """Drag something with the mouse.

    Args:
        page: The tab.
        what: What is dragged.
        to: Over what it is let go.
        share: How far down in that, from 0 to 1.
        drop: Whether it is let go.
    """
    what.scroll_into_view_if_needed()
    start, end = what.bounding_box(), to.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] * share, steps=5)
    if drop:
        page.mouse.up()
        settled(page)


def parts(page: Page) -> list[str]:
    """Return the blocks of the email, as the outline names them, once it is on show."""
    page.locator("[role=treeitem]").first.wait_for(state="attached")
    return [row.get_attribute("title") or "" for row in page.locator("[role=treeitem][aria-level='2']").all()]


def row(page: Page, words: str) -> Locator:
    """Return a part in the outline."""
    return page.get_by_role("treeitem", name=words)
