"""Charts: one template for all of them; people in full colour, machines hatched and faded, the period before as a faint line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from core.analytics.exporting import rows_csv
from core.ui import palette
from core.ui.palette import Meaning, Palette

HEIGHT = 280
FEW = 6
LABEL_GAP = 0.09  # of the plot's height: labels nearer than this would cover each other
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"


@dataclass(frozen=True)
class Series:
    """One line of a chart over time.

    Args:
        name: What stands at its end ("Opens").
        meaning: What it counts; decides the colour.
        values: One a moment, by people.
        machines: The same by machines, drawn hatched beneath; empty where machines play no part.
        previous: The same in the period before, drawn faint; may be empty.
    """

    name: str
    meaning: Meaning
    values: Sequence[int]
    machines: Sequence[int] = field(default=())
    previous: Sequence[int] = field(default=())


def over_time(moments: Sequence[datetime], series: Sequence[Series]) -> go.Figure:
    """Return lines over time, each labelled at its end; bars where there are too few moments for a line.

    Args:
        moments: At most 2,000, in the reader's time zone.
        series: At most three, each with one value a moment.
    """
    look = palette.current()
    figure = _blank(look)
    if len(moments) < FEW:
        return _bars(figure, moments, series, look)
    for one in series:
        _add_machines(figure, moments, one, look)
    for one in series:
        _add_previous(figure, moments, one, look)
        _add_line(figure, moments, one, look)
    _label_ends(figure, moments, series, look)
    return figure


def interval(rows: Sequence[tuple[str, float, float, float]], meaning: Meaning = Meaning.CLICKED) -> go.Figure:
    """Return estimates with their intervals against a line at no difference.

    Args:
        rows: (name, low, estimate, high), differences as shares (0.012 is 1.2 points).
        meaning: What is compared.
    """
    look = palette.current()
    figure = _blank(look, height=110 + 34 * len(rows))
    names, lows, middles, highs = zip(*rows, strict=True)
    figure.add_trace(
        go.Scatter(
            x=[100 * middle for middle in middles],
            y=names,
            mode="markers",
            marker={"size": 11, "color": look.colours[meaning]},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [100 * (high - middle) for high, middle in zip(highs, middles, strict=True)],
                "arrayminus": [100 * (middle - low) for low, middle in zip(lows, middles, strict=True)],
                "color": look.colours[meaning],
                "thickness": 2.5,
                "width": 7,
            },
            hovertemplate="%{x:+.2f} points<extra></extra>",
        )
    )
    figure.add_vline(x=0, line={"color": look.quiet, "width": 1, "dash": "dot"})
    figure.update_xaxes(ticksuffix=" pts", tickformat="+~r", nticks=7, zeroline=False)
    figure.update_yaxes(showgrid=False, automargin=True)
    return figure


def planned(days: Sequence[date], volumes: Sequence[int], today: date) -> go.Figure:
    """Return a bar for each day of a plan; those that are over are faded.

    Args:
        days: The days, in order.
        volumes: What is planned for each.
        today: Which of them are over.
    """
    look = palette.current()
    figure = _blank(look, height=160)
    colour = look.colours[Meaning.DELIVERED]
    colours = [palette.faded(colour, 0.4) if day < today else colour for day in days]
    bars = go.Bar(x=list(days), y=list(volumes), marker={"color": colours}, hovertemplate="%{y:,} messages<extra></extra>")
    figure.add_trace(bars)
    figure.update_layout(bargap=0.25, xaxis={"tickformat": "%-d %b", "nticks": 6}, yaxis={"nticks": 4})
    return figure


def card(title: str, draw: Callable[[], go.Figure], rows: Sequence[dict[str, Any]], *, key: str, alt: str) -> None:
    """Draw a chart in a bordered card with its title, its figures as a table, and those as CSV.

    Args:
        title: What is counted and over which time.
        draw: Makes the figure.
        rows: The same figures, one dict a row, for the table.
        key: Unique on the page.
        alt: The chart in one sentence, for those who can't see it.
    """
    with st.container(border=True, key=f"{key}-card"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"#### {title}", anchors=False, width="content")
            with st.popover("Table", icon=":material/table:", type="tertiary"):
                st.dataframe(list(rows), hide_index=True, alt=f"{title}, as a table", height=320)
                name, data = f"{title.partition(',')[0].lower().replace(' ', '-')}.csv", rows_csv(rows)
                st.download_button("Download CSV", data, name, "text/csv", icon=":material/download:", key=f"{key}-csv")
        st.plotly_chart(draw(), theme=None, config={"displayModeBar": False, "scrollZoom": False}, key=key, alt=alt)


def _blank(look: Palette, *, height: int = HEIGHT) -> go.Figure:
    axis = {
        "gridcolor": look.line,
        "linecolor": look.line,
        "zeroline": False,
        "tickfont": {"color": look.quiet, "size": 12},
        "fixedrange": True,
        "separatethousands": True,
    }
    figure = go.Figure(layout={"template": "none"})
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 13, "color": look.text},
        showlegend=False,
        hovermode="x unified",
        hoverlabel={"bgcolor": look.background, "bordercolor": look.line, "font": {"color": look.text}},
        xaxis={**axis, "showgrid": False, "automargin": True},
        yaxis={**axis, "rangemode": "tozero", "automargin": True},
        dragmode=False,
        barmode="overlay",
    )
    return figure


def _add_line(figure: go.Figure, moments: Sequence[datetime], series: Series, look: Palette) -> None:
    colour = look.colours[series.meaning]
    figure.add_trace(
        go.Scatter(
            x=list(moments),
            y=list(series.values),
            name=series.name,
            mode="lines",
            line={"color": colour, "width": 2.5},
            hovertemplate="%{y:,}",
        )
    )


def _add_machines(figure: go.Figure, moments: Sequence[datetime], series: Series, look: Palette) -> None:
    if not any(series.machines):
        return
    colour = look.colours[series.meaning]
    figure.add_trace(
        go.Bar(
            x=list(moments),
            y=list(series.machines),
            name=f"{series.name} by machines",
            width=_spacing(moments) / timedelta(milliseconds=1) * 0.9,
            marker=_hatched(colour),
            hovertemplate="%{y:,}",
        )
    )


def _hatched(colour: str) -> dict[str, Any]:
    """Return how what machines did looks: hatched and faded, never in the colour of people."""
    pattern = {"shape": "/", "fgcolor": palette.faded(colour, 0.45), "size": 5, "solidity": 0.25}
    return {"color": palette.faded(colour, 0.08), "line": {"width": 0}, "pattern": pattern}


def _add_previous(figure: go.Figure, moments: Sequence[datetime], series: Series, look: Palette) -> None:
    if not any(series.previous):
        return
    figure.add_trace(
        go.Scatter(
            x=list(moments),
            y=list(series.previous),
            name=f"{series.name}, period before",
            mode="lines",
            line={"color": palette.faded(look.colours[series.meaning], 0.3), "width": 1.5, "dash": "dot"},
            hovertemplate="%{y:,}",
        )
    )


def _spacing(moments: Sequence[datetime]) -> timedelta:
    return moments[1] - moments[0] if len(moments) > 1 else timedelta(hours=1)


def _bars(figure: go.Figure, moments: Sequence[datetime], series: Sequence[Series], look: Palette) -> go.Figure:
    """Draw a bar per moment and series, what machines did hatched on top of what people did."""
    names = [f"{moment:%H:%M}<br>{moment.day} {moment:%b}" for moment in moments]
    for one in series:
        colour = look.colours[one.meaning]
        common = {"x": names, "offsetgroup": one.name, "hovertemplate": "%{customdata:,}", "textangle": 0}
        people = {"y": list(one.values), "customdata": list(one.values), "name": one.name, "marker": {"color": colour}}
        figure.add_trace(go.Bar(**common, **people, text=[one.name] * len(moments), textposition="auto"))
        if any(one.machines):
            machines = {"y": list(one.machines), "base": list(one.values), "customdata": list(one.machines)}
            figure.add_trace(go.Bar(**common, **machines, name=f"{one.name} by machines", marker=_hatched(colour)))
    figure.update_layout(barmode="group", bargap=0.55)
    return figure


def _label_ends(figure: go.Figure, moments: Sequence[datetime], series: Sequence[Series], look: Palette) -> None:
    """Write each line's name at its end, moved apart where two end at nearly the same height."""
    if not moments:
        return
    tallest = max((max([*one.values, *one.machines, *one.previous], default=0) for one in series), default=0) or 1
    height = -1.0
    for one in sorted(series, key=lambda one: one.values[-1]):
        height = max(one.values[-1] / tallest, height + LABEL_GAP)
        figure.add_annotation(
            x=moments[-1],
            y=height * tallest,
            text=f"<b>{one.name}</b>",
            font={"color": look.colours[one.meaning], "size": 12},
            showarrow=False,
            xanchor="left",
            xshift=6,
        )
    longest = max(len(one.name) for one in series)
    figure.update_layout(margin={"r": 16 + 8 * longest})
