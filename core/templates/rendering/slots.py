"""A compiled template taken apart once: what is the same in every mail, and the places that are not.

Filling the places of a newsletter takes a tenth of rendering it whole, and what is the same can be encoded once for all.
Templates have neither assignments nor macros (see `validating`), so each place stands for itself. Plain merge fields and links
are looked up here; conditions, loops and filters stay Jinja's and are rendered together, a separator between them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import nodes
from markupsafe import escape

from core.providers.content import Filled, Layout
from core.templates.jinja.fields import URL_FIELDS
from core.templates.jinja.sandbox import MailEnvironment

Context = Mapping[str, Any]
_Get = Callable[[Context], str]
# Never in a template (it is a control character); where it is in somebody's data the mail is rendered whole.
_SEPARATOR = "\x1e"
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
        pieces, places = _taken_apart(environment.parse(source.strip() if is_text else source), splits_space=is_text)
        if is_text:
            pieces = [BLANK_LINES.sub("\n\n", piece) for piece in pieces]
        self._gets: dict[Any, _Get] = {}
        keys = [self._key(place) for place in places]
        self._links = sorted({key for key in keys if isinstance(key, int)})
        others = [place for place, key in zip(places, keys, strict=True) if key is None]
        self._jinja = environment.template_of_tree(_joined(others, environment)) if others else None
        self._others = len(others)
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
            rendered = self._run(self._jinja, context).split(_SEPARATOR)
            if len(rendered) != self._others:
                return None
            pool += [BLANK_LINES.sub("\n\n", value) for value in rendered] if self._is_text else rendered
        if self._begins is not None:
            pool.append(pool[self._begins].lstrip())
        if self._ends is not None:
            pool.append(pool[self._ends].rstrip())
        return Filled(self.layout, tuple(pool))

    def _links_of(self, context: Context) -> list[str]:
        links: list[str] = [context["pw_links"][number] for number in self._links]
        # One look at all of them: our own tracked addresses have nothing to escape.
        return [self._printed(link) for link in links] if self._escapes and _is_special("".join(links)) else links

    def _ordered(self, keys: list[Any]) -> list[int]:
        """Return where in the pool (fields, then links, then Jinja's) the value of each place stands."""
        fields = len(self._gets)
        numbers = {key: number for number, key in enumerate([*self._gets, *self._links])}
        jinjas = iter(range(fields + len(self._links), fields + len(self._links) + self._others))
        return [next(jinjas) if key is None else numbers[key] for key in keys]

    def _stripped(self, order: list[int], place: int) -> int:
        """Give the first or last place a value of its own at the end of the pool; return which one it is made of."""
        whole, order[place] = order[place], 1 + max(order)
        return whole

    def _key(self, place: list[nodes.Node]) -> Any:
        """Return the number of a link, the name by which a value is looked up once for all its places, or None for Jinja's."""
        inner = [node for node in place if not isinstance(node, nodes.TemplateData)]
        known = _lookup(inner[0]) if len(inner) == 1 else None
        if known is None or (len(place) == 1 and isinstance(known, int)):
            return known
        at = place.index(inner[0])
        before, after = (_text_of(part) for part in (place[:at], place[at + 1 :]))
        key = (before, known, after)
        self._gets.setdefault(key, self._getter(*key))
        return key

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


def _lookup(node: nodes.Node) -> int | str | tuple[str, str] | None:
    """Return what a plain node stands for: the number of a link, the name of an address, a field of a group; None for anything else."""
    if isinstance(node, nodes.Getitem) and isinstance(node.node, nodes.Name) and node.node.name == "pw_links":
        return node.arg.value if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, int) else None
    if isinstance(node, nodes.Name) and node.name in (*URL_FIELDS, "pw_pixel", "pw_trap", "pw_preview"):
        return node.name
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name) and node.node.name in _GROUPS:
        return node.node.name, node.attr
    return None


def _taken_apart(tree: nodes.Template, *, splits_space: bool) -> tuple[list[str], list[list[nodes.Node]]]:
    """Return the fixed pieces and the places between them; there is one more piece than there are places.

    Args:
        tree: The template.
        splits_space: Whether white space beside a place belongs to it, so that it can be thinned out where nothing is in there.
    """
    pieces: list[str] = [""]
    places: list[list[nodes.Node]] = []
    for node in _top_level(tree):
        for part in _spaced(node.data) if splits_space and isinstance(node, nodes.TemplateData) else (node,):
            is_fixed = isinstance(part, nodes.TemplateData) and not (splits_space and part.data.isspace())
            if is_fixed and len(pieces) > len(places):
                pieces[-1] += part.data  # type: ignore[attr-defined]
            elif is_fixed:
                pieces.append(part.data)  # type: ignore[attr-defined]
            elif len(pieces) > len(places):
                places.append([part])
            else:
                places[-1].append(part)
    return (pieces if len(pieces) > len(places) else [*pieces, ""]), places


def _spaced(text: str) -> list[nodes.Node]:
    """Return fixed text as up to three: the white space before it, itself, the white space after it."""
    core = text.strip()
    lead = text[: len(text) - len(text.lstrip())] if core else text
    trail = text[len(lead) + len(core) :]
    return [nodes.TemplateData(part) for part in (lead, core, trail) if part]


def _text_of(part: list[nodes.Node]) -> str:
    return "".join(node.data for node in part if isinstance(node, nodes.TemplateData))


def _top_level(tree: nodes.Template) -> list[nodes.Node]:
    return [each for node in tree.body for each in (node.nodes if isinstance(node, nodes.Output) else [node])]


def _joined(places: list[list[nodes.Node]], environment: MailEnvironment) -> nodes.Template:
    """Return a template of places alone, a separator between each two."""
    body: list[nodes.Node] = []
    for number, place in enumerate(places):
        if number:
            body.append(nodes.Output([nodes.TemplateData(_SEPARATOR)], lineno=1))
        body += [nodes.Output([node], lineno=node.lineno or 1) if isinstance(node, nodes.Expr) else node for node in place]
    tree = nodes.Template(body, lineno=1)
    tree.set_environment(environment)
    return tree
