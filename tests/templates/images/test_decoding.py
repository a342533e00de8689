from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from core.errors import InvalidInput
from core.templates.images import reworking
from core.templates.images.decoding import MAX_BYTES, rework
from tests.templates.images.making import HEIC, HTML, animation, frames, opened, photo, png_that_claims, saved

ORIENTATION, GPS, MAKER = 0x0112, 0x8825, 0x010F


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        *[("JPEG", "image/jpeg"), ("PNG", "image/png"), ("GIF", "image/png"), ("WEBP", "image/jpeg")],
        *[("AVIF", "image/jpeg"), ("TIFF", "image/jpeg"), ("BMP", "image/jpeg")],
    ],
)
def test_every_format_becomes_one_that_mail_programs_show(form: str, media_type: str) -> None:
    made = rework(saved(photo(), form), 1_200)

    assert (made.media_type, made.width, made.height) == (media_type, 400, 300)
    shown = opened(made.data)
    assert (shown.get_format_mimetype(), shown.size) == (media_type, (400, 300))
    left, right = (shown.convert("RGB").getpixel((x, 150)) for x in (10, 390))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert right[0] - left[0] > 150


def test_a_phones_heic_becomes_one_too() -> None:
    made = rework(HEIC, 1_200)

    assert (made.media_type, made.width, made.height) == ("image/png", 64, 48)
    left, right = (opened(made.data).convert("RGB").getpixel((x, 24)) for x in (8, 56))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[2] > left[0] + 50
    assert right[0] > right[2] + 50


@pytest.mark.parametrize("form", ["WEBP", "AVIF", "TIFF", "PNG"])
def test_what_shines_through_still_does(form: str) -> None:
    clear = photo().convert("RGBA")
    clear.paste((0, 0, 0, 0), (0, 0, 200, 300))

    made = rework(saved(clear, form), 1_200)

    assert made.media_type == "image/png"
    assert opened(made.data).convert("RGBA").getchannel("A").getextrema() == (0, 255)


def test_a_drawing_stays_sharp() -> None:
    made = rework(saved(Image.new("RGB", (300, 200), "#4f46e5"), "WEBP", lossless=True), 1_200)

    assert made.media_type == "image/png"
    assert opened(made.data).convert("RGB").getpixel((5, 5)) == (0x4F, 0x46, 0xE5)


def test_it_is_made_as_narrow_as_asked_and_never_wider() -> None:
    wide, narrow = rework(saved(photo(1_600, 800), "JPEG"), 600), rework(saved(photo(100, 50), "JPEG"), 600)

    assert (wide.width, wide.height, narrow.width, narrow.height) == (600, 300, 100, 50)
    assert opened(wide.data).size == (600, 300)


def test_it_stands_upright_and_says_nothing_of_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = 6, "A camera"
    exif.get_ifd(GPS)[1] = "N"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = saved(photo(), "JPEG", exif=exif, comment=b"by somebody", icc_profile=profile)
    assert b"A camera" in data

    made = rework(data, 1_200)

    assert (made.width, made.height) == (300, 400)
    shown = opened(made.data)
    assert dict(shown.getexif()) == {}
    assert not {"exif", "icc_profile", "comment", "xmp"} & set(shown.info)
    top, bottom = (shown.convert("RGB").getpixel((150, y)) for y in (10, 390))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert bottom[0] - top[0] > 150  # what grew to the right grows downwards


def test_a_long_picture_that_lies_on_its_side_keeps_its_width() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6

    made = rework(saved(photo(4_000, 500), "JPEG", exif=exif), 600)

    assert (made.width, made.height) == (500, 4_000)


@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
def test_colours_for_printing_become_those_of_screens(form: str) -> None:
    made = rework(saved(Image.new("CMYK", (50, 50), (0, 255, 255, 0)), form), 1_200)

    red, green, blue = opened(made.data).convert("RGB").getpixel((25, 25))  # type: ignore[misc]
    assert red > 200 > 60 > max(green, blue)


def test_colours_of_another_space_are_turned_into_srgb() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"?XYZ").replace(b"bXYZ", b"rXYZ").replace(b"?XYZ", b"bXYZ")  # what is red in it is blue
    red = Image.new("RGB", (9, 9), (255, 0, 0))

    nonsense, turned = (rework(saved(red, "PNG", icc_profile=profile), 1_200) for profile in (b"no profile", swapped))

    assert opened(nonsense.data).convert("RGB").getpixel((4, 4)) == (255, 0, 0)
    first, _, third = opened(turned.data).convert("RGB").getpixel((4, 4))  # type: ignore[misc]
    assert third > 200 > 50 > first


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "RGBA"])
def test_every_depth_of_colour_can_be_shown(mode: str) -> None:
    grey = Image.linear_gradient("L")
    image = grey.convert("I").point(lambda value: value * 257).convert("I;16") if mode == "I;16" else grey.convert(mode)

    shown = opened(rework(saved(image, "PNG"), 1_200).data).convert("L")

    assert shown.getextrema() == (0, 255)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_an_animation_keeps_moving(form: str) -> None:
    made = rework(animation(form), 100)

    shown = opened(made.data)
    assert (made.media_type, made.width, made.height) == ("image/gif", 100, 50)
    assert (getattr(shown, "n_frames"), shown.info["duration"], shown.info["loop"]) == (4, 80, 0)  # noqa: B009 - only some images have it


