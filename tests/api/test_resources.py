"""Each noun of the API, used as it is meant to be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from core.jobs.delivering import drain
from core.permissions import Permission, Principal, Role
from core.templates.look.brand import Brand
from tests.api.conftest import MJML, Login, Member, Program
from tests.templates.brands.conftest import letter

if TYPE_CHECKING:
    from core.app import Services


def test_a_campaign_from_nothing_to_its_report(services: Services, admin: Program):
    readers = admin.post("/lists", {"name": "Readers"}).json()
    grace = admin.post(
        "/contacts", {"email": "Grace@Example.com", "first_name": "Grace", "consent": "subscribed", "list_ids": [readers["id"]]}
    )
    assert grace.status_code == 201
    assert grace.headers["location"] == f"/api/v1/contacts/{grace.json()['id']}"
    linus = admin.post("/contacts", {"email": "linus@example.com", "attributes": {"city": "Helsinki", "age": 54, "vip": True}}).json()
    assert (linus["consent"], linus["attributes"]) == ("unknown", {"city": "Helsinki", "age": 54, "vip": True})
    assert admin.post(f"/lists/{readers['id']}/contacts", {"contact_ids": [linus["id"], 2**40]}).json() == {"added": 1}
    template = admin.post("/templates", {"name": "Welcome", "source": MJML}).json()
    draft = {"name": "Spring", "subject": "Tea", "template_id": template["id"], "from_email": "news@example.com"}
    campaign = admin.post("/campaigns", draft | {"audience": {"kind": "list", "id": readers["id"]}, "subject_b": "More tea"}).json()
    assert (campaign["state"], campaign["subject_b"], campaign["audience"]) == ("draft", "More tea", {"kind": "list", "id": readers["id"]})
    path = f"/campaigns/{campaign['id']}"
    assert admin("PATCH", path, {"subject_b": None, "name": "Spring teas"}).json()["subject_b"] is None
    sent = admin.post(f"{path}/send")
    assert (sent.status_code, sent.json()["state"]) == (202, "sending")
    assert admin.post(f"{path}/send").status_code == 202
    drain(services, campaign["id"], owner="test", should_stop=lambda: False)
    services.ingester.catch_up()
    messages = admin.get(f"/messages?campaign_id={campaign['id']}").json()["data"]
    assert {(message["email"], message["state"], message["reason"]) for message in messages} == {
        ("grace@example.com", "accepted", ""),
        ("linus@example.com", "skipped", "not_confirmed"),
    }
    in_full = admin.get(f"/messages/{messages[0]['id']}").json()
    assert in_full.items() >= messages[0].items()
    assert [event["kind"] for event in in_full["events"]] == ["sent"]
    [event] = admin.get(f"/events?campaign_id={campaign['id']}&kind=sent").json()["data"]
    assert event["contact_id"] == grace.json()["id"]
    report = admin.get(f"{path}/report").json()
    assert (report["totals"]["sent"], report["totals"]["skipped"]) == (1, 1)
    assert admin("DELETE", path).status_code == 409


def test_a_campaign_waits_for_its_time(services: Services, admin: Program):
    readers = admin.post("/lists", {"name": "Waiting"}).json()
    template = admin.post("/templates", {"name": "Waits", "source": MJML}).json()
    admin.post("/contacts", {"email": "waits@example.com", "list_ids": [readers["id"]]})
    window = {"opens": "09:00", "closes": "18:00", "weekdays": ["mon", "tue"]}
    fields = {"name": "Later", "subject": "Tea", "from_email": "news@example.com", "template_id": template["id"], "holdout_percent": 5}
    draft = fields | {"audience": {"kind": "list", "id": readers["id"]}, "timing": {"window": window}}
    made = admin.post("/campaigns", draft).json()
    keeps = {"window": window, "in_contact_zone": False, "late": "now", "ignores_cap": False}
    assert (made["timing"], made["holdout_percent"], made["scheduled_at"]) == (keeps, 5, None)
    path = f"/campaigns/{made['id']}"
    scheduled = admin.post(f"{path}/schedule", {"at": "2026-11-24T20:00"}).json()
    told = (scheduled["state"], scheduled["scheduled_wall"], scheduled["scheduled_at"], scheduled["timing"])
    assert told == ("scheduled", "2026-11-24T20:00:00", "2026-11-30T09:00:00Z", keeps)
    other = {"at": "2026-11-24T20:00", "timing": {"in_contact_zone": True, "late": "next_day"}}
    assert admin.post(f"{path}/schedule", other).json()["timing"]["window"] is None
    assert admin.post(f"{path}/schedule", {"at": "2026-11-24T20:00Z"}).status_code == 422
    assert admin.post(f"{path}/unschedule").json()["state"] == "draft"
    odd = {"opens": "18:00", "closes": "09:00", "weekdays": ["mon"]}
    assert admin("PATCH", path, {"timing": {"window": odd}}).status_code == 422


def test_the_rules_of_a_workspace_are_shown_and_changed(admin: Program):
    rules = {"quiet": {"starts": "21:00", "ends": "08:00"}, "cap": {"messages": 3, "days": 7}}
    assert admin.get("/workspaces/current").json()["sending_rules"] == {"quiet": None, "cap": None}
    assert admin("PATCH", "/workspaces/current", {"sending_rules": rules}).json()["sending_rules"] == rules
    assert admin("PATCH", "/workspaces/current", {"name": "Aurora Tea"}).json()["sending_rules"] == rules
    assert admin("PATCH", "/workspaces/current", {"sending_rules": {}}).json()["sending_rules"] == {"quiet": None, "cap": None}


def test_a_campaign_is_held_let_go_on_and_cancelled(admin: Program):
    readers = admin.post("/lists", {"name": "Readers"}).json()
    admin.post("/contacts", {"email": "grace@example.com", "consent": "subscribed", "list_ids": [readers["id"]]})
    template = admin.post("/templates", {"name": "Welcome", "source": MJML}).json()
    fields = {"name": "Spring", "subject": "Tea", "template_id": template["id"], "from_email": "news@example.com"}
    path = f"/campaigns/{admin.post('/campaigns', fields | {'audience': {'kind': 'list', 'id': readers['id']}}).json()['id']}"
    assert admin.post(f"{path}/pause").status_code == 409
    admin.post(f"{path}/send")
    states = [admin.post(f"{path}/{verb}").json()["state"] for verb in ("pause", "resume", "cancel")]
    assert states == ["paused", "sending", "cancelled"]
    assert admin.post(f"{path}/resume").json()["detail"] == "This campaign is cancelled."


def test_a_contact_is_changed_and_deleted(admin: Program):
    made = admin.post("/contacts", {"email": "grace@example.com", "first_name": "Grace", "attributes": {"city": "Hamburg"}}).json()
    path = f"/contacts/{made['id']}"
    changed = admin("PATCH", path, {"last_name": "Hopper", "attributes": {"plan": "gold"}}).json()
    assert (changed["first_name"], changed["last_name"], changed["attributes"]) == ("Grace", "Hopper", {"city": "Hamburg", "plan": "gold"})
    assert changed["consent"] == "unknown"
    consents = [admin("PATCH", path, {"consent": word}).json()["consent"] for word in ("subscribed", "unsubscribed", "subscribed")]
    assert consents == ["subscribed", "unsubscribed", "subscribed"]
    assert admin("PATCH", path, {"first_name": None}).json()["first_name"] == "Grace"
    assert admin.get("/contacts?search=hopp").json()["data"][0]["id"] == made["id"]
    assert admin.post("/contacts", {"email": " GRACE@example.com"}).status_code == 409
    assert admin("DELETE", path).status_code == 204
    assert admin("DELETE", path).status_code == 404


def test_a_list_is_renamed_emptied_and_deleted(admin: Program):
    readers = admin.post("/lists", {"name": "Readers"}).json()
    path = f"/lists/{readers['id']}"
    contact = admin.post("/contacts", {"email": "grace@example.com", "list_ids": [readers["id"]]}).json()
    assert admin.get(path).json()["size"] == 1
    assert admin("DELETE", f"{path}/contacts/{contact['id']}").status_code == 204
    assert admin("DELETE", f"{path}/contacts/{contact['id']}").status_code == 404
    assert admin("PATCH", path, {"name": "News"}).json()["name"] == "News"
    assert admin.post("/lists", {"name": "News"}).status_code == 409
    assert admin("DELETE", path).status_code == 204
    assert admin.get(path).status_code == 404


def test_a_template_gets_versions_and_a_broken_one_says_why(admin: Program):
    made = admin.post("/templates", {"name": "Welcome", "source": MJML})
    path = f"/templates/{made.json()['id']}"
    again = admin("PUT", path, {"source": MJML.replace("Hello", "Welcome")}).json()
    assert (again["latest_number"], again["name"]) == (2, "Welcome")
    assert admin("PUT", path, {"source": MJML.replace("Hello", "Welcome")}).json() == again
    assert admin.post("/templates", {"name": " Welcome ", "source": MJML}).status_code == 409
    broken = admin("PUT", path, {"source": MJML.replace("Hello", "{{ contact.nothing }}")})
    assert broken.status_code == 422
    assert "nothing" in broken.json()["detail"]


def test_a_brand_kit_is_changed_and_says_which_templates_followed(services: Services, admin: Program, workspace: Principal):
    kit = services.brand_kits.save(workspace, "Shop", Brand()).kit
    version = letter(services.templates, workspace)
    path = f"/brand-kits/{kit.id}"
    assert [one["name"] for one in admin.get("/brand-kits").json()["data"]] == ["Shop"]
    assert admin.get(path).json()["brand"]["colours"]["primary"] == "#4f46e5"
    changed = admin("PUT", path, {"name": "Shop", "brand": {"colours": {"primary": "#0a7d4f"}}}).json()
    assert (changed["template_ids"], changed["kept"], changed["is_default"]) == ([version.template_id], [], True)
    assert admin.get(path).json()["brand"] == changed["brand"]
    for brand in ({"colours": {"primary": "green"}}, {"logo": {"url": "javascript:x"}}, {"nothing": 1}):
        assert admin("PUT", path, {"name": "Shop", "brand": brand}).status_code == 422
    assert admin("PUT", "/brand-kits/4040", {"name": "Shop", "brand": {}}).status_code == 404


def test_brand_kits_are_made_worn_made_the_default_and_deleted(services: Services, admin: Program, workspace: Principal):
    version = letter(services.templates, workspace)
    made = admin.post("/brand-kits", {"name": "House", "brand": {"colours": {"primary": "#0a7d4f"}}})
    assert (made.status_code, made.json()["is_default"], made.json()["template_ids"]) == (201, True, [version.template_id])
    house, given = made.headers["Location"].removeprefix("/api/v1"), {"name": "Shop", "brand": {"colours": {"primary": "#b3261e"}}}
    again = [admin("POST", "/brand-kits", given, headers={"Idempotency-Key": "one"}).json()["id"] for _ in range(2)]
    assert again[0] == again[1] and admin.post("/brand-kits", given).status_code == 409
    shop = f"/brand-kits/{again[0]}"
    worn = admin("PUT", f"{shop}/templates/{version.template_id}").json()
    assert worn == {"template_ids": [version.template_id], "kept": [], "waiting": 0}
    [wearer] = admin.get(f"{shop}/templates").json()["data"]
    assert (wearer["name"], wearer["is_chosen"], wearer["is_due"], wearer["problem"]) == ("Letter", True, False, "")
    refused = admin("DELETE", shop)
    assert (refused.status_code, refused.json()["detail"]) == (409, "1 template wears the brand kit “Shop”.")
    assert admin("DELETE", f"{house}/templates/{version.template_id}").status_code == 404
    assert admin("DELETE", f"{shop}/templates/{version.template_id}").status_code == 204
    assert admin("POST", f"{shop}/default").json()["template_ids"] == [version.template_id]
    assert [one["is_default"] for one in admin.get("/brand-kits").json()["data"]] == [False, True]
    old = admin.get(house).headers["ETag"]
    admin("PUT", house, {"name": "House", "brand": {"legal": "Acme Ltd"}})
    assert admin("DELETE", house, headers={"If-Match": old}).status_code == 412
    assert [admin("DELETE", house).status_code for _ in range(2)] == [204, 404]


def test_a_template_goes_into_a_file_and_comes_back_with_its_brand(services: Services, admin: Program, workspace: Principal):
    elsewhere = Principal.system(services.workspaces.create("Elsewhere").id)
    services.brand_kits.save(elsewhere, "Leaf", Brand(legal="Register no. 7"))
    services.brand_kits.save(workspace, "House", Brand())
    file = services.template_exchange.export(elsewhere, letter(services.templates, elsewhere, "Über Tee").template_id)
    made = admin("POST", "/template-files?file_name=tea.json&brand=new", content=file.data)
    assert made.status_code == 201 and made.json()["brand_kit_made"]
    kit = services.brand_kits.get(workspace, made.json()["brand_kit_id"])
    assert (kit.name, kit.brand.legal) == ("Leaf", "Register no. 7")
    path = f"/template-files/{made.json()['id']}"
    assert made.headers["Location"] == f"/api/v1/templates/{made.json()['id']}"
    back = admin.get(path)
    assert json.loads(back.content)["brand_kit"]["name"] == "Leaf"
    assert back.headers["Content-Disposition"] == "attachment; filename*=utf-8''%C3%9Cber-Tee.template.json"
    again = admin("POST", "/template-files", content=back.content).json()
    assert (again["brand_kit_id"], again["brand_kit_made"]) == (kit.id, False)
    assert admin("POST", "/template-files", content=b"\xff\xd8 a picture").status_code == 422
    assert admin("POST", "/template-files?brand=any", content=file.data).status_code == 422
    assert admin.get("/template-files/4040").status_code == 404


def test_people_are_looked_after(services: Services, admin: Program, member: Member, workspace: Principal):
    grace = member(Role.MARKETER)
    only = services.lists.create(workspace, "Readers")
    path = f"/people/{grace.id}"
    assert [one["email"] for one in admin.get("/people").json()["data"]] == ["admin@example.com", "marketer@example.com"]
    assert admin("PATCH", path, {"role": "analyst", "list_ids": [only.id]}).json()["lists"] == [only.id]
    assert admin("PATCH", path, {"disabled": True}).json()["disabled_at"]
    answer = admin("PATCH", path, {"disabled": False, "list_ids": None}).json()
    assert (answer["role"], answer["disabled_at"], answer["lists"]) == ("analyst", None, None)
    services.sessions.redeem(services.sessions.issue_ticket(grace.id, workspace.workspace_id), "", "")
    assert [admin.post(f"{path}/sign-out").json() for _ in range(2)] == [{"sessions": 1}, {"sessions": 0}]
    assert admin("PATCH", path, {"role": "emperor"}).status_code == 404
    assert admin("PATCH", f"/people/{admin.by.person_id}", {"role": "analyst"}).json()["detail"].startswith("This is the last admin")


def test_somebody_is_invited_and_the_invitation_taken_back(services: Services, admin: Program):
    sent = admin.post("/people/invitations", {"email": "grace@example.com", "role": "marketer"})
    assert sent.status_code == 201
    assert (sent.json()["mailed"], sent.json()["link"]) == (True, None)  # whoever reads the mail shows that the address is theirs
    [open_one] = admin.get("/people/invitations").json()["data"]
    assert (open_one["email"], open_one["role"]) == ("grace@example.com", "marketer")
    assert "link" not in open_one
    assert admin.post("/people/invitations", {"email": "grace@example.com", "role": "emperor"}).status_code == 404
    again = admin.post(f"/people/invitations/{open_one['id']}/resend", {})
    assert (again.status_code, again.json()["id"]) == (200, open_one["id"])
    assert admin("DELETE", f"/people/invitations/{open_one['id']}").status_code == 204
    assert admin("DELETE", f"/people/invitations/{open_one['id']}").status_code == 404


def test_a_second_factor_is_asked_of_all_only_by_who_has_one(admin: Program):
    assert admin.get("/workspaces/current").json()["requires_two_factor"] is False
    assert admin("PATCH", "/workspaces/current", {"requires_two_factor": False}).json()["requires_two_factor"] is False
    refused = admin("PATCH", "/workspaces/current", {"requires_two_factor": True})
    assert (refused.status_code, admin.get("/workspaces/current").json()["requires_two_factor"]) == (409, False)


def test_a_workspace_is_made_and_the_token_stays_where_it_is(services: Services, admin: Program):
    made = admin.post("/workspaces", {"name": "Second", "timezone": "Europe/Berlin"})
    assert made.status_code == 201
    assert services.people.principal(admin.by.person_id or 0, made.json()["id"]).role == Role.ADMIN
    assert admin.get("/me").json()["workspace"] == "Acme"


def test_a_token_gives_no_role_that_may_more_than_it(services: Services, member: Member, program: Login, workspace: Principal):
    ada, grace = member(), member(Role.ANALYST)
    token = program(ada, scopes=frozenset({Permission.PEOPLE_MANAGE}))
    assert token("PATCH", f"/people/{grace.id}", {"role": "admin"}).status_code == 403
    assert token("PATCH", f"/people/{ada.id}", {"disabled": True}).status_code == 403


def test_a_workspace_is_changed_and_a_token_hears_of_no_other(services: Services, admin: Program):
    other = services.workspaces.create("Elsewhere")
    services.workspaces.add_member(other.id, admin.by.person_id or 0, Role.ADMIN)
    assert admin("PATCH", "/workspaces/current", {"name": "Aurora", "timezone": "Europe/Berlin"}).json()["name"] == "Aurora"
    assert [one["name"] for one in admin.get("/workspaces").json()["data"]] == ["Aurora"]
    assert admin.get("/workspaces/current").json()["timezone"] == "Europe/Berlin"


def test_a_token_makes_tokens_within_its_own_bounds(admin: Program):
    made = admin.post("/tokens", {"name": "Shop", "scopes": ["contacts.view"], "expires_in_days": 30, "requests_per_minute": 7})
    assert made.status_code == 201
    shop = Program(admin.http, made.json()["token"], admin.by)
    assert shop.get("/me").json()["permissions"] == ["contacts.view"]
    assert shop.get("/me").headers["ratelimit-limit"] == "7"
    path = f"/tokens/{made.json()['id']}"
    assert "token" not in admin.get(path).json()
    assert made.json()["token"] not in admin.get("/tokens").text
    assert admin("DELETE", path).status_code == 204
    assert shop.get("/me").status_code == 401
    assert admin.get(path).json()["revoked_at"]
    assert admin.post("/tokens", {"name": "X", "scopes": ["account.manage"]}).status_code == 422
    assert admin.post("/tokens", {"name": "X", "scopes": ["magic"]}).status_code == 422


@pytest.mark.parametrize("path", ["/contacts", "/lists", "/messages", "/events"])
def test_somebody_limited_to_a_list_sees_nobody_else(services: Services, workspace: Principal, member: Member, program: Login, path: str):
    member()
    person: Any = member(Role.MARKETER)
    only, other = services.lists.create(workspace, "Mine"), services.lists.create(workspace, "Others")
    services.contacts.save(workspace, "seen@example.com", list_ids=[only.id])
    services.contacts.save(workspace, "hidden@example.com", list_ids=[other.id])
    services.people.set_lists(workspace, person.id, [only.id])
    answer = program(person).get(path)
    assert answer.status_code in {200, 403}
    assert "hidden" not in answer.text
    assert "Others" not in answer.text


def test_a_sign_up_form_is_made_changed_paused_and_taken_away(admin: Program):
    readers = admin.post("/lists", {"name": "Sign-ups"}).json()
    new = {"name": "Footer", "title": "News", "wording": "I agree to get news.", "list_ids": [readers["id"]]}
    answer = admin.post("/forms", new | {"fields": [{"name": "first_name", "label": "Your name"}], "sites": ["https://shop.example/x"]})
    made = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"/api/v1/forms/{made['id']}")
    assert (made["state"], made["received"], made["wording_version"], made["sites"]) == ("live", 0, 1, ["https://shop.example"])
    assert made["fields"] == [{"name": "first_name", "label": "Your name", "is_required": False}]
    path = f"/forms/{made['id']}"
    assert admin.get("/forms").json()["data"] == [made] == [admin.get(path).json()]
    changed = admin("PATCH", path, {"wording": "I agree to other words.", "double_opt_in": False}).json()
    assert changed.items() >= {"wording_version": 2, "title": "News", "double_opt_in": False, "list_ids": [readers["id"]]}.items()
    for wrong in (
        {"redirect_url": "javascript:alert(1)"},
        {"sites": ["https://x; script-src *"]},
        {"accent": "red;}"},
        {"list_ids": [2**40]},
    ):
        assert admin("PATCH", path, wrong).status_code in {404, 422}
    assert admin.post(f"{path}/pause").json()["state"] == "paused"
    assert admin.post(f"{path}/resume").json()["state"] == "live"
    days = admin.get(f"{path}/days?days=7").json()
    assert [day["received"] for day in days] == [0] * 7
    assert admin("DELETE", path).status_code == 204
    assert admin.get(path).status_code == 404


def test_contacts_are_exported_while_they_are_read(admin: Program):
    readers = admin.post("/lists", {"name": "Readers"}).json()
    admin.post("/contacts", {"email": "grace@example.com", "first_name": "=Grace", "list_ids": [readers["id"]]})
    admin.post("/contacts", {"email": "linus@example.com", "attributes": {"city": "Helsinki"}})
    answer = admin.get("/contacts/export?columns=email,first_name,attribute.city")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text == "email,first_name,city\r\ngrace@example.com,'=Grace,\r\nlinus@example.com,,Helsinki\r\n"
    assert "etag" not in answer.headers
    assert admin.get(f"/contacts/export?list_id={readers['id']}&columns=email").text == "email\r\ngrace@example.com\r\n"
    assert admin.get("/contacts/export?search=LINUS&columns=email").text == "email\r\nlinus@example.com\r\n"
    assert admin.get("/contacts/export?format=parquet").content.startswith(b"PAR1")
    assert admin.get("/contacts/export?format=xlsx").content.startswith(b"PK")
    assert admin.get("/contacts/export?columns=shoe_size").status_code == 422
    assert admin.get("/contacts/export?segment_id=99").status_code == 404


@pytest.mark.parametrize("wrong", [{"folder": "-"}, {"tags": ["x" * 50]}, {"name": " "}, {"name": "Coffee"}])
def test_a_change_of_a_template_is_done_whole_or_not_at_all(admin: Program, wrong: dict[str, Any]):
    admin.post("/templates", {"name": "Coffee", "source": MJML})
    made = admin.post("/templates", {"name": "Tea", "source": MJML, "folder": "Shop", "tags": ["spring"]}).json()
    path = f"/templates/{made['id']}"
    change = {"name": "Green tea", "folder": "Garden", "tags": ["summer"], "archived": True} | wrong
    assert admin("PATCH", path, change).status_code in (409, 422)
    assert admin.get(path).json() == made


def test_templates_are_put_in_order_and_copied(admin: Program):
    made = admin.post("/templates", {"name": "Tea", "source": MJML, "folder": "Shop", "tags": ["spring"], "note": "First"}).json()
    assert (made["folder"], made["tags"], made["archived_at"], made["note"]) == ("Shop", ["spring"], None, "First")
    path = f"/templates/{made['id']}"
    changed = admin("PATCH", path, {"name": "Tea time", "folder": "", "tags": ["b", "a"]}).json()
    assert (changed["name"], changed["folder"], changed["tags"]) == ("Tea time", "", ["a", "b"])
    copy = admin.post(f"{path}/duplicate", {})
    assert (copy.status_code, copy.json()["name"]) == (201, "Copy of Tea time")
    assert admin("PATCH", path, {"archived": True}).json()["archived_at"]
    assert [one["name"] for one in admin.get("/templates").json()["data"]] == ["Copy of Tea time"]
    assert [one["name"] for one in admin.get("/templates?archived=true").json()["data"]] == ["Tea time"]
    assert admin("PATCH", path, {"archived": False, "name": "Copy of Tea time"}).status_code == 409


def test_versions_are_listed_read_and_restored(admin: Program):
    path = f"/templates/{admin.post('/templates', {'name': 'Tea', 'source': MJML, 'note': 'First'}).json()['id']}"
    admin("PUT", path, {"source": MJML.replace("Hello", "Welcome"), "note": "Second"})
    first_page = admin.get(f"{path}/versions?limit=1").json()
    assert [(one["number"], one["note"]) for one in first_page["data"]] == [(2, "Second")]
    last_page = admin.get(f"{path}/versions?limit=1&cursor={first_page['next_cursor']}").json()
    assert ([one["number"] for one in last_page["data"]], last_page["next_cursor"]) == ([1], None)
    assert admin.get(f"{path}/versions/1").json()["source"] == MJML
    restored = admin.post(f"{path}/versions/1/restore", {}).json()
    assert (restored["latest_number"], restored["source"], restored["note"]) == (3, MJML, "Version 1 restored")
    assert admin.get(f"{path}/versions/9").status_code == 404


def test_a_template_is_checked_before_it_is_sent(admin: Program):
    readers = admin.post("/lists", {"name": "Checked"}).json()
    admin.post("/contacts", {"email": "no-name@example.com", "list_ids": [readers["id"]]})
    template = admin.post("/templates", {"name": "Checked", "source": "<p>Hi {{ contact.first_name }}</p>\n<a href='#'>x</a>"}).json()
    path = f"/templates/{template['id']}/preflight"
    asked = {"subject": "", "from_email": "ann@gmail.com", "audience": {"kind": "list", "id": readers["id"]}}

    answer = admin.post(path, asked)

    assert answer.status_code == 200
    report = answer.json()
    assert (report["is_blocked"], report["fetched"]) == (True, False)
    found = {one["rule"]: one for one in report["findings"]}
    assert found["subject_empty"] == {
        "rule": "subject_empty",
        "severity": "error",
        "message": "The subject is empty.",
        "hint": "Write one line that says what the email is about.",
        "where": "Subject",
        "block": "",
        "line": None,
        "languages": [],
    }
    assert found["field_empty"]["message"] == "“first_name” is empty for 1 of 1 people (100 %)."
    assert (found["link_empty"]["where"], found["link_empty"]["line"]) == ("Line 2", 2)
    assert "sender_freemail" in found
    assert admin.post(path, {"audience": {"kind": "list", "id": 2**40}}).status_code == 404
    assert admin.post("/templates/999999/preflight", {}).status_code == 404
    assert admin.post(path, {"subjekt": "x"}).status_code == 422


def test_a_test_goes_to_the_seed_addresses(services: Services, admin: Program):
    seed = admin.post("/seed-addresses", {"email": "Tests@example.com", "label": "Outlook"}).json()
    assert (seed["email"], seed["label"]) == ("tests@example.com", "Outlook")
    assert admin.post("/seed-addresses", {"email": "tests@example.com"}).status_code == 409
    readers = admin.post("/lists", {"name": "Readers"}).json()
    template = admin.post("/templates", {"name": "Letter", "source": "<p>Hello</p>"}).json()
    draft = {"name": "News", "subject": "Hello", "template_id": template["id"], "from_email": "news@example.com"}
    campaign = admin.post("/campaigns", draft | {"audience": {"kind": "list", "id": readers["id"]}}).json()
    path = f"/campaigns/{campaign['id']}/test"
    assert admin.post(path, {}).status_code == 422
    copies = admin.post(path, {"to": ["me@example.com", "nobody"], "seeds": True}).json()["copies"]
    assert [(one["address"], one["refused"] == "") for one in copies] == [
        ("me@example.com", True),
        ("nobody", False),
        ("tests@example.com", True),
    ]
    assert [one["id"] for one in admin.get("/seed-addresses").json()["data"]] == [seed["id"]]
    assert admin("DELETE", f"/seed-addresses/{seed['id']}").status_code == 204
    assert admin("DELETE", f"/seed-addresses/{seed['id']}").status_code == 404
