"""What the mail says that asks for consent: plain, in a few languages, and nothing in it that sells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "subject": "Please confirm your sign-up: {name}",
        "reminder": "A reminder: please confirm your sign-up: {name}",
        "asked": "You, or somebody who entered your address, signed up for mail from {name}.",
        "agreed": "What was agreed to:",
        "button": "Confirm",
        "open": "If the button does nothing, open this address:",
        "closing": "If it was not you, do nothing: you get no mail from us then. This link is good for seven days.",
    },
    "de": {
        "subject": "Bitte bestätigen Sie Ihre Anmeldung: {name}",
        "reminder": "Zur Erinnerung: Bitte bestätigen Sie Ihre Anmeldung: {name}",
        "asked": "Sie, oder jemand, der Ihre Adresse eingegeben hat, möchten Post von {name}.",
        "agreed": "Dem wurde zugestimmt:",
        "button": "Bestätigen",
        "open": "Wenn der Knopf nichts bewirkt, öffnen Sie diese Adresse:",
        "closing": "Wenn Sie es nicht waren, tun Sie nichts: Dann bekommen Sie keine Post von uns. Der Link gilt sieben Tage.",
    },
    "fr": {
        "subject": "Veuillez confirmer votre inscription : {name}",
        "reminder": "Rappel : veuillez confirmer votre inscription : {name}",
        "asked": "Vous, ou quelqu’un qui a saisi votre adresse, souhaitez recevoir les messages de {name}.",
        "agreed": "Ce qui a été accepté :",
        "button": "Confirmer",
        "open": "Si le bouton ne fait rien, ouvrez cette adresse :",
        "closing": "Si ce n’était pas vous, ne faites rien : vous ne recevrez pas nos messages. Ce lien est valable sept jours.",
    },
}
_CELL = "padding:8px 28px;font-size:15px;line-height:24px"
_SMALL = "padding:4px 28px;font-size:13px;line-height:20px;color:#5b6275"
_BUTTON = "display:inline-block;background:#4f46e5;color:#ffffff;text-decoration:none;font-weight:600;padding:12px 20px;border-radius:8px"
_FRAME = """<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{subject}</title></head>
<body style="margin:0;padding:24px 12px;background:#f6f7fb;font-family:system-ui,'Segoe UI',Roboto,Arial,sans-serif;color:#1f2433">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td align="center">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"
 style="max-width:480px;background:#ffffff;border:1px solid #e2e5ee;border-radius:12px">
{rows}
</table></td></tr></table>
</body>
</html>
"""


@dataclass(frozen=True)
class Letter:
    """What a mail that asks is made of.

    Args:
        name: Who wants to write.
        postal_address: Where they are; may be empty.
        wording: What was agreed to; may be empty.
        link: Where it is confirmed.
        is_reminder: Whether an earlier one was not answered.
        language: The language of the sign-up; English where there is none of ours.
    """

    name: str
    postal_address: str
    wording: str
    link: str
    is_reminder: bool
    language: str


def written(letter: Letter) -> tuple[str, str, str]:
    """Return the subject, the HTML part and the plain-text part."""
    language = letter.language.lower().partition("-")[0]
    language = language if language in _WORDS else "en"
    words = {key: text.format(name=" ".join(letter.name.split())) for key, text in _WORDS[language].items()}
    subject = words["reminder" if letter.is_reminder else "subject"]
    said = [words["asked"], *([f"{words['agreed']} {letter.wording}"] if letter.wording else [])]
    small = [words["closing"], *([letter.postal_address] if letter.postal_address else [])]
    return subject, _html(language, subject, words, said, small, letter.link), "\n\n".join([*said, letter.link, *small]) + "\n"


def _html(language: str, subject: str, words: Mapping[str, str], said: list[str], small: list[str], link: str) -> str:
    where = escape(link)
    button = f'<a href="{where}" style="{_BUTTON}">{escape(words["button"])}</a>'
    plain = f'{escape(words["open"])}<br><a href="{where}" style="color:#4f46e5;word-break:break-all">{where}</a>'
    rows = [
        *(_row(_CELL, _lines(text)) for text in said),
        _row("padding:16px 28px", button),
        _row(_SMALL, plain),
        *(_row(_SMALL, _lines(text)) for text in small),
    ]
    return _FRAME.format(language=language, subject=escape(subject), rows="\n".join(rows))


def _row(style: str, inside: str) -> str:
    return f'<tr><td style="{style}">{inside}</td></tr>'


def _lines(text: str) -> str:
    return "<br>".join(escape(line) for line in text.splitlines())
