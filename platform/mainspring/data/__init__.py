"""Captures: reads, writes and verifies them, fetches those of the catalogue, and caches generated sessions."""

from mainspring.data.cache import CachedSession, cached_session
from mainspring.data.capture import CaptureReader, CaptureWriter, read_capture
from mainspring.data.catalogue import CatalogueEntry, capture_catalogue, find_entry
from mainspring.data.cryptofeed import is_cryptofeed, read_cryptofeed
from mainspring.data.importing import Found, import_files
from mainspring.data.locate import Located, find_capture, get, locate
from mainspring.data.outputs import check_absent, check_outputs
from mainspring.data.paths import cache_folder, data_folders
from mainspring.data.replace import replacing, write_atomically
from mainspring.data.verify import InstrumentVerdict, Tally, VerifyReport, verify

__all__ = [
    "CachedSession",
    "CaptureReader",
    "CaptureWriter",
    "CatalogueEntry",
    "Found",
    "InstrumentVerdict",
    "Located",
    "Tally",
    "VerifyReport",
    "cache_folder",
    "cached_session",
    "capture_catalogue",
    "check_absent",
    "check_outputs",
    "data_folders",
    "find_capture",
    "find_entry",
    "get",
    "import_files",
    "is_cryptofeed",
    "locate",
    "read_capture",
    "read_cryptofeed",
    "replacing",
    "verify",
    "write_atomically",
]
