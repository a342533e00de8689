"""The frame of every page: `open_page` is its first statement, and nothing of a page is drawn for somebody who may not see it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.errors import StreamlitPageNotFoundError

from core.accounts.workspaces import Workspace
from core.app import Services
from core.errors import Denied
from core.permissions import Permission, Principal
from core.ui import parts, words
from core.ui.card import ICON
from core.ui.services import services
from core.ui.signing_in import auth, sign_in, two_factor

_SAY_NEXT = "postwright.say_next"
_TRUSTED_FOR = timedelta(seconds=1)


@dataclass
class Page:
    """What a page needs.

    Args:
        services: Everything the product can do.
        workspace: Whose page it is.
        token: The session's token.
        heading: Where the title is.
        actions: The row at the right of the title, for the page's one primary action.
        known: Who asked, and when that was last checked.
    """

    services: Services
    workspace: Workspace
    token: str
    heading: DeltaGenerator
    actions: DeltaGenerator
    known: tuple[Principal, datetime]

    @property
    def by(self) -> Principal:
        """Who asks; given to every service call.

        Fragments and dialogs run again without the guard at the top of the page, so the session is asked for again
        here where the last answer is older than a second.

        Raises:
            Denied: If the session has ended since.
        """
        principal, checked_at = self.known
        now = self.services.clock.now()
        if now - checked_at < _TRUSTED_FOR:
            return principal
        found = self.services.sessions.resolve(self.token)
        if found is None:
            st.rerun()  # to the sign-in form; goes on only inside a callback, where there is nothing to draw
            raise Denied("Your session has ended.", hint="Sign in again.")
        self.known = (found, now)
        return found

    def header(self, label: str, *, icon: str = "add", key: str = "primary_action", disabled: bool = False) -> bool:
        """Draw the page's primary action at the right of its title; return whether it was pressed."""
        with self.actions:
            return st.button(label, icon=f":material/{icon}:", type="primary", key=key, disabled=disabled)

    def title(self, text: str) -> None:
        """Replace the title by a name that was only known after reading, shown as typed."""
        self.heading.title(words.plain(text), anchor=False)

    def may(self, permission: Permission) -> bool:
        """Return whether the person may do this; for leaving out what they could not press."""
        return self.by.may(permission)

    @property
    def sees_all_lists(self) -> bool:
        """Whether the person may see every list and everybody."""
        return self.by.lists is None

    def say_lists(self) -> None:
        """Say quietly how much of the workspace somebody limited to some lists sees; to everybody else nothing."""
        if self.by.lists is not None:
            st.caption(f":material/visibility: {words.of_the_lists(len(self.by.lists))}")

    def when(self, moment: datetime | None) -> str:
        """Return how long ago a moment is: "3 min ago"."""
        return words.when(moment, self.services.clock.now())

    def exactly(self, moment: datetime | None) -> str:
        """Return a moment in full in the workspace's time zone, for the hover of `when`."""
        return words.exactly(moment, self.workspace.timezone)

    @contextmanager
    def act(self, done: str = "") -> Iterator[None]:
        """Do what the person asked for; a failure is shown where it happened, and what they typed stays.

        Args:
            done: What to say when it worked; shown also after a rerun.
        """
        try:
            yield
        except Exception as error:  # the edge of the page: every failure becomes words here
            parts.problem(error)
        except BaseException:  # how Streamlit says "draw the page anew": the words have to outlive this run
            st.session_state[_SAY_NEXT] = done
            raise
        else:
            _say(done)

    def stop(self) -> None:
        """Draw nothing more of this page."""
        st.stop()


def open_page(
    title: str,
    *,
    needs: Permission,
    all_lists: bool = False,
    icon: str = "",
    help: str = "",
    back: tuple[str, str] | None = None,
) -> Page:
    """Let somebody in who may see the page, and draw its frame; everybody else gets a sign-in form or is told why not.

    Args:
        title: What the page is called.
        needs: The permission without which nothing of it is shown.
        all_lists: Whether it can't be narrowed to a few lists, so that nobody limited to some sees it.
        icon: A material symbol in front of the title; rarely needed.
        help: One sentence under the title, only where needed.
        back: Label and file of the list this page is below of, for example ("Campaigns", "pages/create/campaigns.py").
    """
    visitor = auth.visitor()
    if visitor is None:
        sign_in.show()
        st.stop()
    if two_factor.is_due(visitor.principal):
        two_factor.show_first(visitor.principal)
        st.stop()
    st.set_page_config(page_title=f"{title} · Postwright", page_icon=str(ICON), layout="wide")
    if not visitor.principal.may(needs):
        parts.denied(needs)
        st.stop()
    if all_lists and visitor.principal.lists is not None:
        parts.beyond_lists()
        st.stop()
    if back:
        with suppress(StreamlitPageNotFoundError):  # who may not see the list has no way back to it
            st.page_link(back[1], label=back[0], icon=":material/arrow_back:")
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom", key="page_header"):
        heading = st.container(width="content").empty()
        heading.title(f":material/{icon}: {title}" if icon else title, anchor=False)
        actions = st.container(horizontal=True, width="content", key="page_actions")
    if help:
        st.markdown(f":gray[{help}]")
    _say(st.session_state.pop(_SAY_NEXT, ""))
    here = services()
    workspace = here.workspaces.get(visitor.principal.workspace_id)
    return Page(here, workspace, visitor.token, heading, actions, (visitor.principal, here.clock.now()))


def _say(done: str) -> None:
    if done:
        st.toast(done, icon=":material/check_circle:")
