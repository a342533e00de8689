"""People as an Excel workbook, written while they are read.

A workbook is a ZIP archive whose sheet is one XML file, so it can be sent as it grows; a library that builds the whole of it
first would keep people waiting for a minute at a million rows. Texts are cells of text, which no spreadsheet runs, and carry the
apostrophe of our CSV as well: somebody may save the workbook as CSV. Rules: ECMA-376, part 1, sections 18.3 and 22.9.2.19.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce

import polars as pl

from core.contacts.export.columns import ExportColumn, Kind
from core.contacts.export.csv_file import harmless
from core.contacts.export.sink import Sink

MAX_ROWS = 1_048_576
# A sheet beyond 2 GiB needs a form of ZIP that Excel does not open from a stream; a cell takes about 70 bytes of it.
MAX_CELLS = 25_000_000
_LONGEST = 32_767
_DATE_STYLE, _TIME_STYLE, _BOLD = 1, 2, 3
_FIRST_DAY, _FIRST_SURE_DAY = "1899-12-30", "1900-03-01"  # Excel's calendar has a 29 February 1900
_NS = "http://schemas.openxmlformats.org"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = f'xmlns="{_NS}/spreadsheetml/2006/main"'
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_NS}/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_NS}/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{_NS}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_NS}/officeDocument/2006/relationships">'
    '<sheets><sheet name="Contacts" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_NS}/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{_NS}/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_NS}/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet {_MAIN}><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="4"><xf/><xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="165" applyNumberFormat="1"/>'
    '<xf fontId="1" applyFont="1"/></cellXfs></styleSheet>',
}


def xlsx_pieces(columns: Sequence[ExportColumn], frames: Iterable[pl.DataFrame]) -> Iterator[bytes]:
    """Yield the small parts, then the sheet, some thousand rows at a time."""
    sink = Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in _PARTS.items():
            archive.writestr(name, _HEAD + text)
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(_opening(columns).encode())
            yield sink.taken()
            row = 2
            for frame in frames:
                sheet.write(_rows(frame, columns, row).encode())
                row += frame.height
                yield sink.taken()
            sheet.write(b"</sheetData></worksheet>")
    yield sink.taken()


def _opening(columns: Sequence[ExportColumn]) -> str:
    headings = pl.DataFrame({column.heading: [column.heading] for column in columns})
    texts = [ExportColumn(column.key, column.heading) for column in columns]
    frozen = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    view = f'<sheetViews><sheetView workbookViewId="0">{frozen}</sheetView></sheetViews>'
    widths = f'<cols><col min="1" max="{len(columns)}" width="20" customWidth="1"/></cols>'
    return f"{_HEAD}<worksheet {_MAIN}>{view}{widths}<sheetData>{_rows(headings, texts, 1, style=_BOLD)}"


def _rows(frame: pl.DataFrame, columns: Sequence[ExportColumn], first: int, style: int = 0) -> str:
    """Return the rows of a frame as XML; cells without a value are left out."""
    number = (pl.int_range(pl.len()) + first).cast(pl.String)
    cells = [_cell(column, _letters(position), number, style) for position, column in enumerate(columns)]
    row = pl.concat_str(pl.lit('<row r="'), number, pl.lit('">'), *(cell.fill_null("") for cell in cells), pl.lit("</row>"))
    return "".join(harmless(frame, columns).select(row.alias("row"))["row"])


def _cell(column: ExportColumn, letters: str, number: pl.Expr, style: int) -> pl.Expr:
    text, at = pl.col(column.heading), [pl.lit(f'<c r="{letters}'), number]
    as_text = _as_text(text, at, style)
    if column.kind is Kind.NUMBER:
        return pl.concat_str(*at, pl.lit('"><v>'), text, pl.lit("</v></c>"))
    if column.kind is Kind.BOOLEAN:
        return pl.concat_str(
            *at,
            pl.lit('" t="b"><v>'),
            pl.when(text == "true").then(pl.lit("1")).when(text == "false").then(pl.lit("0")),
            pl.lit("</v></c>"),
        )
    if column.kind is Kind.DATE:
        days = (text.str.to_date("%Y-%m-%d", strict=False) - pl.lit(_FIRST_DAY).str.to_date("%Y-%m-%d")).dt.total_days()
        as_day = pl.concat_str(*at, pl.lit(f'" s="{_DATE_STYLE}"><v>'), days.cast(pl.String), pl.lit("</v></c>"))
        return pl.when(text >= _FIRST_SURE_DAY).then(as_day).otherwise(as_text)
    if column.kind is Kind.TIME:
        since = text.str.to_datetime("%+", time_unit="us", time_zone="UTC").dt.epoch("us") / 86_400_000_000 + 25_569
        return pl.concat_str(*at, pl.lit(f'" s="{_TIME_STYLE}"><v>'), since.cast(pl.String), pl.lit("</v></c>"))
    return as_text


def _as_text(text: pl.Expr, at: Sequence[pl.Expr], style: int) -> pl.Expr:
    opening = pl.lit(
        f'" s="{style}" t="inlineStr"><is><t xml:space="preserve">' if style else '" t="inlineStr"><is><t xml:space="preserve">'
    )
    return pl.concat_str(*at, opening, _escaped(text), pl.lit("</t></is></c>"))


def _escaped(text: pl.Expr) -> pl.Expr:
    """Return text as XML holds it; what XML can't hold is written as Excel writes it (`_x0001_`)."""
    cut = text.str.slice(0, _LONGEST).str.replace_all(r"_(x[0-9A-Fa-f]{4}_)", "_x005F_${1}")
    for raw, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#13;")):
        cut = cut.str.replace_all(raw, written, literal=True)
    return pl.when(cut.str.contains(_UNFIT)).then(reduce(_without, _UNFIT_LETTERS, cut)).otherwise(cut)


_UNFIT_LETTERS = [*(chr(code) for code in range(32) if chr(code) not in "\t\n\r"), "\ufffe", "\uffff"]
_UNFIT = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{FFFE}\x{FFFF}]"


def _without(text: pl.Expr, letter: str) -> pl.Expr:
    return text.str.replace_all(letter, f"_x{ord(letter):04X}_", literal=True)


def _letters(position: int) -> str:
    """Return what a spreadsheet calls the column at this position, from 0."""
    name = ""
    position += 1
    while position:
        position, letter = divmod(position - 1, 26)
        name = chr(65 + letter) + name
    return name
