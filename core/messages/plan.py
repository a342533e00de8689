"""Everything that sending a campaign's messages needs to know about the campaign, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from core.hours import Hours
from core.templates.compiling.pixel import counting
from core.templates.languages.choice import chosen_language
from core.templates.languages.headings import Heading, Headings
from core.templates.markup.preheader import with_preview


@dataclass(frozen=True)
class PinnedVersion:
    """The template version a campaign was launched with.

    Args:
        id: Its number.
        html: The HTML part as a Jinja template.
        text: The plain-text part as a Jinja template.
        links: The original addresses of its links, in order, of all languages.
        languages: The same mail by language, for those who read another.
    """

    id: int
    html: str
    text: str
    links: tuple[str, ...]
    languages: Mapping[str, PinnedVersion] = field(default_factory=dict)

    @cached_property
    def with_preview(self) -> PinnedVersion:
        """The version where a campaign says what its preview text is, whatever the template says."""
        return replace(self, html=with_preview(self.html), languages={})

    @cached_property
    def counting(self) -> PinnedVersion:
        """The version as it is sent; see `pixel.counting`."""
        return replace(self, html=counting(self.html))

    @cached_property
    def shows_preferences(self) -> bool:
        """Whether the address of the preference page may stand in it."""
        return "preferences_url" in self.html or "preferences_url" in self.text

    @cached_property
    def shows_view(self) -> bool:
        """Whether the address that shows the message in a browser may stand in it."""
        return "view_url" in self.html or "view_url" in self.text


@dataclass(frozen=True)
class Wording:
    """What an email says in one language, and to one arm of an A/B test.

    Args:
        version: The template version in that language alone.
        heading: What inboxes show of it.
    """

    version: PinnedVersion
    heading: Heading


@dataclass(frozen=True)
class WorkspaceCap:
    """The cap a campaign is held to.

    Args:
        workspace_id: Whose campaigns are counted.
        messages: So many at most.
        days: Within so many days.
    """

    workspace_id: int
    messages: int
    days: int


@dataclass(frozen=True)
class Route:
    """One of several connections a campaign is sent through.

    Args:
        connection_id: Which.
        weight: How large its share is, compared with the others'.
    """

    connection_id: int
    weight: int


@dataclass(frozen=True)
class SendPlan:
    """How to write and send a campaign's messages.

    Args:
        workspace_id: Whose campaign it is.
        campaign_id: The campaign.
        campaign_name: Its name, for merge fields.
        from_email: The sender's address.
        from_name: The sender's name.
        headings: The subject and the preview text, in each language.
        arms: Those of each arm of an A/B test, by arm.
        version: The template version.
        connection_id: The provider to send through.
        link_ids: The tracked links, in the order of the version's links.
        workspace: What templates may say about the workspace: name and postal address.
        track_conversions: Whether landing pages get the conversion token.
        hours: When it may go out, or None for any time.
        cap: How many campaigns its readers get at most, or None for any number.
        routes: The connections it is sent through, each with its share; none where it is all by `connection_id`.
        brand: What templates may say about the brand they wear.
    """

    workspace_id: int
    campaign_id: int
    campaign_name: str
    from_email: str
    from_name: str
    headings: Headings
    arms: Mapping[int, Headings]
    version: PinnedVersion
    connection_id: int
    link_ids: tuple[int, ...]
    workspace: Mapping[str, str]
    track_conversions: bool
    hours: Hours | None = None
    cap: WorkspaceCap | None = None
    routes: tuple[Route, ...] = ()
    brand: Mapping[str, str] = field(default_factory=dict)

    def wording_for(self, language: object, variant_id: int | None) -> Wording:
        """Return what somebody gets who reads a language and is in an arm.

        The language is chosen once, by what the template has; subject and preview text follow it, so that nobody gets one
        language under another where there are both.
        """
        key = chosen_language(language, self.version.languages), variant_id
        return self._wordings.get(key) or self._wordings.setdefault(key, self._worded(*key))

    @cached_property
    def _wordings(self) -> dict[tuple[str, int | None], Wording]:
        return {}

    def _worded(self, language: str, variant_id: int | None) -> Wording:
        headings = self.headings if variant_id is None else self.arms.get(variant_id, self.headings)
        heading, version = headings.of(language), self.version.languages.get(language, self.version)
        return Wording(version.with_preview if heading.preview_text else version, heading)
