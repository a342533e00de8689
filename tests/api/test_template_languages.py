"""The languages of a template through the API."""

from __future__ import annotations

import json

from core.app import Services
from core.permissions import Principal, Role
from core.templates.blocks.document import Document, new_block, new_section
from core.templates.blocks.kinds import BlockKind
from tests.api.conftest import MJML, Login, Program

GERMAN = MJML.replace("Hello", "Hallo")


def made(admin: Program, source: str = MJML) -> str:
    return f"/templates/{admin.post('/templates', {'name': 'Tea', 'source': source}).json()['id']}"


def test_a_language_is_put_in_listed_and_taken_out_and_each_makes_a_version(admin: Program):
    at = made(admin)
    assert admin.get(f"{at}/languages").json() == {"data": [], "next_cursor": None}
    put = admin("PUT", f"{at}/languages/DE_at", {"words": GERMAN})
    assert (put.status_code, put.json()) == (200, {"language": "de-at", "words": GERMAN, "number": 2})
    admin("PUT", f"{at}/languages/fr", {"words": MJML.replace("Hello", "Salut")})
    first = admin.get(f"{at}/languages?limit=1").json()
    assert [one["language"] for one in first["data"]] == ["de-at"]
    rest = admin.get(f"{at}/languages?limit=1&cursor={first['next_cursor']}").json()
    assert ([one["language"] for one in rest["data"]], rest["next_cursor"]) == (["fr"], None)
    assert admin("DELETE", f"{at}/languages/fr").status_code == 204
    assert admin("DELETE", f"{at}/languages/fr").status_code == 404
    assert [one["language"] for one in admin.get(f"{at}/languages").json()["data"]] == ["de-at"]
    assert admin.get(at).json()["latest_number"] == 4


def test_a_template_of_blocks_is_translated_word_by_word(admin: Program, services: Services, workspace: Principal):
    block = new_block(BlockKind.TEXT, html="<p>Good morning</p>")
    at = made(admin, Document(sections=(new_section("1", block),)).as_json())
    words = json.dumps({block.id: {"html": "<p>Guten Morgen</p>"}})
    assert admin("PUT", f"{at}/languages/de", {"words": words}).status_code == 200
    version = services.templates.latest(workspace, int(at.rpartition("/")[2]))
    assert "Guten Morgen" in services.translating.in_language(workspace, version, "de").html
    assert "Good morning" in version.html


def test_words_that_cannot_be_used_are_refused_and_say_why(admin: Program):
    at = made(admin)
    for language, words, said in (
        ("nonsense!", GERMAN, "This is no language."),
        ("de", GERMAN.replace("</mj-text>", ""), "In the language de:"),
        ("de", GERMAN.replace("Hallo", "{{ contact.nothing }}"), "In the language de:"),
    ):
        answer = admin("PUT", f"{at}/languages/{language}", {"words": words})
        assert answer.status_code == 422
        assert said in answer.json()["detail"]
    assert admin.get(at).json()["latest_number"] == 1


def test_whoever_only_sees_templates_reads_languages_and_changes_none(
    admin: Program, services: Services, workspace: Principal, program: Login
):
    at = made(admin)
    admin("PUT", f"{at}/languages/de", {"words": GERMAN})
    person = services.people.add(workspace, "ann@example.com", "Ann", "correct horse battery", Role.ANALYST)
    analyst = program(person)
    assert [one["language"] for one in analyst.get(f"{at}/languages").json()["data"]] == ["de"]
    assert analyst("PUT", f"{at}/languages/de", {"words": MJML}).status_code == 403
    assert analyst("DELETE", f"{at}/languages/de").status_code == 403
