"""Taking somebody's rows out of a file of refused rows."""

from __future__ import annotations

import csv
import io


def without_rows(data: bytes, email: str) -> tuple[bytes, int]:
    """Return a CSV without the rows that hold an address, empty where no row is left, and how many went.

    Args:
        data: The file as the import kept it: UTF-8 with a byte order mark, a header, a row per line.
        email: The address in its one spelling.
    """
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig", "replace"), newline="")))
    kept = [row for row in rows[1:] if not any(email in cell.lower() for cell in row)]
    gone = len(rows[1:]) - len(kept)
    if not kept or not gone:
        return (data, 0) if not gone else (b"", gone)
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([rows[0], *kept])
    return out.getvalue().encode("utf-8-sig"), gone
