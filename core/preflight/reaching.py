"""What asking for its links and images says about an email."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

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


def wanted_of(email: Email) -> list[str]:
    """Return the addresses of an email's links and images that can be asked for, each once."""
    return list(dict.fromkeys([*links.web_links(email), *images.web_images(email)]))


def asked_for(emails: Sequence[Email], fetcher: Fetcher, step: Step | None = None) -> tuple[Mapping[str, Fetched], list[Finding]]:
    """Ask for the links and images of an email in all its languages, each address once; return the answers and what is to be said of all.

    Args:
        emails: It in each language.
        fetcher: Asks.
        step: Told how many are done, of how many.
    """
    wanted = list(dict.fromkeys(address for email in emails for address in wanted_of(email)))
    pictures = {address for email in emails for address in images.web_images(email)}
    answers = fetcher.look(wanted, step, pictures)
    left = sum(one not in answers for one in wanted)
    message = f"{left:,} of {len(wanted):,} links and images were not asked for: there was no time for all."
    return answers, [found(Rule.LINKS_UNCHECKED, message)] if left else []


def reached(email: Email, answers: Mapping[str, Fetched]) -> Iterator[Finding]:
    """Find links and images that are not there, and images that weigh too much.

    Args:
        email: What is looked at.
        answers: What asking came to.
    """
    yield from _of_links(email, answers)
    yield from _of_images(email, answers)


def _of_links(email: Email, answers: Mapping[str, Fetched]) -> Iterator[Finding]:
    for url, piece in links.web_links(email).items():
        answer = answers.get(url)
        if answer is not None and answer.standing in _LINK_RULES:
            place = email.place_of_address(url, piece)
            yield found(_LINK_RULES[answer.standing], f"The link “{quoted(url)}” {answer.why}.", place=place)


def _of_images(email: Email, answers: Mapping[str, Fetched]) -> Iterator[Finding]:
    total = 0
    for url, piece in images.web_images(email).items():
        answer = answers.get(url)
        if answer is None:
            continue
        total += answer.size or 0
        said = _of_image(url, answer)
        if said is not None:
            yield found(*said, place=email.place_of_address(url, piece))
    if total > images.ALL_HEAVY:
        yield found(Rule.IMAGES_HEAVY, f"The images weigh {images.weight(total)} together.")


def _of_image(url: str, answer: Fetched) -> tuple[Rule, str] | None:
    if answer.standing in (Standing.GONE, Standing.NO_HOST, Standing.PRIVATE):
        return Rule.IMAGE_MISSING, f"The image “{quoted(url)}” {answer.why}."
    if answer.standing is Standing.UNSURE:
        return Rule.LINK_UNSURE, f"The image “{quoted(url)}” {answer.why}."
    if answer.kind.startswith("text/html"):
        return Rule.IMAGE_MISSING, f"The image “{quoted(url)}” is a web page, no image."
    if (answer.size or 0) > images.HEAVY:
        weight = f"more than {images.weight(images.HEAVY)}" if answer.is_more else images.weight(answer.size or 0)
        return Rule.IMAGE_HEAVY, f"The image “{quoted(url)}” weighs {weight}."
    return None
