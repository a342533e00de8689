"""The app's process: Streamlit hosted as an ASGI application between our routes and our headers.

`python -m core.ui.server --host 127.0.0.1 --port 8501` starts it.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import importlib
import logging
import os
import pkgutil
import time
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st
from starlette.middleware import Middleware
from streamlit.logger import get_logger
from streamlit.runtime.pages_manager import PagesManager
from uvicorn.config import HTTP_PROTOCOLS

import core.ui
from core import logs
from core.errors import Unavailable
from core.http_bounds import BoundedProtocol
from core.settings import Settings
from core.storage.database import Database
from core.storage.migrate import migrate
from core.ui.parts import problem
from core.ui.signing_in import oidc
from core.ui.web.cookies import session_cookie
from core.ui.web.gate import Gate
from core.ui.web.headers import SecurityHeaders
from core.ui.web.provider_doors import ProviderDoors
from core.ui.web.routes import ROUTES

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 1.0
# What is running already, by another name; and what draws with Streamlit as it is loaded (streamlit-authenticator does), which can't.
_NOT_YET = frozenset({"core.ui.server", "core.ui.signing_in.engine"})
_HOME = Path(__file__).parents[2] / "Home.py"

# Until the first `st.navigation` of a process, Streamlit's older mode would serve a file of `pages/` without Home.py, and
# so without sign-in. This is its switch (no public one exists). Every page guards itself too: `streamlit run Home.py`
# does not come by here.
PagesManager.uses_pages_directory = False
# Streamlit starts uvicorn itself and leaves this choice to it: heads without end, sent as slowly as one likes.
HTTP_PROTOCOLS["auto"] = f"{BoundedProtocol.__module__}:{BoundedProtocol.__name__}"


def _show_error(error: Exception) -> bool:
    problem(error)
    return True


def application(settings: Settings, cookie_secret: str) -> st.App:
    """Return the app, ready to serve.

    Args:
        settings: How this installation runs.
        cookie_secret: Signs Streamlit's own cookies.
    """
    https = urlsplit(settings.app_url).scheme == "https"
    around = [Middleware(SecurityHeaders, https=https), Middleware(Gate), Middleware(ProviderDoors)]
    secrets = oidc.secrets(settings, cookie_secret)
    return st.App(_HOME, routes=ROUTES, middleware=around, secrets=secrets, on_script_error=_show_error)


def run(host: str, port: int) -> None:
    """Serve the app until the process is told to stop.

    Args:
        host: The address to listen on.
        port: The port to listen on.
    """
    settings = Settings.load()
    logs.configure(settings, "app")
    _warn_about_plain_http(settings)
    _bring_up_to_date(settings)
    cookie_secret = os.environ.setdefault("STREAMLIT_SERVER_COOKIE_SECRET", hashlib.sha256(b"streamlit" + settings.key).hexdigest())
    load_everything()
    # It reports that the port was set after the file was read; that is what the next line does on purpose.
    get_logger("streamlit.config").setLevel(logging.ERROR)
    application(settings, cookie_secret).run(
        config={
            "server.trustedUserHeaders": "{}",  # who somebody is comes from the provider only, never from a header
            "server.port": port,
            "server.address": host,
            "server.allowedHosts": own_names(settings, host),
            "browser.serverAddress": urlsplit(settings.app_url).hostname,  # without it Streamlit asks an outside host who we are
            "logger.hideWelcomeMessage": True,
        }
    )


def load_everything() -> None:
    """Load what pages are made of, and let the garbage collector pass over it from then on.

    Nobody waits for a page's code then; and going through all of memory, in which everybody waits, takes a few ms in place of 200.
    """
    for module in pkgutil.walk_packages(core.ui.__path__, "core.ui."):
        if module.name not in _NOT_YET:
            importlib.import_module(module.name)
    gc.collect()
    gc.freeze()


def own_names(settings: Settings, host: str) -> list[str]:
    """Return the names a websocket may be opened under; any other is somebody's DNS pointing here (rebinding)."""
    everywhere = {"0.0.0.0", "::"}  # noqa: S104 - compared, not listened on
    return sorted({"localhost", "127.0.0.1", host, urlsplit(settings.app_url).hostname or host} - everywhere)


def _bring_up_to_date(settings: Settings) -> None:
    """Migrate once the database answers: it may start after the app, or anew while the app does."""
    database = Database(settings.resolved_database_url)
    while True:
        try:
            migrate(database)
        except Unavailable as error:
            logs.tried_again(_log, "the app waits for the database", error)
            time.sleep(_LOOK_SECONDS)
        else:
            break
    database.close()


def _warn_about_plain_http(settings: Settings) -> None:
    if not session_cookie(settings.app_url).secure:
        _log.warning("POSTWRIGHT_APP_URL is plain http: passwords and sessions can be read on the way. Put https in front of the app.")


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m core.ui.server", description="Serve the app: the pages people use.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=8501, help="the port to listen on")
    given = parser.parse_args()
    run(given.host, given.port)


if __name__ == "__main__":
    main()
