"""The API does what its document says: requests made up from it by Schemathesis, fitting and misfit, every answer checked against it."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from core.api.app import doors, mount
from core.api.door import Door
from core.app import build
from core.permissions import Principal
from core.settings import Settings
from tests.api.conftest import GRANTABLE
from tests.api.world import furnish

pytestmark = pytest.mark.xdist_group("conformance")  # what the module makes first takes seconds

Told = tuple[schemathesis.BaseSchema, str]
EXAMPLES = 12  # of each kind and operation


class _Neighbours:
    """Lets every request come from another address: who shows no token is counted by theirs, and this run shows none very often."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._numbers = app, itertools.count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "client": (f"neighbour-{next(self._numbers)}", 1)}, receive, send)


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("conformance")
    shutil.copy(migrated_file, folder / "app.db")
    services = build(Settings.load(data_dir=folder, secret_key="a-key-for-tests-only", queue_url="", database_url="", lake_url=""))
    where = Principal.system(services.workspaces.create("Acme").id)
    furnished = furnish(services, where, "word")
    by = services.people.principal(furnished["person_id"], where.workspace_id)
    _, token = services.api_tokens.create(by, "Schemathesis", GRANTABLE, requests_per_minute=10_000)
    refusals = ["400", "401", "403", "404", "405", "409", "412", "413", "415", "422", "429"]
    config = SchemathesisConfig.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": refusals}}})
    app = _Neighbours(Starlette(routes=mount(lambda: services)))
    yield schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, config=config), token
    services.close()


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("door", doors(), ids=lambda door: f"{'/'.join(door.methods)} {door.path}")
def test_it_does_what_its_document_says(document: Told, door: Door, mode: GenerationMode):
    [method] = door.methods or ()
    schema, token = document
    operation = schema[door.path][method]

    @hypothesis.settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck)
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def asked(case: schemathesis.Case) -> None:
        # What fits the document may still be no address, or a name that is taken: that is for the services to say.
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=[positive_data_acceptance])

    asked()
