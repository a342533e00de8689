"""`make fuzz`: every target for a while, guided by what it covers (atheris). Ends with 1 if one of them failed.

    python -m tests.fuzz [--seconds N] [target …]

What made a target fail is left in `.fuzz/<target>/`; `python -m tests.fuzz --only <target> <file>` runs it again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

FOLDER = Path(".fuzz")


def fuzz_one(name: str, options: list[str]) -> None:
    """Fuzz a target in this process; atheris does not return."""
    import atheris

    with atheris.instrument_imports(include=["core"]):
        from tests.fuzz.targets import targets
    atheris.Setup([f"fuzz-{name}", *options], targets()[name])
    atheris.Fuzz()


def fuzz_all(names: list[str], seconds: int) -> int:
    """Fuzz each target in a process of its own and return how many failed."""
    failed = []
    for name in names:
        corpus = FOLDER / name
        corpus.mkdir(parents=True, exist_ok=True)
        options = [f"-max_total_time={seconds}", "-timeout=10", "-max_len=4096", f"-artifact_prefix={corpus}/found-", str(corpus)]
        print(f"{name}: {seconds} s", flush=True)
        done = subprocess.run([sys.executable, "-m", "tests.fuzz", "--only", name, *options], capture_output=True, text=True)
        print(f"    {_last_line(done.stderr)}", flush=True)
        if done.returncode:
            print(done.stdout + done.stderr, flush=True)
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else f"{len(names)} targets, none failed")
    return len(failed)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


def main() -> int:
    if sys.argv[1:2] == ["--only"]:
        fuzz_one(sys.argv[2], sys.argv[3:])
        return 0
    from tests.fuzz.targets import targets

    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=int, default=60, help="how long each target runs")
    parser.add_argument("targets", nargs="*", metavar="target", help=f"which; all unless told: {', '.join(targets())}")
    given = parser.parse_args()
    return 1 if fuzz_all(given.targets or list(targets()), given.seconds) else 0


if __name__ == "__main__":
    sys.exit(main())
