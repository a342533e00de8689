"""How a function becomes a command: `--json` and `--workspace` added, errors in plain words, exit codes 0, 1 and 2."""

from __future__ import annotations

import inspect
import logging
import re
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, get_type_hints

import typer
from typer.core import TyperGroup

from core import logs
from core.cli.answers import Answer, show_error, to_json
from core.cli.call import Call
from core.errors import InvalidInput, PostwrightError

logger = logging.getLogger(__name__)
_LARGEST = 2**63 - 1
_SURROGATE = re.compile("[\ud800-\udfff]")

JsonOption = Annotated[bool, typer.Option("--json", help="Answer with one JSON object on stdout.")]
WorkspaceOption = Annotated[str, typer.Option("--workspace", metavar="NAME", help="Which workspace; the first if not given.")]


class Usage(InvalidInput):
    """The command line itself can't be understood; the exit code is 2."""


class Group(TyperGroup):
    """A group of commands whose usage errors are JSON as well where JSON is asked for."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> Any:
        """Run the command line and exit."""
        given = list(sys.argv[1:] if args is None else args)
        if "--json" not in given or not options.get("standalone_mode", True):
            return super().main(given, *rest, **options)
        try:
            code = super().main(given, *rest, **{**options, "standalone_mode": False})
        except Exception as error:  # Typer's usage errors; what a command itself raises never gets here
            say_as_people_read_it = getattr(error, "format_message", None)
            message = say_as_people_read_it() if say_as_people_read_it else str(error) or "Stopped."
            sys.stdout.write(to_json({"ok": False, "error": message, "hint": "`--help` shows what can be said."}) + "\n")
            code = getattr(error, "exit_code", 1)
        sys.exit(code if isinstance(code, int) else 0)


def group(name: str, words: str) -> typer.Typer:
    """Return a group of commands.

    Args:
        name: The noun.
        words: What it is about, one sentence.
    """
    return typer.Typer(name=name, help=words, cls=Group, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def command(parent: typer.Typer, name: str) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Make a function a command of a group.

    The function takes a `Call` first; its other parameters are the command's own. `--json` and `--workspace` are added.

    Args:
        parent: The group.
        name: The verb.
    """

    def register(function: Callable[..., Answer]) -> Callable[..., Answer]:
        parent.command(name)(_as_command(function))
        return function

    return register


def moment(text: str) -> datetime | None:
    """Return the time an option names; None for an empty one.

    Raises:
        Usage: If it is none.
    """
    if not text:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Usage(f"“{text}” is not a time.", hint="Write it like 2026-11-22T12:00:00Z.") from error


def _as_command(function: Callable[..., Answer]) -> Callable[..., None]:
    hints = get_type_hints(function, include_extras=True)
    own = [parameter.replace(annotation=hints[parameter.name]) for parameter in inspect.signature(function).parameters.values()][1:]
    ours = [
        inspect.Parameter("workspace", inspect.Parameter.KEYWORD_ONLY, default="", annotation=WorkspaceOption),
        inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=JsonOption),
    ]

    def run(*, workspace: str, as_json: bool, **given: Any) -> None:
        _run(function, Call(workspace, as_json=as_json), given)

    keyword_only = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
    run.__signature__ = inspect.Signature([*keyword_only, *ours])  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in [*keyword_only, *ours]}
    run.__doc__ = function.__doc__
    return run


def _check(given: dict[str, Any]) -> None:
    """Refuse what no database can be asked for: bytes that are no UTF-8, which Python passes on as lone surrogates, and endless numbers."""
    for value in given.values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, int) and abs(one) > _LARGEST:
                raise Usage("The number is too large.", hint="Nothing has a number like this.")
            if isinstance(one, str) and _SURROGATE.search(one):
                raise Usage("The command line is not UTF-8 text.", hint="Set your terminal to UTF-8 and type it again.")


def _run(function: Callable[..., Answer], call: Call, given: dict[str, Any]) -> None:
    code = 0
    try:
        logs.configure(call.settings, "cli", level=logging.WARNING)
        _check({**given, "workspace": call.wanted})
        answer = function(call, **given)
        answer.show(as_json=call.as_json)
        code = 0 if answer.ok else 1
    except PostwrightError as error:
        show_error(error, as_json=call.as_json)
        code = 2 if isinstance(error, Usage) else 1
    except (BrokenPipeError, typer.Exit):
        raise
    except Exception:
        logger.exception("this is a bug in Postwright")
        show_error(PostwrightError("Something went wrong inside Postwright.", hint="The log above says where."), as_json=call.as_json)
        code = 1
    finally:
        call.close()
    raise typer.Exit(code)
