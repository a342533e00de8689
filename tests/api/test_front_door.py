"""What holds for every request, whatever it is about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from tests.api.conftest import Program

if TYPE_CHECKING:
    from core.app import Services

PROBLEM = {"type", "title", "status", "detail", "hint", "instance"}


def is_problem(answer, status: int) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) >= PROBLEM
    assert body["status"] == status
    return body


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer nonsense", "Bearer pw_1_x", "pw_1_x", "Bearer " + "x" * 5000]
)
def test_without_a_good_token_nobody_gets_in(nobody: Program, header: str):
    answer = nobody.get("/contacts", headers={"Authorization": header} if header else {})
    problem = is_problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith('Bearer realm="postwright"')
    assert problem["type"].endswith("#problem-unauthenticated")


def test_who_asks_is_found_out_before_the_body_is_read(nobody: Program):
    is_problem(nobody.post("/contacts", content=b"{not json", headers={"Content-Type": "application/json"}), 401)


def test_cookies_mean_nothing_and_none_is_set(services: Services, admin: Program):
    token = services.sessions.redeem(services.sessions.issue_ticket(admin.by.person_id or 0, admin.by.workspace_id), "", "")
    stranger = Program(admin.http, "", admin.by)
    for name in ("sid", "__Host-sid", "postwright_session"):
        assert stranger.get("/me", headers={"Cookie": f"{name}={token}"}).status_code == 401
    assert "set-cookie" not in admin.get("/me").headers


def test_every_answer_has_the_headers_that_keep_browsers_careful(admin: Program, nobody: Program):
    for answer in (admin.get("/me"), nobody.get("/me"), nobody.get("/nothing"), nobody.get("/docs"), nobody.get("/openapi.json")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "access-control-allow-origin" not in answer.headers


def test_an_address_that_is_not_there_is_a_problem(admin: Program, nobody: Program):
    for path in ("/nothing", "/contacts/1/nothing", "//contacts", "/contacts%00", "/%0Acontacts", "/nothing%0Aat/all"):
        is_problem(admin.get(path), 404)
        is_problem(nobody.get(path), 404)


def test_a_method_that_is_not_there_names_those_that_are(admin: Program):
    answer = admin("DELETE", "/contacts")
    is_problem(answer, 405)
    assert answer.headers["allow"] == "GET, POST"
    assert admin("POST", "/contacts/7").headers["allow"] == "DELETE, GET, PATCH"


def test_a_slash_at_the_end_changes_nothing(admin: Program):
    assert admin.get("/lists/").json() == admin.get("/lists").json()
    assert admin.post("/lists/", {"name": "Readers"}).status_code == 201


def test_head_is_get_without_the_body(admin: Program):
    got, head = admin.get("/lists"), admin("HEAD", "/lists")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == got.headers["etag"]
    assert head.headers["content-length"] == got.headers["content-length"]


def test_the_bare_address_leads_to_the_documentation(nobody: Program):
    for path in ("", "/"):
        answer = nobody.get(path, follow_redirects=False)
        assert answer.headers["location"] == "/api/v1/docs"


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx"]
)
def test_a_body_that_is_not_said_to_be_json_is_refused(admin: Program, kind: str):
    is_problem(admin.post("/lists", content=b'{"name": "Readers"}', headers={"Content-Type": kind}), 415)
    assert admin.get("/lists").json()["data"] == []


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nope",
        b'{"name": }',
        b"[" * 100_000,
        b'{"name": NaN}',
        b'{"name": "\xff\xfe"}',
        b'{"name": "\\ud800"}',
        b'{"name": "a\x00b"}',
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_not_json_is_refused(admin: Program, body: bytes):
    is_problem(admin.post("/lists", content=body, headers={"Content-Type": "application/json"}), 400)


def test_a_large_body_is_refused_with_and_without_saying_its_size(admin: Program):
    large = b'{"name": "' + b"x" * 1024 * 1024 + b'"}'
    headers = {"Content-Type": "application/json"}
    is_problem(admin.post("/lists", content=large, headers=headers), 413)
    is_problem(admin.post("/lists", content=iter([large[:500_000], large[500_000:]]), headers=headers), 413)


@pytest.mark.parametrize("body", [{}, [], None, "x", 7, {"name": None}, {"name": 7}, {"name": ["x"]}, {"name": "x", "nmae": "y"}])
def test_what_does_not_fit_is_named(admin: Program, body: object):
    answer = admin("POST", "/lists", content=json.dumps(body).encode(), headers={"Content-Type": "application/json"})
    problem = is_problem(answer, 422)
    assert problem["errors"][0]["location"].startswith("body")


def test_a_refusal_never_says_again_what_was_sent(admin: Program):
    answer = admin.post("/contacts", {"email": ["secret@example.com"], "first_name": {"secret": "value"}})
    assert "secret" not in is_problem(answer, 422)["detail"]
    assert "secret" not in answer.text


def test_nul_and_lone_surrogates_are_refused_wherever_they_are(admin: Program):
    for body in ({"name": "a\x00b"}, {"name": "x", "a\x00": 1}):
        is_problem(admin.post("/lists", body), 422)
    is_problem(admin.post("/contacts", {"email": "a@example.com", "attributes": {"city": "a\x00b"}}), 422)
    assert admin.get("/contacts?list=4").json()["hint"] == "There are: consent, cursor, limit, list_id, search, source, suppressed, tag_id."
    for query in ("search=%00", "search=a%00b", "a%00=1"):
        is_problem(admin.get(f"/contacts?{query}"), 422)
    assert admin.get("/contacts?search=%ed%a0%80").status_code == 200


@pytest.mark.parametrize("number", ["0", "-1", str(2**63), "9" * 400, "1.5", "1e3", "abc", "%20", "１", "0x1", "null"])
def test_an_id_that_cant_be_one_is_refused(admin: Program, number: str):
    for path in (f"/contacts/{number}", f"/lists/{number}", f"/contacts?list_id={number}", f"/messages?campaign_id={number}"):
        assert admin.get(path).status_code in {404, 422}, path
    assert admin.get(f"/contacts/{2**63 - 1}").status_code == 404


def test_reading_again_what_is_unchanged_costs_nothing(admin: Program):
    tag = admin.get("/lists").headers["etag"]
    same = admin.get("/lists", headers={"If-None-Match": f'"other", W/{tag}'})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    admin.post("/lists", {"name": "Readers"})
    assert admin.get("/lists", headers={"If-None-Match": tag}).status_code == 200


def test_a_change_of_something_else_than_was_read_is_refused(admin: Program):
    made = admin.post("/lists", {"name": "Readers"}).json()
    path = f"/lists/{made['id']}"
    tag = admin.get(path).headers["etag"]
    assert admin("PATCH", path, {"name": "News"}, headers={"If-Match": tag}).status_code == 200
    for method, body in (("PATCH", {"name": "Mine"}), ("DELETE", None)):
        is_problem(admin(method, path, body, headers={"If-Match": tag}), 412)
    assert admin.get(path).json()["name"] == "News"
    assert admin("DELETE", path, headers={"If-Match": admin.get(path).headers["etag"]}).status_code == 204
    assert admin("DELETE", path, headers={"If-Match": "*"}).status_code == 404


def test_a_fault_of_ours_says_nothing_but_an_id_that_is_in_the_log(services: Services, admin: Program, caplog: pytest.LogCaptureFixture):
    with services.db.transaction() as connection:
        connection.execute(sa.text("drop table contact_attributes"))
    problem = is_problem(admin.post("/contacts", {"email": "grace@example.com", "attributes": {"city": "Hamburg"}}), 500)
    assert set(problem) == {*PROBLEM, "error_id"}
    [entry] = [record for record in caplog.records if getattr(record, "error_id", "") == problem["error_id"]]
    assert "contact_attributes" not in str(problem)
    assert "grace@example.com" not in entry.getMessage()
