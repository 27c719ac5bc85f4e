"""Messages that a codec must take, and messages that it must refuse, by format."""

import struct
from typing import Any, NamedTuple

from mainspring.seams import MAX_DEPTH, MAX_MESSAGE_BYTES, MIN_DEPTH

__all__ = ["SAMPLES", "Refused", "Samples"]


class Refused(NamedTuple):
    """A message that must be refused, and the rule that it is about."""

    rule: str
    data: bytes


class Samples(NamedTuple):
    """What a codec of one format is tried on.

    `large_integers` are messages with an integer beyond 64 bits, and what they are with the nearest float in its place.
    `duplicate` is an object that holds the key "a" twice: 1, then 2.
    """

    taken: tuple[tuple[bytes, Any], ...]
    refused: tuple[Refused, ...]
    large_integers: tuple[tuple[bytes, Any], ...]
    unencodable: tuple[tuple[str, Any], ...]
    duplicate: bytes


_UNENCODABLE: tuple[tuple[str, Any], ...] = (
    ("NaN is refused", [float("nan")]),
    ("Infinity is refused", {"a": [float("inf")]}),
    ("-Infinity is refused", float("-inf")),
    ("integers beyond 64 bits are refused", 2**64),
    ("integers beyond 64 bits are refused", [-(2**63) - 1]),
    ("what the format can't hold is refused", object()),
    ("what the format can't hold is refused", {1, 2}),
    ("lone surrogates are refused", "\ud800"),
)

_JSON = Samples(
    taken=(
        (
            b' [1 , -0.5e1,\n"\\u00e9\\ud83d\\ude00\\n",true,false,null,{}]\t',
            [1, -5.0, "\u00e9\U0001f600\n", True, False, None, {}],
        ),
        (b'{"a":18446744073709551615,"b":-9223372036854775808}', {"a": 2**64 - 1, "b": -(2**63)}),
        (b'["18446744073709551616",1e22,100000000000000000000.0]', ["18446744073709551616", 1e22, 1e20]),
        (b"1e-999", 0.0),
        (b"[" * MIN_DEPTH + b"]" * MIN_DEPTH, None),
        (b'{"a":' * MIN_DEPTH + b"1" + b"}" * MIN_DEPTH, None),
        (b"[" + b'"]}[{",[],' * MAX_DEPTH + b'"\\"["]', ["]}[{", []] * MAX_DEPTH + ['"[']),
    ),
    refused=(
        *(
            Refused("what isn't JSON is refused", data)
            for data in (b"", b" ", b"[1,]", b"{'a':1}", b"[01]", b"[1", b"nul", b'["\t"]')
        ),
        *(Refused("bytes after the message are refused", data) for data in (b"[] []", b"1 x", b"{}\x00", b"1\x00")),
        Refused("byte order marks are refused", b"\xef\xbb\xbf[]"),
        Refused("only UTF-8 is taken", "[1]".encode("utf-16-le")),
        *(Refused("NaN is refused", data) for data in (b"NaN", b"[-NaN]", b"[nan]")),
        *(Refused("Infinity is refused", data) for data in (b"Infinity", b"[-Infinity]", b"[inf]")),
        *(
            Refused("numbers that overflow are refused", data)
            for data in (b"1e999", b"[-1e999]", b"9" * 309, b'{"a":[' + b"9" * 5000 + b"]}")
        ),
        *(
            Refused("strings that aren't UTF-8 are refused", data)
            for data in (b'["\xff"]', b'["\xed\xa0\x80"]', b'["\xc0\x80"]')
        ),
        *(
            Refused("lone surrogates are refused", data)
            for data in (b'["\\ud800"]', b'{"\\udc00":1}', b'["\\ud800\\u0041"]')
        ),
        Refused("deep nesting is refused", b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1)),
        Refused("deep nesting is refused", b'{"]\\"":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1)),
        Refused("deep nesting is refused", b"[" * 100_000 + b"]" * 100_000),
        Refused("deep nesting is refused", b'[{"a":' * 50_000),
        Refused("large messages are refused", b'"' + b"a" * (MAX_MESSAGE_BYTES - 1) + b'"'),
    ),
    large_integers=(
        (b"18446744073709551616", float(2**64)),
        (b"[-9223372036854775809]", [float(-(2**63))]),
        # Halfway between two floats is the even one, and a digit more is the next.
        (b'{"a":36893488147419107328}', {"a": float(2**65)}),
        (b'{"a":-36893488147419107329}', {"a": -float(2**65 + 2**13)}),
        (b"[%d]" % 10**308, [1e308]),
    ),
    unencodable=(
        *_UNENCODABLE,
        ("what the format can't hold is refused", b"bytes"),
        ("keys that aren't text are refused", {1: 2}),
    ),
    duplicate=b'{"a":1,"a":2}',
)

