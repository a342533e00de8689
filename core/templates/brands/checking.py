"""What is checked of a brand kit before it is kept: what is wrong is said here, and not by every template that wears it."""

from __future__ import annotations

from urllib.parse import urlsplit

import sqlalchemy as sa

from core.contacts.addresses import normalise
from core.errors import Conflict, InvalidInput
from core.permissions import Principal
from core.templates.brands.reading import BrandKit, kits_of
from core.templates.brands.sample import sample_document
from core.templates.brands.wearing import wearers
from core.templates.compiling.compiler import TemplateKind, compile_template
from core.templates.images.moved import NewAddress
from core.templates.look.brand import Brand, Sender
from core.templates.tables import brand_kits, templates

MAX_KITS = 50
_MAX_NAME = 100
# A kit says the same to every reader; these begin what is filled in for each.
_FIELDS = ("{{", "{%", "{#")


def checked_name(name: str) -> str:
    """Return the name of a kit, tidied.

    Raises:
        InvalidInput: If it is empty or too long, or holds letters that can't be seen.
    """
    name = " ".join(name.split())
    if not name or len(name) > _MAX_NAME or not name.isprintable():
        raise InvalidInput("A brand kit needs a name.", hint=f"Use 1 to {_MAX_NAME} characters.")
    return name


def checked_brand(brand: Brand) -> Brand:
    """Return a brand with its addresses in their usual spelling.

    Raises:
        InvalidInput: If a part of it can't be used in an email; says which.
    """
    logo = brand.logo.model_copy(update={"url": _web_address(brand.logo.url, "the logo") if brand.logo.url.strip() else ""})
    social = tuple(one.model_copy(update={"url": _web_address(one.url, one.network.label)}) for one in brand.social)
    made = brand.model_copy(update={"logo": logo, "social": social, "senders": _senders(brand)})
    texts = (logo.alt, made.postal_address, made.legal, *(one.name for one in made.senders), *made.utm.model_dump().values())
    if any(mark in text for text in texts for mark in _FIELDS):
        raise InvalidInput("A brand kit can’t hold merge fields.", hint="Write the words out; they are the same for every reader.")
    if any("\x00" in text for text in texts):
        raise InvalidInput("The brand kit holds characters that are not text.", hint="Type them again instead of pasting them.")
    compile_template(sample_document().as_json(), TemplateKind.BLOCKS, brand=made)
    return made


def must_be_free(connection: sa.Connection, by: Principal, name: str, kit_id: int | None) -> None:
    """Do nothing if no other kit of the workspace has a name.

    Raises:
        Conflict: If one has.
    """
    if any(row.name.casefold() == name.casefold() and row.id != kit_id for row in connection.execute(kits_of(by.workspace_id))):
        raise Conflict(f"There is a brand kit called “{name}” already.", hint="Choose another name.")


def must_have_room(connection: sa.Connection, by: Principal) -> int:
    """Return how many kits there are, if there may be one more.

    Raises:
        InvalidInput: If there may not.
    """
    mine = sa.select(sa.func.count()).select_from(brand_kits).where(brand_kits.c.workspace_id == by.workspace_id)
    there = int(connection.execute(mine).scalar_one())
    if there >= MAX_KITS:
        raise InvalidInput(f"There are {MAX_KITS} brand kits already, which is the most.", hint="Delete one that nothing wears.")
    return there


def with_pictures_at(new: NewAddress, brand: Brand) -> Brand:
    """Return a brand whose logo stands where pictures are now."""
    return brand.model_copy(update={"logo": brand.logo.model_copy(update={"url": new.of(brand.logo.url)})})


def must_be_deletable(connection: sa.Connection, by: Principal, kit: BrandKit) -> None:
    """Do nothing if a kit may be deleted.

    Raises:
        Conflict: If templates wear it, or it is the default and there are others.
    """
    here = wearers(by.workspace_id, kit.id, also_none=False)
    chosen = sa.select(sa.func.count()).select_from(templates).where(here, templates.c.archived_at.is_(None))
    if worn := int(connection.execute(chosen).scalar_one()):
        how_many = "1 template wears" if worn == 1 else f"{worn} templates wear"
        raise Conflict(f"{how_many} the brand kit “{kit.name}”.", hint="Give them another brand first.")
    others = sum(1 for row in connection.execute(kits_of(by.workspace_id)) if row.id != kit.id)
    if kit.is_default and others:
        raise Conflict(f"“{kit.name}” is the default brand kit.", hint="Make another one the default first.")


def _senders(brand: Brand) -> tuple[Sender, ...]:
    found: list[Sender] = []
    for one in brand.senders:
        sender = Sender(name=" ".join(one.name.split()), email=normalise(one.email))
        if any(other.email == sender.email and other.name == sender.name for other in found):
            raise InvalidInput("The same sender stands there twice.", hint="Remove one of the two rows.")
        found.append(sender)
    return tuple(found)


def _web_address(url: str, what: str) -> str:
    url = url.strip()
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_web = False
    if not is_web or any(mark in url for mark in _FIELDS) or any(one.isspace() for one in url):
        raise InvalidInput(f"The address of {what} is no web address.", hint="Write all of it, for example https://www.example.com/.")
    return url
