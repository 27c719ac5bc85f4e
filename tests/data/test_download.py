import io
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import msgspec
import pytest

from mainspring.data.addresses import _SecureRedirects
from mainspring.data.locate import get
from mainspring.errors import DataError


@pytest.fixture
def fetch(catalogue, environ):
    """Gets `small` from the loopback server into the cache of the test."""

    def fetch(**more):
        return get("small", catalogue=more.pop("catalogue", catalogue), **more)

    return fetch


@pytest.fixture
def part(target):
    """The part that an interrupted download leaves."""
    return target.with_name("small.gz.part")


def test_fetches_into_the_cache(fetch, site, target):
    """The file comes whole, the progress ends at its size, nothing but it and its lock stays, once is enough."""
    seen = []
    assert fetch(progress=lambda done, total: seen.append((done, total))) == target
    assert target.read_bytes() == site.body
    assert seen == sorted(seen)
    assert seen[-1] == (len(site.body), len(site.body))
    assert sorted(file.name for file in target.parent.iterdir()) == ["small.gz", "small.gz.lock"]
    fetch()
    assert len(site.requests) == 1


def test_goes_on_after_a_cut(fetch, site, target, part):
    """A cut download keeps its part and says so; the next call asks for the rest only, on the same ETag."""
    site.cut_after = 70_000
    with pytest.raises(DataError, match=r"cut after 70,000 of 200,000 bytes.*mainspring data get small.* resumes"):
        fetch()
    assert part.read_bytes() == site.body[:70_000]
    site.cut_after = None
    seen = []
    fetch(progress=lambda done, _: seen.append(done))
    assert target.read_bytes() == site.body
    assert (site.requests[1]["Range"], site.requests[1]["If-Range"]) == ("bytes=70000-", '"v1"')
    assert seen[0] > 70_000
    assert not part.exists()


def test_an_interrupt_keeps_the_part(fetch, site, target, part):
    """Ctrl-C in the middle leaves what has come, and the next call goes on from there."""

    def interrupt(_done, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(progress=interrupt)
    have = part.stat().st_size
    assert have
    fetch()
    assert site.requests[1]["Range"] == f"bytes={have}-"
    assert target.read_bytes() == site.body


@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
def test_goes_on_without_a_strong_etag(fetch, site, target, etag):
    """A server without a usable ETag is asked for the rest without a condition: the checksum decides."""
    site.etag = etag
    site.cut_after = 1000
    with pytest.raises(DataError, match="cut after 1,000"):
        fetch()
    site.cut_after = None
    fetch()
    assert site.requests[1]["Range"] == "bytes=1000-"
    assert "If-Range" not in site.requests[1]
    assert target.read_bytes() == site.body


def test_server_without_ranges(fetch, site, target):
    """A server that sends everything although the rest was asked for: the file starts again and is right."""
    site.cut_after = 5000
    with pytest.raises(DataError, match="cut"):
        fetch()
    site.cut_after = None
    site.ranges = False
    fetch()
    assert target.read_bytes() == site.body


def test_file_changed_meanwhile(fetch, site, target, part):
    """A file that changed between the two halves isn't glued together: all of the new one comes, and is refused."""
    site.cut_after = 5000
    with pytest.raises(DataError, match="cut"):
        fetch()
    site.cut_after = None
    site.body, site.etag = bytes(len(site.body)), '"v2"'
    with pytest.raises(DataError, match="isn't 'small' any more"):
        fetch()
    assert not target.exists()
    assert not part.exists()


def test_stale_part_of_another_version(fetch, site, target, part):
    """A part that isn't the beginning of the file costs one more download, not a wrong file and not an error."""
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 5000)
    fetch()
    assert target.read_bytes() == site.body
    assert [request.get("Range") for request in site.requests] == ["bytes=5000-", None]


def test_wrong_checksum(fetch, catalogue, site, target, part):
    """A file of the right size and other content is refused with both digests, and removed."""
    right = catalogue["small"].sha256
    site.body = bytes(len(site.body))
    with pytest.raises(DataError, match=rf"sha256 is [0-9a-f]{{64}} instead of {right}"):
        fetch()
    assert not target.exists()
    assert not part.exists()


@pytest.mark.parametrize("more", [1, 10_000_000])
def test_too_large(fetch, site, target, part, more):
    """A body that has more than the size of the catalogue is left at once and removed."""
    site.send_length = False
    site.body += bytes(more)
    largest = []
    with pytest.raises(DataError, match="has more than the 200,000 bytes"):
        fetch(progress=lambda done, _: largest.append(done))
    assert max(largest) <= 200_000
    assert not target.exists()
    assert not part.exists()


@pytest.mark.parametrize("size", [199_999, 200_001])
def test_another_length_is_refused_before_a_byte_is_taken(fetch, site, part, size):
    """A server that announces another size has another file: nothing is downloaded."""
    site.body = bytes(size)
    with pytest.raises(DataError, match=rf"has {size} bytes instead of 200000"):
        fetch()
    assert not part.exists()


