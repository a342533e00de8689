"""What counts in a mail: the pixel that compiling puts into every HTML part, and what sending adds to it."""

from __future__ import annotations

import re

ALWAYS_PIXEL = '<img src="{{ pw_pixel }}" width="1" height="1" alt="" style="display:block;border:0;width:1px;height:1px">'
PIXEL = f"{{% if pw_pixel %}}{ALWAYS_PIXEL}{{% endif %}}"  # previews and tests have none
# Not `display:none`: scanners pass over what that hides. It is empty, so there is no hidden text either.
_TRAP = (
    '<a class="pw-end" href="{{ pw_trap }}" rel="nofollow" aria-hidden="true" tabindex="-1" style="display:inline-block;width:0;height:0;'
    'max-height:0;overflow:hidden;opacity:0;font-size:0;line-height:0;pointer-events:none;mso-hide:all"></a>'
)

_NOTHING = r"(?:\s++|<!--(?>.*?-->))*+"
_BODY_END = re.compile(rf"</body>{_NOTHING}(?:</html>{_NOTHING})?\Z", re.DOTALL)


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
    found = _BODY_END.search(html)
    end = found.start() if found else html.rfind("</body>")
    return f"{html}{addition}" if end < 0 else f"{html[:end]}{addition}{html[end:]}"
