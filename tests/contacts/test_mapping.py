import pytest

from core.contacts.imports.mapping import check_mapping, suggest
from core.errors import InvalidInput


def test_columns_are_recognised_by_name() -> None:
    columns = ["E-Mail", "Vorname", "Last Name", "Zip Code", "id", "consent", "lists", "€"]
    assert suggest(columns, []) == {
        "E-Mail": "email",
        "Vorname": "first_name",
        "Last Name": "last_name",
        "Zip Code": "attribute.zip_code",
        "id": "attribute.external_id",
        "consent": "skip",
        "lists": "skip",
        "€": "skip",
    }


def test_the_address_is_recognised_by_what_the_column_holds() -> None:
    sample = [{"who": "Ada", "login": "ada@example.com"}, {"who": "Bob", "login": ""}]
    assert suggest(["who", "login"], sample)["login"] == "email"


def test_a_field_is_suggested_once() -> None:
    assert suggest(["Email", "e_mail", "Zip code", "zip-code"], []) == {
        "Email": "email",
        "e_mail": "skip",
        "Zip code": "attribute.zip_code",
        "zip-code": "skip",
    }


def test_a_mapping_says_what_is_used() -> None:
    mapped = check_mapping(
        {"Mail": "email", "City": "attribute.city", "Name": "first_name", "X": "skip"}, ["Mail", "City", "Name", "X", "Y"]
    )
    assert (mapped.email, mapped.first_name, mapped.last_name, mapped.attributes) == ("Mail", "Name", None, {"city": "City"})


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"City": "attribute.city"}, "“Mail”, “City”"),
        ({}, "“Mail”, “City”"),
        ({"Mail": "email", "City": "email"}, "“Mail” and “City”"),
        ({"Mail": "email", "Town": "attribute.city"}, "no column “Town”"),
        ({"Mail": "email", "City": "town"}, "no field “town”"),
        ({"Mail": "email", "City": "attribute.Big City"}, "big_city"),
        ({"Mail": "email", "City": "attribute.email"}, "field of every contact"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_why(mapping: dict[str, str], says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_mapping(mapping, ["Mail", "City"])
    assert says in str(refused.value)