def test_range_of_a_file_of_another_size(fetch, site, part):
    """A resumed download whose server has a longer file by now drops the part and says what is wrong."""
    part.parent.mkdir(parents=True)
    part.write_bytes(site.body[:5000])
    site.body += b"x"
    with pytest.raises(DataError, match="has 200001 bytes"):
        fetch()
    assert not part.exists()


def test_range_beyond_the_end(fetch, site, part):
    """The answer 416 to a resumed download drops the part and asks for everything."""
    part.parent.mkdir(parents=True)
    part.write_bytes(site.body[:5000])
    site.body = site.body[:4000]
    with pytest.raises(DataError, match="has 4000 bytes"):
        fetch()
    assert [request.get("Range") for request in site.requests] == ["bytes=5000-", None]
    assert not part.exists()


def test_complete_part(fetch, site, target, part):
    """A part that was complete when its process was killed needs no connection any more."""
    part.parent.mkdir(parents=True)
    part.write_bytes(site.body)
    fetch()
    assert target.read_bytes() == site.body
    assert site.requests == []


@pytest.mark.parametrize("wrong", [bytes(200_000), bytes(200_001)])
def test_wrong_part_of_full_size(fetch, site, target, part, wrong):
    """A part as large as the file, or larger, that isn't the file is thrown away and fetched."""
    part.parent.mkdir(parents=True)
    part.write_bytes(wrong)
    fetch()
    assert target.read_bytes() == site.body


@pytest.mark.parametrize("status", [404, 500])
def test_error_answer(fetch, site, target, status):
    """An error answer is told with its number, and with where the file can be put by hand."""
    site.status = status
    with pytest.raises(DataError, match=rf"answered {status} .*copy the file into .*spot under the name small\.gz"):
        fetch()
    assert not target.exists()


def test_offline(fetch, catalogue, target):
    """No connection: the message says so, names folder, file name, size and checksum."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/file.gz"
        entry = msgspec.structs.replace(catalogue["small"], address=address)
        with pytest.raises(DataError) as caught:
            fetch(catalogue={"small": entry})
    text = str(caught.value)
    assert text.startswith("no connection to 127.0.0.1:")
    assert str(target.parent) in text
    assert "under the name small.gz (200,000 bytes, sha256 " + entry.sha256 in text


def test_redirect(fetch, catalogue, site, target):
    """A redirect is followed."""
    entry = msgspec.structs.replace(catalogue["small"], address=site.address.replace("file.gz", "moved"))
    fetch(catalogue={"small": entry})
    assert target.read_bytes() == site.body
    assert len(site.requests) == 2


def test_no_redirect_to_something_weaker():
    """A redirect from HTTPS to HTTP is refused; between HTTPS addresses it is followed."""
    request = urllib.request.Request("https://example.invalid/a")
    follow = _SecureRedirects().redirect_request
    with pytest.raises(urllib.error.URLError, match="isn't secure"):
        follow(request, io.BytesIO(), 302, "Found", {}, "http://example.invalid/b")
    followed = follow(request, io.BytesIO(), 302, "Found", {}, "https://example.invalid/b")
    assert followed.full_url == "https://example.invalid/b"


@pytest.mark.parametrize("address", ["file:///etc/hostname", "ftp://127.0.0.1/x"])
def test_no_other_scheme(fetch, catalogue, address):
    """Addresses that aren't HTTP are never opened."""
    entry = msgspec.structs.replace(catalogue["small"], address=address)
    with pytest.raises(DataError, match="unknown url type"):
        fetch(catalogue={"small": entry})


def test_asked_for_twice_at_once(fetch, site, target):
    """Callers that ask for one file at once take turns: it is fetched once, and all get it whole."""
    results = []
    threads = [threading.Thread(target=lambda: results.append(fetch().read_bytes())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [site.body] * 4
    assert len(site.requests) == 1
    assert target.read_bytes() == site.body


def test_asked_for_by_two_processes_at_once(catalogue, environ, site, target):
    """Processes take turns as callers in one process do."""
    program = (
        "import sys, msgspec; from mainspring.data.catalogue import CatalogueEntry; from mainspring.data import get;"
        "get('small', catalogue=msgspec.json.decode(sys.argv[1], type=dict[str, CatalogueEntry]))"
    )
    command = [sys.executable, "-c", program, msgspec.json.encode(catalogue).decode()]
    processes = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert target.read_bytes() == site.body
    assert len(site.requests) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are another matter on Windows")
def test_cache_that_cannot_be_written(fetch, environ, tmp_path):
    """A cache folder that can't be made is an error that names it and the ways around it."""
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(DataError, match=r"can't be written .*XDG_CACHE_HOME.*MAINSPRING_DATA"):
        fetch()
