"""What a lane is found to call."""

import pytest

from mainspring.session import open_messages
from mainspring.tuning.uses import watch_uses


def messages(plan, registry):
    return list(open_messages(plan, registry).take(512))


def test_a_declared_feed_with_strategies(registry, planned):
    """The reference session's feed is run by a decoder, and the Python one calls the codec."""
    plan = planned(registry)
    uses = watch_uses(plan, registry, messages(plan, registry))
    assert (uses.decoder, uses.book) == (True, True)
    assert uses.codec_by_decoder["python"] is True


def test_the_native_decoder_reads_by_itself(registry, planned):
    """A decoder that decodes raw bytes is found never to call the codec, without being known by name."""
    if registry.offers("decoder").get("native") is None:
        pytest.skip("absent: mainspring-native")
    plan = planned(registry)
    assert watch_uses(plan, registry, messages(plan, registry)).codec_by_decoder["native"] is False


def test_a_pinned_decoder_is_the_only_one_watched(registry, planned):
    """Decoders that can't be chosen aren't run."""
    plan = planned(registry, "decoder.plugin=python")
    assert list(watch_uses(plan, registry, messages(plan, registry)).codec_by_decoder) == ["python"]
