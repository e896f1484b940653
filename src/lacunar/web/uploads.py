"""Posted forms and images, read into memory only and never written to a disk."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from starlette.datastructures import FormData, Headers, UploadFile
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
    """The content of a form.

    Parameters
    ----------
    images : list of ImageContent
        Files of the field ``images``; none if the field is empty.
    fields : dict of str to str
        All other fields; the last value of a repeated field.
    """

    images: list[ImageContent]
    fields: dict[str, str] = field(default_factory=dict)


def most_images(settings: ServeSettings) -> int:
    """Maximum number of images in a request."""
    return min(MOST_IMAGES, settings.max_files)


async def read_upload(request: Request, settings: ServeSettings) -> Upload:
    """Read a posted form with files.

    Raises
    ------
    Refusal
        If the body is not such a form, is incomplete, or has too many files or fields.
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
    try:
        return await _upload_of(form)
    finally:
        await form.close()


async def read_fields(request: Request, settings: ServeSettings) -> dict[str, str]:
    """Read a posted form without files; the last value of a repeated field counts.

    Raises
    ------
    Refusal
        If the body is not such a form or has too many fields.
    """
    if _media_type(request) != _FORM:
        raise Refusal(415, "Unsupported Media Type", f"expected {_FORM}, got {_got(request)}")
    form = await request.form(
        max_files=0, max_fields=settings.max_fields, max_part_size=settings.max_field
    )
    return {name: value for name, value in form.items() if isinstance(value, str)}


class _MemoryParser(MultiPartParser):
    """A parser that keeps files in memory and refuses a form without its last boundary."""

    # 0 means no limit: no file is ever moved to a disk. `BodiesMiddleware` limits the body.
    spool_max_size = 0

    def __init__(
        self, headers: Headers, stream: AsyncGenerator[bytes, None], **limits: int
    ) -> None:
        super().__init__(headers, self._checked(stream), **limits)
        self._whole = False

    def on_end(self) -> None:
        super().on_end()
        self._whole = True

    async def _checked(self, stream: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        async for piece in stream:
            yield piece
        if not self._whole:
            # The parser closes its files when its stream raises.
            raise MultiPartException("a form that breaks off")


async def _upload_of(form: FormData) -> Upload:
    images, fields = [], {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            fields[name] = value
        elif name == FIELD and (value.filename or value.size):
            images.append(ImageContent(_name(value), await value.read()))
    return Upload(images, fields)


def _name(file: UploadFile) -> str:
    """The client's file name, without directories and in printable characters."""
    name = (file.filename or "image").replace("\\", "/").rpartition("/")[2] or "image"
    text = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name
    )
    return shortened(text, _LONGEST_NAME)


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _got(request: Request) -> str:
    return repr(_media_type(request)[:80]) if _media_type(request) else "no content type"
