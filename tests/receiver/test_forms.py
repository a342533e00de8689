"""Sign-up forms over real HTTP: what is shown, what is kept, what is refused, and that nobody can do harm by them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from core.clock import SystemClock
from core.contacts.forms import Forms, SignUpForm
from core.contacts.lists import Lists
from tests.receiver.conftest import BROWSER, Site
from tests.receiver.signing_up import BY, WORDING, database, filled, make_form, make_list, send, stamp_in, submissions
from tests.support.waiting import wait_for
from tracking_receiver.limiting import SIGN_UPS_PER_ADDRESS

EVIL = '"><script>alert(1)</script>'
HALF = b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\n\\ud800@example.com\r\n--x--\r\n'


@pytest.fixture(scope="module")
def news(site: Site) -> int:
    return make_list(site.settings, "News", "Once a month")


@pytest.fixture(scope="module")
def form(site: Site, news: int) -> SignUpForm:
    return make_form(site, news)


@pytest.fixture(scope="module")
def guarded(site: Site, news: int) -> SignUpForm:
    """A form that is shown by us alone, with a time trap."""
    return make_form(site, news, name="Guarded", allows_plain=False)


def test_looking_at_a_form_shows_it_and_keeps_nothing(site: Site, form: SignUpForm) -> None:
    before = len(site.records())
    answer = site.http.get(f"/f/{form.form.key}")
    assert site.http.head(f"/f/{form.form.key}").status_code == 200

    assert answer.status_code == 200
    assert "I agree to get &lt;news&gt; &amp; offers." in answer.text
    assert "Müller &amp; Töchter" in answer.text
    assert "<script" not in answer.text
    assert '<html lang="en">' in answer.text
    assert len(site.records()) == before


def test_a_submission_is_on_the_disk_with_what_was_agreed_to_before_the_answer(site: Site, form: SignUpForm, news: int) -> None:
    more = {"field_first_name": " Ada ", "field_age": "36,5", "field_born": "1815-12-10", "field_vip": "yes", "field_hacked": "x"}
    answer = send(site, form, " Ada@Example.com", **more)

    assert answer.status_code == 200
    assert "Please check your mail" in answer.text
    [line] = submissions(site, "ada@example.com")
    assert (line["workspace_id"], line["form_id"], line["list_ids"], line["double_opt_in"]) == (1, form.id, [news], True)
    assert line["names"] == {"first_name": "Ada"}
    assert line["attributes"] == {"city": "Köln", "age": 36.5, "born": "1815-12-10", "vip": True}
    told = line["evidence"]
    assert (told["method"], told["source"], told["wording"], told["wording_version"]) == ("form", f"form:{form.id}", WORDING, 1)
    assert (told["language"], told["ip"], told["user_agent"]) == ("en", "127.0.0.1", BROWSER)


def test_the_answer_does_not_tell_who_is_known(site: Site, form: SignUpForm) -> None:
    answers = {send(site, form, email).text for email in ("ada@example.com", "nobody-knows@example.com")}
    assert len(answers) == 1


def test_the_same_submission_has_the_same_key_and_another_has_another(site: Site, form: SignUpForm) -> None:
    stamp = stamp_in(site.http.get(f"/f/{form.form.key}").text)
    wait_for(lambda: send(site, form, "twice@example.com", stamp=stamp).status_code == 200, "the form to have been open long enough")
    send(site, form, "twice@example.com", stamp=stamp)
    send(site, form, "twice@example.com", stamp=stamp, field_city="Bonn")
    keys = [line["key"] for line in submissions(site, "twice@example.com")]
    assert len(keys) == 3
    assert len(set(keys)) == 2
    assert not any("twice" in key for key in keys)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("email", "", "Please fill this in."),
        ("email", "no address", "This is not an email address."),
        ("email", "a@b.com\r\nBcc: x@example.com", "This is not an email address."),
        ("email", "x" * 300 + "@example.com", "This is not an email address."),
        ("field_city", "", "Please fill this in."),
        ("field_city", "a\0b", "This is too long"),
        ("field_first_name", "Ada\r\nX-Evil: 1", "This is too long"),
        ("field_first_name", "A" * 201, "This is too long"),
        ("field_age", "many", "This is not a number."),
        ("field_born", "10.12.1815", "This is not a date."),
        ("agree", "", "Please tick this if you agree."),
    ],
)
def test_what_can_t_be_kept_is_said_at_its_field_and_the_rest_stays(
    site: Site, form: SignUpForm, field: str, value: str, says: str
) -> None:
    answer = send(site, form, **{"email": "wrong@example.com", "field_city": f"Berlin{EVIL}"} | {field: value})

    assert answer.status_code == 422
    assert says in answer.text
    assert 'role="alert"' in answer.text
    assert EVIL not in answer.text
    if field != "field_city":
        assert "Berlin&quot;&gt;&lt;script&gt;" in answer.text
    assert not submissions(site, "wrong@example.com")


@pytest.mark.parametrize(
    ("request_parts", "status"),
    [
        ({"content": b"x" * 70_000, "headers": {"content-type": "application/x-www-form-urlencoded"}}, 413),
        ({"data": {"email": "big@example.com", "field_first_name": "A" * 1_000_000}}, 413),
        ({"json": {"email": "json@example.com"}}, 415),
        ({"content": b"email=a@b.com", "headers": {"content-type": "text/plain"}}, 415),
        ({"content": b"email=a@b.com"}, 415),
        ({"content": b"email=%ff%fe", "headers": {"content-type": "application/x-www-form-urlencoded"}}, 400),
        ({"content": b"\xff\xfe\x00", "headers": {"content-type": "application/x-www-form-urlencoded"}}, 400),
        ({"content": b"&".join(b"a%d=1" % n for n in range(500)), "headers": {"content-type": "application/x-www-form-urlencoded"}}, 400),
        ({"content": b"nonsense", "headers": {"content-type": "multipart/form-data"}}, 400),
        ({"content": b"nonsense", "headers": {"content-type": "multipart/form-data; boundary=x"}}, 400),
        ({"files": {"email": ("evil.html", b"<script>")}}, 400),
        # Half a character, spelled in a charset that no browser sends a form in.
        ({"content": HALF, "headers": {"content-type": "multipart/form-data; boundary=x; charset=unicode_escape"}}, 400),
        ({"content": HALF, "headers": {"content-type": 'multipart/form-data; charset="utf-16" ; boundary=x'}}, 400),
        ({"content": HALF, "headers": {"content-type": "multipart/form-data; boundary=x; charset=utf-7"}}, 400),
        ({"content": b"", "headers": {"content-type": "application/x-www-form-urlencoded"}}, 422),
    ],
)
def test_what_is_no_form_is_refused_with_a_page_that_says_so(
    site: Site, form: SignUpForm, request_parts: dict[str, Any], status: int
) -> None:
    before = len(site.records())
    answer = site.http.post(f"/f/{form.form.key}", **request_parts)

    assert answer.status_code == status
    assert "<h1>" in answer.text
    assert len(site.records()) == before
    assert "Traceback" not in site.log.read_text()


def test_a_form_sent_as_multipart_counts(site: Site, form: SignUpForm) -> None:
    answer = site.http.post(f"/f/{form.form.key}", files={name: (None, value) for name, value in filled("multi@example.com").items()})
    assert answer.status_code == 200
    assert submissions(site, "multi@example.com")
    content = HALF.replace(b"\\ud800", b"charset")
    for charset in ("UTF-8", '"utf-8"'):
        told = {"content-type": f"multipart/form-data; boundary=x; charset={charset}"}
        assert site.http.post(f"/f/{form.form.key}", content=content, headers=told).status_code == 422  # read, and not complete


def test_a_trap_that_machines_fill_in_keeps_them_out_and_lets_a_person_try_again(site: Site, form: SignUpForm) -> None:
    answer = send(site, form, "robot@example.com", homepage="https://spam.example")
    assert answer.status_code == 422
    assert "press the button once more" in answer.text
    assert "spam.example" not in answer.text
    assert not submissions(site, "robot@example.com")
    assert send(site, form, "robot@example.com", homepage="").status_code == 200


def test_nobody_is_signed_up_faster_than_anybody_can_read_and_the_next_press_counts(site: Site, guarded: SignUpForm) -> None:
    page = site.http.get(f"/f/{guarded.form.key}").text
    answer = send(site, guarded, "fast@example.com", stamp=stamp_in(page))
    assert answer.status_code == 422
    assert stamp_in(answer.text) == stamp_in(page)
    assert not submissions(site, "fast@example.com")
    stamp = stamp_in(answer.text)
    wait_for(lambda: send(site, guarded, "fast@example.com", stamp=stamp).status_code == 200, "two seconds to be over")
    assert len(submissions(site, "fast@example.com")) == 1


@pytest.mark.parametrize("stamp", ["", "x", "1.2.3", "19ad.abc.00", "ä.ö.ü", "0" * 5000])
def test_a_stamp_that_is_not_ours_counts_nothing(site: Site, guarded: SignUpForm, stamp: str) -> None:
    assert send(site, guarded, "forged@example.com", stamp=stamp).status_code == 422
    assert not submissions(site, "forged@example.com")


def test_one_address_can_t_be_flooded(site: Site, form: SignUpForm) -> None:
    answers = [send(site, form, "flooded@example.com", field_city=f"City {n}") for n in range(SIGN_UPS_PER_ADDRESS + 3)]
    assert [answer.status_code for answer in answers] == [200] * SIGN_UPS_PER_ADDRESS + [429] * 3
    assert int(answers[-1].headers["retry-after"]) > 0
    assert "wait a few minutes" in answers[-1].text
    assert len(submissions(site, "flooded@example.com")) == SIGN_UPS_PER_ADDRESS


@pytest.mark.parametrize("sign", ["+", "."])
def test_one_mailbox_can_t_be_flooded_by_other_spellings_of_its_address(site: Site, form: SignUpForm, sign: str) -> None:
    name, most = f"pestered{'dots' if sign == '.' else 'tags'}here", SIGN_UPS_PER_ADDRESS
    spelt = [f"{name}+{n}@example.com" if sign == "+" else f"{name[:n]}.{name[n:]}@gmail.com" for n in range(1, most + 4)]
    assert [send(site, form, email).status_code for email in spelt] == [200] * most + [429] * 3
    assert send(site, form, f"{name}@googlemail.com").status_code == (429 if sign == "." else 200)


@pytest.mark.parametrize("key", ["x", "0" * 43, "%00", "ä", "../../etc/passwd", "a" * 5000, "'or'1'='1"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_there_is_no_form_by_a_key_nobody_was_given(site: Site, key: str, method: str) -> None:
    assert site.http.request(method, f"/f/{key}").status_code == 404


def test_keys_can_t_be_guessed(form: SignUpForm, guarded: SignUpForm) -> None:
    assert re.fullmatch(r"[\w-]{43}", form.form.key)
    assert form.form.key != guarded.form.key


def test_people_choose_among_the_form_s_lists_only(site: Site, news: int) -> None:
    offers, secret = make_list(site.settings, "Offers"), make_list(site.settings, "Secret list")
    form = make_form(site, news, name="Choices", list_ids=(), choices=(news, offers))
    page = site.http.get(f"/f/{form.form.key}").text
    assert "Once a month" in page
    assert "Secret list" not in page

    assert send(site, form, "none@example.com").status_code == 422
    assert send(site, form, "other@example.com", lists=[str(secret), "x", ""]).status_code == 422
    assert send(site, form, "some@example.com", lists=[str(offers), str(secret)]).status_code == 200
    [line] = submissions(site, "some@example.com")
    assert line["list_ids"] == [offers]


def test_a_form_can_be_framed_by_its_sites_alone_and_runs_no_script(site: Site, news: int, form: SignUpForm) -> None:
    framed = make_form(site, news, name="Framed", sites=("https://shop.example", "http://localhost:8080"), accent="#00aa55")
    policy = site.http.get(f"/f/{framed.form.key}").headers["content-security-policy"]
    assert "frame-ancestors https://shop.example http://localhost:8080" in policy
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in site.http.get(f"/f/{form.form.key}").headers["content-security-policy"]
    refusal = site.http.post(f"/f/{framed.form.key}", json={})
    assert "frame-ancestors https://shop.example" in refusal.headers["content-security-policy"]


def test_nothing_that_is_sent_chooses_where_people_are_led(site: Site, news: int) -> None:
    form = make_form(site, news, name="Leads on", redirect_url="https://shop.example/thanks?x=1")
    evil = "https://evil.example/"
    url = f"/f/{form.form.key}?redirect={evil}&redirect_url={evil}&next={evil}"
    answer = site.http.post(url, data=filled("led@example.com", redirect_url=evil, next=evil), follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "https://shop.example/thanks?x=1")
    assert "form-action 'self' https://shop.example;" in site.http.get(url).headers["content-security-policy"]


@pytest.mark.parametrize("end", ["?thanks=1", "#thanks", "", "/?a=b#c"])
def test_a_form_may_lead_to_a_site_s_front_page(site: Site, news: int, end: str) -> None:
    form = make_form(site, news, name=f"Leads home {end}", redirect_url=f"https://shop.example{end}")
    page = site.http.get(f"/f/{form.form.key}")
    assert page.status_code == 200
    assert "form-action 'self' https://shop.example;" in page.headers["content-security-policy"]


def test_texts_of_the_owner_are_texts(site: Site, news: int) -> None:
    names = ("title", "intro", "wording", "button", "thanks", "email_label")
    form = make_form(site, news, name="Evil", **dict.fromkeys(names, EVIL), double_opt_in=False)
    for page in (site.http.get(f"/f/{form.form.key}"), send(site, form, "evil@example.com"), send(site, form, "")):
        assert "<script" not in page.text
        assert "&lt;script&gt;" in page.text


def test_a_list_that_asks_by_mail_makes_its_form_ask(site: Site, news: int) -> None:
    asking = make_list(site.settings, "Asks first")
    with database(site.settings) as db:
        Lists(db, SystemClock()).set_opt_in(BY, asking, double_opt_in=True, from_email="news@example.com")
    form = make_form(site, news, name="One asks", choices=(asking,), double_opt_in=False)
    assert "Please check your mail" in send(site, form, "asked@example.com").text
    assert submissions(site, "asked@example.com")[0]["double_opt_in"] is True


def test_a_form_speaks_its_language(site: Site, news: int) -> None:
    form = make_form(site, news, name="German", language="de")
    page = site.http.get(f"/f/{form.form.key}").text
    assert '<html lang="de">' in page
    assert "E-Mail-Adresse" in page
    assert "Bitte sehen Sie in Ihr Postfach" in send(site, form, "hallo@example.com").text


def test_the_browser_s_wish_that_nothing_is_sold_is_honoured_and_said(site: Site, form: SignUpForm) -> None:
    wish = {"Sec-GPC": "1"}
    assert "Global Privacy Control" in site.http.get(f"/f/{form.form.key}", headers=wish).text
    assert "Global Privacy Control" not in site.http.get(f"/f/{form.form.key}").text
    site.http.post(f"/f/{form.form.key}", data=filled("gpc@example.com"), headers=wish)
    [line] = submissions(site, "gpc@example.com")
    assert line["has_gpc"] is True


def test_a_paused_form_takes_nobody_and_a_deleted_one_is_not_there(site: Site, news: int) -> None:
    form = make_form(site, news, name="Short-lived")
    url = f"/f/{form.form.key}"
    with database(site.settings) as db:
        forms = Forms(db, SystemClock())
        forms.pause(BY, form.id)
        wait_for(lambda: site.http.get(url).status_code == 410, "the receiver to know")
        answer = send(site, form, "late@example.com")
        assert answer.status_code == 410
        assert "This form is closed" in answer.text
        forms.resume(BY, form.id)
        wait_for(lambda: site.http.get(url).status_code == 200, "the receiver to know")
        forms.delete(BY, form.id)
    wait_for(lambda: site.http.get(url).status_code == 404, "the receiver to know")
    assert not submissions(site, "late@example.com")


def test_new_words_to_agree_to_are_a_new_version(site: Site, news: int) -> None:
    form = make_form(site, news, name="Versions")
    with database(site.settings) as db:
        forms = Forms(db, SystemClock())
        assert forms.update(BY, form.id, "Renamed", form.form.design).form.wording_version == 1
        changed = forms.update(BY, form.id, "Renamed", make_other_words(form))
    assert changed.form.wording_version == 2
    url = f"/f/{form.form.key}"
    wait_for(lambda: "other words" in site.http.get(url).text, "the receiver to know")
    send(site, form, "second@example.com")
    [line] = submissions(site, "second@example.com")
    assert (line["evidence"]["wording"], line["evidence"]["wording_version"]) == ("I agree to other words.", 2)


def make_other_words(form: SignUpForm) -> Any:
    return type(form.form.design)(**{**vars(form.form.design), "wording": "I agree to other words."})
