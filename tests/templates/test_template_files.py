"""A template with a picture of ours goes into a file and comes into another workspace, which shows a picture of its own."""

from __future__ import annotations

import io

from PIL import Image

from core.app import Services
from core.permissions import Principal


def test_the_picture_comes_along(services: Services) -> None:
    here, there = (Principal.system(services.workspaces.create(name).id) for name in ("Here", "There"))
    made = io.BytesIO()
    Image.new("RGB", (64, 64), "#00ff00").save(made, "PNG")
    picture = services.pictures.add(here, made.getvalue(), "leaf.png", "A leaf")
    url = services.pictures.url_of(picture)
    template_id = services.templates.save(here, "Tea", f'<p>Hello <img src="{url}" alt="A leaf"></p>').template_id
    file = services.template_exchange.export(here, template_id)
    assert file.name == "Tea.template.zip"
    loaded = services.template_exchange.load(there, file.data, file.name)
    (kept,) = services.pictures.all(there)
    assert (kept.name, kept.alt) == (picture.name, "A leaf")
    assert services.pictures.url_of(kept) in loaded.source and url not in loaded.source