def test_an_animation_nobody_should_mail_is_refused() -> None:
    first, *others = [frame.resize((500, 500)) for frame in frames(6)]
    many = others * (reworking.MAX_FRAMES // 5 + 1)
    data = saved(first, "GIF", save_all=True, append_images=many, duration=[20 + number % 2 for number in range(len(many) + 1)])

    with pytest.raises(InvalidInput, match="animation is too large"):
        rework(data, 1_200)


def test_the_same_picture_makes_the_same_bytes() -> None:
    data = saved(photo(), "JPEG")

    assert rework(data, 300).data == rework(data, 300).data


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "empty"),
        (b'<?xml version="1.0"?>\n<svg onload="alert(1)"></svg>', "SVG"),
        ("\ufeff<svg><script>alert(1)</script></svg>".encode("utf-16"), "SVG"),
        (b"<!-- a comment -->\n<svg:svg xmlns:svg='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"%PDF-1.7\n", "PDF"),
        (b"MZ\x90\x00" + bytes(60), "program"),
        (b"\x7fELF" + bytes(60), "program"),
        (b"PK\x03\x04" + bytes(60), "packed"),
        (b"<!DOCTYPE html><p>Hello", "web page"),
        (b"\x00\x00\x00\x20ftypisom" + bytes(60), "video"),
        (b"8BPS" + bytes(60), "Photoshop"),
        (b"Hello", "not a picture"),
        (b"\x89PNG", "not a picture"),
    ],
)
def test_what_is_no_picture_is_told_what_it_is(data: bytes, what: str) -> None:
    with pytest.raises(InvalidInput, match=what) as refused:
        rework(data, 1_200)

    assert refused.value.hint


def test_a_small_file_that_claims_to_be_huge_is_never_opened() -> None:
    with pytest.raises(InvalidInput, match="40 million pixels"):
        rework(png_that_claims(50_000, 50_000), 1_200)


def test_a_large_file_is_not_even_looked_at() -> None:
    with pytest.raises(InvalidInput, match="larger than 10 MB"):
        rework(bytes(MAX_BYTES + 1), 1_200)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "TIFF", "BMP"])
def test_half_a_picture_is_none(form: str) -> None:
    data = saved(photo(), form)

    with pytest.raises(InvalidInput):
        rework(data[: len(data) // 2], 1_200)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP"])
@pytest.mark.parametrize("hidden", [HTML, b"PK\x03\x04" + bytes(40), b"MZ" + bytes(70) + b"This program cannot be run in DOS mode."])
def test_a_picture_that_is_something_else_besides_is_refused(form: str, hidden: bytes) -> None:
    with pytest.raises(InvalidInput, match="hidden"):
        rework(saved(photo(), form) + hidden, 1_200)


def test_a_second_picture_behind_the_first_is_left_out() -> None:
    data = saved(photo(), "JPEG")

    assert rework(data + data, 1_200).data == rework(data, 1_200).data


def test_what_hides_inside_a_picture_does_not_survive() -> None:
    data = saved(photo(), "JPEG", comment=HTML)

    assert b"<script>" not in rework(data, 1_200).data


def test_a_canvas_that_is_too_large_is_never_made() -> None:
    """A WebP may claim 16,383 × 16,383 pixels, for which its decoder makes room before anybody can ask it anything."""
    data = bytearray(animation("WEBP"))
    canvas = data.index(b"VP8X") + 12
    data[canvas : canvas + 6] = (16_381).to_bytes(3, "little") * 2

    with pytest.raises(InvalidInput):
        rework(bytes(data), 1_200)


@pytest.mark.parametrize(
    ("greed", "end"),
    [
        ("bytearray(2 << 30)", "MemoryError"),
        ("file.write(bytes(40 << 20)); file.flush()", "File too large"),
        ("open('/proc/self/environ')", "Too many open files"),
        ("__import__('socket').socket()", "Too many open files"),
        ("exec('while True: pass')", ""),
    ],
    ids=["memory", "large file", "any file", "network", "time"],
)
def test_the_program_that_opens_pictures_has_limits(greed: str, end: str, tmp_path: Path) -> None:
    begin = f"from core.templates.images import reworking; import socket; file = open({str(tmp_path / 'large')!r}, 'wb')"
    program = f"{begin}; reworking.confine(1); {greed}"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode != 0
    assert end in done.stderr
