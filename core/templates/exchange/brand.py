"""The brand kit of a template in a file: which it is, and which of the kits here says the same."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from core.permissions import Principal
from core.templates.brands.checking import checked_brand, checked_name
from core.templates.brands.kits import BrandKits
from core.templates.brands.reading import BrandKit
from core.templates.brands.restyling import SavedKit
from core.templates.look.brand import Brand, read_brand


class BrandChoice(StrEnum):
    """Which brand a template from a file wears.

    `HERE` is the kit here that says the same as the one in the file, or else the default; `NEW` makes a kit of the one in the file,
    where none here says the same; `COLOURS` writes the colours it was made with into it, and it wears the default.
    """

    HERE = "here"
    NEW = "new"
    COLOURS = "colours"


class PackedKit(BaseModel):
    """A brand kit in a file.

    Args:
        name: What it is called.
        brand: How it looks; parts of a later release are passed over.
    """

    model_config = ConfigDict(extra="ignore")
    name: Annotated[str, Field(max_length=1_000)]
    brand: dict[str, Any]

    def read(self) -> Brand:
        """Return how it looks.

        Raises:
            InvalidInput: If it can't be used; names the first field that is wrong.
        """
        return read_brand({part: value for part, value in self.brand.items() if part in Brand.model_fields})


def packed_kit(kit: BrandKit) -> PackedKit:
    """Return a kit as it stands in a file."""
    return PackedKit(name=kit.name, brand=kit.brand.model_dump(mode="json"))


def kit_worn(kits: BrandKits, by: Principal, chosen: int | None) -> BrandKit | None:
    """Return the kit that a template wears: the one it has chosen, else the default; None where there is no kit at all."""
    found = kits.all(by)
    return next((one for one in found if one.id == chosen), None) or next((one for one in found if one.is_default), None)


def same_kit(kits: BrandKits, by: Principal, brand: Brand, *, but_the_logo: bool = False) -> BrandKit | None:
    """Return the kit here that says the same as a brand.

    Args:
        kits: The kits here.
        by: Who asks.
        brand: The brand.
        but_the_logo: Whether it is enough that all but the logo's address is the same.
    """
    wanted = _without_logo(checked_brand(brand)) if but_the_logo else checked_brand(brand)
    return next((one for one in kits.all(by) if (_without_logo(one.brand) if but_the_logo else one.brand) == wanted), None)


def new_kit(kits: BrandKits, by: Principal, name: str, brand: Brand) -> SavedKit:
    """Make a kit, under its name or, where that is taken, with a number behind it.

    Raises:
        Denied: If `by` may not edit templates.
        InvalidInput: If the name or the brand can't be used, or there are too many kits.
    """
    name, taken = checked_name(name), {one.name.casefold() for one in kits.all(by)}
    names = (name if number == 1 else f"{name[:90].rstrip()} {number}" for number in range(1, 2 + len(taken)))
    return kits.save(by, next(one for one in names if one.casefold() not in taken), brand)


def _without_logo(brand: Brand) -> Brand:
    return brand.model_copy(update={"logo": brand.logo.model_copy(update={"url": ""})})
