"""Text of strangers in Markdown: a browser shows it as text, whatever it is."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from fusionaudio_assets.markdown import cell, code, one_line, table

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = [
    "![seen](http://example.com/seen.png)",
    "[click](javascript:alert(1))",
    "<script>alert('x')</script> &lt;b&gt; <img src=x onerror=alert(1)>",
    "`code` *bold* _thin_ ~~gone~~ **more** __more__",
    "one | two \\| three \\\\| four",
    "\x1b[31mred\x1b[0m\x07 \u202etxt.exe\u200b\nnext\r\n| line |",
    "\\",
    "`",
]
anything = st.one_of(
    st.text(max_size=60), st.text("`*_[]()!<>&|~\\#\n\x1b abc:/.", max_size=40), st.sampled_from(HOSTILE)
)


@given(anything)
@example("".join(HOSTILE))
def test_text_of_others_is_read_as_text_in_its_own_cell(text: str) -> None:
    cells = cells_of(table(("one", "two"), [(cell(text), "end")]))
    assert {token.type for token in cells[2].children or ()} <= {"text"}
    assert shown(cells[2]) == one_line(text)
    assert [shown(one) for one in (*cells[:2], *cells[3:])] == ["one", "two", "end"]


@given(anything)
def test_a_name_is_one_piece_of_code(text: str) -> None:
    cells = cells_of(table(("one", "two"), [(code(f"a{text}"), "end")]))
    assert {token.type for token in cells[2].children or ()} == {"code_inline"}
    assert shown(cells[2]) == one_line(f"a{text}").replace("`", "'")


@given(st.text(max_size=200), st.integers(1, 50))
def test_a_line_is_one_bounded_and_printable(text: str, most: int) -> None:
    told = one_line(text, most)
    assert told.isprintable()
    assert len(told) <= most
    assert one_line(told, most) == told


@pytest.mark.parametrize("address", ["http://example.com/a", "HTTPS://example.com", "www.example.com"])
def test_an_address_is_no_link(address: str) -> None:
    """Where a reader makes links of bare addresses, a backslash parts them."""
    assert address not in cell(f"see {address} now")
    assert shown(cells_of(table(("one",), [(cell(address),)]))[1]) == address


def cells_of(markdown: str) -> list[Token]:
    return [token for token in READER.parse(markdown) if token.type == "inline"]


def shown(inline: Token) -> str:
    return "".join(token.content for token in inline.children or ())
