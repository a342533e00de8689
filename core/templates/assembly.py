"""The part of `core.app` that has to do with what is written and how it looks."""

from __future__ import annotations

from functools import cached_property

from core.accounts.assembly import AccountServices
from core.storage.blobs import Blobs
from core.templates.blocks.saved import SavedBlocks
from core.templates.brands.kits import BrandKits
from core.templates.brands.restyling import Restyling
from core.templates.exchange.files import Exchange
from core.templates.images.pictures import Pictures
from core.templates.library.drafts import Drafts
from core.templates.library.readdressing import Readdressing
from core.templates.library.shelving import Shelves
from core.templates.library.templates import Templates
from core.templates.library.translating import Translating
from core.templates.thumbnails.keeping import Thumbnails


class TemplateServices(AccountServices):
    """Templates, the brands they wear, and the files they are built from."""

    @cached_property
    def blobs(self) -> Blobs:
        """Files of any kind, by their content."""
        return Blobs(self.settings.data_dir / "blobs")

    @cached_property
    def brand_kits(self) -> BrandKits:
        """How emails look."""
        restyling = Restyling(self.db, self.clock, self.settings.data_dir / "restyling")
        return BrandKits(self.db, self.clock, restyling, public_url=self.settings.public_url)

    @cached_property
    def pictures(self) -> Pictures:
        """What emails show."""
        blobs = Blobs(self.settings.pictures_dir)
        return Pictures(self.db, self.clock, blobs, self.settings.public_url, self.settings.pictures_mb << 20)

    @cached_property
    def templates(self) -> Templates:
        """What is written."""
        return Templates(self.db, self.clock, self.brand_kits, public_url=self.settings.public_url)

    @cached_property
    def template_drafts(self) -> Drafts:
        """What is being written."""
        return Drafts(self.db, self.clock)

    @cached_property
    def template_shelves(self) -> Shelves:
        """The order templates are kept in."""
        return Shelves(self.db, self.clock)

    @cached_property
    def template_thumbnails(self) -> Thumbnails:
        """The small pictures of templates."""
        return Thumbnails(self.db, self.clock, self.blobs, self.templates, self.brand_kits, self.pictures)

    @cached_property
    def template_exchange(self) -> Exchange:
        """Templates from and into files."""
        return Exchange(self.db, self.clock, self.templates, self.brand_kits, self.pictures)

    @cached_property
    def translating(self) -> Translating:
        """Templates in other languages."""
        return Translating(self.db, self.templates)

    @cached_property
    def readdressing(self) -> Readdressing:
        """Pictures at the address they have now."""
        return Readdressing(self.db, self.clock, self.templates, self.brand_kits, self.settings.public_url)

    @cached_property
    def saved_blocks(self) -> SavedBlocks:
        """Blocks kept for other templates."""
        return SavedBlocks(self.db, self.clock, self.settings.public_url)
