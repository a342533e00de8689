"""What counts in a mail: the pixel that compiling puts into every HTML part, and what sending adds to it."""

from __future__ import annotations

import re
from bisect import bisect_left

ALWAYS_PIXEL = '<img src="{{ pw_pixel }}" width="1" height="1" alt="" style="display:block;border:0;width:1px;height:1px">'
PIXEL = f"{{% if pw_pixel %}}{ALWAYS_PIXEL}{{% endif %}}"  # previews and tests have none
# Not `display:none`: scanners pass over what that hides. It is empty, so there is no hidden text either.
_TRAP = (
    '<a class="pw-end" href="{{ pw_trap }}" rel="nofollow" aria-hidden="true" tabindex="-1" style="display:inline-block;width:0;height:0;'
    'max-height:0;overflow:hidden;opacity:0;font-size:0;line-height:0;pointer-events:none;mso-hide:all"></a>'
)

_BEHIND = re.compile(r"\s*+(?:(?P<comment><!--)|(?P<html></html>)|\Z)")
_BODY_END = "</body>"


def counting(html: str) -> str:
    """Return a compiled HTML part as it is sent: its pixel for certain, and a link that only machines follow.

    People neither see nor reach that link, nor hear it read out.
    """
    return before_body_end(html.replace(PIXEL, ALWAYS_PIXEL), _TRAP)


def before_body_end(html: str, addition: str) -> str:
    """Return HTML with something more at the end of its body; not of one that a comment behind it names, where nobody would see it.

    Args:
        html: HTML as an HTML parser writes it, with or without its Jinja.
        addition: What is added.
    """
    end = _body_end(html)
    return f"{html}{addition}" if end < 0 else f"{html[:end]}{addition}{html[end:]}"


def _body_end(html: str) -> int:
    """Return where the first end of a body is behind which are only comments and the end of the page; else the last, or -1 for none."""
    begin = html.find(_BODY_END)
    ends = [found.end() for found in re.finditer("-->", html[begin:])] if begin >= 0 else []
    been: set[tuple[int, bool]] = set()  # what leads nowhere is followed once, however many ends of bodies lead there
    first = begin
    while begin >= 0:
        at, is_in_page = begin + len(_BODY_END), True
        while (at, is_in_page) not in been:
            been.add((at, is_in_page))
            step = _BEHIND.match(html, at)
            if step is None or (step["html"] and not is_in_page):
                break
            if not step.lastgroup:
                return begin
            if step["html"]:
                at, is_in_page = step.end(), False
                continue
            number = bisect_left(ends, step.end() + len("-->") - first)
            if number == len(ends):
                break
            at = first + ends[number]
        begin = html.find(_BODY_END, begin + 1)
    return html.rfind(_BODY_END)
