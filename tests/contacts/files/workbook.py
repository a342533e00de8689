"""Workbooks made by hand, so that tests can make the ones no program would write."""

from __future__ import annotations

import io
import zipfile
from xml.sax.saxutils import escape

_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    "</Types>"
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>'
)


def letters(column: int) -> str:
    """Return what a spreadsheet calls a column, from 0."""
    return (letters(column // 26 - 1) if column >= 26 else "") + chr(65 + column % 26)


def cell(row: int, column: int, value: object) -> str:
    """Return the XML of a cell; rows and columns from 0."""
    place = f'r="{letters(column)}{row + 1}"'
    if isinstance(value, bool):
        return f'<c {place} t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f"<c {place}><v>{value}</v></c>"
    if isinstance(value, tuple):  # a day, as its number
        return f'<c {place} s="1"><v>{value[0]}</v></c>'
    return f'<c {place} t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'


def sheet(rows: dict[int, list[object]]) -> str:
    """Return the XML of a sheet, given rows by their position from 0."""
    body = "".join(
        f'<row r="{at + 1}">{"".join(cell(at, column, value) for column, value in enumerate(values) if value is not None)}</row>'
        for at, values in rows.items()
    )
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>'


def workbook(*sheets: str, texts: str = "", packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a workbook of these sheets, whose cells may name texts by their number."""
    out = io.BytesIO()
    numbers = range(1, len(sheets) + 1)
    listed = "".join(f'<sheet name="Sheet {n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    related = "".join(f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers)
    shared = f'<Relationship Id="rId98" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/>' if texts else ""
    styled = f'<Relationship Id="rId99" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    with zipfile.ZipFile(out, "w", packing) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        office = f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        archive.writestr("_rels/.rels", f'<Relationships xmlns="{_PACKAGE}">{office}</Relationships>')
        archive.writestr("xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>')
        archive.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_PACKAGE}">{related}{shared}{styled}</Relationships>')
        archive.writestr("xl/styles.xml", _STYLES)
        if texts:
            archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{_MAIN}">{texts}</sst>')
        for number, xml in zip(numbers, sheets, strict=True):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", xml)
    return out.getvalue()
