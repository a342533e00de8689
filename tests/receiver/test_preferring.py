"""The page of choices and the button that confirms a sign-up, over real HTTP: looking changes nothing, a "no" always gets through."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from core.app import build
from core.clock import SystemClock
from core.contacts.consent.evidence import ConsentMethod, Evidence
from core.contacts.consent.opt_in import OptIn
from core.contacts.consent.records import ConsentStatus
from core.contacts.hosted.preferences import Standing, standing_of
from core.contacts.lists import Lists
from core.contacts.person_tables import contact_aliases
from core.contacts.tables import contacts, opt_ins
from core.links.tokens import Purpose
from core.messages.tables import messages
from core.storage.database import Database
from tests.receiver.conftest import Site
from tests.receiver.signing_up import BY, database, make_list

EVIL = '"><script>alert(1)</script>'


@pytest.fixture(scope="module")
def news(site: Site) -> int:
    Database(site.settings.resolved_database_url).close()
    with database(site.settings) as db:
        Lists(db, SystemClock()).create(BY, "Inside only")
    return make_list(site.settings, f"News{EVIL}", f"Once a month{EVIL}")


def _page(site: Site, **headers: str) -> httpx2.Response:
    return site.http.get(f"/p/{site.token(Purpose.PREFERENCES)}", headers=headers)


def _post(site: Site, data: Any, message_id: int = 1, **headers: str) -> httpx2.Response:
    return site.http.post(f"/p/{site.token(Purpose.PREFERENCES, message_id)}", data=data, headers=headers)


def _carried_out(site: Site) -> Standing:
    services = build(site.settings)
    try:
        services.ingester.catch_up()
        services.ingester.close()
        with services.db.read() as connection:
            found = standing_of(connection, 1, 1, SystemClock().now())
    finally:
        services.close()
    assert found
    return found


def test_looking_changes_nothing_and_shows_what_is_open_to_everybody(site: Site, news: int) -> None:
    before = len(site.records())
    answer = _page(site, **{"Sec-GPC": "1"})
    assert answer.status_code == 200
    assert "What you get from us" in answer.text
    assert "Once a month" in answer.text
    assert "Inside only" not in answer.text
    assert "ada@example.com" not in answer.text
    assert "<script" not in answer.text
    assert "Global Privacy Control" in answer.text
    assert "Müller &amp; Töchter" in answer.text
    assert len(site.records()) == before


def test_it_speaks_the_reader_s_language(site: Site, news: int) -> None:
    assert "Was Sie von uns bekommen" in _page(site, **{"Accept-Language": "tlh, de-AT;q=0.9, en;q=0.8"}).text
    assert '<html lang="en">' in _page(site, **{"Accept-Language": "x" * 5000}).text


def test_choices_are_on_the_disk_shown_and_carried_out(site: Site, news: int) -> None:
    ticked = {"do": "save", "shown": [str(news)], "lists": [str(news)], "frequency": "monthly", "pause": "90", "sale": ["yes", "asked"]}
    answer = _post(site, ticked)
    assert answer.status_code == 200
    assert 'role="status"' in answer.text
    [line] = [each for each in site.records("preferences") if each["choices"]["frequency"] == "monthly"]
    assert (line["evidence"]["ip"], line["evidence"]["source"]) == ("127.0.0.1", "message:1")
    stands = _carried_out(site)
    assert (stands.on, stands.frequency, stands.do_not_sell) == (frozenset({news}), "monthly", True)
    assert stands.paused_until is not None
    page = _page(site).text
    assert f'name="lists" value="{news}" checked' in page
    assert 'value="monthly" checked' in page
    assert 'value="keep" checked' in page
    assert 'name="sale" value="yes" checked' in page

    _post(site, ticked | {"lists": [], "frequency": "all", "pause": "keep", "sale": ["asked"]})
    stands = _carried_out(site)
    assert (stands.on, stands.frequency, stands.do_not_sell) == (frozenset(), "all", False)
    assert stands.paused_until is not None


def test_a_browser_that_says_nothing_may_be_sold_is_heard_with_the_post(site: Site, news: int) -> None:
    _post(site, {"do": "save", "sale": ["asked"]}, **{"Sec-GPC": "1"})
    assert _carried_out(site).do_not_sell is True


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"do": "leave"}},
        {"data": {}},
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"data": {"do": "something else"}},
        {"json": {"do": "save"}},
        {"content": b"", "headers": {"content-type": "multipart/form-data"}},
    ],
)
def test_whatever_is_no_choice_unsubscribes(site: Site, news: int, body: dict[str, Any]) -> None:
    answer = site.http.post(f"/p/{site.token(Purpose.PREFERENCES, 71)}", **body)
    assert answer.status_code == 200
    assert site.records("unsubscribed", 71)[-1]["reason"] == "preferences"


def test_who_left_everything_comes_back_with_the_words_they_agree_to(site: Site, news: int) -> None:
    left = _post(site, {"do": "leave"})
    assert "You get no marketing mail from us" in left.text
    assert _carried_out(site).consent is ConsentStatus.UNSUBSCRIBED
    page = _page(site).text
    assert "agree to get marketing mail from Müller &amp; Töchter again" in page
    assert 'name="lists"' not in page
    back = _post(site, {"do": "come_back"})
    assert "Welcome back" in back.text
    assert _carried_out(site).consent is ConsentStatus.SUBSCRIBED
    assert "from Müller & Töchter again" in site.records("preferences")[-1]["evidence"]["wording"]


@pytest.mark.parametrize(
    "sent",
    [
        {"frequency": "hourly", "pause": "-1", "lists": ["x", "9" * 50, "-1"], "shown": ["1e9", "٣"]},
        {"frequency": EVIL, "pause": EVIL, "lists": EVIL, "shown": EVIL, "sale": EVIL},
        {"lists": [str(number) for number in range(90)]},
    ],
)
def test_choices_that_can_t_be_understood_change_nothing(site: Site, news: int, sent: dict[str, Any]) -> None:
    answer = _post(site, {"do": "save", **sent}, message_id=72)
    assert answer.status_code == 200
    [*_, line] = site.records("preferences", 72)
    assert line["choices"] | {"do_not_sell": None} == {
        **{"joined": [], "left": [], "frequency": "", "pause_days": None, "do_not_sell": None, "comes_back": False}
    }


@pytest.mark.parametrize("shown", [",".join(map(str, range(900, 1500))), [str(number) for number in range(900, 1500)]])
def test_saving_with_many_lists_is_no_leaving(site: Site, news: int, shown: Any) -> None:
    ticked = [str(number) for number in range(900, 1300)]
    answer = _post(site, {"lists": ticked, "shown": shown, "frequency": "all", "pause": "0", "do": "save"}, message_id=73)
    assert answer.status_code == 200
    assert site.records("unsubscribed", 73) == []
    choices = site.records("preferences", 73)[-1]["choices"]
    assert (len(choices["joined"]), len(choices["left"])) == (400, 200)


@pytest.mark.parametrize("message_id", [1, 74])
def test_a_form_that_can_t_be_read_changes_nothing_and_shows_the_page_again(site: Site, news: int, message_id: int) -> None:
    before = len(site.records())
    for kind, body in (("multipart/form-data", b"\xff\x00"), ("application/x-www-form-urlencoded", b"do=save&x=\xff")):
        link = f"/p/{site.token(Purpose.PREFERENCES, message_id)}"
        answer = site.http.post(link, content=body, headers={"content-type": kind})
        assert answer.status_code == 400
        assert ("What you get from us" if message_id == 1 else "Nothing was changed") in answer.text
    assert len(site.records()) == before


def test_the_page_says_in_one_field_which_lists_it_shows(site: Site, news: int) -> None:
    assert _page(site).text.count('name="shown"') == 1


def test_a_list_one_is_only_asked_about_says_so_until_the_answer(site: Site, news: int) -> None:
    _post(site, {"do": "save", "shown": str(news), "lists": []})
    _carried_out(site)
    with database(site.settings) as db, db.transaction() as connection:
        OptIn(db, SystemClock()).ask(connection, 1, 1, [news], Evidence(ConsentMethod.FORM, "form:1", wording="Yes."))
    page = _page(site).text
    assert page.count("You have not confirmed this yet") == 1
    assert f'name="lists" value="{news}" checked' not in page  # nobody agrees by leaving a tick where it is
    answer = _post(site, {"do": "save", "shown": str(news), "lists": []}).text
    assert "You have not confirmed this yet" not in answer
    _carried_out(site)
    assert "You have not confirmed this yet" not in _page(site).text
    with database(site.settings) as db, db.read() as connection:
        newest = sa.select(opt_ins.c.mail_due_at).where(opt_ins.c.contact_id == 1).order_by(opt_ins.c.id.desc()).limit(1)
        assert connection.execute(newest).scalar_one() is None


def test_the_link_of_an_address_that_was_merged_away_offers_no_yes(site: Site, news: int) -> None:
    _post(site, {"do": "come_back"})
    _post(site, {"do": "save", "shown": str(news), "lists": [str(news)]})
    _carried_out(site)
    row = {"workspace_id": 1, "contact_id": 9_000, "state": "accepted", "queued_at": SystemClock().now()}
    with database(site.settings) as db, db.transaction() as connection:
        connection.execute(sa.insert(contact_aliases).values(workspace_id=1, alias_id=9_000, contact_id=1, merged_at=SystemClock().now()))
        old = connection.execute(sa.insert(messages).values(row).returning(messages.c.id)).scalar_one()
    other = make_list(site.settings, "Other news")
    link = f"/p/{site.token(Purpose.PREFERENCES, old)}"
    page = site.http.get(link).text
    assert f'name="lists" value="{news}" checked' in page
    assert "Other news" not in page
    site.http.post(link, data={"do": "save", "shown": f"{news},{other}", "lists": [str(news), str(other)]})
    assert _carried_out(site).on == {news}
    _post(site, {"do": "save", "frequency": "weekly", "pause": "90"})
    _carried_out(site)
    page = site.http.post(link, data={"do": "save", "frequency": "all", "pause": "0"}).text
    assert ('value="weekly" checked' in page, 'value="keep" checked' in page) == (True, True)
    assert not [value for value in ("all", "0", "30") if f'value="{value}"' in page]
    after = _carried_out(site)
    assert (after.frequency, after.paused_until is not None) == ("weekly", True)
    assert "You get no marketing mail from us" in site.http.post(link, data={"do": "leave"}).text
    assert _carried_out(site).consent is ConsentStatus.UNSUBSCRIBED
    for answer in (site.http.get(link), site.http.post(link, data={"do": "come_back"})):
        assert "You get no marketing mail from us" in answer.text
        assert 'value="come_back"' not in answer.text
    assert _carried_out(site).consent is ConsentStatus.UNSUBSCRIBED
    assert 'value="come_back"' in _page(site).text  # their own link does
    _post(site, {"do": "come_back"})
    _carried_out(site)


def test_a_body_that_is_too_large_is_refused(site: Site) -> None:
    assert _post(site, {"do": "save", "lists": "1" * 70_000}).status_code == 413


def _asked(site: Site, email: str) -> str:
    """Have somebody asked by mail, and return the token of the mail."""
    now = SystemClock().now()
    row = {
        "workspace_id": 1,
        "email": email,
        "attributes": {},
        "consent": "pending",
        "created_at": now,
        "updated_at": now,
        "updated_seq": 1,
    }
    told = Evidence(ConsentMethod.FORM, "form:1", language="de", wording="Ja.")
    with database(site.settings) as db, db.transaction() as connection:
        contact_id = connection.execute(sa.insert(contacts).values(**row)).inserted_primary_key[0]
        opt_in = OptIn(db, SystemClock())
        opt_in.ask(connection, 1, contact_id, [], told)
        asking = connection.execute(sa.select(opt_ins.c.id).where(opt_ins.c.contact_id == contact_id)).scalar_one()
        return opt_in.issue(connection, asking, 1)


def _consent(site: Site, email: str) -> str:
    _carried_out(site)
    with database(site.settings) as db, db.read() as connection:
        return str(connection.execute(sa.select(contacts.c.consent).where(contacts.c.email == email)).scalar_one())


def test_only_the_button_confirms(site: Site) -> None:
    token = _asked(site, "new@example.com")
    for method in ("GET", "HEAD"):
        assert site.http.request(method, f"/f/confirm/{token}").status_code == 200
    page = site.http.get(f"/f/confirm/{token}").text
    assert "Anmeldung bestätigen" in page
    assert "new@example.com" not in page
    assert _consent(site, "new@example.com") == "pending"
    answer = site.http.post(f"/f/confirm/{token}", data={"confirm": "yes"})
    assert "Sie sind angemeldet" in answer.text
    assert _consent(site, "new@example.com") == "subscribed"
    assert site.http.post(f"/f/confirm/{token}").status_code == 404
    [line] = site.records("confirmation")
    assert line["evidence"]["ip"] == "127.0.0.1"


@pytest.mark.parametrize("token", ["x", "A" * 43, "ä", "%00", "a" * 5000, "a/b"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_nobody_was_given_confirms_nothing(site: Site, token: str, method: str) -> None:
    before = len(site.records())
    assert site.http.request(method, f"/f/confirm/{token}").status_code == 404
    assert len(site.records()) == before
