"""Forms: however the bytes are cut, the same parts come, no byte is lost, and what could be read in two ways is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from torouter.wire.multipart import Bounds, FormError, Part, Piece, Reader, boundary_of, read_head

BOUNDARY = b"cut-here"


def form(*parts: tuple[bytes, bytes], end: bytes = b"\r\n") -> bytes:
    """A form of heads and contents."""
    body = b"".join(b"--%b\r\n%b\r\n\r\n%b\r\n" % (BOUNDARY, head, content) for head, content in parts)
    return body + b"--%b--%b" % (BOUNDARY, end)


def field(name: bytes, extra: bytes = b"") -> bytes:
    return b'Content-Disposition: form-data; name="%b"%b' % (name, extra)


def read(body: bytes, cuts: list[int] | None = None, bounds: Bounds | None = None) -> list[Piece]:
    reader, pieces, start = Reader(BOUNDARY, *([bounds] if bounds else [])), [], 0
    for end in [*sorted(cuts or []), len(body)]:
        pieces += reader.feed(body[start:end])
        start = max(start, end)
    reader.close()
    return pieces


def contents(pieces: list[Piece]) -> list[tuple[Part, bytes]]:
    """Each part with its content."""
    found: list[tuple[Part, bytes]] = []
    for piece in pieces:
        if piece.kind == "frame" and piece.part is not None:
            found.append((piece.part, b""))
        elif piece.kind == "data":
            part, content = found[-1]
            found[-1] = (part, content + piece.raw)
    return found


TWO = form(
    (field(b"prompt"), "hat é".encode()),
    (field(b"image[]", b'; filename="a.png"\r\nContent-Type: image/png'), b"\x89PNG\r\n--cut-her\r\n\r\n-\r"),
)
PARTS = [
    (Part("prompt"), "hat é".encode()),
    (Part("image[]", "a.png", "image/png"), b"\x89PNG\r\n--cut-her\r\n\r\n-\r"),
]


@pytest.mark.parametrize("at", range(len(TWO) + 1))
def test_a_form_that_is_cut_anywhere_has_the_same_parts(at: int) -> None:
    pieces = read(TWO, [at])
    assert contents(pieces) == PARTS
    assert b"".join(piece.raw for piece in pieces) == TWO


def test_a_form_that_comes_byte_by_byte_has_the_same_parts() -> None:
    assert contents(read(TWO, list(range(len(TWO))))) == PARTS


# What boundaries are made of comes often, so that almost every example holds a near miss.
NEAR = st.lists(
    st.sampled_from([b"\r", b"\n", b"-", b"--cut-her", b"\r\n--cut", b"cut-here", b"a", b"\x00"]), max_size=12
).map(b"".join)
CONTENT = NEAR.filter(lambda content: b"--" + BOUNDARY not in content and not content.endswith(b"\r\n--cut-her"))


@given(st.lists(CONTENT, max_size=4), st.lists(st.integers(0, 400), max_size=8))
def test_whatever_parts_hold_no_byte_is_lost_or_added(held: list[bytes], cuts: list[int]) -> None:
    body = form(*((field(b"f%d" % place), content) for place, content in enumerate(held)))
    if not held:
        body = b"--cut-here--\r\n"
    pieces = read(body, [cut for cut in cuts if cut <= len(body)])
    assert [content for _, content in contents(pieces)] == held
    assert b"".join(piece.raw for piece in pieces) == body


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=4))
def test_garbage_is_refused_or_read_and_never_anything_else(garbage: bytes, cuts: list[int]) -> None:
    try:
        pieces = read(b"--cut-here\r\n" + garbage, [cut for cut in cuts if cut <= len(garbage)])
    except FormError:
        return
    assert b"".join(piece.raw for piece in pieces) == b"--cut-here\r\n" + garbage


def test_what_is_known_is_given_before_the_rest_is_there() -> None:
    reader = Reader(BOUNDARY)
    pieces = reader.feed(b"--cut-here\r\n" + field(b"image") + b"\r\n\r\n" + b"x" * 100_000)
    assert sum(len(piece.raw) for piece in pieces if piece.kind == "data") == 100_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--cut-here",
        b"preamble\r\n" + TWO,
        b"\r\n" + TWO,
        TWO.replace(b"\r\n", b"\n"),
        TWO + b"epilogue",
        TWO[:-4],
        form((field(b"a"), b"one\n--cut-here\r\ntwo")),
        form((field(b"a"), b"--cut-here\r\n")),
        form((field(b"a"), b"1\r\n--cut-hereafter\r\n")),
        form((field(b"a"), b"1\r\n--cut-here \r\n")),
        form((b"", b"1")),
        form((b"Content-Type: text/plain", b"1")),
        form((b"Content-Disposition: attachment; name=a", b"1")),
        form((b"Content-Disposition: form-data", b"1")),
        form((b"Content-Disposition : form-data; name=a", b"1")),
        form((b"Content-Disposition: form-data; name=a\r\n folded: x", b"1")),
        form((field(b"a") + b"\r\n" + field(b"b"), b"1")),
        form((field(b"a", b"; name=b"), b"1")),
        form((field(b'mod\\"el'), b"1")),
        form((field(b"a", b"; name*=utf-8''b"), b"1")),
        form((field(b"\xff"), b"1")),
        form((field(b""), b"1")),
        form((field(b"a") + b"\r\nContent-Transfer-Encoding: base64", b"MQ==")),
    ],
)  # fmt: skip
def test_what_two_readers_could_understand_differently_is_refused(body: bytes) -> None:
    for cuts in ([], list(range(len(body)))):
        with pytest.raises(FormError):
            read(body, cuts)


@pytest.mark.parametrize(
    ("body", "bounds"),
    [
        (form(*[(field(b"a"), b"1")] * 3), Bounds(parts=2)),
        (form((field(b"a", b"\r\nx: " + b"y" * 200), b"1")), Bounds(head=100)),
        (b"--cut-here\r\n" + b"x: " + b"y" * 200, Bounds(head=100)),
    ],
)  # fmt: skip
def test_heads_and_the_number_of_parts_are_bounded(body: bytes, bounds: Bounds) -> None:
    for cuts in ([], list(range(len(body)))):
        with pytest.raises(FormError):
            read(body, cuts, bounds)


@pytest.mark.parametrize("end", [b"", b"\r\n"])
def test_behind_the_last_boundary_stands_a_line_end_or_nothing(end: bytes) -> None:
    body = form((field(b"a"), b"1"), end=end)
    assert b"".join(piece.raw for piece in read(body)) == body


@pytest.mark.parametrize(
    ("head", "part"),
    [
        (b"content-disposition: form-data; name=model", Part("model")),
        (b'Content-Disposition:form-data;name="svg[model]"', Part("svg[model]")),
        (b'Content-Disposition: form-data; name="i"; filename="a \\"b\\".png"', Part("i", 'a "b".png')),
        (b"Content-Disposition: form-data; name=\"i\"; filename*=utf-8''a.png", Part("i", "utf-8''a.png")),
        (
            b'Content-Disposition: form-data; name="i"; filename=""\r\nContent-Type: image/png',
            Part("i", "", "image/png"),
        ),
    ],
)
def test_the_heads_that_clients_write_are_read(head: bytes, part: Part) -> None:
    assert read_head(head) == part


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=----formdata-undici-011570880934", b"----formdata-undici-011570880934"),
        ('Multipart/Form-Data;boundary="a b"', b"a b"),
        ("multipart/form-data; charset=utf-8; boundary=x", b"x"),
    ],
)
def test_the_boundary_stands_in_the_content_type(content_type: str, boundary: bytes) -> None:
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json", "multipart/mixed; boundary=x", "multipart/form-data", "multipart/form-data; boundary=",
        "multipart/form-data; boundary=x; boundary=y", "multipart/form-data; boundary=" + "x" * 71,
        'multipart/form-data; boundary="x "', 'multipart/form-data; boundary="a\tb"',
    ],
)  # fmt: skip
def test_a_content_type_without_one_legal_boundary_is_refused(content_type: str) -> None:
    with pytest.raises(FormError):
        boundary_of(content_type)
