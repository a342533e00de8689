"""The catalogue: every rule with how bad it is to break it, what it is about and how to mend it. The one place that decides this.

Errors are only what no reader and no law forgives: an email that one can't stop, a link that leads nowhere by its form, no subject.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.preflight.findings import NOWHERE, Finding, Place, Rule, Severity, Theme

_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE
_ALWAYS = "Move it out of the condition, so that everybody gets it."


@dataclass(frozen=True)
class Entry:
    """What stands in the catalogue about a rule.

    Args:
        severity: How bad it is to break it.
        theme: What it is about.
        hint: How to mend it, where the check has nothing closer to say.
    """

    severity: Severity
    theme: Theme
    hint: str


def _of(theme: Theme, rules: Mapping[Rule, tuple[Severity, str]]) -> dict[Rule, Entry]:
    return {rule: Entry(severity, theme, hint) for rule, (severity, hint) in rules.items()}


CATALOGUE: Mapping[Rule, Entry] = {
    **_of(
        Theme.MUST_HAVES,
        {
            Rule.NO_UNSUBSCRIBE: (_E, 'Add a link to it: <a href="{{ unsubscribe_url }}">Unsubscribe</a>.'),
            Rule.UNSUBSCRIBE_SOMETIMES: (_E, _ALWAYS),
            Rule.NO_POSTAL_ADDRESS: (_E, "Add {{ workspace.postal_address }} to the footer."),
            Rule.POSTAL_ADDRESS_SOMETIMES: (_E, _ALWAYS),
            Rule.POSTAL_ADDRESS_EMPTY: (_W, "Enter it under Admin, Workspace."),
            Rule.POSTAL_ADDRESS_UNSEEN: (_W, "Enter it under Admin, Workspace, and add {{ workspace.postal_address }} to the footer."),
        },
    ),
    **_of(
        Theme.LANGUAGES,
        {
            Rule.LANGUAGE_UNUSABLE: (_E, "Correct it on the page Languages, or take the language out."),
            Rule.LANGUAGE_PARTLY: (_N, "Write them on the page Languages; until then they are said in the main language."),
        },
    ),
    **_of(
        Theme.LINKS,
        {
            Rule.LINK_MALFORMED: (_E, "Write the whole address, such as https://your-shop.com/tea."),
            Rule.LINK_EMPTY: (_W, "Give it an address, or make it plain text."),
            Rule.LINK_PLACEHOLDER: (_W, "Put the real address in its place."),
            Rule.LINK_PRIVATE: (_W, "Use an address that your readers can reach from anywhere."),
            Rule.LINK_DEAD: (_W, "Correct the address, or take the link out."),
            Rule.LINK_UNSURE: (_N, "Open it yourself once before you send."),
            Rule.LINKS_UNCHECKED: (_N, "Open the others yourself, or check again."),
        },
    ),
    **_of(
        Theme.IMAGES,
        {
            Rule.IMAGE_ADDRESS: (_W, "Put the image on the web and write its whole address, with https:// in front."),
            Rule.IMAGE_MISSING: (_W, "Correct the address of the image, or upload it again."),
            Rule.IMAGE_NO_ALT: (_W, 'Say in alt="…" what it shows; alt="" for mere decoration.'),
            Rule.IMAGE_NO_WIDTH: (_W, 'Set width="…" in pixels: Outlook shows it in its full size otherwise.'),
            Rule.IMAGE_EMBEDDED: (_W, "Put the image on the web and link to it: Gmail and Outlook don’t show embedded ones."),
            Rule.IMAGE_HEAVY: (_W, "Save it smaller: at twice the width it is shown in, as JPEG or PNG."),
            Rule.IMAGES_HEAVY: (_W, "Save them smaller, or use fewer: on a phone they take long to load."),
            Rule.ALL_IMAGES: (_W, "Write what matters as text: many readers see no images, and spam filters distrust them alone."),
        },
    ),
    **_of(
        Theme.FIELDS,
        {
            Rule.FIELD_EMPTY: (_W, "Add a default to it."),
            Rule.FIELD_UNKNOWN: (_W, "Declare the field under Audience, Fields, or correct its name."),
            Rule.FIELD_FOREIGN: (_W, "Write a field of yours in its place, such as {{ contact.first_name }}."),
        },
    ),
    **_of(
        Theme.WORDS,
        {
            Rule.SHOUTING: (_W, "Write in small letters: capitals read as shouting and count against you in spam filters."),
            Rule.EXCLAIMING: (_W, "Leave exclamation marks out; one is plenty."),
            Rule.SPAM_PHRASE: (_W, "Say it in your own words: spam filters know this phrase."),
            Rule.SUBJECT_EMPTY: (_E, "Write one line that says what the email is about."),
            Rule.SUBJECT_LONG: (_N, "Put what matters first: inboxes show about 60 letters, phones fewer."),
            Rule.SUBJECT_VERY_LONG: (_W, "Shorten it to about 60 letters: the rest is cut off."),
            Rule.SUBJECT_ONLY_EMOJI: (_W, "Add words: screen readers spell emoji out, and filters distrust them alone."),
            Rule.SUBJECT_FAKE_REPLY: (_W, "Take it out: a first email that claims to be an answer misleads, which many laws forbid."),
            Rule.PREVIEW_MISSING: (_N, "Add one sentence that goes on where the subject ends (<mj-preview> in MJML)."),
            Rule.PREVIEW_SHORT: (_N, "Use 40 to 100 letters: what is missing is filled up with the first words of the email."),
            Rule.PREVIEW_SAME: (_W, "Let it say something the subject does not."),
            Rule.SUBJECT_LANGUAGE: (_W, "Write the subject in that language too."),
            Rule.PREVIEW_LANGUAGE: (_W, "Write the preview text in that language too."),
            Rule.LANGUAGE_UNUSED: (_N, "Write the mail in that language too, or take the subject out."),
        },
    ),
    **_of(
        Theme.LOOKS,
        {
            Rule.LOW_CONTRAST: (_W, "Take a darker or lighter colour: at least 4.5 to 1, or 3 to 1 for large text (WCAG 2)."),
            Rule.DARK_CONTRAST: (
                _W,
                "A fixed colour stays as it is on dark screens, where what is behind it turns dark: take the brand’s.",
            ),
            Rule.SMALL_TEXT: (_W, "Use at least 12 px; 14 to 16 px reads well on a phone."),
            Rule.WIDE_TABLE: (_W, "Use 600 px, which every mail program has room for."),
        },
    ),
    **_of(
        Theme.SIZE,
        {
            Rule.HTML_CLIPPED: (_W, "Shorten it: Gmail cuts it off there, and with the end the unsubscribe link and the open count go."),
            Rule.HTML_NEARLY_CLIPPED: (_W, "Shorten it a little: long values and tracked links add to it, and Gmail cuts at 102 KB."),
        },
    ),
    **_of(
        Theme.SENDER,
        {
            Rule.SENDER_MISSING: (_W, "Enter the address the email comes from."),
            Rule.SENDER_FREEMAIL: (_W, "Send from an address at a domain of your own."),
            Rule.SENDER_UNKNOWN: (_N, "Add it under Admin, Sender domains, so that its SPF, DKIM and DMARC records can be checked."),
            Rule.SENDER_UNCHECKED: (_N, "Check it under Admin, Sender domains."),
            Rule.SENDER_NOT_READY: (_W, "Publish the missing records; Admin, Sender domains shows what to enter."),
            Rule.SENDER_IMPROVABLE: (_N, "Admin, Sender domains shows what to enter."),
        },
    ),
}


def found(rule: Rule, message: str, *, hint: str = "", place: Place = NOWHERE, about: str = "") -> Finding:
    """Return a finding, as bad as the catalogue says.

    Args:
        rule: Which rule is broken.
        message: What was found.
        hint: How to mend it; what the catalogue says if not given.
        place: Where it is.
        about: What makes it the same finding in another language; what it says if not given.
    """
    entry = CATALOGUE[rule]
    return Finding(rule, entry.severity, message, hint or entry.hint, place.where, place.block, place.line, about=about)
