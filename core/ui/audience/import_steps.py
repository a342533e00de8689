"""The steps of an import as a page shows them: the file, what its columns are, what happens to people who are there."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.contacts.attributes import clean_name
from core.contacts.imports.files.encodings import Encoding
from core.contacts.imports.files.folders import new_folder
from core.contacts.imports.files.staging import stage
from core.contacts.imports.importing import Choices, ImportPlan, ImportResult, Rule
from core.contacts.imports.kinds import ColumnType, DateFormat, example
from core.contacts.imports.staged import Staged
from core.errors import InvalidInput
from core.ui.page import Page
from core.ui.words import counted, number, plain

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

STEPS = ("Choose a file", "Match the columns", "Check and import")
FORMATS = ["csv", "tsv", "txt", "xlsx", "parquet", "gz", "zip"]
ENCODINGS = {
    None: "Found out by itself",
    Encoding.UTF_8: "UTF-8",
    Encoding.UTF_16: "UTF-16",
    Encoding.WINDOWS_1252: "Windows-1252 (Western Europe)",
    Encoding.LATIN_1: "Latin-1 (Western Europe)",
    Encoding.WINDOWS_1250: "Windows-1250 (Central Europe)",
    Encoding.WINDOWS_1251: "Windows-1251 (Cyrillic)",
    Encoding.MAC_ROMAN: "Mac Roman",
    Encoding.SHIFT_JIS: "Shift JIS (Japanese)",
    Encoding.GB_18030: "GB 18030 (Chinese)",
}
RULES = {Rule.OVERWRITE: "Take the file’s values", Rule.FILL: "Only fill what is empty", Rule.SKIP: "Leave them as they are"}
_FIELDS = {"email": "Email address", "first_name": "First name", "last_name": "Last name", "tags": "Tags", "skip": "Leave out"}
_TYPES = {
    ColumnType.TEXT: "Text",
    ColumnType.NUMBER: "Number",
    ColumnType.BOOLEAN: "Yes or no",
    ColumnType.COUNTRY: "Country",
    ColumnType.LANGUAGE: "Language",
    ColumnType.TIME_ZONE: "Time zone",
}
_KINDS = {str(kind): words for kind, words in _TYPES.items()} | {f"date:{one}": f"Date, {example(one)} ({one})" for one in DateFormat}
_SHOWN_SAMPLES = 3


@dataclass
class Draft:
    """An import that is being prepared; kept in the session.

    Args:
        staged: The file, laid out on the disk.
        folder: Where it is.
        file_name: Its name.
        plan: What it holds.
        choices: How it is to be taken in.
        checked: What would happen, once that was asked.
    """

    staged: Staged
    folder: Path
    file_name: str
    plan: ImportPlan
    choices: Choices = field(default_factory=lambda: Choices(""))
    checked: ImportResult | None = None

    def discard(self) -> None:
        """Let go of the file."""
        shutil.rmtree(self.folder, ignore_errors=True)


def read(page: Page, file: UploadedFile, encoding: Encoding | None) -> Draft:
    """Return an upload as a draft; the file goes to the disk in pieces, so that it is in memory once at most.

    Raises:
        InvalidInput: If it can't be read; says what to do.
    """
    folder = new_folder(page.services.settings.uploads_dir)
    try:
        upload = folder / "upload"
        with upload.open("wb") as out:
            shutil.copyfileobj(file, out, 1 << 20)
        staged = stage(upload, file.name, encoding, folder)
        upload.unlink(missing_ok=True)
        return Draft(staged, folder, file.name, page.services.imports.inspect(page.by, staged))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def heading(step: int) -> None:
    """Say which step this is.

    Args:
        step: From 0.
    """
    st.caption(f"Step {step + 1} of {len(STEPS)} · {STEPS[step]}")
    st.progress((step + 1) / len(STEPS))


def introduce(draft: Draft) -> None:
    """Say what the file is, and what somebody should know about how it was read."""
    st.markdown(f"**{plain(draft.file_name)}** has {counted(draft.plan.rows, 'row')}. What is in its columns?")
    for note in draft.staged.notes:
        st.info(plain(note), icon=":material/info:")
    if draft.plan.is_remembered:
        st.caption(":material/history: Filled in as you chose it for the last file with these columns.")


def match_columns(page: Page, draft: Draft) -> tuple[dict[str, str], dict[str, str]]:
    """Let somebody say what each column is; return a field and a type per column, where one was chosen."""
    plan, chosen = draft.plan, draft.choices
    known = page.services.contacts.attributes(page.by)
    mapping: dict[str, str] = {}
    kinds: dict[str, str] = {}
    with st.grid(min_column_width=260):
        for position, column in enumerate(plan.columns):
            with st.container(border=True, gap="xsmall", height="stretch"):
                st.markdown(f"**{plain(column)}**")
                samples = [plain(row[column][:40]) for row in plan.sample if row.get(column, "").strip()][:_SHOWN_SAMPLES]
                st.caption(", ".join(samples) or "empty in the first rows")
                suggested = (chosen.mapping or plan.mapping)[column]
                mapping[column] = _field(column, suggested, [f"attribute.{name}" for name in known], position)
                if mapping[column].startswith("attribute.") and (kind := _kind(column, draft, position)):
                    kinds[column] = kind
    return mapping, kinds


def _field(column: str, suggested: str, known: list[str], position: int) -> str:
    own = suggested if suggested.startswith("attribute.") else f"attribute.{clean_name(column) or f'column_{position + 1}'}"
    options = [*_FIELDS, own, *(name for name in known if name != own)]
    chosen: str = st.selectbox(
        f"What “{plain(column)}” is",
        options,
        index=options.index(suggested),
        format_func=lambda one: _FIELDS.get(one, f"Field “{one.removeprefix('attribute.')}”"),
        key=f"import_field_{position}",
        label_visibility="collapsed",
    )
    return chosen


def _kind(column: str, draft: Draft, position: int) -> str | None:
    several, before = draft.plan.ambiguous.get(column, []), draft.choices.kinds.get(column)
    suggested = before or draft.plan.kinds.get(column, str(ColumnType.TEXT))
    options = [*several, *(one for one in _KINDS if one not in several)]
    is_open = bool(several) and before is None
    chosen: str | None = st.selectbox(
        f"What “{plain(column)}” holds",
        options,
        index=None if is_open else options.index(suggested) if suggested in options else 0,
        placeholder="Say how its dates are written",
        format_func=lambda one: _KINDS.get(one, one),
        key=f"import_kind_{position}",
        label_visibility="collapsed",
    )
    return chosen


def check_dates(plan: ImportPlan, choices: Choices) -> None:
    """Refuse dates that nobody said how to read.

    Raises:
        InvalidInput: If there are some; names the columns.
    """
    mapping = choices.mapping or {}
    unsaid = [one for one in plan.ambiguous if mapping.get(one, "").startswith("attribute.") and one not in choices.kinds]
    if unsaid:
        columns = ", ".join(f"“{one}”" for one in unsaid)
        raise InvalidInput(f"The dates in {columns} can be read in several ways.", hint="Choose how they are written.")


def ask_list(page: Page, draft: Draft) -> str:
    """Let somebody say onto which list everybody comes; "" while they have not."""
    known, may_name, before = list(page.services.lists.names(page.by).values()), page.sees_all_lists, draft.choices.list_name
    options = known if before in {"", *known} else [*known, before]
    name: str | None = st.selectbox(
        "Put everybody on the list",
        options,
        index=options.index(before) if before else None,
        accept_new_options=may_name,
        placeholder="Choose or type a name" if may_name else "Choose a list",
        key="import_list",
    )
    return name or ""


def ask_consent(page: Page, draft: Draft, list_name: str) -> bool:
    """Where a list asks whoever joins it by mail first, let somebody say that they agreed already; return whether they did."""
    lists = page.services.lists
    if list_name not in lists.names(page.by).values() or not lists.by_name(page.by, list_name).double_opt_in:
        return False
    words = "Everybody in this file agreed already, and I can show it"
    help = "Otherwise each of them is asked by mail first, and joins the list once they confirm."
    return st.checkbox(words, value=draft.choices.consent_held, help=help, key="import_consent")


def ask_rule(draft: Draft) -> Rule:
    """Let somebody say what happens to people who are there already."""
    rules = list(RULES)
    words = "When somebody is already there"
    before = rules.index(draft.choices.rule)
    return Rule(st.radio(words, rules, index=before, format_func=RULES.__getitem__, horizontal=True, key="import_rule"))


def try_out(page: Page, draft: Draft) -> ImportResult:
    """Return what the import would do, with a bar that shows how far that look is."""
    bar = st.progress(0.0, text="Checking every row; nothing is changed yet")

    def told(done: int, total: int) -> None:
        bar.progress(
            min(1.0, done / total) if total else 0.0, text=f"Checking {number(done)} of {number(total)} rows; nothing is changed yet"
        )

    chosen = draft.choices
    found = page.services.imports.run(
        page.by,
        draft.staged,
        draft.file_name,
        list_name=chosen.list_name,
        mapping=chosen.mapping,
        kinds=chosen.kinds,
        rule=chosen.rule,
        consent_held=chosen.consent_held,
        dry_run=True,
        progress=told,
    )
    bar.empty()
    return found
