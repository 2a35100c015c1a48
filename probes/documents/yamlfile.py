"""What does a YAML text hold, on which line is what, and how is one written?

Plain data only (PyYAML's safe loader), and no key twice: YAML forbids it, PyYAML lets the last win.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml


class YamlError(Exception):
    """The text is no YAML of ours; `line` counts from 1, and is 0 where none is known."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True, slots=True)
class Document:
    """A text's value, and the nodes that it was made of."""

    value: object
    _root: yaml.Node | None

    def at(self, location: Sequence[int | str]) -> Any:  # noqa: ANN401 -- whatever YAML gave
        """Give the value at a location that is there."""
        value: Any = self.value
        for step in location:
            value = value[step]
        return value

    def line(self, location: Sequence[int | str]) -> int:
        """Find the line of a key, or of the innermost thing around it that is there."""
        node, line = self._root, 1
        for step in location:
            child = _child(node, step)
            if child is None:
                break
            line, node = child
        return line


def parse(text: str) -> Document:
    """Read one YAML document; an empty text holds None."""
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        value = None if root is None else loader.construct_document(root)
    except yaml.MarkedYAMLError as exc:
        raise YamlError(f"not YAML: {exc.problem}", _line(exc.problem_mark)) from exc
    except yaml.reader.ReaderError as exc:
        line = text.count("\n", 0, exc.position) + 1
        raise YamlError(f"not YAML: U+{exc.character:04X} is no character of a text", line) from exc
    except RecursionError as exc:
        raise YamlError("not a configuration: nested too deep") from exc
    if not (root is None or value is None or isinstance(root, yaml.MappingNode)):
        raise YamlError("should be a mapping of keys to values", _line(root.start_mark))
    return Document(value, root)


def dump(value: object) -> str:
    """Write plain data as YAML, keys in the order that they have."""
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=200)
    return text


class _Loader(yaml.SafeLoader):
    """Refuse a key that stands twice in one mapping."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:  # noqa: FBT001, FBT002 -- the base class's signature
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"the key {key.value!r} stands twice",
                    problem_mark=key.start_mark,
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _child(node: yaml.Node | None, step: int | str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        item = node.value[step]
        return _line(item.start_mark), item
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return _line(key.start_mark), value
    return None


def _line(mark: yaml.Mark | None) -> int:
    return mark.line + 1 if mark else 0
