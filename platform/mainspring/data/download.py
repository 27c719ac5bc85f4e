"""Fetches a file of the catalogue: resumes a cut download, bounds its size, and verifies it before it is used."""

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from mainspring import __version__
from mainspring.data.addresses import Opener, Response, open_address
from mainspring.data.catalogue import CatalogueEntry
from mainspring.errors import DataError

__all__ = ["Progress", "download"]

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the number of bytes received so far and the total."""

_CHUNK_BYTES = 64 * 1024


def download(
    entry: CatalogueEntry, target: Path, *, progress: Progress | None = None, opener: Opener = open_address
) -> None:
    """Fetches `entry` to `target`, whose folder exists. The caller makes sure that nothing else does so meanwhile.

    What has been received is kept next to it in a file ending in `.part`. A later call resumes from there if the server
    still has the same file (RFC 9110, sections 13.1.5 and 14.2). The file is moved into place once its size and SHA-256
    are those of the entry.

    `progress` is called after each piece. `opener` sends the requests.

    Raises `DataError` if there is no connection or the answer isn't the file; if the connection is cut (the part is
    kept); if there are too many bytes or the checksum is wrong (the part is removed); and if the folder can't be
    written.
    """
    part = target.with_name(target.name + ".part")
    try:
        resumed = part.exists()
        digest = _fetch(entry, part, progress, opener)
        if digest != entry.sha256 and resumed:
            # The old part may be at fault: from another version of the file, or damaged on the disk.
            _drop(part)
            digest = _fetch(entry, part, progress, opener)
        if digest != entry.sha256:
            _drop(part)
            raise DataError(
                f"{entry.address} isn't {entry.name!r} any more: its sha256 is {digest} instead of {entry.sha256}. "
                f"The download was removed; a later release of mainspring may list the new file"
            )
        part.replace(target)
        _etag_file(part).unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"{target.parent} can't be written: {error.strerror or error}") from error


def _fetch(entry: CatalogueEntry, part: Path, progress: Progress | None, opener: Opener) -> str:
    """Completes the part and returns the SHA-256 of the whole file."""
    have = part.stat().st_size if part.exists() else 0
    if have > entry.size_bytes:
        _drop(part)
        have = 0
    hasher = hashlib.sha256()
    if have:
        with part.open("rb") as file:
            hasher = hashlib.file_digest(file, "sha256")
    if have == entry.size_bytes:
        return hasher.hexdigest()
    response, start = _open_at(entry, part, have, opener)
    with response:
        if start == 0:
            hasher = hashlib.sha256()
            _remember_etag(response, part)
        with part.open("ab" if start else "wb") as file:
            received = start
            while chunk := _read(response, entry, received):
                received += len(chunk)
                if received > entry.size_bytes:
                    break
                file.write(chunk)
                hasher.update(chunk)
                if progress is not None:
                    progress(received, entry.size_bytes)
    if received > entry.size_bytes:
        _drop(part)
        raise DataError(
            f"{entry.address} has more than the {entry.size_bytes:,} bytes of {entry.name!r}: it is another file"
        )
    if received < entry.size_bytes:
        raise _cut(entry, received, "the server closed the connection")
    return hasher.hexdigest()


def _open_at(entry: CatalogueEntry, part: Path, have: int, opener: Opener) -> tuple[Response, int]:
    """A response and the offset at which its body starts: `have`, or 0 if the server sends the whole file."""
    response = _open(entry, part, have, opener)
    if response is not None and response.status == HTTPStatus.PARTIAL_CONTENT and have:
        if response.headers.get("Content-Range") == f"bytes {have}-{entry.size_bytes - 1}/{entry.size_bytes}":
            return response, have
        with response:
            response = None
    if response is None:
        # The part belongs to another version of the server's file.
        _drop(part)
        response = _open(entry, part, 0, opener)
    assert response is not None
    _check_whole(response, entry)
    return response, 0


def _open(entry: CatalogueEntry, part: Path, have: int, opener: Opener) -> Response | None:
    """The response; None if the server says that there is nothing after `have`."""
    # The address comes from the catalogue, and the opener knows no scheme but http and https.
    request = urllib.request.Request(entry.address, headers={"User-Agent": f"mainspring/{__version__}"})  # noqa: S310
    if have:
        request.add_header("Range", f"bytes={have}-")
        if _etag_file(part).exists():
            request.add_header("If-Range", _etag_file(part).read_text("ascii"))
    try:
        return opener(request)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and have:
            return None
        raise DataError(f"{entry.address} answered {error.code} {error.reason}. {_by_hand(entry, part)}") from error
    except (OSError, http.client.HTTPException) as error:
        host = urlsplit(entry.address).netloc
        reason = getattr(error, "reason", error)
        raise DataError(f"no connection to {host} ({reason}). {_by_hand(entry, part)}") from error


def _check_whole(response: Response, entry: CatalogueEntry) -> None:
    length = response.headers.get("Content-Length")
    if response.status == HTTPStatus.OK and length in (None, str(entry.size_bytes)):
        return
    with response:
        if response.status != HTTPStatus.OK:
            raise DataError(f"{entry.address} answered with status {response.status} instead of the file")
        raise DataError(
            f"{entry.address} has {length} bytes instead of {entry.size_bytes}: it isn't {entry.name!r} any more"
        )


def _read(response: Response, entry: CatalogueEntry, received: int) -> bytes:
    try:
        # One byte more than is missing shows that a file is too large.
        return response.read(min(_CHUNK_BYTES, entry.size_bytes - received + 1))
    except (OSError, http.client.HTTPException) as error:
        raise _cut(entry, received, str(error)) from error


def _cut(entry: CatalogueEntry, received: int, why: str) -> DataError:
    return DataError(
        f"the download of {entry.address} was cut after {received:,} of {entry.size_bytes:,} bytes ({why}). "
        f"They are kept: `mainspring data get {entry.name}` resumes from there"
    )


def _by_hand(entry: CatalogueEntry, part: Path) -> str:
    return (
        f"Without a connection, copy the file into {part.parent} under the name {part.stem} "
        f"({entry.size_bytes:,} bytes, sha256 {entry.sha256})"
    )


def _remember_etag(response: Response, part: Path) -> None:
    etag = response.headers.get("ETag", "")
    # RFC 9110, 13.1.5: a weak validator must not be sent in If-Range. Without one, the checksum finds the difference.
    if etag.startswith('"') and etag.isascii():
        _etag_file(part).write_text(etag, "ascii")
    else:
        _etag_file(part).unlink(missing_ok=True)


def _drop(part: Path) -> None:
    part.unlink(missing_ok=True)
    _etag_file(part).unlink(missing_ok=True)


def _etag_file(part: Path) -> Path:
    return part.with_name(part.name + ".etag")
