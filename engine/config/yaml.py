"""YAML text to plain data with marks; refuses all that YAML would read as something else than it says."""

import re
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from ..diagnostics import Diagnostics, Label, Span
from .marks import Lines, Mark, Path
from .scalars import TooLarge, read_scalar, surprise
from .syntax import explain_syntax

MAX_VALUES = 100_000
MAX_DEPTH = 100

_PROPERTIES = re.compile(r"(?:&\S+\s+)?(!\S*)?")
_ANCHOR = re.compile(r"&\S+\s+")
_REST_OF_LINE = re.compile(r"[ \t]+#")


@dataclass(slots=True)
class Parsed:
    """The data of one text, the marks of its values and the marks of its keys."""

    data: object = None
    marks: dict[Path, Mark] = field(default_factory=dict)
    keys: dict[Path, Mark] = field(default_factory=dict)


class _TooBig(Exception):
    """The document passed a limit; there is no use in reading on."""

    def __init__(self, node: Node, message: str) -> None:
        super().__init__(message)
        self.node = node


def parse(text: str, file: str, diagnostics: Diagnostics) -> Parsed | None:
    """The data of a YAML text; nothing when it is no YAML, is empty, or is larger than the limits."""
    lines = Lines(text)
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except (MarkedYAMLError, ReaderError) as error:
        explain_syntax(error, text, lines, file, diagnostics)
        return None
    except (YAMLError, RecursionError, ValueError):
        diagnostics.error("yaml-too-big", Span(file, 1, 1), "the file nests too deeply to be read")
        return None
    if node is None:
        diagnostics.error("empty-file", Span(file, 1, 1), "the file holds no data")
        return None
    reader = _Reader(text, file, lines, diagnostics)
    try:
        reader.parsed.data = reader.value(node, (), flow=False)
    except _TooBig as error:
        span = lines.span(file, error.node.start_mark.index)
        diagnostics.error("yaml-too-big", span, str(error), help="write it out with fewer aliases, or in several files")
        return None
    return reader.parsed


