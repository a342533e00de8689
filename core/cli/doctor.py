"""`postwright doctor`: what is well and what is not, one line each."""

from __future__ import annotations

from core.cli.answers import Answer
from core.cli.call import Call
from core.cli.checks import examine
from core.cli.findings import Level


def doctor(call: Call) -> Answer:
    """Check the installation; exit code 1 if something is broken."""
    findings = examine(call.settings)
    lines = [f"{finding.level.value:<4}  {finding.check}: {finding.words}" for finding in findings]
    broken = [finding for finding in findings if finding.level is Level.FAIL]
    lines.append(f"{len(broken)} broken." if broken else "Nothing is broken.")
    return Answer({"findings": findings, "broken": len(broken)}, "\n".join(lines), ok=not broken)
