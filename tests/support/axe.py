"""axe-core in a tab: what it finds wrong with a page for people who see little of it, or use no mouse."""

from __future__ import annotations

from importlib import resources
from typing import Any

from playwright.sync_api import Frame, Page

_SCRIPT = (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Streamlit's own: the lists of its menu hold more than items, and in dark the words of a chosen segment have 3.7 : 1.
_NOT_OURS = [["[data-testid=stSidebar]"], ["[data-testid=stButtonGroup] [aria-checked=true]"]]
# Colours that are on their way to another scheme are nobody's: they are waited for.
_RUN = """async ([within, without, rules]) => {
  const moving = document.getAnimations().filter(one => one.effect.getComputedTiming().endTime < 5000)
  await Promise.all(moving.map(one => one.finished.catch(() => null)))
  const found = await axe.run({ include: within, exclude: without }, { runOnly: rules, iframes: false })
  return found.violations.flatMap(one => one.nodes.map(node => `${one.id}: ${one.help}: ${node.html.slice(0, 200)}`))
}"""


def violations(page: Page | Frame, within: str = "html") -> list[str]:
    """Return what is wrong by WCAG 2.2 AA, our own in shadow trees too; what is in frames is asked for frame by frame.

    Args:
        page: The tab, or a frame of it.
        within: What is looked at.
    """
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(_SCRIPT)
    found: list[Any] = page.evaluate(_RUN, [[[within]], _NOT_OURS, _RULES])
    return [str(one) for one in found]
