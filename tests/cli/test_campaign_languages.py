"""Subjects in several languages from the command line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.app import Services, build
from core.permissions import Principal
from core.settings import Settings
from core.templates.languages.headings import Heading
from tests.cli.conftest import Cli

CREATE = ("campaigns", "create", "--name", "May", "--subject", "Hi", "--template", "News", "--to", "list:Readers")
GERMAN = "<html><body><p>Hallo {{ contact.first_name }}</p><a href='https://example.com/a'>Los</a></body></html>"


@pytest.fixture
def services(shop: Cli, settings: Settings) -> Iterator[Services]:
    """The same installation, whose template has German words too, which one of its people reads."""
    built = build(settings)
    by = Principal.system(1)
    built.translating.put(by, built.templates.by_name(by, "News").id, "de", GERMAN)
    built.contacts.save(by, "p3@example.com", attributes={"language": "de"})
    yield built
    built.close()


def test_a_campaign_is_written_in_several_languages(shop: Cli, services: Services) -> None:
    lines = ("--subject-in", "de=Neu = besser", "--subject-in", "pt_BR=Novo", "--preview", "Beside", "--preview-in", "de=Daneben")
    second = ("--subject-b", "Ho", "--preview-b", "By it", "--subject-b-in", "de=Anders", "--preview-b-in", "de=Dabei")
    made = shop(*CREATE, *lines, *second, "--json")
    assert made.code == 0, made
    assert made.facts["subjects"] == {
        "de": {"subject": "Neu = besser", "preview_text": "Daneben"},
        "pt-br": {"subject": "Novo", "preview_text": ""},
    }
    kept = services.campaigns.get(Principal.system(1), made.facts["id"])
    assert (kept.preview_text, kept.preview_text_b, kept.subjects_b) == ("Beside", "By it", {"de": Heading("Anders", "Dabei")})


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--subject-in", "Neues"), 2, 'For example: --subject-in de="Neues'),
        (("--subject-b-in", "Neues"), 2, 'For example: --subject-b-in de="Neues'),
        (("--subject-in", "=Neues"), 2, "names no language"),
        (("--subject-in", "de="), 2, "names no language"),
        (("--subject-in", "de=a", "--subject-in", "DE=b"), 2, "The language de is there twice"),
        (("--subject-in", "deutsch=Neues"), 1, "This is no language"),
        (("--subject-in", "de={{ nobody.knows }}"), 1, "In the language de: "),
        (("--subject-b-in", "de=Neues"), 1, "no second subject"),
    ],
)
def test_what_names_no_language_is_refused_in_words(shop: Cli, options: tuple[str, ...], code: int, said: str) -> None:
    answer = shop(*CREATE, *options)
    assert (answer.code, said in answer.err) == (code, True), answer


def test_a_check_knows_the_subjects_of_all_languages(shop: Cli, services: Services) -> None:
    check = ("templates", "check", "News", "--offline", "--subject", "Fresh news", "--json")
    told = "but its subject is only in its main language"
    assert told in shop(*check).out
    assert told not in shop(*check, "--subject-in", "de=Neues").out
    said = shop(*check, "--subject-in", "deutsch=Neues")
    assert (said.code, said.facts["error"]) == (1, "This is no language.")


def test_rendering_shows_what_a_person_gets_in_their_language(shop: Cli, services: Services) -> None:
    assert "Hallo Per3" in shop("templates", "render", "News", "--contact", "p3@example.com").out
    assert "Hi Per4" in shop("templates", "render", "News", "--contact", "p4@example.com").out
