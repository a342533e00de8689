"""Images: what readers see where they don't load, how they fit, and whether there is anything but images."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from core.preflight.catalogue import found
from core.preflight.emails import UNKNOWN, Email, quoted
from core.preflight.findings import Finding, Rule
from core.preflight.links import faulty, is_fetchable
from core.preflight.styling import declarations, pixels
from core.templates.markup.scanning import Kind, Piece

# A page of a newsletter loads in a second or two on a phone below these (bytes).
HEAVY = 400_000
ALL_HEAVY = 1_500_000
_HERE = "Whoever runs Postwright sets POSTWRIGHT_PUBLIC_URL to an address of the web, which links and opens need too. Pictures then follow."
_TINY = 4  # pixels: what counts opens or keeps a distance
_FEW_LETTERS = 150
_MANY_PIXELS = 300
_BEHIND = re.compile(r"""url\(\s*['"]?([^'")]+?)['"]?\s*\)""", re.IGNORECASE)


def alternatives(email: Email) -> Iterator[Finding]:
    """Find images that say nothing where they are not shown."""
    for piece, source in _pictures(email):
        alt = email.value(piece, "alt")
        if alt is None:
            place = email.place_of_address(source, piece)
            yield found(Rule.IMAGE_NO_ALT, f"The image “{_name(source)}” has no alternative text.", place=place)
    for block in email.pictures:
        if block.src and not block.alt.strip() and not block.is_decorative:
            message = f"The picture “{_name(block.src)}” says nothing to those who don’t see it."
            hint = "Say beside it what it shows, or that it is only decoration."
            yield found(Rule.IMAGE_NO_ALT, message, hint=hint, place=email.place_of_part(block.id))


def widths(email: Email) -> Iterator[Finding]:
    """Find images whose width Outlook does not know."""
    for piece, source in _pictures(email):
        if _width(email, piece) is None:
            yield found(Rule.IMAGE_NO_WIDTH, f"The image “{_name(source)}” has no width.", place=email.place_of_address(source, piece))


def addresses(email: Email) -> Iterator[Finding]:
    """Find images that can't be loaded from where they are said to be; those that stand here are told once, for one setting mends all."""
    here, is_told = f"{email.receiver.rstrip('/')}/", False
    for piece, source in chain(_pictures(email), _backgrounds(email)):
        place = email.place_of_address(source, piece)
        if source.startswith(here) and (fault := faulty(source)) and fault.rule is Rule.LINK_PRIVATE:
            if not is_told:
                message = f"Pictures that you uploaded stand at {here}, where only your own network sees them."
                yield found(Rule.IMAGE_ADDRESS, message, hint=_HERE, place=place)
            is_told = True
            continue
        if source.lower().startswith("data:"):
            yield found(Rule.IMAGE_EMBEDDED, f"An image is embedded in the email itself ({weight(len(source))}).", place=place)
        elif not source.strip():
            yield found(Rule.IMAGE_ADDRESS, "An image has no address.", place=place)
        elif fault := faulty(source):
            yield found(Rule.IMAGE_ADDRESS, f"The image “{quoted(source)}” {fault.why}.", place=place)


def only_images(email: Email) -> Iterator[Finding]:
    """Find an email that says everything in images."""
    large = [piece for piece, _ in _pictures(email) if (_width(email, piece) or _MANY_PIXELS) >= _MANY_PIXELS]
    letters = sum(map(str.isalnum, email.words))
    if large and letters < _FEW_LETTERS * min(len(large), 2):
        images = "one large image" if len(large) == 1 else f"{len(large)} large images"
        text = f"{letters} {'letter' if letters == 1 else 'letters'} of text"
        yield found(Rule.ALL_IMAGES, f"Nearly all of it is images: {images}, and {text}.")


def web_images(email: Email) -> dict[str, Piece]:
    """Return the addresses images are loaded from that are the same for everybody, in order, each with the first image from there."""
    found_images: dict[str, Piece] = {}
    for piece, source in chain(_pictures(email), _backgrounds(email)):
        if is_fetchable(source.strip()):
            found_images.setdefault(source.strip(), piece)
    return found_images


def weight(size: int) -> str:
    """Return a size as people read it: "420 KB", "1.6 MB"."""
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1000)):,} KB"


def _pictures(email: Email) -> Iterator[tuple[Piece, str]]:
    """Yield every image that is meant to be seen, with its address; those of merge fields without one that can be told."""
    for piece in email.starts("img"):
        source = email.value(piece, "src") or ""
        width, height = (pixels(email.value(piece, name) or "") for name in ("width", "height"))
        is_tiny = width is not None and width <= _TINY and (height is None or height <= _TINY)
        if not is_tiny:
            yield piece, source


def _backgrounds(email: Email) -> Iterator[tuple[Piece, str]]:
    """Yield each image that stands behind something, with its address; MJML says it once for Outlook and once for the others."""
    seen: set[str] = set()
    for piece in (one for one in email.pieces if one.kind is Kind.START):
        said = [email.value(piece, "background") or "", *_BEHIND.findall(email.value(piece, "style") or "")]
        for source in filter(None, (one.strip() for one in said)):
            if source not in seen:
                seen.add(source)
                yield piece, source


def _width(email: Email, piece: Piece) -> float | None:
    """Return how wide an image is said to be; percentages of what is around it count as what MJML's columns have at most."""
    given = email.value(piece, "width") or ""
    if UNKNOWN in given:
        return 0.0
    style = declarations(email.value(piece, "style") or "")
    found_widths = [pixels(each, 600.0) for each in (given, style.get("width", ""), style.get("max-width", "")) if each]
    return next((width for width in found_widths if width is not None), None)


def _name(source: str) -> str:
    """Return what an image is recognised by: the last part of its address."""
    if source.lower().startswith("data:"):
        return "data:…"
    return quoted(source.partition("?")[0].rstrip("/").rpartition("/")[2] or source, 40)
