# What one can do here. Everything runs in .venv, which `make install` fills with the versions of constraints.txt.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin

# Compiled once and kept, even where the environment says otherwise: tests start hundreds of processes, each would compile all anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run install install-dev test compiled lint bench fuzz faults programs browser postgres redis clean

run: install ## install, bring the database up to date, start everything, print the address and the set-up code
	$(BIN)/postwright up

install: $(VENV)/.installed ## only the pinned packages, into .venv

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Postwright needs Python 3.11 or newer with venv: install it, or say make PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

install-dev: install $(VENV)/.installed-dev ## the tools of tests and linting on top

$(VENV)/.installed-dev: pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

test: install-dev ## everything CI runs
	@$(MAKE) --no-print-directory --output-sync=target -j 2 programs lint compiled
	$(BIN)/python -m pytest -n 3 --dist loadgroup  # one more than the cores of the smallest machine: much is waited for

compiled: install-dev ## the tests, compiled beside the linting: each process that runs some would do it anew
	@said=$$($(BIN)/python -m pytest -qq --collect-only 2>&1) || { echo "$$said"; exit 1; }

lint: install-dev ## ruff, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install-dev ## measured ratios, side by side in one run
	$(BIN)/python -m tests.benchmarks

fuzz: install-dev ## bytes at tokens and reports, a minute for each target; FUZZ_SECONDS=600 for longer
	$(BIN)/python -m tests.fuzz --seconds $${FUZZ_SECONDS:-60}

faults: install-dev postgres ## 1,000 times kill -9 of the receiver under load, 500 times of what sends, 100 of what launches, where CI does a few
	POSTWRIGHT_TEST_FAULT_ROUNDS=$${ROUNDS:-1000} $(BIN)/python -m pytest -n0 -s --timeout=0 \
		tests/faults/test_receiver_kills.py tests/faults/test_launch_kills.py tests/faults/test_sending_faults.py tests/faults/test_sending_storm.py

programs: install-dev ## what tests talk to; one after another, for the system's packages let only one in at a time
	@$(MAKE) --no-print-directory -j 1 browser postgres redis

browser: install-dev ## a Chromium for the browser tests: the installed one, else Playwright's, else Debian's
	$(BIN)/python -m tests.support.chromium

postgres: install-dev ## PostgreSQL's server programs for the storage tests, from the system's packages where missing
	$(BIN)/python -m tests.support.postgres

redis: install-dev ## Redis's server for the tests of shared limits, from the system's packages where missing
	$(BIN)/python -m tests.support.redis_server

clean: ## forget the virtual environment and caches; never touches data/
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
