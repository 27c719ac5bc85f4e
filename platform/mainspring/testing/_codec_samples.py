"""Messages that a codec must accept, and messages that it must reject, by format."""

import struct
from functools import cache
from typing import Any, NamedTuple

from mainspring.seams import MAX_JSON_DEPTH, MAX_MESSAGE_BYTES, MAX_MSGPACK_DEPTH

__all__ = ["Refused", "Samples", "samples"]


class Refused(NamedTuple):
    """A message that must be rejected, and the rule that it tests."""

    rule: str
    data: bytes


class Samples(NamedTuple):
    """What a codec of one format is tried on. A value of `taken` that is None isn't compared."""

    taken: tuple[tuple[bytes, Any], ...]
    refused: tuple[Refused, ...]
    unencodable: tuple[tuple[str, Any], ...]


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


def _json() -> Samples:
    return Samples(
        taken=(
            (
                b' [1 , -0.5e1,\n"\\u00e9\\ud83d\\ude00\\n",true,false,null,{}]\t',
                [1, -5.0, "\u00e9\U0001f600\n", True, False, None, {}],
            ),
            (b'{"a":18446744073709551615,"b":-9223372036854775808}', {"a": 2**64 - 1, "b": -(2**63)}),
            (b'["18446744073709551616",1e22,100000000000000000000.0]', ["18446744073709551616", 1e22, 1e20]),
            (b"[1e-999,-1e-999,0e999,-0,-0.0,-0e0]", [0.0, -0.0, 0.0, 0, -0.0, -0.0]),
            # Integers beyond 64 bits are floats: halfway between two is the even one, and a digit more the next.
            (b"18446744073709551616", float(2**64)),
            (b"[-9223372036854775809]", [float(-(2**63))]),
            (b'{"a":36893488147419107328}', {"a": float(2**65)}),
            (b'{"a":-36893488147419107329}', {"a": -float(2**65 + 2**13)}),
            (b"[%d]" % 10**308, [1e308]),
            (b'{"a":1,"b":3,"a":2}', {"a": 2, "b": 3}),
            (b'{"\\u0061":1,"a":"\\u0000\x7f"}', {"a": "\0\x7f"}),
            (b"[" * MAX_JSON_DEPTH + b"]" * MAX_JSON_DEPTH, None),
            (b'{"a":' * MAX_JSON_DEPTH + b"1" + b"}" * MAX_JSON_DEPTH, None),
            (b"[" + b'"]}[{",[],' * MAX_JSON_DEPTH + b'"\\"["]', ["]}[{", []] * MAX_JSON_DEPTH + ['"[']),
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
                for data in (
                    b"1e999",
                    b"[-1e999]",
                    b"1e99999999999999999999",
                    b"9" * 309,
                    b'{"a":[' + b"9" * 5000 + b"]}",
                )
            ),
            *(
                Refused("strings that aren't UTF-8 are refused", data)
                for data in (b'["\xff"]', b'["\xed\xa0\x80"]', b'["\xc0\x80"]')
            ),
            *(
                Refused("lone surrogates are refused", data)
                for data in (b'["\\ud800"]', b'{"\\udc00":1}', b'["\\ud800\\u0041"]')
            ),
            Refused("deep nesting is refused", b"[" * (MAX_JSON_DEPTH + 1) + b"]" * (MAX_JSON_DEPTH + 1)),
            Refused("deep nesting is refused", b'{"]\\"":' * (MAX_JSON_DEPTH + 1) + b"1" + b"}" * (MAX_JSON_DEPTH + 1)),
            Refused("deep nesting is refused", b"[" * 100_000 + b"]" * 100_000),
            Refused("deep nesting is refused", b'[{"a":' * 50_000),
            Refused("large messages are refused", b'"' + b"a" * (MAX_MESSAGE_BYTES - 1) + b'"'),
        ),
        unencodable=(
            *_UNENCODABLE,
            ("what the format can't hold is refused", b"bytes"),
            ("keys that aren't text are refused", {1: 2}),
        ),
    )


