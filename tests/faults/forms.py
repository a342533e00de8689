"""How long the tests of faults take: a short form in CI, a long one by `make faults`."""

from __future__ import annotations

import os

# How many processes `make faults` kills; 0 for the short form.
ROUNDS = int(os.environ.get("POSTWRIGHT_TEST_FAULT_ROUNDS", "0"))
SEED = int(os.environ.get("POSTWRIGHT_TEST_FAULT_SEED", "5"))
IS_LONG = ROUNDS > 0
# What does not answer for so long has made everybody give up who waits: a statement waits for half a minute.
OUTAGE_SECONDS = 33.0 if IS_LONG else 1.0
