"""Reads a template's syntax tree before anything runs: only what is on the list is allowed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import TemplateSyntaxError, nodes

from core.errors import InvalidInput
from core.templates.jinja import filters, sandbox
from core.templates.jinja.fields import LOOP_FIELDS, Vocabulary
from core.templates.jinja.mistakes import told
from core.templates.jinja.plain import Meaning, Most, fields_of, keyword_of

MAX_SOURCE_BYTES = 500_000
MAX_LOOP_DEPTH = 2
_MAX_DEPTH = 60
_MAX_NODES = 20_000
_SIMPLE_DEPTH = 16
_SIMPLE_BRANCHES = 50
_SIMPLE = Most(_MAX_NODES, _SIMPLE_DEPTH, _SIMPLE_BRANCHES)
_MAX_LITERAL_ITEMS = 200
_MAX_LOOPS = 200

# Nodes that are fine wherever they stand, as long as what is inside them is fine too.
_PLAIN = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or),
    *(nodes.Not, nodes.Neg, nodes.Pos, nodes.Concat, nodes.Const),
)
_ARITHMETIC = (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod)
_WORDS: dict[type[nodes.Node], str] = {
    nodes.Call: "Calling a function",
    nodes.Pow: "The operator **",
    nodes.Assign: "{% set %}",
    nodes.AssignBlock: "{% set %}",
    nodes.Macro: "{% macro %}",
    nodes.CallBlock: "{% call %}",
    nodes.FilterBlock: "{% filter %}",
    nodes.Include: "{% include %}",
    nodes.Import: "{% import %}",
    nodes.FromImport: "{% from %}",
    nodes.Extends: "{% extends %}",
    nodes.Block: "{% block %}",
    nodes.With: "{% with %}",
    nodes.Scope: "{% autoescape %}",
    nodes.Dict: "A literal dictionary",
}


@dataclass(frozen=True)
class Inspection:
    """What a template that passed uses.

    Args:
        fields: The merge fields in order of appearance, each once, like `contact.first_name`.
        is_simple: Whether nothing in it is so deep or has so many branches that making a program of it could fail.
    """

    fields: tuple[str, ...]
    is_simple: bool


def inspect(source: str, vocabulary: Vocabulary | None = None, *, max_bytes: int = MAX_SOURCE_BYTES) -> Inspection:
    """Check a template's syntax, constructs and merge fields.

    Args:
        source: Jinja source.
        vocabulary: The fields that exist; by default every contact attribute is taken.
        max_bytes: The largest size, in UTF-8.

    Raises:
        InvalidInput: If something is wrong or not allowed; names the line.
    """
    check_bytes(source, max_bytes)
    vocabulary = vocabulary or Vocabulary()
    plain = None if vocabulary.internal else fields_of(source, _meaning, _SIMPLE)
    if plain is not None and vocabulary.knows_fields(plain):
        return Inspection(plain, is_simple=True)
    found = _inspected(source, vocabulary)
    return Inspection(tuple(found.fields), found.is_simple)


def _inspected(source: str, vocabulary: Vocabulary) -> _Inspector:
    inspector = _Inspector(vocabulary)
    inspector.visit(_parse(source), 0, _Scope())
    return inspector


@lru_cache(maxsize=4_096)
def _meaning(tag: str) -> Meaning | None:
    """Return what is known of a plain tag that is in order wherever it may stand, if all contact attributes are taken."""
    keyword = keyword_of(tag)
    if keyword in {"else", "endif"}:
        return Meaning(keyword)
    whole = {"": tag, "if": f"{tag}{{% endif %}}", "elif": f"{{% if 1 %}}{tag}{{% endif %}}"}.get(keyword or "")
    if keyword is None or whole is None:
        return None
    try:
        found = _inspected(whole, Vocabulary())
    except InvalidInput:
        return None
    return Meaning(keyword, tuple(found.fields), found.count, found.deepest)


def check_bytes(source: str, most: int = MAX_SOURCE_BYTES) -> None:
    """Do nothing if a source is small enough.

    Args:
        source: The source.
        most: The largest size, in bytes of UTF-8.

    Raises:
        InvalidInput: If it is larger.
    """
    if len(source) > most or (not source.isascii() and len(source.encode("utf-8", "surrogatepass")) > most):
        raise InvalidInput(f"The template is larger than {most // 1000} KB.", hint="Put images on a web server and link to them.")


def _parse(source: str) -> nodes.Template:
    try:
        return sandbox.HTML.parse(source)
    except TemplateSyntaxError as error:
        raise told(error, source) from error
    except RecursionError as error:
        raise InvalidInput("The template is nested too deeply.", hint="Use fewer brackets and conditions inside each other.") from error
    except (ValueError, OverflowError) as error:
        raise InvalidInput("The template holds a number that is too long.", hint="Shorten it.") from error


@dataclass(frozen=True)
class _Scope:
    """The names loops have brought in, and how deep the loops are."""

    names: frozenset[str] = frozenset()
    loops: int = 0


class _Inspector:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.count = self.deepest = 0
        self.fields: dict[str, None] = {}
        self._loops = 0
        self.is_simple = True
        self._handlers: dict[type[nodes.Node], Callable[..., None]] = {
            **dict.fromkeys(_PLAIN, self._children),
            **dict.fromkeys(_ARITHMETIC, self._arithmetic),
            nodes.Name: self._name,
            nodes.Getattr: self._attribute,
            nodes.Getitem: self._item,
            nodes.Filter: self._filter,
            nodes.Test: self._test,
            nodes.For: self._loop,
            nodes.List: self._literal_list,
            nodes.Tuple: self._literal_list,
        }
        if vocabulary.internal:
            self._handlers[nodes.FilterBlock] = self._children

    def visit(self, node: nodes.Node, depth: int, scope: _Scope) -> None:
        self.count += 1
        self.deepest = max(depth, self.deepest)
        if depth > _MAX_DEPTH or self.count > _MAX_NODES:
            raise InvalidInput(f"The template is too complicated (line {node.lineno}).", hint="Use fewer conditions inside each other.")
        if depth > _SIMPLE_DEPTH or (isinstance(node, nodes.If) and len(node.elif_) > _SIMPLE_BRANCHES):
            self.is_simple = False
        handler = self._handlers.get(type(node))
        if handler is None:
            what = _WORDS.get(type(node), f"“{type(node).__name__}”")
            line = node.lineno or next((each.lineno for each in node.find_all(nodes.Node) if each.lineno), 1)
            raise InvalidInput(f"{what} in line {line} is not allowed in a template.", hint="Use merge fields, if and for.")
        handler(node, depth, scope)

    def _children(self, node: nodes.Node, depth: int, scope: _Scope) -> None:
        for child in node.iter_child_nodes():
            self.visit(child, depth + 1, scope)

    def _arithmetic(self, node: nodes.BinExpr, depth: int, scope: _Scope) -> None:
        for side in (node.left, node.right):
            if isinstance(side, (nodes.List, nodes.Tuple)) or (isinstance(side, nodes.Const) and not isinstance(side.value, (int, float))):
                raise InvalidInput(f"“{node.operator}” in line {node.lineno} needs two numbers.", hint="Texts are joined with ~.")
        self._children(node, depth, scope)

    def _name(self, node: nodes.Name, _depth: int, scope: _Scope) -> None:
        if node.name in scope.names:
            return
        if node.name == "loop" and scope.loops:
            raise InvalidInput(f"“loop” in line {node.lineno} needs a field behind it.", hint="Write for example {{ loop.index }}.")
        if not self._vocabulary.knows_name(node.name):
            raise self._vocabulary.unknown_name(node.name, node.lineno)
        if self._vocabulary.is_group(node.name):
            raise self._vocabulary.incomplete_name(node.name, node.lineno)
        self.fields.setdefault(node.name)

    def _attribute(self, node: nodes.Getattr, depth: int, scope: _Scope) -> None:
        self._field(node.node, node.attr, depth, scope)

    def _item(self, node: nodes.Getitem, depth: int, scope: _Scope) -> None:
        key = node.arg.value if isinstance(node.arg, nodes.Const) else None
        if isinstance(key, str):
            self._field(node.node, key, depth, scope)
        elif isinstance(key, int) or _is_constant_slice(node.arg):
            self.visit(node.node, depth + 1, scope)
        else:
            raise InvalidInput(
                f"What stands in [ ] in line {node.lineno} must be a fixed name or number.", hint='Write for example contact["city"].'
            )

    def _field(self, owner: nodes.Expr, name: str, depth: int, scope: _Scope) -> None:
        if name.startswith("__"):
            raise InvalidInput(f"“{name[:40]}” in line {owner.lineno} is not allowed in a template.", hint="Use merge fields, if and for.")
        if not isinstance(owner, nodes.Name) or owner.name in scope.names:
            self.visit(owner, depth + 1, scope)
        elif owner.name == "loop" and scope.loops:
            if name not in LOOP_FIELDS:
                raise InvalidInput(f"“loop.{name}” in line {owner.lineno} does not exist.", hint=f"These exist: {', '.join(LOOP_FIELDS)}.")
        elif not self._vocabulary.is_group(owner.name):
            self.visit(owner, depth + 1, scope)
        else:
            self._vocabulary.check_field(owner.name, name, owner.lineno)
            self.fields.setdefault(f"{owner.name}.{name}")

    def _filter(self, node: nodes.Filter, depth: int, scope: _Scope) -> None:
        internal = self._vocabulary.internal and node.name in filters.INTERNAL_FILTERS
        if node.name not in filters.FILTERS and not internal:
            raise InvalidInput(
                f"The filter “{node.name}” in line {node.lineno} is not allowed.", hint=f"These are: {', '.join(sorted(filters.FILTERS))}."
            )
        # A long text taken from a contact could be multiplied by a list; only a replacement may be another field.
        arguments = [*node.args, *(each.value for each in node.kwargs)]
        if node.name not in {"default", "d"} and not all(isinstance(_unsigned(each), nodes.Const) for each in arguments):
            raise InvalidInput(
                f"The filter “{node.name}” in line {node.lineno} needs fixed values in its brackets.", hint="Write them out."
            )
        if node.dyn_args or node.dyn_kwargs:
            raise InvalidInput(f"* and ** in line {node.lineno} are not allowed in a template.", hint="Write the values out.")
        self._children(node, depth, scope)

    def _test(self, node: nodes.Test, depth: int, scope: _Scope) -> None:
        if node.name not in filters.TESTS:
            raise InvalidInput(
                f"The test “is {node.name}” in line {node.lineno} is not allowed.", hint=f"These are: {', '.join(sorted(filters.TESTS))}."
            )
        if node.dyn_args or node.dyn_kwargs:
            raise InvalidInput(f"* and ** in line {node.lineno} are not allowed in a template.", hint="Write the values out.")
        self._children(node, depth, scope)

    def _literal_list(self, node: nodes.List | nodes.Tuple, depth: int, scope: _Scope) -> None:
        if len(node.items) > _MAX_LITERAL_ITEMS:
            raise InvalidInput(f"The list in line {node.lineno} has more than {_MAX_LITERAL_ITEMS} items.", hint="Shorten it.")
        self._children(node, depth, scope)

    def _loop(self, node: nodes.For, depth: int, scope: _Scope) -> None:
        self._loops += 1
        if self._loops > _MAX_LOOPS:
            raise InvalidInput(f"The template has more than {_MAX_LOOPS} loops.", hint="Shorten it.")
        if scope.loops >= MAX_LOOP_DEPTH:
            raise InvalidInput(
                f"The loop in line {node.lineno} is inside {MAX_LOOP_DEPTH} others.", hint=f"At most {MAX_LOOP_DEPTH} deep is allowed."
            )
        if node.recursive:
            raise InvalidInput(f"“recursive” in line {node.lineno} is not allowed in a template.", hint="Use a plain loop.")
        names = self._loop_names(node)
        self.visit(node.iter, depth + 1, scope)
        inner = _Scope(scope.names | names, scope.loops + 1)
        for child in [*([node.test] if node.test else []), *node.body]:
            self.visit(child, depth + 1, inner)
        for child in node.else_:
            self.visit(child, depth + 1, scope)

    def _loop_names(self, node: nodes.For) -> frozenset[str]:
        targets = node.target.items if isinstance(node.target, nodes.Tuple) else [node.target]
        names = frozenset(each.name for each in targets if isinstance(each, nodes.Name))
        taken = next((name for name in sorted(names) if name == "loop" or self._vocabulary.knows_name(name)), None)
        if len(names) != len(targets) or taken:
            raise InvalidInput(
                f"The loop in line {node.lineno} needs another name than “{taken or '…'}”.", hint="Write for example {% for item in … %}."
            )
        return names


def _unsigned(node: nodes.Node) -> nodes.Node:
    return node.node if isinstance(node, (nodes.Neg, nodes.Pos)) else node


def _is_constant_slice(node: nodes.Node) -> bool:
    if not isinstance(node, nodes.Slice):
        return False
    return all(part is None or isinstance(_unsigned(part), nodes.Const) for part in (node.start, node.stop, node.step))
