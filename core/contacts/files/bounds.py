"""How much of everything a file may have: whatever it is, reading it must not take the machine with it."""

from __future__ import annotations

MAX_COLUMNS = 500
MAX_ROWS = 10_000_000
MAX_NAME = 200
MAX_BYTES = 4 << 30
# The most repetitive honest CSV packs about a hundredfold; small files may do better by luck and harm nobody.
MAX_RATIO, RATIO_COUNTS_FROM = 250, 16 << 20
MAX_ENTRIES = 1_000
# A line longer than this is no row of a table; it would have to be held in memory whole.
MAX_LINE = 32 << 20
# The reader of workbooks holds every cell between the first and the last, filled or not: about 40 bytes each.
MAX_CELLS = 12_000_000
# Lines times columns: with many columns, a file of almost nothing becomes hours of work.
MAX_VALUES = 1_000_000_000
# One piece of a file on its way: what is read at once, and how many values it may become (a blank line becomes a row of them).
PIECE_BYTES, PIECE_CELLS = 16 << 20, 6_000_000
MAX_BROKEN = 100_000
