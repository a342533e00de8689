"""Privacy: what people ask about their data, how long it is kept, and where it lives."""

from __future__ import annotations

import streamlit as st

from core.permissions import Permission
from core.ui import dialogs
from core.ui.admin import privacy_alert, privacy_places, privacy_requests, privacy_retention
from core.ui.page import open_page

HELP = "Who asked about their data and by when they need an answer, how long things are kept, and where they are."

page = open_page("Privacy", needs=Permission.PRIVACY_MANAGE, all_lists=True, help=HELP)
REQUESTS, RETENTION, PLACES = "Requests", "Retention", "Places"
if page.header("Enter a request", icon="add"):
    dialogs.show(privacy_requests.ENTER)
look = {"label_visibility": "collapsed", "bind": "query-params", "required": True}
part = st.segmented_control("Part", [REQUESTS, RETENTION, PLACES], default=REQUESTS, key="part", **look)
if part == RETENTION:
    privacy_retention.show(page)
elif part == PLACES:
    privacy_places.show()
else:
    privacy_alert.draw(page, leads_there=False)
    privacy_requests.show(page)
