"""Live sessions and recordings, over sockets on loopback, against a venue in a box that serves a made recording."""

import ssl
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
import trustme

from mainspring.data import CaptureWriter, read_capture
from mainspring.data.recording import RecordingWriter
from mainspring.errors import ConfigError
from mainspring.host.config import load_config
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.seams import LOST
from mainspring.session import run_session
from mainspring.session.live.opening import trusting
from mainspring.session.live.record import Recording
from mainspring.session.live.venue import CaptureVenue, Fault, serve
from mainspring.session.live.websocket import ConnectionLostError, WebSocket

_REGISTRY = Registry.load()
_ENOUGH_S = 30.0


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A short reference session as a capture, and its plan."""
    path = tmp_path_factory.mktemp("made") / "made.cap"
    plan = make_plan(load_config(None, ["mode=replay", "feed.seconds=40"]), _REGISTRY)
    source = _REGISTRY.get("feed", "simulated").factory.source(plan.instruments, plan.feed.options)
    with CaptureWriter(path) as writer:
        for receive_time_ns, raw in source:
            writer.write(receive_time_ns, raw)
    return path


def _venue(path: Path, *faults: Fault, speed: float = 0.0) -> CaptureVenue:
    plan = make_plan(load_config(None, _replaying(path)), _REGISTRY)
    declared = _REGISTRY.get("feed", "binance-spot").factory
    codec = _REGISTRY.get("codec", plan.codec.plugin).factory()
    return CaptureVenue(declared, plan.instruments, codec, read_capture(path), speed=speed, faults=faults)


def _replaying(path: Path, mode: str = "replay") -> list[str]:
    return [f"mode={mode}", "instruments=[]", 'feed.plugin="binance-spot"', f'feed.capture="{path}"']


def _connecting(served, mode: str = "replay", **options: object) -> list[str]:
    options = {"silence_s": 20, "data_silence_s": 20, **msgspec.to_builtins(served), **options}
    connect = ", ".join(f"{key}={value!r}" for key, value in options.items())
    grid = 'venue_symbol="BTCUSDT", tick_size="0.01", lot_size="0.00001"'
    return [
        f"mode={mode}",
        'feed.plugin="binance-spot"',
        f"feed.connect={{{connect}}}",
        f'instrument={{"BTC/USDT"={{{grid}}}}}',
    ]


async def _record(venue: CaptureVenue, folder: Path, enough: int, silence_s: float = 20) -> tuple[Recording, list[str]]:
    """Records until so many messages have come."""
    said: list[str] = []
    async with trio.open_nursery() as nursery:
        served = await nursery.start(lambda task_status: serve(venue, folder, task_status=task_status))
        plan = make_plan(load_config(None, _connecting(served, silence_s=silence_s)), _REGISTRY)
        with RecordingWriter(folder / "recorded.cap") as writer:
            recording = Recording(plan, _REGISTRY, writer, said.append)

            async def until_enough() -> None:
                while writer.messages < enough:
                    await trio.sleep(0.01)
                recording.stop()

            nursery.start_soon(until_enough)
            with trio.fail_after(_ENOUGH_S):
                await recording.run()
        nursery.cancel_scope.cancel()
    return recording, said


@pytest.mark.trio
async def test_a_recording_is_what_the_venue_sent(made, tmp_path):
    """Every message in order, and the snapshot, which is asked for by HTTP, bridges into a live book without a gap."""
    venue = _venue(made)
    recording, said = await _record(venue, tmp_path, len(venue.stream) + 1)
    recorded = [raw for _, raw in read_capture(tmp_path / "recorded.cap")]
    answers = [raw for raw in recorded if raw.startswith(b'{"request":')]
    assert [raw for raw in recorded if raw not in answers] == [raw for _, raw in venue.stream]
    assert len(answers) == 1
    statistics = recording.counts().statistics
    assert (statistics.gaps, statistics.by_kind["snapshot"]) == (0, 1)
    assert said == ["connected for BTC/USDT"]
    assert b"SUBSCRIBE" in venue.received[0]


@pytest.mark.trio
async def test_a_closed_connection_is_made_again(made, tmp_path):
    """What the venue said when it closed is told, and everything is subscribed to again."""
    venue = _venue(made, Fault("close", 200))
    recording, said = await _record(venue, tmp_path, 1_000)
    (link,) = recording.counts().links
    assert (link.connected, venue.connections, len(venue.received)) == (2, 2, 2)
    assert said[1].startswith("disconnected: the venue closed the connection: 1012")


@pytest.mark.trio
async def test_a_mute_connection_is_given_up(made, tmp_path):
    """The socket is open and answers no ping: after the configured silence it counts as dead."""
    venue = _venue(made, Fault("mute", 100))
    recording, said = await _record(venue, tmp_path, 1_000, silence_s=1)
    (link,) = recording.counts().links
    assert link.connected == 2
    assert link.lost == {"mute": 1}
    assert said[1].startswith("disconnected: mute")


def _run_live(venue: CaptureVenue, folder: Path, seconds: float, receiver: str):
    """A paper session against the venue, which is served by a thread of its own."""
    told: list[str] = []
    ready: list[tuple[object, object]] = []

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            served = await nursery.start(lambda task_status: serve(venue, folder, task_status=task_status))
            overrides = _connecting(served, "paper", record=str(folder / "live.cap"))
            overrides.append(f"receiver.plugin={receiver}")
            session = make_session(load_config(None, overrides), _REGISTRY)
            report = await trio.to_thread.run_sync(
                lambda: run_session(session, _REGISTRY, notice=told.append, seconds=seconds)
            )
            ready.append((report, told))
            nursery.cancel_scope.cancel()

    trio.run(main)
    return ready[0]


@pytest.mark.parametrize("receiver", ["trio", "busy-poll", "io-uring"])
def test_a_live_session_replays_to_the_same_log(made, tmp_path, receiver):
    """Paper on live data, with a connection that is lost on the way: its recording gives every record again.

    The lost connection takes the trust from the book, and is in the recording as a note.
    """
    offered = _REGISTRY.offers("receiver").get(receiver)
    if offered is None or offered.needs.missing is not None:
        pytest.skip(f"{receiver} isn't here")
    venue = _venue(made, Fault("close", 2_000), speed=20.0)
    report, told = _run_live(venue, tmp_path, 6.0, receiver)
    assert any("disconnected: the venue closed" in said for said in told)
    assert report.order_log_records > 5
    notes = [raw for _, raw in read_capture(tmp_path / "live.cap") if raw.startswith(b"!")]
    assert notes[0] == b"!started"
    assert notes[-1] == b"!stopped"
    assert any(note.startswith(LOST) for note in notes)
    grid = 'venue_symbol="BTCUSDT", tick_size="0.01", lot_size="0.00001"'
    overrides = [
        *_replaying(tmp_path / "live.cap", "paper"),
        'instruments=["BTC/USDT"]',
        f'instrument={{"BTC/USDT"={{{grid}}}}}',
    ]
    again = run_session(make_session(load_config(None, overrides), _REGISTRY), _REGISTRY)
    assert (again.order_log_sha256, again.order_log_records) == (report.order_log_sha256, report.order_log_records)


@pytest.mark.trio
async def test_a_certificate_is_always_verified(made, tmp_path):
    """An unknown authority and a wrong name are refused, and the error says so."""
    async with trio.open_nursery() as nursery:
        served = await nursery.start(lambda task_status: serve(_venue(made), tmp_path, task_status=task_status))
        other = tmp_path / "other.pem"
        trustme.CA().cert_pem.write_to_path(other)
        for trust in ("", str(other)):
            with pytest.raises(ConnectionLostError, match="certificate isn't valid"):
                await WebSocket.open(served.address, tls=trusting(trust))
        wrong_name = served.address.replace("localhost", "localhost.localdomain.test")
        with pytest.raises(ConnectionLostError):
            await WebSocket.open(wrong_name, tls=trusting(served.trust))
        context = trusting(served.trust)
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_what_is_no_venue_is_told_apart(tmp_path):
    """Nobody who listens, somebody who closes, and a server that answers with a refusal and when to come back."""
    authority = trustme.CA()
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(server)
    answers = [b"", b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"]
    listeners = await trio.open_ssl_over_tcp_listeners(0, server, host="127.0.0.1")
    (listener,) = listeners
    assert isinstance(listener.transport_listener, trio.SocketListener)
    port = listener.transport_listener.socket.getsockname()[1]

    async def answer(stream: trio.SSLStream[trio.SocketStream]) -> None:
        await stream.receive_some()
        if answers[0]:
            await stream.send_all(answers[0])
        del answers[0]
        await trio.aclose_forcefully(stream)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, answer, listeners)
        with pytest.raises(ConnectionLostError, match=r"localhost|closed the connection"):
            await WebSocket.open(f"wss://localhost:{port}/", tls=tls)
        with pytest.raises(ConnectionLostError, match="status 429") as caught:
            await WebSocket.open(f"wss://localhost:{port}/", tls=tls)
        assert caught.value.retry_after_s == 7
        nursery.cancel_scope.cancel()
    with pytest.raises(ConnectionLostError, match="can't be reached"):
        await WebSocket.open(f"wss://localhost:{port}/", tls=tls)


def test_a_recording_that_cannot_be_written_ends(tmp_path):
    """A full disk is an error of the file, not a group of errors of connections."""

    class Full(RecordingWriter):
        def write(self, receive_time_ns, raw):
            raise OSError(28, "No space left on device", "a.cap")

    plan = make_plan(load_config(None, ["mode=replay", 'feed.plugin="okx"', "feed.connect=true"]), _REGISTRY)
    recording = Recording(plan, _REGISTRY, Full(tmp_path / "a.cap"))
    link: Any = None
    recording.messages(link, [(1, b"{}"), (2, b"{}")])
    with pytest.raises(OSError, match="No space left"):
        recording.record(None, lambda _: None)


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        (['feed.plugin="imported"', "feed.connect=true"], "says nothing about connecting"),
        (['feed.plugin="okx"', 'feed.connect={address="ws://a"}'], "always encrypted"),
        (['feed.plugin="okx"', "feed.connect=true", 'feed.capture="a.cap"'], "remove one of them"),
        (["feed.plugin=auto", "feed.connect=true"], "names no feed"),
        (['feed.plugin="okx"', 'feed.connect={trust="nowhere.pem"}'], "there is no file"),
    ],
)
def test_a_feed_that_cannot_connect_is_refused(overrides, problem):
    """Before anything is dialled, with the key at fault."""
    with pytest.raises(ConfigError, match=problem):
        make_plan(load_config(None, ["mode=replay", *overrides]), _REGISTRY)
