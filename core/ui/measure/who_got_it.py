"""Who got a campaign and who did not, and why: what its report and its list of people share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from core.campaigns.models import Campaign
from core.messages.fates import Fate
from core.messages.recipients import Recipient
from core.permissions import Permission
from core.ui.audience import people_table
from core.ui.measure import fate_words
from core.ui.narrow import line, table_or_list
from core.ui.page import Page
from core.ui.words import counted, number, plain

PEOPLE = "pages/measure/campaign_people.py"
# Of these a reason is worth telling; that of the others is always the same.
WITH_REASONS = (Fate.BOUNCED, Fate.REFUSED, Fate.SKIPPED, Fate.UNCERTAIN, Fate.WAITING)
_REASONS = 4
_ALWAYS = ("Person", "Outcome")
_WHY = 540  # pixels: what servers say is long
_GONE = "(not to be seen)"


def summary(page: Page, campaign: Campaign) -> None:
    """Draw how many had which fate, with the most frequent reasons, and the way to the people themselves."""
    if not page.may(Permission.CAMPAIGNS_VIEW):
        return
    told = page.services.recipients.fates(page.by, campaign.id)
    if not told:
        return
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.subheader("Who got it", anchor=False, width="content")
        st.page_link(PEOPLE, label="Show everybody", icon=":material/group:", query_params={"id": str(campaign.id)})
    total = sum(told.values())
    known = [(fate_words.NAMES[fate], *each) for fate in told for each in _main_reasons(page, campaign, fate, told[fate]).items()]
    rows = [{"Outcome": name, "People": count, "Share": 100 * count / total, "Why": reason} for name, reason, count in known]
    columns = {
        "People": st.column_config.NumberColumn(format="localized", width="small"),
        "Share": st.column_config.ProgressColumn(format="%.1f %%", min_value=0, max_value=100, width="small"),
        "Why": st.column_config.TextColumn(width="large"),
    }
    alt = "What became of the emails, by outcome"
    draw = partial(st.dataframe, rows, column_config=columns, hide_index=True, height="content", alt=alt)
    lines = [line(name, f"{number(count)} of {number(total)}", plain(reason)) for name, reason, count in known]
    table_or_list(draw, lines, key="fates")


def table(page: Page, rows: Sequence[Recipient], fate: Fate | None = None) -> None:
    """Draw some of a campaign's people.

    Args:
        page: The page.
        rows: The people.
        fate: The one that all of them have, where only those are looked at.
    """
    shown = [
        {
            "Open": people_table.OPEN,
            "Person": one.email or _GONE,
            "Outcome": fate_words.outcome(one),
            "When": one.accepted_at or one.due_at,
            "Why": fate_words.sentence(fate_words.why(one.fate, one.reason)),
            "Tries": one.attempts,
            "Sent through": one.connection,
            "Provider’s number": one.provider_message_id or "",
        }
        for one in rows
    ]
    columns = {
        "Open": people_table.open_column([one.contact_id for one in rows]),
        "Person": st.column_config.TextColumn(width="medium", pinned=True),
        "Why": st.column_config.TextColumn(width=_WHY),
        "When": st.column_config.DatetimeColumn(
            format="D MMM YYYY, HH:mm:ss", timezone=page.workspace.timezone, help="When the provider took it, or when it is tried next"
        ),
        "Tries": st.column_config.NumberColumn(width="small"),
        "Provider’s number": st.column_config.TextColumn(width="medium"),
    }
    always = _ALWAYS[:1] if fate in WITH_REASONS and fate is not Fate.WAITING else _ALWAYS  # the reason says more, and needs the room
    hidden = set(_ALWAYS) - set(always) | (set() if page.may(Permission.CONTACTS_VIEW) else {"Open"})
    order = [name for name in (shown[0] if shown else ()) if name not in hidden and (name in always or any(row[name] for row in shown))]
    alt = "People of this campaign and what became of it"
    draw = partial(st.dataframe, shown, column_config=columns, column_order=order, hide_index=True, height="content", alt=alt)
    table_or_list(draw, [_as_line(page, one) for one in rows], key="people")
    people_table.go_where_opened()


def _as_line(page: Page, one: Recipient) -> str:
    when = one.accepted_at or one.due_at
    facts = [
        page.exactly(when) if when else "",
        plain(one.connection),
        counted(one.attempts, "try", "tries") if one.attempts > 1 else "",
    ]
    why = plain(fate_words.sentence(fate_words.why(one.fate, one.reason)))
    return line(plain(one.email or _GONE), fate_words.outcome(one), why, " · ".join(filter(None, facts)))


def labels(told: Mapping[Fate, int]) -> dict[str, str]:
    """Return what can be chosen to look at, with how many that are: "Refused 120"."""
    return {fate.value: f"{fate_words.NAMES[fate]} {count:,}" for fate, count in told.items()}


def _main_reasons(page: Page, campaign: Campaign, fate: Fate, total: int) -> dict[str, int]:
    """Return the most frequent reasons of a fate, and the rest together: all in all everybody who has it."""
    if fate not in WITH_REASONS:
        return {"": total}
    found = page.services.recipients.reasons(page.by, campaign.id, fate)
    told = {fate_words.sentence(fate_words.why(fate, reason)): count for reason, count in list(found.items())[:_REASONS]}
    rest = total - sum(told.values())
    return told | ({"Other reasons" if told else "": rest} if rest > 0 else {})
