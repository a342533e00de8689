"""A compiled template taken apart once: what is the same in every mail, and the places that are not.

Filling the places of a newsletter takes a tenth of rendering it whole, and what is the same can be encoded once for all.
Templates have neither assignments nor macros (see `validating`), so each place stands for itself. Plain merge fields and links
are looked up here; conditions, loops and filters stay Jinja's and are rendered together, a separator between them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import nodes
from markupsafe import escape

from core.errors import InvalidInput
from core.providers.content import Filled, Layout
from core.templates.jinja import sandbox
from core.templates.jinja.fields import URL_FIELDS
from core.templates.jinja.sandbox import MailEnvironment
from core.templates.rendering.places import SEPARATOR, Code, Hollow, Place, places_of, rendered_once, taken_out

Context = Mapping[str, Any]
_Get = Callable[[Context], str]
MAX_OUTPUT = 2_000_000
_LONGEST_KEPT = 200
_GROUPS = ("contact", "workspace", "campaign", "brand")
# Begun only where white space begins and never given back, so that a long run of it is read once.
BLANK_LINES = re.compile(r"(?<![ \t])[ \t]*+\n(?:[ \t]*+\n)++")


class Slots:
    """One part of a template (HTML, text or subject) taken apart.

    Args:
        source: The compiled Jinja source.
        environment: The sandbox it is rendered in.
        is_text: Whether it is plain text: it then has no blank lines at its ends, ends in a line break, and never has two in a row.
        run: Renders a Jinja template, with its limits and its plain errors.
    """

    def __init__(self, source: str, environment: MailEnvironment, run: Callable[[Any, Context], str], *, is_text: bool = False) -> None:
        self._environment, self._run, self._is_text = environment, run, is_text
        self._escapes = bool(environment.autoescape)
        pieces, places = places_of(source.strip() if is_text else source, environment, splits_space=is_text)
        if is_text:
            pieces = [BLANK_LINES.sub("\n\n", piece) for piece in pieces]
        self._gets: dict[Any, _Get] = {}
        keys = [self._key(place) for place in places]
        self._links = sorted({key for key in keys if isinstance(key, int)})
        self._others = rendered_once([key for key in keys if isinstance(key, Place)])
        templates = dict.fromkeys(unit.template for units in self._others for unit in units if isinstance(unit, Hollow))
        self._hollow = {template: number for number, template in enumerate(templates)}
        self._are_single = all(len(units) == 1 for units in self._others) and len(self._others) == len(templates)
        self._jinja = environment.template_of("".join(f"{each}{SEPARATOR}" for each in self._hollow)) if self._hollow else None
        order = self._ordered(keys)
        begins, ends = is_text and not pieces[0] and bool(places), is_text and not pieces[-1] and bool(places)
        self._begins = self._stripped(order, 0) if begins else None
        self._ends = self._stripped(order, -1) if ends else None
        self.layout = Layout((*pieces[:-1], f"{pieces[-1]}\n" if is_text else pieces[-1]), tuple(order))

    def fill(self, context: Context) -> Filled | None:
        """Return the text for one contact; None where it has to be rendered whole.

        Args:
            context: As for `rendering.Renderer.fill`.

        Raises:
            InvalidInput: If a value does not fit what the template does with it, or the mail gets too large.
        """
        pool = [get(context) for get in self._gets.values()]
        if self._links:
            pool += self._links_of(context)
        if self._jinja is not None:
            rendered = self._run(self._jinja, context).split(SEPARATOR)
            if len(rendered) != len(self._hollow) + 1:
                return None
            rendered.pop()
            values = rendered if self._are_single else self._whole(rendered)
            pool += [BLANK_LINES.sub("\n\n", value) for value in values] if self._is_text else values
        if self._begins is not None:
            pool.append(pool[self._begins].lstrip())
        if self._ends is not None:
            pool.append(pool[self._ends].rstrip())
        return Filled(self.layout, tuple(pool))

    def _whole(self, rendered: list[str]) -> list[str]:
        """Return the places with what is fixed in them.

        Raises:
            InvalidInput: If they get larger than a mail may be.
        """
        made = [taken_out(one) for one in rendered]
        values, left = [], MAX_OUTPUT
        for units in self._others:
            written: list[str] = []
            for unit in units:
                if isinstance(unit, str):
                    written.append(unit)
                    continue
                parts, numbers = made[self._hollow[unit.template]]
                if numbers:
                    parts = parts.copy()
                    parts[1::2] = map(unit.fixed.__getitem__, numbers)
                written += parts
            left -= 1 + sum(map(len, written))
            if left < -1:
                raise too_large()
            values.append("".join(written))
        return values

    def _links_of(self, context: Context) -> list[str]:
        links: list[str] = [context["pw_links"][number] for number in self._links]
        # One look at all of them: our own tracked addresses have nothing to escape.
        return [self._printed(link) for link in links] if self._escapes and _is_special("".join(links)) else links

    def _ordered(self, keys: list[Any]) -> list[int]:
        """Return where in the pool (fields, then links, then Jinja's) the value of each place stands."""
        fields = len(self._gets)
        numbers = {key: number for number, key in enumerate([*self._gets, *self._links])}
        others = iter(range(fields + len(self._links), fields + len(self._links) + len(self._others)))
        return [next(others) if isinstance(key, Place) else numbers[key] for key in keys]

    def _stripped(self, order: list[int], place: int) -> int:
        """Give the first or last place a value of its own at the end of the pool; return which one it is made of."""
        whole, order[place] = order[place], 1 + max(order)
        return whole

    def _key(self, place: Place) -> Any:
        """Return the number of a link, the name by which a value is looked up once for all its places, or what Jinja has to render."""
        codes = [unit for unit in place.units if isinstance(unit, Code)]
        known = self._lookup(codes[0].tag) if len(codes) == 1 and codes[0].tag.startswith("{{") else None
        if known is None:
            return place
        if len(place.units) == 1 and isinstance(known, int):
            return known
        at = place.units.index(codes[0])
        before, after = (_text_of(part) for part in (place.units[:at], place.units[at + 1 :]))
        key = (before, known, after)
        self._gets.setdefault(key, self._getter(*key))
        return key

    def _lookup(self, tag: str) -> int | str | tuple[str, str] | None:
        return _kept_lookup(tag) if len(tag) < _LONGEST_KEPT else _lookup(tag)

    def _getter(self, before: str, known: int | str | tuple[str, str], after: str) -> _Get:
        printed = self._printed
        if isinstance(known, int):
            get: _Get = lambda context: printed(context["pw_links"][known])  # noqa: E731
        elif isinstance(known, str):
            get = lambda context: printed(context[known])  # noqa: E731
        else:
            group, name = known
            get = lambda context: printed(context[group].get(name))  # noqa: E731
        if before or after:
            return lambda context: BLANK_LINES.sub("\n\n", f"{before}{get(context)}{after}")
        return (lambda context: _thinned(get(context))) if self._is_text else get

    def _printed(self, value: Any) -> str:
        """Return a value as the sandbox prints it."""
        if type(value) is not str:
            if value is None:
                return ""
            value = str(self._environment.finalize(value)) if self._environment.finalize else str(value)
        return str(escape(value)) if self._escapes and _is_special(value) else value


def _thinned(text: str) -> str:
    """Return a text without blank lines in a row; most have no line break at all."""
    return BLANK_LINES.sub("\n\n", text) if "\n" in text else text


def _is_special(text: str) -> bool:
    """Return whether there is something to escape in a text; five looks for one character each are faster than one for five."""
    return "&" in text or "<" in text or ">" in text or '"' in text or "'" in text


def _lookup(tag: str) -> int | str | tuple[str, str] | None:
    """Return what a tag stands for: the number of a link, the name of an address, a field of a group; None for anything else."""
    [output, *others] = sandbox.HTML.parse(tag).body
    if others or not isinstance(output, nodes.Output) or len(output.nodes) > 1:
        return None  # a template that can't be taken apart
    node = output.nodes[0]
    if isinstance(node, nodes.Getitem) and isinstance(node.node, nodes.Name) and node.node.name == "pw_links":
        return node.arg.value if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, int) else None
    if isinstance(node, nodes.Name) and node.name in (*URL_FIELDS, "pw_pixel", "pw_trap", "pw_preview"):
        return node.name
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name) and node.node.name in _GROUPS:
        return node.node.name, node.attr
    return None


@lru_cache(maxsize=2_048)
def _kept_lookup(tag: str) -> int | str | tuple[str, str] | None:
    return _lookup(tag)


def _text_of(units: tuple[str | Code, ...]) -> str:
    return "".join(unit for unit in units if isinstance(unit, str))


def too_large() -> InvalidInput:
    """Return the error for a mail that is larger than `MAX_OUTPUT` characters."""
    return InvalidInput("The mail gets larger than 2 MB.", hint="Check the loops in the template.")
