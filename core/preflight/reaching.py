"""What asking for its links and images says about an email."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.preflight import images, links
from core.preflight.catalogue import found
from core.preflight.emails import Email, quoted
from core.preflight.fetching import Fetched, Fetcher, Standing, Step
from core.preflight.findings import Finding, Rule

_LINK_RULES = {
    **dict.fromkeys((Standing.GONE, Standing.NO_HOST), Rule.LINK_DEAD),
    Standing.PRIVATE: Rule.LINK_PRIVATE,
    Standing.UNSURE: Rule.LINK_UNSURE,
}


def reached(email: Email, fetcher: Fetcher, step: Step | None = None) -> Iterator[Finding]:
    """Ask for links and images, and find those that are not there and those that weigh too much.

    Args:
        email: What is looked at.
        fetcher: Asks.
        step: Told how many are done, of how many.
    """
    pages, pictures = links.web_links(email), images.web_images(email)
    wanted = list(dict.fromkeys([*pages, *pictures]))
    answers = fetcher.look(wanted, step)
    yield from _of_links(email, pages, answers)
    yield from _of_images(email, pictures, answers)
    if left := sum(one not in answers for one in wanted):
        yield found(Rule.LINKS_UNCHECKED, f"{left:,} of {len(wanted):,} links and images were not asked for: there was no time for all.")


def _of_links(email: Email, pages: list[str], answers: Mapping[str, Fetched]) -> Iterator[Finding]:
    for url in pages:
        answer = answers.get(url)
        if answer is not None and answer.standing in _LINK_RULES:
            yield found(_LINK_RULES[answer.standing], f"The link “{quoted(url)}” {answer.why}.", where=email.line_of_address(url))


def _of_images(email: Email, pictures: list[str], answers: Mapping[str, Fetched]) -> Iterator[Finding]:
    total = 0
    for url in pictures:
        answer, where = answers.get(url), email.line_of_address(url)
        if answer is None:
            continue
        total += answer.size or 0
        if answer.standing in (Standing.GONE, Standing.NO_HOST, Standing.PRIVATE):
            yield found(Rule.IMAGE_MISSING, f"The image “{quoted(url)}” {answer.why}.", where=where)
        elif answer.standing is Standing.UNSURE:
            yield found(Rule.LINK_UNSURE, f"The image “{quoted(url)}” {answer.why}.", where=where)
        elif answer.kind.startswith("text/html"):
            yield found(Rule.IMAGE_MISSING, f"The image “{quoted(url)}” is a web page, no image.", where=where)
        elif (answer.size or 0) > images.HEAVY:
            yield found(Rule.IMAGE_HEAVY, f"The image “{quoted(url)}” weighs {images.weight(answer.size or 0)}.", where=where)
    if total > images.ALL_HEAVY:
        yield found(Rule.IMAGES_HEAVY, f"The images weigh {images.weight(total)} together.")