def _msgpack() -> Samples:
    return Samples(
        taken=(
            (
                b"\x97\x01\xcb\xc0\x14\0\0\0\0\0\0\xa2\xc3\xa9\xc3\xc2\xc0\x80",
                [1, -5.0, "\u00e9", True, False, None, {}],
            ),
            (b"\x82\xa1a\xcf" + b"\xff" * 8 + b"\xa1b\xd3\x80" + b"\0" * 7, {"a": 2**64 - 1, "b": -(2**63)}),
            (b"\xc4\x02\x00\xff", b"\x00\xff"),
            (b"\xca\x3f\xc0\0\0", 1.5),
            (b"\xd6\xff\x65\x53\xf1\x00", 1_700_000_000_000_000_000),
            (b"\xd7\xff" + struct.pack(">Q", 123_456_000 << 34 | 1_700_000_000), 1_700_000_000_123_456_000),
            (b"\xc7\x0c\xff" + struct.pack(">Iq", 999_999_000, -1), -1_000),
            (b"\x91" * (MAX_MSGPACK_DEPTH - 1) + b"\x90", None),
            (b"\x81\xa1a" * MAX_MSGPACK_DEPTH + b"\x01", None),
            (b"\xc4\x50" + b"\x91" * 80, b"\x91" * 80),
            (b"\xd7\xff\x00\x00\x00\x04\x00\x00\x00\x01", 1_000_000_001),
            (b"\x82\xa1a\x01\xa1a\x02", {"a": 2}),
            (b"\x81\xc4\x01a\x02", {b"a": 2}),
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
                for data in (
                    b"\xcb\x7f\xf8\0\0\0\0\0\0",
                    b"\x91\xca\x7f\xc0\0\0",
                    b"\x81\xa1a\xcb\xff\xf0\0\0\0\0\0\x01",
                )
            ),
            *(Refused("Infinity is refused", data) for data in (b"\xcb\x7f\xf0\0\0\0\0\0\0", b"\x91\xca\xff\x80\0\0")),
            *(
                Refused("strings that aren't UTF-8 are refused", data)
                for data in (b"\xa1\xff", b"\xa3\xed\xa0\x80", b"\x81\xa1\xff\x01")
            ),
            *(
                Refused("keys that are neither text nor bytes are refused", data)
                for data in (b"\x81\x01\x02", b"\x81\xc0\x02", b"\x81\xcb\x3f\xf0\0\0\0\0\0\0\x01", b"\x81\x90\x02")
            ),
            *(
                Refused("unknown extensions are refused", data)
                for data in (b"\xd4\x01a", b"\xd4\xfea", b"\xc7\x00\x05")
            ),
            *(
                Refused("broken timestamps are refused", data)
                for data in (
                    b"\xc7\x05\xff12345",
                    b"\xd7\xff" + struct.pack(">Q", 1_000_000_000 << 34),
                    b"\xc7\x0c\xff" + struct.pack(">Iq", 1_000_000_000, 0),
                )
            ),
            Refused("integers beyond 64 bits are refused", b"\xc7\x0c\xff" + struct.pack(">Iq", 0, 2**62)),
            Refused("deep nesting is refused", b"\x91" * MAX_MSGPACK_DEPTH + b"\x90"),
            Refused("deep nesting is refused", b"\x81\xa1a" * MAX_MSGPACK_DEPTH + b"\x90"),
            Refused("deep nesting is refused", b"\x91" * 100_000 + b"\xc0"),
            Refused("deep nesting is refused", b"\x91" * 100_000),
            Refused(
                "large messages are refused",
                b"\xdb" + struct.pack(">I", MAX_MESSAGE_BYTES - 4) + b"a" * (MAX_MESSAGE_BYTES - 4),
            ),
        ),
        unencodable=_UNENCODABLE,
    )


_OF = {"json": _json, "msgpack": _msgpack}


@cache
def samples(name: str) -> Samples:
    """Returns those of a format by its name. Made when asked for: some are as large as a message may be."""
    return _OF[name]()
