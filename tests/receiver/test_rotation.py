"""The secret key was changed: mail that is out goes on working, and knowing the ids of keys makes nothing genuine."""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.links.tokens import Purpose, TokenSigner
from tests.receiver.conftest import Site, receiver

NEW = {"POSTWRIGHT_SECRET_KEY": "the-key-of-this-year"}
BEFORE = {"POSTWRIGHT_PREVIOUS_SECRET_KEYS": "the-key-before-that,a-key-for-tests-only"}


@pytest.fixture(scope="module")
def rotated(filled_folder: Path) -> Iterator[Site]:
    """Its mail was signed with the key of before (`site.urls`)."""
    with receiver(filled_folder, environment=NEW | BEFORE) as running:
        yield running


def test_mail_signed_with_the_key_of_before_works(rotated: Site) -> None:
    assert rotated.http.get(rotated.urls.open(11)).status_code == 200
    assert rotated.http.get(rotated.urls.click(11, 1), follow_redirects=False).headers["location"] == "https://shop.example/a?x=1"
    assert rotated.http.post(rotated.urls.unsubscribe(11)).status_code == 200
    assert rotated.http.post(f"/e/{rotated.token(Purpose.CONVERSION, 11)}", data={"order_id": "1"}).status_code == 200
    assert "Hello Ada" in rotated.http.get(rotated.urls.view(1)).text
    assert sorted(record["kind"] for record in rotated.records(message_id=11)) == ["clicked", "converted", "opened", "unsubscribed"]


def test_mail_signed_with_the_new_key_works_and_landing_pages_get_tokens_of_it(rotated: Site) -> None:
    signer = TokenSigner(b"the-key-of-this-year")
    answer = rotated.http.get(f"/c/{signer.mint(Purpose.CLICK, 12, 2)}", follow_redirects=False)
    token = answer.headers["location"].partition("pw=")[2].partition("#")[0]
    assert signer.verify(token, Purpose.CONVERSION) == (12, 2)
    old_mail = rotated.http.get(rotated.urls.click(12, 2), follow_redirects=False)
    assert old_mail.headers["location"] == answer.headers["location"]


def test_a_key_that_is_not_named_any_more_and_a_forged_key_id_are_refused(rotated: Site) -> None:
    stranger = TokenSigner(b"the key of somebody else")
    genuine = rotated.token(Purpose.UNSUBSCRIBE, 13)
    raw = binascii.a2b_base64(stranger.mint(Purpose.UNSUBSCRIBE, 13).translate(str.maketrans("-_", "+/")))
    forged = [stranger.mint(Purpose.UNSUBSCRIBE, 13)]
    for key_id in {genuine[:2], TokenSigner(b"the-key-of-this-year").mint(Purpose.UNSUBSCRIBE, 13)[:2]}:
        named = binascii.a2b_base64(key_id.translate(str.maketrans("-_", "+/")) + "==")[:1]
        forged.append(binascii.b2a_base64(named + raw[1:], newline=False).translate(bytes.maketrans(b"+/", b"-_")).decode())
    for token in forged:
        assert rotated.http.post(f"/u/{token}").status_code == 404
    assert not rotated.records(message_id=13)


def test_without_the_key_of_before_its_mail_is_refused(start) -> None:
    with start(environment=NEW) as site:
        assert site.http.post(site.urls.unsubscribe(1)).status_code == 404
        assert site.http.get(site.urls.click(1, 1), follow_redirects=False).status_code == 404
        assert not site.records()
