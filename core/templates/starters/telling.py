"""Starters that tell something: welcome, newsletter, digest, announcement, event, a plain letter."""

from __future__ import annotations

from core.templates.blocks.document import Document
from core.templates.starters.making import HELLO, Starter, beside, button, email, heading, hero, light_button, line, paragraphs, part, small

_NEAR = {"top": 0, "bottom": 4, "side": 24}


def _welcome() -> Document:
    steps = [
        ("1", "Say what you like", "Choose what you want to hear about. It takes a minute.", "https://example.com/interests"),
        ("2", "Look around", "The five things people look at first.", "https://example.com/start"),
        ("3", "Ask us anything", "Answer this email. Somebody of us reads it.", "https://example.com/contact"),
    ]
    columns = [
        (heading(f"{number}. {title}", 3, space=_NEAR), paragraphs(text, f'<a href="{url}">Go there</a>', space=_NEAR))
        for number, title, text, url in steps
    ]
    return email(
        "Good to have you. Here is where to begin.",
        hero(
            "Good to have you", "Three things to do first, and none of them takes long.", light_button("Begin", "https://example.com/start")
        ),
        part(paragraphs(HELLO, "Thank you for signing up. You will hear from us about twice a month, and never about anything else.")),
        beside("1-1-1", *columns),
    )


def _newsletter() -> Document:
    return email(
        "What is new, what we learned, and what comes next.",
        part(
            heading("Notes from this month", 1),
            paragraphs(HELLO, "Two stories and one question. It takes about four minutes to read."),
            line(),
        ),
        part(
            heading("The one thing to know this month"),
            paragraphs("Say in two or three sentences what changed and why it matters to the person who reads it."),
            button("Read the whole story", "https://example.com/news/one-thing"),
            space={"top": 0, "bottom": 4, "side": 0},
        ),
        beside(
            "1-1",
            (
                heading("A second story", 3, space=_NEAR),
                paragraphs("One sentence is enough here.", '<a href="https://example.com/news/second">Read on</a>', space=_NEAR),
            ),
            (
                heading("A question we were asked", 3, space=_NEAR),
                paragraphs("And the short answer to it.", '<a href="https://example.com/answers">All answers</a>', space=_NEAR),
            ),
        ),
        part(line(), paragraphs("Until next month,", "{{ workspace.name }}"), space={"top": 12, "bottom": 8, "side": 0}),
    )


def _digest() -> Document:
    entries = [
        ("Most read", "The article most people came back to this week.", "https://example.com/digest/most-read"),
        ("New", "What was published since the last digest.", "https://example.com/digest/new"),
        ("Worth keeping", "An older piece that is still right.", "https://example.com/digest/keep"),
    ]
    blocks = [
        block for title, text, url in entries for block in (heading(title, 3), paragraphs(f'{text} <a href="{url}">Read it</a>'), line())
    ]
    return email(
        "The three things of this week, in one minute.",
        part(heading("This week", 1), paragraphs(HELLO, "What happened since last Monday, in the order of what people read most.")),
        part(*blocks, space={"top": 8, "bottom": 4, "side": 0}),
    )


def _announcement() -> Document:
    return email(
        "What changes, from when, and what you have to do: nothing.",
        hero(
            "It is here", "One sentence that says what it is and whom it helps.", light_button("See what is new", "https://example.com/new")
        ),
        part(
            paragraphs(HELLO, "From today you can do what many of you had asked for. Here is what it does in plain words."),
            heading("What changes", 3),
            paragraphs("Describe the difference somebody will notice."),
            heading("What stays", 3),
            paragraphs("Everything else. You need not do anything."),
        ),
    )


def _event() -> Document:
    return email(
        "When, where and what; a seat is one click away.",
        hero(
            "Come and see us",
            "An evening with talks, people and something to eat.",
            light_button("Keep a seat", "https://example.com/event/seat"),
        ),
        beside(
            "1-1-1",
            (heading("When", 3, space=_NEAR), paragraphs("Thursday 12 March, 18:00 to 21:00", space=_NEAR)),
            (heading("Where", 3, space=_NEAR), paragraphs("The Old Hall, 1 Market Square", space=_NEAR)),
            (heading("What it costs", 3, space=_NEAR), paragraphs("Nothing, but seats are limited", space=_NEAR)),
        ),
        part(
            paragraphs(HELLO, "Here is what will happen, and why it is worth your evening."),
            paragraphs("<strong>18:00</strong> Doors open", "<strong>18:30</strong> The first talk", "<strong>20:00</strong> Time to talk"),
            paragraphs('Can\'t come? <a href="https://example.com/event/recording">We will send you the recording.</a>'),
        ),
    )


def _plain() -> Document:
    return email(
        "",
        part(
            paragraphs(
                HELLO,
                "Write as you would write to one person: why you write, what you would like them to do, and by when.",
                'If a link helps, one is enough: <a href="https://example.com/page">this page</a>.',
                "Best wishes,<br>Your name",
            )
        ),
        part(small("<p>P.S. Many people read only this line.</p>"), space={"top": 4, "bottom": 8, "side": 0}),
    )


TELLING = (
    Starter("Welcome", "Greets somebody new and shows the three things to do first.", "Good to have you", _welcome),
    Starter("Newsletter", "Tells what is new: a story, two shorter ones, and a closing line.", "Notes from this month", _newsletter),
    Starter("Digest", "Lists the best of a week or a month, each in one line.", "This week in one minute", _digest),
    Starter("Announcement", "Says what changes, and what stays as it is.", "It is here", _announcement),
    Starter("Event invitation", "Invites to an event: when, where, what it costs, and a button for a seat.", "Come and see us", _event),
    Starter("Plain and personal", "Looks like a letter from one person to another.", "A quick question", _plain),
)
