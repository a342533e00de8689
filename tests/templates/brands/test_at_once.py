"""A template is made in the moment in which the kit it wears is changed or deleted: with two real connections, on PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest

from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.errors import NotFound
from core.permissions import Principal
from core.storage.database import Database
from core.templates.brands.kits import BrandKits
from core.templates.library.templates import Templates
from core.templates.look.brand import Brand, Colours
from tests.support.at_once import HEADS, one_after_the_other
from tests.templates.brands.conftest import letter

GREEN, RED = Brand(colours=Colours(primary="#0a7d4f")), Brand(colours=Colours(primary="#b3261e"))


@pytest.fixture
def by(postgres_db: Database, clock: FrozenClock) -> Principal:
    return Principal.system(Workspaces(postgres_db, clock).create("Acme").id)


def test_a_template_that_is_made_while_its_kit_changes_follows_it(postgres_db: Database, clock: FrozenClock, by: Principal) -> None:
    kits = BrandKits(postgres_db, clock)
    library, kit = Templates(postgres_db, clock, kits), kits.save(by, "House", GREEN).kit

    made, changed = one_after_the_other(
        postgres_db, HEADS, lambda: letter(library, by), lambda: kits.save(by, "House", RED, kit.id).restyled.changed
    )

    version: Any = made.result()
    assert "#0a7d4f" in version.html
    assert changed.result() == {version.template_id: "Letter"}
    assert "#b3261e" in library.latest(by, version.template_id).html


@pytest.mark.parametrize("is_default", [False, True])
def test_a_kit_that_is_deleted_meanwhile_is_not_chosen(postgres_db: Database, clock: FrozenClock, by: Principal, is_default: bool) -> None:
    kits = BrandKits(postgres_db, clock)
    library = Templates(postgres_db, clock, kits)
    if not is_default:
        kits.save(by, "House", GREEN)
    shop = kits.save(by, "Shop", RED).kit

    deleted, made = one_after_the_other(
        postgres_db, HEADS, lambda: kits.delete(by, shop.id), lambda: library.save(by, "Tea", "<p>Tea</p>", brand_kit_id=shop.id)
    )

    assert deleted.exception() is None
    with pytest.raises(NotFound, match="no such brand kit"):
        made.result()
    assert library.all(by) == []
