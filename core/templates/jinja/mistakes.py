"""What is wrong with a template that Jinja can't read, in words for somebody who does not know Jinja."""

from __future__ import annotations

import re

from jinja2 import TemplateSyntaxError

from core.errors import InvalidInput

HINT = "Merge fields look like {{ contact.first_name }}, conditions like {% if … %} … {% endif %}."
_PAIRED = ("if", "for", "filter", "with", "set", "block", "call", "macro", "autoescape")
_TAG = re.compile(r"\{#.*?#\}|\{%[-+]?\s*(?P<end>end)?(?P<name>[a-z]+)(?P<rest>.*?)%\}", re.DOTALL)


def told(error: TemplateSyntaxError, source: str) -> InvalidInput:
    """Return a mistake as it is said.

    Args:
        error: What Jinja says.
        source: The template.
    """
    message = (error.message or "").rstrip(".")
    if "innermost block that needs to be closed" in message and (opened := _open(source)):
        name, line = opened
        return InvalidInput(f"{{% {name} … %}} in line {line} is not closed.", hint=f"Close it with {{% end{name} %}}.")
    if (lone := re.fullmatch(r"Encountered unknown tag '(end\w+)'", message)) and lone[1].removeprefix("end") in _PAIRED:
        wanted = lone[1].removeprefix("end")
        return InvalidInput(
            f"{{% {lone[1]} %}} in line {error.lineno} closes nothing.", hint=f"Take it out, or begin it with {{% {wanted} … %}}."
        )
    return InvalidInput(f"The template has a mistake in line {error.lineno}: {message}.", hint=HINT)


def _open(source: str) -> tuple[str, int] | None:
    """Return the tag that is open where another is closed, or at the end, and its line; None for none."""
    opened: list[tuple[str, int]] = []
    for match in _TAG.finditer(source):
        name = match["name"]
        if name not in _PAIRED or (name == "set" and "=" in match["rest"]):
            continue
        if not match["end"]:
            opened.append((name, match.start()))
        elif opened and opened[-1][0] == name:
            opened.pop()
        else:
            break
    if not opened:
        return None
    name, position = opened[-1]
    return name, source.count("\n", 0, position) + 1