_MSGPACK = Samples(
    taken=(
        (b"\x97\x01\xcb\xc0\x14\0\0\0\0\0\0\xa2\xc3\xa9\xc3\xc2\xc0\x80", [1, -5.0, "\u00e9", True, False, None, {}]),
        (b"\x82\xa1a\xcf" + b"\xff" * 8 + b"\xa1b\xd3\x80" + b"\0" * 7, {"a": 2**64 - 1, "b": -(2**63)}),
        (b"\xc4\x02\x00\xff", b"\x00\xff"),
        (b"\xca\x3f\xc0\0\0", 1.5),
        (b"\xd6\xff\x65\x53\xf1\x00", 1_700_000_000_000_000_000),
        (b"\xd7\xff" + struct.pack(">Q", 123_456_000 << 34 | 1_700_000_000), 1_700_000_000_123_456_000),
        (b"\xc7\x0c\xff" + struct.pack(">Iq", 999_999_000, -1), -1_000),
        (b"\x91" * (MIN_DEPTH - 1) + b"\x90", None),
        (b"\x81\xa1a" * MIN_DEPTH + b"\x01", None),
        (b"\xc4\x50" + b"\x91" * 80, b"\x91" * 80),
    ),
    refused=(
        *(
            Refused("what isn't msgpack is refused", data)
            for data in (b"", b"\xc1", b"\x92\x01", b"\xa3ab", b"\xcf\0\0")
        ),
        *(
            Refused("lengths beyond the message are refused", data)
            for data in (
                b"\xdd\xff\xff\xff\xff",
                b"\xdf\x7f\xff\xff\xff",
                b"\xdb\xff\xff\xff\xff",
                b"\xc6\xff\xff\xff\xff",
            )
        ),
        *(Refused("bytes after the message are refused", data) for data in (b"\x01\x02", b"\x90\x90", b"\xc0\x00")),
        *(
            Refused("NaN is refused", data)
            for data in (b"\xcb\x7f\xf8\0\0\0\0\0\0", b"\x91\xca\x7f\xc0\0\0", b"\x81\xa1a\xcb\xff\xf0\0\0\0\0\0\x01")
        ),
        *(Refused("Infinity is refused", data) for data in (b"\xcb\x7f\xf0\0\0\0\0\0\0", b"\x91\xca\xff\x80\0\0")),
        *(
            Refused("strings that aren't UTF-8 are refused", data)
            for data in (b"\xa1\xff", b"\xa3\xed\xa0\x80", b"\x81\xa1\xff\x01")
        ),
        *(Refused("unknown extensions are refused", data) for data in (b"\xd4\x01a", b"\xd4\xfea", b"\xc7\x00\x05")),
        *(
            Refused("broken timestamps are refused", data)
            for data in (
                b"\xc7\x05\xff12345",
                b"\xd7\xff" + struct.pack(">Q", 1_000_000_000 << 34),
                b"\xc7\x0c\xff" + struct.pack(">Iq", 1_000_000_000, 0),
            )
        ),
        Refused("integers beyond 64 bits are refused", b"\xc7\x0c\xff" + struct.pack(">Iq", 0, 2**62)),
        Refused("deep nesting is refused", b"\x91" * MAX_DEPTH + b"\x90"),
        Refused("deep nesting is refused", b"\x81\xa1a" * MAX_DEPTH + b"\x90"),
        Refused("deep nesting is refused", b"\x91" * 100_000 + b"\xc0"),
        Refused("deep nesting is refused", b"\x91" * 100_000),
        Refused(
            "large messages are refused",
            b"\xdb" + struct.pack(">I", MAX_MESSAGE_BYTES - 4) + b"a" * (MAX_MESSAGE_BYTES - 4),
        ),
    ),
    large_integers=(),  # the format has none
    unencodable=_UNENCODABLE,
    duplicate=b"\x82\xa1a\x01\xa1a\x02",
)

SAMPLES = {"json": _JSON, "msgpack": _MSGPACK}
