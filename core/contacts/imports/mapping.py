"""Which column of a file becomes which field of a contact."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.contacts.attributes import RESERVED, check_name, clean_name
from core.errors import InvalidInput

EMAIL, FIRST_NAME, LAST_NAME, TAGS, SKIP = "email", "first_name", "last_name", "tags", "skip"
ATTRIBUTE = "attribute."
# What headings of our own export begin with where an import must not make a custom field of the column.
OURS = "postwright."

_KNOWN_AS = {
    EMAIL: "email e_mail mail email_address e_mail_address emailaddress mail_address e_mail_adresse adresse_email correo courriel",
    FIRST_NAME: "first_name firstname first given_name givenname forename vorname prenom fname",
    LAST_NAME: "last_name lastname last surname family_name familyname nachname nom lname",
    TAGS: "tags tag labels etiketten",
}
_FIELDS = {name: field for field, names in _KNOWN_AS.items() for name in names.split()}
_LOOKS_LIKE_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True)
class Mapped:
    """The columns that are used, by what they become.

    Args:
        email: The column of addresses.
        first_name: The column of first names, if there is one.
        last_name: The column of last names, if there is one.
        attributes: Columns by the attribute they become.
        tags: The column of tags, if there is one.
    """

    email: str
    first_name: str | None
    last_name: str | None
    attributes: dict[str, str]
    tags: str | None = None

    @property
    def columns(self) -> dict[str, str | None]:
        """The column behind each field but the address; None where there is none."""
        own = {FIRST_NAME: self.first_name, LAST_NAME: self.last_name}
        given = {f"{ATTRIBUTE}{name}": column for name, column in self.attributes.items()}
        return own | given | ({TAGS: self.tags} if self.tags else {})


def suggest(columns: Sequence[str], sample: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return a field for every column, guessed from its name and, for the address, from what it holds.

    Args:
        columns: The names in the header.
        sample: Some rows, by column.
    """
    suggested: dict[str, str] = {}
    for column in columns:
        field = _FIELDS.get(clean_name(column)) or _attribute_field(column)
        suggested[column] = SKIP if field in suggested.values() else field
    if EMAIL not in suggested.values():
        found = next((column for column in columns if _holds_addresses(column, sample)), None)
        suggested |= {found: EMAIL} if found else {}
    return suggested


def check_mapping(mapping: Mapping[str, str], columns: Sequence[str]) -> Mapped:
    """Return the mapping in order, ready to use.

    Args:
        mapping: A field per column; columns that are not named are left out.
        columns: The names in the header.

    Raises:
        InvalidInput: If a column or a field does not exist, a field is given twice, or no column holds the address.
    """
    by_field: dict[str, str] = {}
    for column, field in mapping.items():
        if column not in columns:
            raise InvalidInput(f"There is no column “{column}”.", hint=_found(columns))
        if field == SKIP:
            continue
        if field in by_field:
            raise InvalidInput(f"Two columns are both “{field}”: “{by_field[field]}” and “{column}”.", hint="Skip one of them.")
        by_field[_check_field(field)] = column
    if EMAIL not in by_field:
        raise InvalidInput("No column holds the e-mail address.", hint=f"{_found(columns)} Say which one is “email”.")
    attributes = {field.removeprefix(ATTRIBUTE): column for field, column in by_field.items() if field.startswith(ATTRIBUTE)}
    return Mapped(by_field[EMAIL], by_field.get(FIRST_NAME), by_field.get(LAST_NAME), attributes, by_field.get(TAGS))


def _attribute_field(column: str) -> str:
    if column.startswith(OURS):
        return SKIP
    name = clean_name(column.removeprefix(ATTRIBUTE))
    if column.startswith(ATTRIBUTE):  # our export says so where a column of every contact is called the same
        return ATTRIBUTE + name if name and name not in RESERVED else SKIP
    if name == "id":
        return f"{ATTRIBUTE}external_id"
    # What our own export adds is not read back: consent, lists and tags have their own, recorded ways.
    return SKIP if not name or name in RESERVED | {"lists", "tags"} else ATTRIBUTE + name


def _holds_addresses(column: str, sample: Sequence[Mapping[str, str]]) -> bool:
    values = [row[column] for row in sample if row[column].strip()]
    return bool(values) and sum(bool(_LOOKS_LIKE_ADDRESS.fullmatch(value.strip())) for value in values) * 2 > len(values)


def _check_field(field: str) -> str:
    if field.startswith(ATTRIBUTE):
        check_name(field.removeprefix(ATTRIBUTE))
    elif field not in {EMAIL, FIRST_NAME, LAST_NAME, TAGS}:
        raise InvalidInput(f"There is no field “{field}”.", hint="Use email, first_name, last_name, tags, attribute.<name> or skip.")
    return field


def _found(columns: Sequence[str]) -> str:
    shown = ", ".join(f"“{column}”" for column in columns[:20])
    return f"The file has the columns {shown}{' …' if len(columns) > 20 else ''}."
