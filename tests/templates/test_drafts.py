from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from core.accounts.workspaces import Workspaces
from core.audit.log import AuditLog
from core.clock import FrozenClock
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.templates.brands.kits import BrandKits
from core.templates.compiling.compiler import TemplateKind
from core.templates.library.drafts import Draft, Drafts
from core.templates.library.templates import Templates

SOURCE, BROKEN = "<p>Hello</p>", "<p>{{ contact. </p>"
HTML = TemplateKind.HTML


@pytest.fixture
def drafts(db: Database, clock: FrozenClock) -> Drafts:
    return Drafts(db, clock)


@pytest.fixture
def library(db: Database, clock: FrozenClock) -> Templates:
    return Templates(db, clock, BrandKits(db, clock))


@pytest.fixture
def template_id(library: Templates, workspace: Principal) -> int:
    return library.save(workspace, "News", SOURCE).template_id


@pytest.fixture
def worker(workspace: Principal) -> Principal:
    """Somebody else in the same workspace."""
    return replace(workspace, label="worker")


def kept(drafts: Drafts, by: Principal, template_id: int, source: str = BROKEN, revision: int = 0) -> Draft:
    return drafts.keep(by, template_id, source, HTML, based_on=1, revision=revision)


def test_what_is_written_is_kept_as_it_is_even_broken(drafts: Drafts, workspace: Principal, template_id: int, clock: FrozenClock) -> None:
    assert drafts.get(workspace, template_id) is None
    draft = kept(drafts, workspace, template_id)
    assert drafts.get(workspace, template_id) == draft
    assert (draft.source, draft.kind, draft.based_on, draft.updated_by, draft.updated_at) == (BROKEN, HTML, 1, "system", clock.now())
    later = kept(drafts, workspace, template_id, "", draft.revision)
    assert later.revision > draft.revision and drafts.get(workspace, template_id) == later


def test_nobody_writes_over_somebody_else(drafts: Drafts, workspace: Principal, worker: Principal, template_id: int) -> None:
    first = kept(drafts, workspace, template_id)
    theirs = kept(drafts, worker, template_id, "theirs", first.revision)
    for revision in (first.revision, 0, theirs.revision + 1):
        with pytest.raises(Conflict, match="Worker changed this draft on 22 November, 12:00 UTC"):
            kept(drafts, workspace, template_id, "mine", revision)
    assert drafts.get(workspace, template_id) == theirs


def test_of_two_who_begin_at_once_one_does(drafts: Drafts, workspace: Principal, template_id: int) -> None:
    def begin(number: int) -> bool:
        try:
            kept(drafts, workspace, template_id, str(number))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(begin, range(4))) == 1


def test_a_draft_begun_anew_is_not_taken_for_the_one_before(drafts: Drafts, workspace: Principal, template_id: int) -> None:
    before = kept(drafts, workspace, template_id)
    drafts.discard(workspace, template_id)
    with pytest.raises(Conflict, match="saved as a version or thrown away"):
        kept(drafts, workspace, template_id, "late", before.revision)
    kept(drafts, workspace, template_id, "anew")
    with pytest.raises(Conflict):
        kept(drafts, workspace, template_id, "late", before.revision)


def test_saving_a_version_ends_the_draft_it_was_made_from(
    drafts: Drafts, library: Templates, workspace: Principal, worker: Principal, template_id: int
) -> None:
    kept(drafts, workspace, template_id)
    library.save(workspace, "News", "<p>Finished</p>")
    assert drafts.get(workspace, template_id) is None
    kept(drafts, worker, template_id, "<p>Together</p>")
    library.save(workspace, "News", "<p>Together</p>")
    assert drafts.get(workspace, template_id) is None


def test_saving_a_version_leaves_what_others_are_writing(
    drafts: Drafts, library: Templates, workspace: Principal, worker: Principal, template_id: int, clock: FrozenClock
) -> None:
    theirs = kept(drafts, worker, template_id)
    library.save(workspace, "News", "<p>Mine</p>")
    library.save(replace(worker, via="token:1"), "News", "<p>From a program</p>")
    assert drafts.get(workspace, template_id) == theirs


def test_discarding_what_is_not_there_is_nothing(drafts: Drafts, workspace: Principal, template_id: int) -> None:
    drafts.discard(workspace, template_id)
    kept(drafts, workspace, template_id)
    drafts.discard(workspace, template_id)
    assert drafts.get(workspace, template_id) is None


def test_what_somebody_else_went_on_with_is_not_discarded_unseen(
    drafts: Drafts, workspace: Principal, worker: Principal, template_id: int
) -> None:
    mine = kept(drafts, workspace, template_id)
    theirs = kept(drafts, worker, template_id, "theirs", mine.revision)
    for revision in (mine.revision, 0):
        with pytest.raises(Conflict, match="Worker changed this draft"):
            drafts.discard(workspace, template_id, revision=revision)
    assert drafts.get(workspace, template_id) == theirs
    drafts.discard(workspace, template_id, revision=theirs.revision)
    assert drafts.get(workspace, template_id) is None
    drafts.discard(workspace, template_id, revision=theirs.revision)


@pytest.mark.parametrize("source", ["a\x00b", "a\ud800b", "x" * 500_001, "é" * 250_001])
def test_what_is_not_text_or_too_much_is_not_kept(drafts: Drafts, workspace: Principal, template_id: int, source: str) -> None:
    with pytest.raises(InvalidInput):
        kept(drafts, workspace, template_id, source)


@pytest.mark.parametrize("based_on", [-1, 2**31])
def test_a_version_no_template_has_is_refused(drafts: Drafts, workspace: Principal, template_id: int, based_on: int) -> None:
    with pytest.raises(InvalidInput):
        drafts.keep(workspace, template_id, SOURCE, HTML, based_on=based_on, revision=0)


def test_another_workspace_neither_sees_nor_changes_it(
    drafts: Drafts, workspace: Principal, template_id: int, db: Database, clock: FrozenClock
) -> None:
    other = Principal.system(Workspaces(db, clock).create("Another").id)
    draft = kept(drafts, workspace, template_id)
    assert drafts.get(other, template_id) is None
    with pytest.raises(NotFound):
        kept(drafts, other, template_id, "theirs", draft.revision)
    drafts.discard(other, template_id)
    assert drafts.get(workspace, template_id) == draft


def test_only_who_edits_templates_sees_drafts(drafts: Drafts, workspace: Principal, template_id: int) -> None:
    viewer = replace(workspace, permissions=frozenset({Permission.TEMPLATES_VIEW}))
    for attempt in (
        lambda: drafts.get(viewer, template_id),
        lambda: kept(drafts, viewer, template_id),
        lambda: drafts.discard(viewer, template_id),
    ):
        with pytest.raises(Denied):
            attempt()


def test_the_log_tells_who_began_and_who_went_on_not_every_keeping(
    drafts: Drafts, workspace: Principal, worker: Principal, template_id: int, clock: FrozenClock, db: Database
) -> None:
    draft = kept(drafts, workspace, template_id)
    for _ in range(3):
        clock.advance(timedelta(seconds=2))
        draft = kept(drafts, workspace, template_id, BROKEN, draft.revision)
    kept(drafts, worker, template_id, BROKEN, draft.revision)
    drafts.discard(worker, template_id)
    told = [(entry.actor, str(entry.action)) for entry in AuditLog(db, clock, b"a key for tests").page(workspace).rows]
    began = [("worker", "template.draft_discarded"), ("worker", "template.drafted"), ("system", "template.drafted")]
    assert told[:3] == began and len(told) == 4
