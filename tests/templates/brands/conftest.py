from __future__ import annotations

import pytest

from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.permissions import Principal
from core.storage.database import Database
from core.templates.blocks.document import Document, new_block, new_section
from core.templates.blocks.kinds import BlockKind
from core.templates.brands.kits import BrandKits
from core.templates.compiling.compiler import TemplateKind
from core.templates.library.templates import Templates, TemplateVersion


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Database:
    """The database the test uses: each kind in turn where it asks for `db`, else SQLite."""
    found: Database = request.getfixturevalue("db" if "db" in request.fixturenames else "sqlite_db")
    return found


@pytest.fixture
def kits(database: Database, clock: FrozenClock) -> BrandKits:
    return BrandKits(database, clock)


@pytest.fixture
def library(database: Database, clock: FrozenClock, kits: BrandKits) -> Templates:
    return Templates(database, clock, kits)


@pytest.fixture
def other(database: Database, clock: FrozenClock) -> Principal:
    return Principal.system(Workspaces(database, clock).create("Another").id)


def letter(library: Templates, by: Principal, name: str = "Letter", *, text: str = "Go") -> TemplateVersion:
    """Keep a template of blocks that shows the brand's colour, legal text and link parameters."""
    button = new_block(BlockKind.BUTTON, text=text, url="https://shop.example.com/")
    document = Document(sections=(new_section("1", button, new_block(BlockKind.FOOTER)),))
    return library.save(by, name, document.as_json(), kind=TemplateKind.BLOCKS)
