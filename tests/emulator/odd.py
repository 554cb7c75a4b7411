"""Bodies and values that no client sends."""

DEEP = 100_000
NOT_JSON = {
    "cut short": b'{"value":',
    "no object": b"[]",
    "text": b'"x"',
    "invalid UTF-8": b'{"value":"\xff"}',
    "UTF-16": '{"value":"x"}'.encode("utf-16"),
    "a surrogate in UTF-8": b'{"value":"\xed\xa0\x80"}',
    "half a surrogate pair": b'{"value":"\\ud800"}',
    "half a surrogate pair in a name": b'{"value":"x","tags":{"\\udfff":"a"}}',
    "not a number": b'{"value":"x","attributes":{"exp":NaN}}',
    "infinity": b'{"value":"x","other":-Infinity}',
    "more digits than are read": b'{"value":"x","attributes":{"exp":' + b"1" * 5000 + b"}}",
    "beyond what a float holds": b'{"value":"x","attributes":{"exp":1e999}}',
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"value":' * DEEP + b"1" + b"}" * DEEP,
}
ODD_VALUES = (
    "null", "true", "[]", "{}", "[null]", "[{}]", "-1", "1.5", '""', '"x"', '"\\u0000"', '{"a":1}', "9" * 4000,
    "9223372036854775808", "-9223372036854775809", '{"nbf":9223372036854775808}', '{"nbf":1e300}',
    "[" * 900 + "]" * 900,
)  # fmt: skip
