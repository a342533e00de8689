"""A web site to ask, and a preflight that may ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from core.app import Services
from core.permissions import Principal
from core.preflight.envelopes import Envelope
from core.preflight.fetching import Fetcher, Limits
from core.preflight.findings import Finding
from core.preflight.preflight import Preflight
from core.templates.compiling.compiler import compile_template
from tests.preflight.site import Site, serving

Found = Callable[..., dict[str, Finding]]


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as found:
        yield found


@pytest.fixture
def fetcher(site: Site) -> Fetcher:
    """It knows the names of two hosts: one is the site, the other stands in a private network."""
    names = {
        "shop.test": ["127.0.0.1"],
        "tea.garden": ["127.0.0.1"],
        "inside.garden": ["10.0.0.7"],
        "intranet.test": ["10.0.0.7"],
        "both.test": ["127.0.0.1", "192.168.1.1"],
    }
    limits = Limits(each=2.0, all=4.0)
    return Fetcher(lambda host: names.get(host, []), also={("127.0.0.1", site.port)}, limits=limits)


@pytest.fixture
def preflight(services: Services, fetcher: Fetcher) -> Preflight:
    parts = (services.db, services.clock, services.engine, services.snapshots, services.segments, services.sender_domains)
    return Preflight(*parts, fetcher)


@pytest.fixture
def found(services: Services, workspace: Principal) -> Found:
    """Check a template, return its findings by rule; of several findings of a rule the first."""

    def check(source: str, *, address: str = "", **envelope: object) -> dict[str, Finding]:
        services.workspaces.update(workspace, postal_address=address)
        version = compile_template(source)
        report = services.preflight.check(workspace, version, Envelope(**envelope), source=source)  # type: ignore[arg-type]
        return {one.rule.value: one for one in reversed(report.findings)}

    return check
