"""How much of everything a file may have: whatever it is, reading it must not take the machine with it."""

from __future__ import annotations

MAX_COLUMNS = 500
MAX_ROWS = 10_000_000
MAX_NAME = 200
MAX_BYTES = 4 << 30
# The most repetitive honest CSV packs about a hundredfold; small files may do better by luck and harm nobody.
MAX_RATIO, RATIO_COUNTS_FROM = 250, 16 << 20
MAX_ENTRIES = 1_000
# An archive's table of contents: Python's reader makes an object of every entry, whatever number the archive claims.
MAX_LISTING = 1 << 20
# A line longer than this is no row of a table; it would have to be held in memory whole.
MAX_LINE = 32 << 20
# The reader of workbooks holds every cell between the first and the last, filled or not: about 40 bytes each.
MAX_CELLS = 12_000_000
# The same reader holds a workbook's texts once, and again for every cell that names one.
MAX_SHARED, MAX_TEXT = 256 << 20, 512 << 20
MAX_WORKBOOK = 1 << 30
# What tells which sheets and formats a workbook has becomes an object for each, many times as large.
MAX_WORKBOOK_PART = 16 << 20
# Lines times columns: with many columns, a file of almost nothing becomes hours of work.
MAX_VALUES = 1_000_000_000
# One piece of a file on its way: what is read at once, and how many values it may become (a blank line becomes a row of them).
PIECE_BYTES, PIECE_CELLS = 16 << 20, 6_000_000
# The same of Parquet, where a column may name one long text in every row, and how much text all rows may become in the end.
PIECE_ROWS, PIECE_TEXT, MAX_DECODED = 5_000, 32 << 20, 64 << 30
# Groups of rows times columns; each is looked up by itself.
MAX_CHUNKS = 1_000_000
# What its reader unpacks of all columns at once, how many values of lists it holds, and how long the values of a piece may be together.
MAX_PAGES, MAX_LISTED, PIECE_WIDE = 512 << 20, 12_000_000, 64 << 20
# How many rows the file they are staged in holds together, and with it whoever writes or reads it; how much text of Parquet.
GROUP_ROWS, GROUP_TEXT = 25_000, 512 << 20
MAX_BROKEN = 100_000
