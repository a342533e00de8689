"""What of a template everybody gets, and what may come out empty, read from its syntax tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from jinja2 import TemplateSyntaxError, nodes

from core.templates.jinja import sandbox
from core.templates.markup.scanning import Kind, scan

_TRUTHY = ("eq", "gt", "gteq", "in", "ne")
# Of everybody something is kept there, if only an empty text.
_ALWAYS_DEFINED = frozenset({"contact.first_name", "contact.last_name"})
_HELPED_BY = frozenset({"default", "d"})

Prints = Callable[[nodes.Node], bool]


def parsed(source: str) -> nodes.Template | None:
    """Return the syntax tree of a template without its HTML comments; None where it has none."""
    for text in (_without_comments(source), source):
        try:
            return sandbox.HTML.parse(text)
        except (TemplateSyntaxError, RecursionError):
            continue
    return None


def name_of(node: nodes.Node) -> str:
    """Return the merge field a node stands for ("contact.city", "unsubscribe_url"), "" where it is none."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        return f"{node.node.name}.{node.attr}"
    if isinstance(node, nodes.Getitem) and isinstance(node.node, nodes.Name) and isinstance(node.arg, nodes.Const):
        return f"{node.node.name}.{node.arg.value}"
    return ""


def printed(tree: nodes.Template, wanted: Prints) -> bool:
    """Return whether what is wanted is printed anywhere."""
    return any(_says(part, wanted) for output in tree.find_all(nodes.Output) for part in output.nodes)


def always_printed(tree: nodes.Template, wanted: Prints) -> bool:
    """Return whether what is wanted is printed for everybody, whatever is known about them."""
    return _always(tree.body, wanted)


def uncovered(trees: Iterable[nodes.Template]) -> tuple[str, ...]:
    """Return the fields of contacts that are printed as they are, in order: nothing stands in where they are empty."""
    found: dict[str, None] = {}
    for tree in trees:
        found |= dict.fromkeys(_bare_in(tree.body, frozenset()))
    return tuple(name.removeprefix("contact.") for name in found if name.startswith("contact."))


def _without_comments(source: str) -> str:
    """Return HTML without what nobody reads; what is in a comment for Outlook is read."""
    kept = (piece for piece in scan(source) if piece.kind is not Kind.COMMENT or source.startswith("<!--[if", piece.start))
    return "".join(source[piece.start : piece.end] for piece in kept)


def _says(node: nodes.Node, wanted: Prints) -> bool:
    return wanted(node) or any(_says(child, wanted) for child in node.iter_child_nodes())


def _always(body: Iterable[nodes.Node], wanted: Prints) -> bool:
    return any(_always_in(node, wanted) for node in body)


def _always_in(node: nodes.Node, wanted: Prints) -> bool:
    if isinstance(node, nodes.If):
        others = [*(each.body for each in node.elif_), node.else_]
        return all(_always(body, wanted) for body in [node.body, *others])
    if isinstance(node, nodes.Output):
        return any(_surely_says(part, wanted) for part in node.nodes)
    return isinstance(node, nodes.FilterBlock) and _always(node.body, wanted)


def _surely_says(node: nodes.Node, wanted: Prints) -> bool:
    if isinstance(node, nodes.CondExpr):
        return _surely_says(node.expr1, wanted) and node.expr2 is not None and _surely_says(node.expr2, wanted)
    return wanted(node) or any(_surely_says(child, wanted) for child in node.iter_child_nodes())


def _bare_in(body: Iterable[nodes.Node], known: frozenset[str]) -> Iterator[str]:
    for node in body:
        if isinstance(node, nodes.Output):
            for part in node.nodes:
                yield from _bare(part, known)
        elif isinstance(node, nodes.If):
            yield from _bare_in(node.body, known | _known_if(node.test))
            past = known | _known_unless(node.test)
            for each in node.elif_:
                yield from _bare_in(each.body, past | _known_if(each.test))
                past |= _known_unless(each.test)
            yield from _bare_in(node.else_, past)
        elif isinstance(node, (nodes.For, nodes.FilterBlock)):
            yield from _bare_in(node.body, known)


def _bare(node: nodes.Node, known: frozenset[str]) -> Iterator[str]:
    """Yield the fields that an expression prints and nothing stands in for."""
    name = name_of(node)
    if name and name not in known:
        yield name
    if name or isinstance(node, (nodes.Test, nodes.Compare)):
        return
    parts: list[tuple[nodes.Node | None, frozenset[str]]]
    if isinstance(node, nodes.CondExpr):
        parts = [(node.expr1, known | _known_if(node.test)), (node.expr2, known | _known_unless(node.test))]
    elif isinstance(node, nodes.Or):
        parts = [(node.right, known)]
    elif isinstance(node, nodes.Filter) and node.name in _HELPED_BY:
        parts = [(argument, known) for argument in node.args]
    else:
        parts = [(child, known) for child in node.iter_child_nodes()]
    for part, there in parts:
        if part is not None:
            yield from _bare(part, there)


def _known_if(test: nodes.Node) -> frozenset[str]:
    """Return the fields that can't be empty where a condition holds."""
    if name := name_of(test):
        return frozenset({name})
    if isinstance(test, nodes.And):
        return _known_if(test.left) | _known_if(test.right)
    if isinstance(test, nodes.Or):
        return _known_if(test.left) & _known_if(test.right)
    if isinstance(test, nodes.Not):
        return _known_unless(test.node)
    if isinstance(test, nodes.Test) and test.name == "defined":
        return _known_if(test.node) - _ALWAYS_DEFINED
    if isinstance(test, nodes.Compare) and len(test.ops) == 1 and test.ops[0].op in _TRUTHY:
        return _known_if(test.expr) if (test.ops[0].op == "ne") == _is_empty(test.ops[0].expr) else frozenset()
    return _known_if(test.node) if isinstance(test, nodes.Filter) and test.node is not None else frozenset()


def _known_unless(test: nodes.Node) -> frozenset[str]:
    """Return the fields that can't be empty where a condition does not hold."""
    if isinstance(test, nodes.Not):
        return _known_if(test.node)
    if isinstance(test, nodes.Or):
        return _known_unless(test.left) | _known_unless(test.right)
    if isinstance(test, nodes.Test) and test.name == "undefined":
        return _known_if(test.node) - _ALWAYS_DEFINED
    is_nothing = isinstance(test, nodes.Compare) and len(test.ops) == 1 and test.ops[0].op == "eq" and _is_empty(test.ops[0].expr)
    return _known_if(test.expr) if is_nothing and isinstance(test, nodes.Compare) else frozenset()


def _is_empty(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and node.value in ("", None)
