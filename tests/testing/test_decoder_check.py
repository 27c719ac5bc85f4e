"""The decoder check passes the Python decoder and finds decoders that differ from it, each in one thing."""

from typing import Any

import pytest

from mainspring.errors import ConformanceError, WireError
from mainspring.testing import check_decoder
from mainspring.wire import python_decoder


class _Wrapped:
    def __init__(self, declared, context) -> None:
        self.feed = python_decoder(declared, context)

    def on_message(self, raw, receive_time_ns):
        return self.feed.on_message(raw, receive_time_ns)

    def __getattr__(self, name):
        return getattr(self.feed, name)


class _LosesEvents(_Wrapped):
    def on_message(self, raw, receive_time_ns):
        return self.feed.on_message(raw, receive_time_ns)[:1]


class _OtherWords(_Wrapped):
    def on_message(self, raw, receive_time_ns):
        try:
            return self.feed.on_message(raw, receive_time_ns)
        except WireError as error:
            raise WireError("no", field=error.field) from None


class _NeverAsks(_Wrapped):
    def take_resync_requests(self):
        return []


class _Miscounts(_Wrapped):
    def on_message(self, raw, receive_time_ns):
        return self.feed.on_message(raw.replace(b"news", b"depth"), receive_time_ns)


def test_the_python_decoder_passes():
    """It is the measure."""
    check_decoder(python_decoder)


@pytest.mark.parametrize("decoder", [_LosesEvents, _OtherWords, _NeverAsks, _Miscounts])
def test_a_decoder_that_differs_is_found(decoder):
    """Whatever it does otherwise: events, words, requests or counts."""
    with pytest.raises(ConformanceError, match="Python decoder"):
        check_decoder(decoder)


def test_a_plugin_module_with_the_hook_is_offered(tmp_path, monkeypatch):
    """A stranger's decoder arrives by the hook `register_decoders`, as any plugin does."""
    from mainspring.host.offers import SeamCatalogue
    from mainspring_plugins.decoders import python

    taken: dict[str, Any] = {}
    python.register_decoders(SeamCatalogue("decoder", "acme", "1", taken))
    assert taken["python"].factory is python_decoder
    assert taken["python"].rank
