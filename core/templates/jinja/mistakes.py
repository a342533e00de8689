"""What is wrong with a template that Jinja can't read, in words for somebody who does not know Jinja."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jinja2 import TemplateSyntaxError

from core.errors import InvalidInput
from core.templates.jinja import sandbox

HINT = "Merge fields look like {{ contact.first_name }}, conditions like {% if … %} … {% endif %}."
_PAIRED = ("if", "for", "filter", "with", "set", "block", "call", "macro", "autoescape")


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
    for line, words in _tags(source):
        name = words[0].removeprefix("end")
        if name not in _PAIRED or (name == "set" and next((word for word in words if word in {"=", "|"}), "") == "="):
            continue
        if name == words[0]:
            opened.append((name, line))
        elif opened and opened[-1][0] == name:
            opened.pop()
        else:
            break
    return opened[-1] if opened else None


def _tags(source: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line of every tag of a template whose tokens are in order, and the words and signs in it."""
    at = 0
    words: list[str] | None = None
    for line, kind, value in sandbox.HTML.lex(source):
        if kind == "block_begin":
            at, words = line, []
        elif kind == "block_end" and words:
            yield at, words
            words = None
        elif words is not None and kind in {"name", "operator"}:
            words.append(value)
