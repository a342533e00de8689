from __future__ import annotations

import email
import re
from dataclasses import replace
from datetime import UTC, datetime
from email import policy

import pytest

from core.clock import FrozenClock
from core.contacts.consent.consent import ConsentStatus
from core.contacts.lookup import Contact
from core.errors import InvalidInput
from core.links.tokens import Purpose, TokenClaims, TokenSigner
from core.links.urls import TrackingUrls
from core.messages.composing import Composer
from core.messages.plan import SendPlan
from core.providers.mime import to_bytes
from core.templates.languages.headings import Headings
from tests.messages.conftest import KEY, VERSION

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ANN = Contact(3, "ann@example.com", "Ann <3", "Lee", {"city": "Köln"}, ConsentStatus.SUBSCRIBED, NOW, NOW)
PLAN = SendPlan(
    workspace_id=9,
    campaign_id=5,
    campaign_name="Winter",
    from_email="news@bücher.example",
    from_name="The Shop",
    headings=Headings("Hello {{ contact.first_name }} in {{ contact.city }}"),
    arms={11: Headings("First {{ campaign.name }}"), 12: Headings("Second")},
    version=VERSION,
    connection_id=1,
    link_ids=(77,),
    workspace={"name": "Acme", "postal_address": "1 Main Street"},
    track_conversions=False,
)


def claims(url: str, purpose: Purpose) -> TokenClaims | None:
    return TokenSigner(KEY).verify(url.rpartition("/")[2].removesuffix(".gif"), purpose)


def test_merge_fields_are_filled_and_escaped_where_they_must_be(composer: Composer) -> None:
    message = composer.compose(PLAN, 42, ANN, None, at=NOW)

    assert message.subject == "Hello Ann <3 in Köln"
    assert "Hi Ann &lt;3," in str(message.html)
    assert str(message.text).startswith("Hi Ann <3:")
    assert "1 Main Street" in str(message.text)
    assert (message.to, message.workspace_id, message.message_id) == ("ann@example.com", 9, 42)


def test_links_pixel_and_unsubscribe_name_the_message(composer: Composer) -> None:
    html = str(composer.compose(PLAN, 42, ANN, None).html)

    click, unsubscribe, pixel, _ = re.findall(r'(?:href|src)="([^"]+)"', html)
    assert claims(click, Purpose.CLICK) == TokenClaims(42, 77)
    assert claims(unsubscribe, Purpose.UNSUBSCRIBE) == TokenClaims(42, 0)
    assert claims(pixel, Purpose.OPEN) == TokenClaims(42, 0)


def test_a_link_that_only_machines_follow_is_in_the_html_alone(composer: Composer) -> None:
    message = composer.compose(PLAN, 42, ANN, None)

    [trap] = re.findall(r"<a class=[^>]+></a>", str(message.html))
    assert 'aria-hidden="true" tabindex="-1"' in trap and "display:none" not in trap
    [address] = re.findall(r'href="([^"]+)"', trap)
    assert claims(address, Purpose.CLICK) == TokenClaims(42, 0)
    assert address not in str(message.text)
    assert "pw-end" not in str(composer.compose_test(PLAN, ANN, "me@shop.example", at=NOW).html)


def test_every_message_can_be_unsubscribed_from_with_one_click(composer: Composer) -> None:
    headers = composer.compose(PLAN, 42, ANN, None, at=NOW).headers

    found = re.fullmatch(r"<(https://track\.example/u/[^>]+)>", headers["List-Unsubscribe"])
    assert found
    assert claims(found[1], Purpose.UNSUBSCRIBE) == TokenClaims(42, 0)
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["List-ID"] == "<w9.xn--bcher-kva.example>"
    assert headers["Feedback-ID"] == "c5:w9:campaign:postwright"


def test_every_attempt_is_the_same_email(composer: Composer) -> None:
    first, second, other = (composer.compose(PLAN, number, ANN, None, at=NOW) for number in (42, 42, 43))

    assert first == second
    assert first.headers["Message-ID"] == f"<{first.key}@xn--bcher-kva.example>"
    assert first.headers["X-Postwright-Message"] == first.key != other.key
    assert re.fullmatch(r"42-[0-9a-f]{12}", first.key)


def test_nobody_without_the_key_can_guess_a_message_key(composer: Composer) -> None:
    stranger = Composer(TrackingUrls(TokenSigner(KEY), "https://track.example"), b"another key")

    assert stranger.message_key(42) != composer.message_key(42)


@pytest.mark.parametrize(("variant_id", "subject"), [(11, "First Winter"), (12, "Second"), (None, "Hello Ann <3 in Köln")])
def test_each_arm_gets_its_subject(composer: Composer, variant_id: int | None, subject: str) -> None:
    assert composer.compose(PLAN, 42, ANN, variant_id).subject == subject


def test_a_line_break_in_a_contacts_name_adds_no_header(composer: Composer) -> None:
    eve = Contact(4, "eve@example.com", "Eve\r\nBcc: all@example.com", "", {}, ConsentStatus.SUBSCRIBED, NOW, NOW)

    mail = email.message_from_bytes(to_bytes(composer.compose(PLAN, 42, eve, None, at=NOW)), policy=policy.default)

    assert mail["Bcc"] is None
    assert mail["Subject"] == "Hello Eve Bcc: all@example.com in"


def test_a_template_that_fails_for_a_contact_says_so(composer: Composer) -> None:
    with pytest.raises(InvalidInput):
        composer.compose(replace(PLAN, link_ids=()), 42, ANN, None)


def test_a_test_copy_counts_nowhere(composer: Composer, clock: FrozenClock) -> None:
    first, second = (composer.compose_test(PLAN, ANN, "me@shop.example", at=clock.now()) for _ in range(2))

    assert first.subject == "[Test] Hello Ann <3 in Köln"
    assert first.to == "me@shop.example"
    assert 'href="https://shop.example/sale"' in str(first.html)
    assert 'href="https://track.example/v/preview"' in str(first.html)
    assert "<img" not in str(first.html)
    assert "List-Unsubscribe" not in first.headers
    assert first.key != second.key


@pytest.mark.parametrize(("language", "greeting"), [("de", "Hallo"), ("de-AT", "Hallo"), ("fr", "Hi"), ("", "Hi"), (None, "Hi"), (7, "Hi")])
def test_readers_get_the_mail_in_their_language(composer: Composer, language: object, greeting: str) -> None:
    links = '<a href="{{ pw_links[0] }}">hier</a> <a href="{{ unsubscribe_url }}">Abmelden</a>'
    html = f"<p>Hallo {{{{ contact.first_name }}}}, {links}</p>{{{{ pw_pixel }}}}"
    german = replace(VERSION, html=html, text="Hallo {{ contact.first_name }}")
    plan = replace(PLAN, version=replace(VERSION, languages={"de": german}))
    reader = replace(ANN, attributes={"city": "Köln", "language": language})
    message = composer.compose(plan, 42, reader, None)
    assert f"{greeting} Ann &lt;3" in str(message.html)
    assert str(message.text).startswith(greeting)
    assert f"{greeting} Ann &lt;3" in str(composer.compose_test(plan, reader, "me@shop.example", at=NOW).html)
