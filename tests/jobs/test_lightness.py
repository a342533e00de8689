"""A sender stays small: what it loads is what it needs."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ["streamlit", "plotly", "polars", "pandera", "pandas", "PIL", "pycountry", "zxcvbn", "crawleruseragents"]


def test_a_sender_loads_nothing_that_only_others_need() -> None:
    program = f"import sys, core.app, core.jobs.delivering; print([name for name in {HEAVY!r} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "[]"
