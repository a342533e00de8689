"""One run of a command: its settings, services and workspace, each opened only when it is asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from core.accounts.workspaces import Workspace, Workspaces
from core.cli import running
from core.cli.answers import say
from core.clock import SystemClock
from core.errors import NotFound, Unavailable
from core.permissions import Principal
from core.settings import Settings
from core.storage.database import Database

if TYPE_CHECKING:
    from core.app import Services

# What only `up`, `users add` and `demo` may do: every other command would otherwise begin an empty product in a mistyped folder.
HOW_TO_BEGIN = "Start it with `postwright up`, or make the first admin with `postwright users add EMAIL --role admin`."


class Call:
    """What a command works with.

    Args:
        workspace: The name given with `--workspace`, or "" for the first.
        as_json: Whether the answer is for a program.
    """

    def __init__(self, workspace: str = "", *, as_json: bool = False) -> None:
        self.wanted = workspace
        self.as_json = as_json

    @cached_property
    def settings(self) -> Settings:
        """The settings of this installation; while `up` runs, with the addresses it really serves."""
        settings = Settings.load()
        up = running.find(settings)
        return settings.model_copy(update={"public_url": up.public_url, "app_url": up.app_url}) if up else settings

    @cached_property
    def services(self) -> Services:
        """Everything the product can do.

        Raises:
            NotFound: If there is no database here yet.
            Unavailable: If it has an older shape than this program.
        """
        from core.app import build  # pulls in DuckDB and Polars: `--help` and `up` must not wait for them
        from core.storage.migrate import is_current

        require_database(self.settings)
        built = build(self.settings)
        if not is_current(built.db):
            built.close()
            raise Unavailable("The database is older than this program.", hint="Run `postwright migrate`, then try again.")
        return built

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace the command is for.

        Raises:
            NotFound: If there is none, or none of that name.
        """
        if self.wanted:
            return self.services.workspaces.by_name(self.wanted)
        first = self.services.workspaces.first()
        if first is None:
            raise NotFound("There is no workspace yet.", hint=HOW_TO_BEGIN)
        return first

    @cached_property
    def by(self) -> Principal:
        """Who asks: whoever can run this program can read its files, so they may do everything."""
        return Principal.system(self.workspace.id, "cli")

    def say(self, text: str) -> None:
        """Tell how it goes, on stderr."""
        say(text)

    def begin(self) -> None:
        """Make or update the database, for the few commands that may start from nothing."""
        from core.storage.migrate import migrate

        database = Database(self.settings.resolved_database_url)
        try:
            migrate(database)
        finally:
            database.close()

    def first_workspace(self, name: str = "My workspace") -> Workspace:
        """Return the workspace the command is for; on an empty installation, make it."""
        if self.wanted or self.services.workspaces.first():
            return self.workspace
        return Workspaces(self.services.db, SystemClock()).create(name)

    def close(self) -> None:
        """Give back what was opened."""
        built = self.__dict__.get("services")
        if built is not None:
            built.close()


def require_database(settings: Settings) -> None:
    """Do nothing where a database is to be expected.

    Raises:
        NotFound: If the data folder has none; opening it would silently make one.
    """
    if not settings.database_url and not (settings.data_dir / "app.db").exists():
        raise NotFound(f"There is no Postwright in the folder “{settings.data_dir}” yet.", hint=HOW_TO_BEGIN)
