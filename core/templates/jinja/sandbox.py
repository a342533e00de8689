"""The environment templates run in: immutable, without functions, and only able to read plain values."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import ChainableUndefined, TemplateRuntimeError, nodes
from jinja2.lexer import TokenStream
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import soft_str

from core.templates.jinja import filters
from core.templates.jinja.fields import LOOP_FIELDS

_LARGEST = 10**15
_OF_A_STEP = 1_000
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}


class Missing(ChainableUndefined):
    """A field a contact does not have: prints as nothing, equals empty text, is never more or less than anything."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Missing) or other is None or other == ""

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash("")

    def _never(self, _other: object) -> bool:
        return False

    def _itself(self) -> Missing:
        return self

    __lt__ = __le__ = __gt__ = __ge__ = _never  # type: ignore[assignment]
    __neg__ = __pos__ = __abs__ = _itself  # type: ignore[assignment]

    def __int__(self) -> int:  # type: ignore[override]
        return 0

    def __float__(self) -> float:  # type: ignore[override]
        return 0.0


class MailEnvironment(ImmutableSandboxedEnvironment):
    """Jinja for mail: reads dictionaries and lists, computes with numbers, knows no function.

    Args:
        escaping: Whether values are escaped for HTML; off for subjects and plain text.
    """

    intercepted_binops = frozenset(_ARITHMETIC)

    def __init__(self, *, escaping: bool) -> None:
        super().__init__(autoescape=escaping, undefined=Missing, finalize=_printable, cache_size=0)
        self.globals = {}
        self.filters = {**filters.FILTERS, **filters.INTERNAL_FILTERS}
        if not escaping:  # a text has nothing to escape: “&amp;” would be read as it stands there
            self.filters |= dict.fromkeys(("e", "escape"), soft_str)
        self.tests = dict(filters.TESTS)

    def lex(self, source: str, name: str | None = None, filename: str | None = None) -> Iterator[tuple[int, str, str]]:
        """Yield line, kind and text of every token."""
        return iter(_tokens(self, source, name, filename))

    def _tokenize(self, source: str, name: str | None, filename: str | None = None, state: str | None = None) -> TokenStream:
        if state is not None:
            return super()._tokenize(source, name, filename, state)
        return TokenStream(self.lexer.wrap(_tokens(self, source, name, filename), name, filename), name, filename)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a field of a dictionary or of the loop; every other object has none."""
        if isinstance(obj, Mapping):
            value = obj.get(attribute)
        elif isinstance(obj, LoopContext) and attribute in LOOP_FIELDS:
            value = getattr(obj, attribute)
        else:
            value = None
        return Missing(name=attribute) if value is None else value

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return an entry of a dictionary, a list or a text."""
        if isinstance(obj, (list, tuple, str)) and isinstance(argument, int):
            return obj[argument] if -len(obj) <= argument < len(obj) else Missing(name=str(argument))
        return self.getattr(obj, argument) if isinstance(argument, str) else Missing(name=str(argument))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Compute with two numbers; with something missing the result is missing."""
        for side in (left, right):
            if isinstance(side, Missing):
                return side
            if isinstance(side, bool) or not isinstance(side, (int, float)) or abs(side) > _LARGEST:
                raise TemplateRuntimeError(f"“{operator}” needs two numbers, one side is {_kind_of(side)}")
        return _ARITHMETIC[operator](left, right)

    def template_of(self, source: str) -> Any:
        """Return the compiled template, with every loop limited to lists of at most `filters.MAX_ITEMS` items."""
        return self.template_of_tree(self.parse(source))

    def template_of_tree(self, tree: nodes.Template) -> Any:
        """Return the compiled template of a parsed source; its loops are limited like those of `template_of`."""
        for loop in tree.find_all(nodes.For):
            size = nodes.Const(sum(map(_size_of, loop.find_all(nodes.Node))))
            loop.iter = nodes.Filter(loop.iter, "pw_items", [size], [], None, None, lineno=loop.lineno)
        for joined in tree.find_all(nodes.Concat):
            # A thousand times a long text in one condition never comes out of it, so nothing else would count it.
            joined.nodes = [nodes.Filter(nodes.List(joined.nodes), "pw_together", [], [], None, None, lineno=joined.lineno)]
        for operand in tree.find_all(nodes.Operand):
            if operand.op in {"in", "notin"}:
                operand.expr = nodes.Filter(operand.expr, "pw_searched", [], [], None, None, lineno=operand.lineno)
        return self.from_string(tree)


@lru_cache(maxsize=1)
def _tokens(environment: MailEnvironment, source: str, name: str | None, filename: str | None) -> list[tuple[int, str, str]]:
    """Return the tokens of a source; whoever reads one reads it twice, to check it and to hide it."""
    return list(environment.lexer.tokeniter(source, name, filename))


def _size_of(node: nodes.Node) -> int:
    """Return how many steps a node is: a long text that stands in the template takes its time wherever it is looked at."""
    return 1 + (len(node.value) // _OF_A_STEP if isinstance(node, nodes.Const) and isinstance(node.value, str) else 0)


def _printable(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST:
        return int(value)
    return filters.joined(value) if isinstance(value, (list, tuple)) else value


def _kind_of(value: object) -> str:
    names: dict[type, str] = {
        str: "text",
        bool: "yes or no",
        list: "a list",
        dict: "a group of fields",
        int: "too large",
        float: "too large",
    }
    return names.get(type(value), "something else")


HTML = MailEnvironment(escaping=True)
TEXT = MailEnvironment(escaping=False)
