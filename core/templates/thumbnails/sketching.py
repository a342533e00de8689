"""A drawing in place of a picture: what an email is made of, in the colours of its brand, or the first letters of its name."""

from __future__ import annotations

from html import escape

from core.templates.blocks.document import LAYOUTS, Document, Section
from core.templates.blocks.kinds import Block, Heading, Image, Products, Spacer, TextBlock
from core.templates.look.brand import Brand

WIDTH, HEIGHT = 480, 360
_SHEET, _MARGIN, _BOTTOM = 288, 96, HEIGHT - 10  # the sheet's width, and where it and what stands on it end
_GAP = 9


def sketch(document: Document | None, brand: Brand, name: str) -> str:
    """Return an SVG, 4:3.

    Args:
        document: The email; None for code, which is drawn as its name's first letters.
        brand: Whose colours.
        name: What the template is called.
    """
    colours = brand.colours
    drawn = _initials(name, brand) if document is None or not document.sections else _sections(document, brand)
    sheet = f'<rect x="{_MARGIN}" y="20" width="{_SHEET}" height="{HEIGHT}" rx="6" fill="{colours.surface}" stroke="{colours.line}"/>'
    frame = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
    return f'{frame}<rect width="{WIDTH}" height="{HEIGHT}" fill="{colours.background}"/>{sheet}{drawn}</svg>'


def _initials(name: str, brand: Brand) -> str:
    words = [word for word in name.split() if word[0].isalnum()] or [name.strip()[:1] or "?"]
    letters = escape("".join(word[0] for word in words[:2]).upper(), quote=True)
    said = f'fill="{brand.colours.primary}" text-anchor="middle"'
    return f'<text x="240" y="212" font-family="Helvetica,Arial,sans-serif" font-size="84" font-weight="700" {said}>{letters}</text>'


def _sections(document: Document, brand: Brand) -> str:
    drawn, y = [], 32.0
    for section in document.sections:
        if y >= _BOTTOM:
            break
        part, height = _section(section, brand, y)
        if section.background:
            drawn.append(_box(_MARGIN + 1, y - 4, _SHEET - 2, min(height + 4, HEIGHT - y), _colour(section.background, brand), 0))
        drawn.append(part)
        y += height
    return "".join(drawn)


def _section(section: Section, brand: Brand, top: float) -> tuple[str, float]:
    drawn, lowest, x = [], top + _GAP, _MARGIN + 16.0
    room = _SHEET - 32.0 - 8 * (len(section.columns) - 1)
    for column, share in zip(section.columns, LAYOUTS[section.layout], strict=True):
        width, y = room * share / 100, top
        for block in column.blocks:
            part, height = _block(block, brand, x, y, width)
            drawn += [part] if y < _BOTTOM else []
            y += height + _GAP
        lowest, x = max(lowest, y), x + width + 8
    return "".join(drawn), lowest - top


def _block(block: Block, brand: Brand, x: float, y: float, width: float) -> tuple[str, float]:
    """Return how a block is drawn, and how high that is."""
    match block:
        case Heading():
            height = 16 - 3 * block.level
            return _line(x, y, width, max(0.25, min(1.0, len(block.text) / 26)), height, _colour(block.colour, brand)), height
        case TextBlock():
            return _words(max(1, min(6, len(block.html) // 60)), brand, x, y, width)
        case Image():
            return _picture(brand, x, y, width)
        case Spacer():
            return "", block.height / 3
        case Products():
            return _products(len(block.products), brand, x, y, width)
    return _plain(block, brand, x, y, width)


def _plain(block: Block, brand: Brand, x: float, y: float, width: float) -> tuple[str, float]:
    """Draw what looks the same whatever it says."""
    colours = brand.colours
    match block.kind:
        case "button":
            wide = min(width, 88)
            return _box(x, y, wide, 20, colours.primary, 4) + _line(x + 20, y + 8, wide - 40, 1, 4, colours.button_text), 20
        case "divider":
            return _box(x, y, width, 1, colours.line, 0), 1
        case "social":
            return "".join(
                f'<circle cx="{x + width / 2 - 24 + 16 * at:.1f}" cy="{y + 5:.1f}" r="5" fill="{colours.muted}"/>' for at in range(4)
            ), 10
        case "header":
            return _line(x, y, width, 0.3, 12, colours.primary), 14
        case "footer":
            lines = _line(x + width * 0.2, y, width, 0.6, 3, colours.muted) + _line(x + width * 0.3, y + 8, width, 0.4, 3, colours.muted)
            return lines, 12
    return _words(2, brand, x, y, width)


def _words(lines: int, brand: Brand, x: float, y: float, width: float) -> tuple[str, float]:
    shares = [1.0] * (lines - 1) + [0.6]
    return "".join(_line(x, y + 9 * at, width, share, 4, brand.colours.line) for at, share in enumerate(shares)), 9 * lines - 5


def _picture(brand: Brand, x: float, y: float, width: float) -> tuple[str, float]:
    height = min(width * 0.5, 110)
    return _box(x, y, width, height, brand.colours.line, 3) + _hills(x, y, width, height, brand.colours.muted), height


def _products(count: int, brand: Brand, x: float, y: float, width: float) -> tuple[str, float]:
    each = (width - 8 * (count - 1)) / count
    lefts = [x + (each + 8) * at for at in range(count)]
    boxes = (_box(left, y, each, 48, brand.colours.line, 3) + _line(left, y + 54, each, 0.7, 5, brand.colours.text) for left in lefts)
    return "".join(boxes), 60


def _hills(x: float, y: float, width: float, height: float, colour: str) -> str:
    bottom = y + height
    ridge = f"{x:.0f},{bottom:.0f} {x + width * 0.3:.0f},{y + height * 0.45:.0f} {x + width * 0.55:.0f},{y + height * 0.8:.0f}"
    ridge += f" {x + width * 0.75:.0f},{y + height * 0.55:.0f} {x + width:.0f},{bottom:.0f}"
    return f'<polygon points="{ridge}" fill="{colour}" opacity="0.35"/>'


def _line(x: float, y: float, width: float, share: float, height: float, colour: str) -> str:
    return _box(x, y, width * share, height, colour, min(2, height / 2))


def _box(x: float, y: float, width: float, height: float, colour: str, radius: float) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" rx="{radius:g}" fill="{colour}"/>'


def _colour(colour: str, brand: Brand) -> str:
    return colour if colour.startswith("#") else str(getattr(brand.colours, colour.replace("-", "_")))
