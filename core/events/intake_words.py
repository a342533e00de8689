"""Why something was left out, what that means, and what can be done about it; in words for people."""

from __future__ import annotations

from dataclasses import dataclass

from core.events.event import DropReason, Step


@dataclass(frozen=True)
class Why:
    """A reason in words.

    Args:
        title: In a few words.
        meaning: What it means, one sentence.
        advice: What to do, one sentence.
    """

    title: str
    meaning: str
    advice: str


_WORDS: dict[tuple[str, str], Why] = {
    (Step.PARSE, DropReason.UNREADABLE): Why(
        "Lines that can’t be read",
        "A process was killed while it wrote, or the disk changed what was written.",
        "One or two after a power cut are normal. If there are more, check the disk.",
    ),
    (Step.PARSE, DropReason.INVALID): Why(
        "Lines without what they need",
        "They have no time, or come from a kind of provider this version does not know.",
        "If you went back to an older version, update, then process them again.",
    ),
    (Step.UNPACK, DropReason.UNREADABLE): Why(
        "Reports that can’t be read",
        "They were signed by your provider, but are not in the form it documents.",
        "Check that the connection is of the right kind. After an update, process them again.",
    ),
    (Step.MATCH, DropReason.UNMATCHED): Why(
        "No message like it",
        "Somebody opened or clicked an email that is not in the ledger: a test, or one that is deleted.",
        "Nothing to do, as a rule. After restoring a backup, process them again.",
    ),
    (Step.DEDUPLICATE, DropReason.DUPLICATE): Why(
        "Told more than once",
        "Providers report again until they are answered; pages report an order twice when they are loaded again.",
        "Nothing to do: each counts once.",
    ),
}
_STEPS = {
    Step.PARSE: "Read lines",
    Step.UNPACK: "Unpack reports",
    Step.MATCH: "Find the message",
    Step.DEDUPLICATE: "Leave out repetitions",
    Step.JUDGE: "Tell people from machines",
    Step.LAKE: "Keep",
}
_OUTCOMES = {
    "passed": "went on",
    "message": "belong to a message",
    "contact": "belong to a contact",
    "nobody": "are about somebody else’s mail",
    "unreadable": "can’t be read",
    "invalid": "lack what they need",
    "unmatched": "belong to no message",
    "duplicate": "were told before",
}
_DONE = {
    "added": "added",
    "judged": "looked at",
    "reason_only": "judged the same for another reason",
    "known": "were there already",
    "duplicate": "told more than once",
    "unmatched": "still belong to no message",
    "unreadable": "still can’t be read",
    "invalid": "still lack what they need",
}


def why(step: str, reason: str) -> Why:
    """Return why a step left something out."""
    known = _WORDS.get((step, reason))
    return known or Why(_plain(reason).capitalize(), f"Left out where we {step_name(step).lower()}.", "Look at the release notes.")


def step_name(step: str) -> str:
    """Return what a step does."""
    return _STEPS.get(Step(step), _plain(step)) if step in set(Step) else _plain(step)


def outcome_name(outcome: str) -> str:
    """Return what became of events at a step."""
    return _OUTCOMES.get(outcome, _plain(outcome))


def done_name(word: str) -> str:
    """Return what a job did with events, to stand behind their number."""
    return _DONE.get(word) or _plain(word)


def lasting(seconds: float) -> str:
    """Return a time span in few words: "0.4 s", "12 s", "3 min", "2 h", "4 days"."""
    for size, unit in ((2 * 86_400, "days"), (2 * 3_600, "h"), (120, "min")):
        if seconds >= size:
            return f"{seconds / {'days': 86_400, 'h': 3_600, 'min': 60}[unit]:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


def size(count: int) -> str:
    """Return a number of bytes in few words: "820 B", "12 kB", "3.4 MB"."""
    if count < 1_000:
        return f"{count} B"
    amount, unit = (count / 1e9, "GB") if count >= 1e9 else (count / 1e6, "MB") if count >= 1e6 else (count / 1e3, "kB")
    return f"{amount:.0f} {unit}" if amount >= 10 else f"{amount:.1f} {unit}"


def _plain(word: str) -> str:
    return word.replace("_", " ")
