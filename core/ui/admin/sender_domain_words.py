"""Sender domains in words: what a state is called, what alignment means, and what big mailbox providers ask for."""

from __future__ import annotations

from core.deliverability.models import State, Verdict

# What it is called, its picture, its colour.
VERDICTS: dict[Verdict, tuple[str, str, str]] = {
    Verdict.READY: ("Ready", "check_circle", "green"),
    Verdict.IMPROVABLE: ("Works, can be better", "check_circle", "orange"),
    Verdict.NOT_READY: ("Not ready", "error", "red"),
    Verdict.UNKNOWN: ("Not all could be seen", "help", "gray"),
    Verdict.UNCHECKED: ("Not checked yet", "schedule", "gray"),
}
SUMMARIES: dict[Verdict, str] = {
    Verdict.READY: "Everything that belongs into the DNS is there.",
    Verdict.IMPROVABLE: "What is required is there. What is open below makes mail from this domain more trusted.",
    Verdict.NOT_READY: "Mail from this domain may be refused or go to spam until what is open below is there.",
    Verdict.UNKNOWN: "Nothing that could be seen is wrong. What is open below could not be checked from here.",
    Verdict.UNCHECKED: "Enter these records where your domain’s DNS is managed, then check. New records take minutes, sometimes hours.",
}
STATES: dict[State | None, tuple[str, str, str]] = {
    State.OK: ("in place", "check_circle", "green"),
    State.MISSING: ("missing", "cancel", "red"),
    State.WRONG: ("wrong", "error", "red"),
    State.UNKNOWN: ("not seen", "help", "gray"),
    None: ("not checked yet", "schedule", "gray"),
}
SOFT = ("orange", "missing", "wrong")  # how something missing looks where not much depends on it

HELP = "Prove that mail from your domain is yours: without it, big mailbox providers refuse it or call it spam."
EMPTY = (
    "Anybody can write your address into an email. Add the domain you send from: you get the DNS records that prove which mail is "
    "really yours, keys to sign it with, and a check of whether all is in place."
)
WHOLE_NAMES = "Hosts are whole names. If your DNS host adds the domain itself, leave it out: enter only what stands in front of it."
ALIGNMENT = (
    "People see the address in From. DMARC asks that SPF or DKIM proves **that** domain, not just any: this is called alignment. "
    "Relaxed alignment, which is usual, takes any host of the same owner (bounces.example.com for example.com); strict alignment, "
    "which a DMARC record asks for with `aspf=s` or `adkim=s`, takes the very same name only. One of the two is enough."
)
BULK = """
Gmail and Yahoo ask this of everybody who sends in bulk; for Gmail that is from about 5,000 messages a day to private accounts, added
up over your whole domain, and for good once reached. Outlook.com asks for much the same.

- **SPF, DKIM and DMARC**, all three; `p=none` is enough for DMARC.
- **Alignment:** From belongs to the domain that SPF or DKIM proves.
- **A way out with one click** in marketing mail, honoured within two days. Postwright puts it into every campaign and signs it.
- **Few complaints:** fewer than 1 in 1,000, and never 3 in 1,000.
- **A mail server with a name:** its address leads to a name (PTR record), and that name back to the address. Whoever runs your mail
  server sets it.
- **Encryption** on the way (TLS).

Gmail answers `4.7.32` where From is not aligned, `5.7.26` and `5.7.27` where neither SPF nor DKIM holds, and `4.7.28` where a
domain sends far more than it used to.
"""
NEW_KEYS = (
    "Keys that leak let others sign as you, so change them once or twice a year. You get two new records to publish. Mail goes on "
    "being signed with the keys of now until a check has found the new ones, so nothing breaks meanwhile."
)