class _Reader:
    """Builds plain data from composed nodes; one for each document."""

    def __init__(self, text: str, file: str, lines: Lines, diagnostics: Diagnostics) -> None:
        self.parsed = Parsed()
        self._text = text
        self._file = file
        self._lines = lines
        self._diagnostics = diagnostics
        self._count = 0

    def value(self, node: Node, path: Path, flow: bool) -> object:
        """The data of a node, which is recorded at `path`."""
        self._count += 1
        if self._count > MAX_VALUES:
            raise _TooBig(node, f"the file expands to more than {MAX_VALUES} values")
        if len(path) > MAX_DEPTH:
            raise _TooBig(node, f"the file nests deeper than {MAX_DEPTH} levels, or an alias contains itself")
        self._refuse_tag(node)
        self.parsed.marks[path] = self._mark(node, flow)
        if isinstance(node, MappingNode):
            return self._mapping(node, path, flow or bool(node.flow_style))
        if isinstance(node, SequenceNode):
            inside = flow or bool(node.flow_style)
            return [self.value(item, (*path, index), inside) for index, item in enumerate(node.value)]
        assert isinstance(node, ScalarNode)
        return self._scalar(node, flow)

    def _mapping(self, node: MappingNode, path: Path, flow: bool) -> dict[str, object]:
        data: dict[str, object] = {}
        expressions = False
        for key, item in node.value:
            name = self._key(key, flow)
            if name is None:
                continue
            here = (*path, name)
            if name in data:
                first = self._span(self.parsed.keys[here])
                label = Label(first, "first written here")
                message = f'the key "{name}" is written twice in one mapping'
                self._diagnostics.error("yaml-duplicate-key", self._node_span(key), message, labels=[label])
                continue
            self.parsed.keys[here] = self._mark(key, flow)
            data[name] = self.value(item, here, flow)
            if _is_absent(item):
                # An absent value has no text of its own: what is said about it is said at its key.
                self.parsed.marks[here] = self._mark(key, flow)
                if flow and expressions:
                    self._flow_cut(key)
            expressions = expressions or _is_plain_expression(item)
        return data

    def _key(self, node: Node, flow: bool) -> str | None:
        """The text of a key; nothing when it is not text."""
        if not isinstance(node, ScalarNode):
            template = self._text.startswith("{{", max(node.start_mark.index - 1, 0))
            code, help = ("yaml-unquoted-template", 'quote it: "{{ ... }}"') if template else ("yaml-key", None)
            message = "a template outside quotes is read as nested mappings" if template else "a key must be text"
            self._diagnostics.error(code, self._node_span(node), message, help=help)
            return None
        self._refuse_tag(node)
        if node.value == "<<" and not node.style:
            message = "merge keys are not supported"
            self._diagnostics.error("yaml-merge-key", self._node_span(node), message, help="write the members out")
            return None
        if not node.style and not isinstance(_plain(node), str):
            message = f"the key {node.value or '(nothing)'} is not text"
            self._diagnostics.error("yaml-key", self._node_span(node), message, help=f'quote it: "{node.value}"')
            return None
        if not node.style and node.value.startswith("=") and not flow:
            message = 'a ": " inside this expression makes YAML read it as a key'
            self._diagnostics.error("yaml-cut-expression", self._node_span(node), message, help="quote the expression")
            return None
        if flow and node.value.startswith("$"):
            message = f'"{node.value}" stands in a mapping written with {{ }}'
            help = "write mappings with $words in lines, one member below the other"
            self._diagnostics.error("yaml-flow-word", self._node_span(node), message, help=help)
        return str(node.value)

    def _scalar(self, node: ScalarNode, flow: bool) -> object:
        text = str(node.value)
        if node.style:
            return text
        if text.startswith("="):
            self._refuse_cut_expression(node, flow)
            return text
        try:
            value = read_scalar(text)
        except TooLarge:
            message = f"the number {text[:20]}… is too large" if len(text) > 20 else f"the number {text} is too large"
            self._diagnostics.error("yaml-number", self._node_span(node), message, help="quote it if it is text")
            return text
        if remark := surprise(text):
            self._diagnostics.warning("yaml-surprise", self._node_span(node), remark[0], help=remark[1])
        return value

    def _refuse_cut_expression(self, node: ScalarNode, flow: bool) -> None:
        text = str(node.value)
        comment = _REST_OF_LINE.match(self._text, node.end_mark.index)
        if flow and (comment or not _is_balanced(text)):
            self._flow_cut(node)
        elif comment and not _is_balanced(text):
            message = 'a "#" after a space begins a comment and cuts this expression'
            self._diagnostics.error("yaml-cut-expression", self._node_span(node), message, help="quote the expression")

    def _flow_cut(self, node: Node) -> None:
        message = "inside { } and [ ] YAML cuts an expression at , [ ] { } and #"
        help = "quote the expression, or write the mapping in lines"
        self._diagnostics.error("yaml-flow-expression", self._node_span(node), message, help=help)

    def _refuse_tag(self, node: Node) -> None:
        properties = _PROPERTIES.match(self._text, node.start_mark.index)
        if properties and properties.group(1):
            start = properties.start(1)
            span = self._lines.span(self._file, start, len(properties.group(1)))
            message = f'"{properties.group(1)}" is read as a YAML tag; tags are not allowed'
            self._diagnostics.error("yaml-tag", span, message, help='quote a text that starts with "!"')

    def _mark(self, node: Node, flow: bool) -> Mark:
        start = node.start_mark.index
        anchor = _ANCHOR.match(self._text, start)
        scalar = isinstance(node, ScalarNode)
        style = str(node.style or "") if isinstance(node, ScalarNode) else ""
        return Mark(anchor.end() if anchor else start, node.end_mark.index, style, flow, scalar)

    def _node_span(self, node: Node) -> Span:
        return self._span(self._mark(node, flow=False))

    def _span(self, mark: Mark) -> Span:
        return self._lines.span(self._file, mark.start, mark.end - mark.start if mark.scalar else 1)


def _plain(node: ScalarNode) -> object:
    try:
        return read_scalar(str(node.value))
    except TooLarge:
        return None


def _is_absent(node: Node) -> bool:
    return isinstance(node, ScalarNode) and not node.style and node.value == ""


def _is_plain_expression(node: Node) -> bool:
    """Whether a node is an unquoted expression that looks whole, so that a cut shows only in what follows it."""
    if not isinstance(node, ScalarNode) or node.style:
        return False
    text = str(node.value)
    return text.startswith("=") and _is_balanced(text)


_PAIRS = {")": "(", "]": "[", "}": "{"}


def _is_balanced(text: str) -> bool:
    """Whether all brackets and quotes of an expression are closed."""
    open_brackets: list[str] = []
    quote = ""
    escaped = False
    for char in text:
        if quote:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == quote:
                quote = ""
        elif char in "'\"`":
            quote = char
        elif char in "([{":
            open_brackets.append(char)
        elif char in _PAIRS and (not open_brackets or open_brackets.pop() != _PAIRS[char]):
            return False
    return not open_brackets and not quote
