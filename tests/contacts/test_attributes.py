import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.contacts.attributes import AttributeType, check_name, clean_name, fitted, from_text
from core.errors import InvalidInput


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("Zip Code", "zip_code"),
        ("  Größe (cm) ", "große_cm".replace("ß", "")),
        ("Prénom", "prenom"),
        ("2nd address", "n_2nd_address"),
        ("__x__", "x"),
        ("€€€", ""),
        ("x" * 100, "x" * 60),
    ],
)
def test_a_column_becomes_a_name_that_templates_and_rules_can_use(column: str, name: str) -> None:
    assert clean_name(column) == name


@given(st.text(max_size=80))
def test_a_cleaned_name_is_empty_or_clean(text: str) -> None:
    name = clean_name(text)
    assert clean_name(name) == name
    assert not name or (name[0].isalpha() and name.isascii() and name == name.lower())


@pytest.mark.parametrize("name", ["", "Zip", "zip code", "1x", "_x", "email", "first_name", "x" * 61, 'x"; drop table'])
def test_a_name_that_is_not_clean_or_is_taken_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        check_name(name)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("12", AttributeType.NUMBER, 12),
        ("-1.50", AttributeType.NUMBER, -1.5),
        ("YES", AttributeType.BOOLEAN, True),
        ("0", AttributeType.BOOLEAN, False),
        ("2026-02-28", AttributeType.DATE, "2026-02-28"),
        ("=1+1", AttributeType.TEXT, "=1+1"),
    ],
)
def test_text_means_a_value_of_its_type(text: str, kind: AttributeType, value: object) -> None:
    assert from_text(text, kind) == value


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("abc", AttributeType.NUMBER),
        ("1e5", AttributeType.NUMBER),
        ("١٢", AttributeType.NUMBER),
        (float("nan"), AttributeType.NUMBER),
        (float("inf"), AttributeType.NUMBER),
        (True, AttributeType.NUMBER),
        ("2026-02-30", AttributeType.DATE),
        ("20260228", AttributeType.DATE),
        ("perhaps", AttributeType.BOOLEAN),
        ("a\0b", AttributeType.TEXT),
        ("x" * 10_001, AttributeType.TEXT),
    ],
)
def test_a_value_that_does_not_fit_its_type_is_refused(value: object, kind: AttributeType) -> None:
    with pytest.raises(InvalidInput):
        fitted("size", value, kind)
