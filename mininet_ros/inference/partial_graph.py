"""Reduction of an ONNX graph to what its first output needs.

ONNX Runtime computes every output of a graph, whether it is requested or not. This module cuts the
file by the few protobuf fields that matter. The ``onnx`` package would cost a robot 20 MB of memory
and start-up time.

Source of the field numbers: ``onnx.proto`` of ONNX 1.19. Field numbers in protobuf never change.
"""

from __future__ import annotations

from collections.abc import Iterator

# Field numbers of ModelProto, GraphProto, NodeProto, and both TensorProto and ValueInfoProto.
MODEL_GRAPH = 7
GRAPH_NODE, GRAPH_INITIALIZER, GRAPH_OUTPUT, GRAPH_VALUE_INFO = 1, 5, 12, 13
NODE_INPUT, NODE_OUTPUT, NODE_KIND = 1, 2, 4
TENSOR_NAME, VALUE_NAME = 8, 1
# Subgraphs of these nodes may read values that are not inputs of the node.
CONTROL_FLOW = frozenset({b"If", b"Loop", b"Scan"})
VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES = 0, 1, 2, 5

# Field number, bytes of the field with number and length, and content if it has a length.
Field = tuple[int, bytes, bytes]


def with_first_output(model: bytes) -> bytes:
    """Return an ONNX file with only its first output and the nodes and weights for it.

    A graph with control flow keeps all nodes.

    Args:
        model: content of the file.

    Raises:
        ValueError: the content is not an ONNX file.
    """
    parts = []
    for number, whole, content in fields(model):
        parts.append(_with_length(number, _cut(content)) if number == MODEL_GRAPH else whole)
    return b"".join(parts)


def _cut(graph: bytes) -> bytes:
    parts = list(fields(graph))
    nodes = [(whole, *_ends(content)) for number, whole, content in parts if number == GRAPH_NODE]
    controlled = any(kind in CONTROL_FLOW for _, _, _, kind in nodes)
    outputs = [_name(content, VALUE_NAME) for number, _, content in parts if number == GRAPH_OUTPUT]
    needed, kept = set(outputs[:1]), set()
    # Nodes are stored in topological order.
    for whole, taken, given, _ in reversed(nodes):
        if controlled or needed.intersection(given):
            needed.update(taken)
            kept.add(whole)

    def stays(number: int, whole: bytes, content: bytes) -> bool:
        if number == GRAPH_NODE:
            return whole in kept
        if number == GRAPH_OUTPUT:
            return _name(content, VALUE_NAME) == outputs[0]
        if number == GRAPH_VALUE_INFO:
            return controlled or _name(content, VALUE_NAME) in needed
        if number == GRAPH_INITIALIZER:
            return controlled or _name(content, TENSOR_NAME) in needed
        return True

    return b"".join(field[1] for field in parts if stays(*field))


def _ends(node: bytes) -> tuple[list[bytes], list[bytes], bytes]:
    """Return inputs, outputs and operator type of a node."""
    taken, given, kind = [], [], b""
    for number, _, content in fields(node):
        if number == NODE_INPUT:
            taken.append(content)
        elif number == NODE_OUTPUT:
            given.append(content)
        elif number == NODE_KIND:
            kind = content
    return taken, given, kind


def _name(message: bytes, field: int) -> bytes:
    return next((content for number, _, content in fields(message) if number == field), b"")


def fields(message: bytes) -> Iterator[Field]:
    """Yield the fields of a message in order.

    Raises:
        ValueError: the bytes are not a protobuf message.
    """
    place = 0
    while place < len(message):
        begin = place
        key, place = _varint(message, place)
        kind, content = key & 7, b""
        if kind == VARINT:
            _, place = _varint(message, place)
        elif kind == LENGTH:
            length, place = _varint(message, place)
            content = message[place : place + length]
            place += length
        elif kind in (FOUR_BYTES, EIGHT_BYTES):
            place += 4 if kind == FOUR_BYTES else 8
        else:
            raise ValueError("this is no ONNX file")
        if place > len(message):
            raise ValueError("this ONNX file ends early")
        yield key >> 3, message[begin:place], content


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(message):
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
    raise ValueError("this ONNX file ends early")


def _with_length(number: int, content: bytes) -> bytes:
    return _as_varint(number << 3 | LENGTH) + _as_varint(len(content)) + content


def _as_varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])
