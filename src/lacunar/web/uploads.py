"""Images that are posted: read into memory, never onto a disk, and forgotten with the request."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from lacunar.aliases import shortened
from lacunar.traits.data.image_sources import ImageContent
from lacunar.web.problems import Refusal
from lacunar.web.settings import ServeSettings
from lacunar.web.traits_service import MOST_IMAGES

FIELD = "images"
_KIND, _FORM = "multipart/form-data", "application/x-www-form-urlencoded"
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Upload:
    """What a form brought.

    Parameters
    ----------
    images : list of ImageContent
        Files of the field ``images``; a field that was left empty brings none.
    fields : dict of str to str
        All else; of a field that comes twice the last.
    """

    images: list[ImageContent]
    fields: dict[str, str] = field(default_factory=dict)


def most_images(settings: ServeSettings) -> int:
    """How many images one request may bring."""
    return min(MOST_IMAGES, settings.max_files)


async def read_upload(request: Request, settings: ServeSettings) -> Upload:
    """Read a posted form with files.

    Raises
    ------
    Refusal
        If it is no such form, a broken one, or one with more files or fields than may be.
    """
    if _media_type(request) != _KIND:
        raise Refusal(
            415,
            "Unsupported Media Type",
            f"expected {_KIND} with files in the field {FIELD!r}, got {_got(request)}",
        )
    parser = _MemoryParser(
        request.headers,
        request.stream(),
        max_files=most_images(settings),
        max_fields=settings.max_fields,
        max_part_size=settings.max_field,
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise Refusal(400, "Bad Request", f"expected a whole form, got: {error.message}") from error
    if not parser.whole:
        parser.close()
        raise Refusal(400, "Bad Request", "expected a whole form, got one that breaks off")
    try:
        return await _taken(form)
    finally:
        await form.close()


async def read_fields(request: Request, settings: ServeSettings) -> dict[str, str]:
    """Read a posted form without files; of a field that comes twice the last counts.

    Raises
    ------
    Refusal
        If it is no such form or has more fields than may be.
    """
    if _media_type(request) != _FORM:
        raise Refusal(415, "Unsupported Media Type", f"expected {_FORM}, got {_got(request)}")
    form = await request.form(
        max_files=0, max_fields=settings.max_fields, max_part_size=settings.max_field
    )
    return {name: value for name, value in form.items() if isinstance(value, str)}


class _MemoryParser(MultiPartParser):
    # 0 stands for no limit: nothing of a form is ever moved to a disk. How much comes at all is
    # limited where bodies are read.
    spool_max_size = 0
    whole = False

    def on_end(self) -> None:
        super().on_end()
        self.whole = True

    def close(self) -> None:
        """Close all files, also the one that broke off, which is in no form."""
        for file in self._files_to_close_on_error:
            file.close()


async def _taken(form: FormData) -> Upload:
    images, fields = [], {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            fields[name] = value
        elif name == FIELD and (value.filename or value.size):
            images.append(ImageContent(_name(value), await value.read()))
    return Upload(images, fields)


def _name(file: UploadFile) -> str:
    """A name that can be shown: the client's, which may be anything, in printable letters."""
    name = (file.filename or "image").replace("\\", "/").rpartition("/")[2] or "image"
    text = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name
    )
    return shortened(text, _LONGEST_NAME)


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _got(request: Request) -> str:
    return repr(_media_type(request)[:80]) if _media_type(request) else "no content type"
