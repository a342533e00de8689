import pytest

from core.app import Services
from core.permissions import Principal
from core.preflight.envelopes import Envelope
from core.preflight.findings import Severity
from core.templates.starters import STARTERS, Starter


@pytest.mark.parametrize("starter", STARTERS, ids=lambda starter: starter.name)
def test_a_starter_passes_with_nothing_to_mend_but_its_example_links(services: Services, workspace: Principal, starter: Starter) -> None:
    services.workspaces.update(workspace, postal_address="1 Market Square")
    version = services.templates.save(workspace, starter.name, starter.source)
    report = services.preflight.check(workspace, version, Envelope(subjects=[starter.subject]))
    assert [one for one in report.findings if one.severity is Severity.ERROR] == []
    warned = {one.rule.value for one in report.findings if one.severity is Severity.WARNING}
    assert warned <= {"link_placeholder", "preview_short"}, "what is ours is written as we advise"
