"""The program that opens a picture somebody sent and makes it anew; it runs alone, in a process that may die of it.

It imports nothing of ours and is started by its path (`decoding`), so that it is there at once and knows no secret. What it gets
on its standard input is one line of JSON (`max_width`) and the file; what it writes is one line of JSON and the picture.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import resource
import sys
import warnings
from typing import Any

MAX_PIXELS = 40_000_000
MAX_FRAMES = 300
# What an animation unfolds to, all its frames together: it is decoded and encoded whole.
MAX_ANIMATED_PIXELS = 60_000_000
MAX_ANIMATED_BYTES = 4 << 20
# What it may write: its answer goes to a file, which the limit on files bounds.
MAX_ANSWER = 32 << 20
_MEMORY = 1_500 << 20
_CPU_SECONDS = 20
_PALETTE = 256
_FEW_COLOURS = 64  # a drawing; photographs have more, also grey ones
# Pillow knows forty more formats; nobody needs them in an email, and each is a way in.
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIF", "TIFF", "BMP")
# What Pillow imports of itself only where it is needed.
_LATE = ("AvifImagePlugin", "MpoImagePlugin", "TiffImagePlugin", "WebPImagePlugin", "ImageChops", "ImageCms", "ImageOps", "ImageSequence")
_SRGB = "RGB"
_QUALITY = 82


class Refused(Exception):
    """This picture is not taken; the word says why, `decoding` knows the sentence."""


def main() -> None:
    """Read a picture from the standard input, write it anew to the standard output."""
    wishes = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    load()
    confine()
    try:
        answer, made = rework(data, int(wishes["max_width"]))
    except Refused as refused:
        answer, made = {"refused": str(refused)}, b""
    except MemoryError:
        answer, made = {"refused": "too-much"}, b""
    except Exception:  # whatever a decoder raises at a file like this, it is the file's fault
        answer, made = {"refused": "broken"}, b""
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + made)
    sys.stdout.buffer.flush()


def load() -> None:
    """Load all that opening pictures needs: later no file can be opened any more."""
    from PIL import Image

    for name in _LATE:
        importlib.import_module(f"PIL.{name}")
    Image.preinit()  # the other formats
    with contextlib.suppress(ImportError):
        import pi_heif  # type: ignore[import-untyped]

        pi_heif.register_heif_opener(thumbnails=False)


def confine(seconds: int = _CPU_SECONDS) -> None:
    """Take away what opening a picture does not need: much memory, much time, large files, and any file but those that are open.

    Args:
        seconds: How long it may work.
    """
    for what, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, MAX_ANSWER),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (most, most) if hard in (resource.RLIM_INFINITY,) or hard >= most else (hard, hard))


def rework(data: bytes, max_width: int) -> tuple[dict[str, Any], bytes]:
    """Return what the new picture is, and its bytes.

    Args:
        data: The file.
        max_width: The widest it may be, in pixels.

    Raises:
        Refused: If it is too much.
    """
    from PIL import Image, ImageFile

    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # asked below, once, in our own words
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    image = Image.open(io.BytesIO(data), formats=[one for one in _FORMATS if one in Image.OPEN])
    _check_size(image)
    if getattr(image, "is_animated", False) and image.format in {"GIF", "WEBP", "PNG"}:
        return _animation(image, max_width)
    return _still(image, max_width)


def _check_size(image: Any) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise Refused("too-many-pixels")
    if width < 1 or height < 1:
        raise Refused("broken")


def _still(image: Any, max_width: int) -> tuple[dict[str, Any], bytes]:
    from PIL import ImageOps

    source = image.format
    enough = 2 * max_width / min(image.size)  # of its shorter side: which is the width its orientation says later
    if source == "JPEG" and enough < 1:
        image.draft(None, (round(image.width * enough), round(image.height * enough)))  # decodes an eighth where that will do
    image.load()
    image = _upright(image, ImageOps)
    image = _plain(image)
    if image.width > max_width:
        image = image.resize(_fitting(image.size, max_width), resample=3, reducing_gap=3.0)
    if source == "JPEG" or (source not in {"PNG", "GIF"} and image.mode == "RGB" and image.getcolors(_FEW_COLOURS) is None):
        return _told("image/jpeg", image), _jpeg(image.convert("RGB"))
    return _told("image/png", image), _png(image)


def _upright(image: Any, operations: Any) -> Any:
    """Turn it as its EXIF says; nonsense in there turns nothing."""
    try:
        return operations.exif_transpose(image)
    except (ValueError, TypeError, SyntaxError, KeyError, OverflowError):
        return image


def _plain(image: Any) -> Any:
    """Return it in sRGB, as RGB or, where something shines through, RGBA."""
    profile, has_alpha = image.info.get("icc_profile"), image.has_transparency_data
    if image.mode.startswith("I;16") or image.mode in {"I", "F"}:
        image = _eight_bits(image)
    if image.mode in {"P", "PA", "LA", "La", "RGBa"}:
        image = image.convert("RGBA" if has_alpha else "RGB")
    elif has_alpha and image.mode in {"L", "RGB", "1"}:
        image = image.convert("RGBA")
    if profile:
        image = _in_srgb(image, profile)
    if image.mode not in {"RGB", "RGBA"}:
        image = image.convert("RGB")
    if image.mode == "RGBA" and image.getextrema()[3] == (255, 255):
        image = image.convert("RGB")
    return image


def _eight_bits(image: Any) -> Any:
    """Return sixteen bits of grey, or any other range of it, as eight."""
    grey = image.convert("F")
    low, high = grey.getextrema()
    is_deep, is_share = image.mode.startswith("I;16") or high > 255, image.mode == "F" and low >= 0 and high <= 1
    top = 65_535.0 if is_deep else 1.0 if is_share else 255.0
    return grey.point(lambda value: value * (255.0 / top) + 0.0).convert("L")


def _in_srgb(image: Any, profile: bytes) -> Any:
    """Return it in the colours screens show; a profile that makes no sense counts for nothing."""
    from PIL import ImageCms

    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    colours = image.convert("RGB") if alpha is not None else image
    try:
        wanted = ImageCms.createProfile("sRGB")
        made: Any = ImageCms.profileToProfile(colours, io.BytesIO(profile), wanted, outputMode=_SRGB)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    if alpha is not None:
        made.putalpha(alpha)
    return made


def _animation(image: Any, max_width: int) -> tuple[dict[str, Any], bytes]:
    """Return an animation as a GIF, the only one that mail programs play."""
    frames = image.n_frames
    if frames > MAX_FRAMES or frames * image.width * image.height > MAX_ANIMATED_PIXELS:
        raise Refused("too-much-animation")
    size = _fitting(image.size, max_width)
    drawn, times = [], []
    for number in range(frames):
        image.seek(number)
        frame = image.convert("RGBA")
        drawn.append(frame if frame.size == size else frame.resize(size, resample=3))
        times.append(max(20, int(image.info.get("duration", 100) or 100)))
    out = io.BytesIO()
    loop = image.info.get("loop")
    options = {} if loop is None and image.format == "GIF" else {"loop": int(loop or 0)}
    drawn[0].save(out, "GIF", save_all=True, append_images=drawn[1:], duration=times, optimize=True, comment=b"", **options)
    if out.tell() > MAX_ANIMATED_BYTES:
        raise Refused("too-much-animation")
    return _told("image/gif", drawn[0]), out.getvalue()


def _fitting(size: tuple[int, int], max_width: int) -> tuple[int, int]:
    width, height = size
    if width <= max_width:
        return size
    return max_width, max(1, round(height * max_width / width))


def _jpeg(image: Any) -> bytes:
    out = io.BytesIO()
    _bare(image).save(out, "JPEG", quality=_QUALITY, progressive=True, optimize=True)
    return out.getvalue()


def _png(image: Any) -> bytes:
    out = io.BytesIO()
    image = _bare(image)
    if image.mode == "RGB" and image.getcolors(_PALETTE) is not None:
        image = image.quantize(_PALETTE, dither=0)  # as many as there are: nothing is lost
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _bare(image: Any) -> Any:
    """Return the pixels alone: where it was taken, by whom and with what is nobody's business."""
    image = image.copy()
    image.info.clear()
    return image


def _told(media_type: str, image: Any) -> dict[str, Any]:
    return {"media_type": media_type, "width": image.width, "height": image.height}


if __name__ == "__main__":
    main()
