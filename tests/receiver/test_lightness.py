"""The receiver stays small: what it loads is what it needs."""

from __future__ import annotations

import subprocess
import sys

HEAVY = [
    *("streamlit", "plotly", "polars", "pandera", "duckdb", "pyarrow", "numpy", "pandas", "huey", "alembic", "mrml"),
    *("PIL", "pi_heif", "core.app"),
]


def test_the_receiver_loads_nothing_heavy() -> None:
    program = f"import sys, tracking_receiver.__main__; print([name for name in {HEAVY!r} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "[]"
