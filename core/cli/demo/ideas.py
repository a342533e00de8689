"""What the demo's marketers thought of: each campaign, and how much it moves the readers."""

from __future__ import annotations

from dataclasses import dataclass

NAME = "Demo"


@dataclass(frozen=True)
class Idea:
    """A campaign to be made.

    Args:
        name: What it is called.
        subject: Its subject.
        template: Which template.
        appeal: How much it moves the readers: 1 is usual.
        subject_b: The second subject of an A/B test, or None.
        appeal_b: How much the second subject moves them.
        to_segment: Whether the segment gets it instead of the list.
        sells: Whether purchases are tracked.
    """

    name: str
    subject: str
    template: str
    appeal: float = 1.0
    subject_b: str | None = None
    appeal_b: float = 1.0
    to_segment: bool = False
    sells: bool = False


IDEAS = (
    Idea(
        name="A letter from the roastery",
        subject="{{ contact.first_name | default('Hello') }}, a new lot is on the drum",
        template="Roastery letter",
        sells=True,
    ),
    Idea(
        name="Which subject works better?",
        subject="Free shipping until Sunday",
        subject_b="Your tin is empty, isn't it?",
        template="Weekend offer",
        appeal=0.9,
        appeal_b=1.4,
        sells=True,
    ),
    Idea(name="For keen readers", subject="Something small for you", template="Weekend offer", appeal=1.5, to_segment=True, sells=True),
)
ANOTHER = Idea(name="Another letter", subject="What we are brewing this week", template="Roastery letter", sells=True)
DRAFT = Idea(name="Summer blend (draft)", subject="The summer blend is back", template="Summer blend")
