"""SSZ with the types that docs/protocol.md declares: its ```ssz blocks are read, not copied."""
import re
from pathlib import Path

from binary32 import sha256

UNIONS = ("Payload", "Proof", "JobWork", "JobProgress", "RoundGain")
DOCS = Path(__file__).resolve().parents[2] / "docs" / "protocol.md"


def declared():
    text = DOCS.read_text("utf-8")
    types = {}
    for block in re.findall(r"```ssz\n(.*?)```", text, re.S):
        for line in re.sub(r"\n\s+", " ", block).strip().split("\n"):
            name, fields = line.split(": ", 1)
            types[name] = [field.split(" ", 1) for field in fields.strip().split(", ")]
    for name in UNIONS:
        found = re.search(rf"`{name}` is an SSZ union;\s+the\s+selector\s+is\s+the\s+position\s+in:\s+([a-z,\s-]+)\.", text)
        types[name] = ["".join(w.title() for w in n.split("-")) for n in re.split(r",\s+", found[1])]
    return types


TYPES = declared()


def limit_of(kind):
    base, _, power = kind.rpartition("≤")[2].partition("^")
    return int(base) ** int(power or 1)


def fixed_size(kind):
    """Bytes of a value, or None where they vary."""
    if kind[0] == "u" and kind[1:].isdigit():
        return int(kind[1:]) // 8
    if kind[0] == "B" and kind[1:].isdigit():
        return int(kind[1:])
    if kind.startswith(("bytes≤", "[")) or kind in UNIONS:
        return None
    sizes = [fixed_size(field) for _, field in TYPES[kind]]
    return None if None in sizes else sum(sizes)


def parts(kinds, data):
    """The bytes of each of several values; offsets must leave no gap."""
    sizes, at, fixed, offsets = [fixed_size(kind) for kind in kinds], 0, [], []
    for size in sizes:
        width = 4 if size is None else size
        piece = data[at : at + width]
        require(len(piece) == width, "too short")
        fixed.append(piece)
        at += width
        if size is None:
            offsets.append(int.from_bytes(piece, "little"))
    require(not offsets and at == len(data) or offsets and offsets[0] == at, "wrong offset or length")
    ends = iter(zip(offsets, offsets[1:] + [len(data)]))
    for size, piece in zip(sizes, fixed):
        if size is not None:
            yield piece
            continue
        start, end = next(ends)
        require(start <= end <= len(data), "wrong offset")
        yield data[start:end]


def decode(kind, data):
    if kind[0] == "u" and kind[1:].isdigit():
        require(len(data) == int(kind[1:]) // 8, "wrong length")
        return int.from_bytes(data, "little")
    if kind[0] == "B" and kind[1:].isdigit() or kind.startswith("bytes≤"):
        require(len(data) == fixed_size(kind) if kind[0] == "B" else len(data) <= limit_of(kind), "wrong length")
        return data
    if kind[0] == "[":
        inner = kind[1 : kind.rindex("]")]
        size = fixed_size(inner)
        if size is None:
            count = int.from_bytes(data[:4], "little") // 4 if data else 0
        else:
            count = len(data) // size
        require(count <= limit_of(kind), "too long a list")
        return [decode(inner, piece) for piece in parts([inner] * count, data)]
    if kind in UNIONS:
        return data[0], decode(TYPES[kind][data[0]], data[1:])
    fields = TYPES[kind]
    return {name: decode(inner, piece) for (name, inner), piece in zip(fields, parts([k for _, k in fields], data))}


def require(holds, reason):
    if not holds:
        raise ValueError("SSZ: " + reason)


ZEROS = [bytes(32)]
while len(ZEROS) < 64:
    ZEROS.append(sha256(ZEROS[-1] * 2))


def depth_of(limit):
    return max(limit - 1, 0).bit_length()


def merkleize(chunks, limit):
    for depth in range(depth_of(limit)):
        if len(chunks) % 2:
            chunks = chunks + [ZEROS[depth]]
        chunks = [sha256(chunks[i], chunks[i + 1]) for i in range(0, len(chunks), 2)]
    return chunks[0] if chunks else ZEROS[depth_of(limit)]


def packed(data):
    data += bytes(-len(data) % 32)
    return [data[i : i + 32] for i in range(0, len(data), 32)]


def root(kind, value):
    if kind[0] == "u" and kind[1:].isdigit():
        return value.to_bytes(32, "little")
    if kind[0] == "B" and kind[1:].isdigit():
        return merkleize(packed(value), -(-len(value) // 32))
    if kind.startswith("bytes≤"):
        return with_length(merkleize(packed(value), -(-limit_of(kind) // 32)), len(value))
    if kind[0] == "[":
        inner, limit = kind[1 : kind.rindex("]")], limit_of(kind)
        if inner[0] == "u" and inner[1:].isdigit():
            size = int(inner[1:]) // 8
            chunks = packed(b"".join(v.to_bytes(size, "little") for v in value))
            limit = -(-limit * size // 32)
        else:
            chunks = [root(inner, v) for v in value]
        return with_length(merkleize(chunks, limit), len(value))
    if kind in UNIONS:
        selector, inner = value
        return sha256(root(TYPES[kind][selector], inner), selector.to_bytes(32, "little"))
    fields = TYPES[kind]
    return merkleize([root(inner, value[name]) for name, inner in fields], len(fields))


def with_length(merkle_root, length):
    return sha256(merkle_root, length.to_bytes(32, "little"))


def place_in_state(name, index):
    """Generalized index of an element of a list of StateTree, and of the list's root."""
    names = [field for field, _ in TYPES["StateTree"]]
    at = 2 ** depth_of(len(names)) + names.index(name)
    if index is None:
        return at
    limit = limit_of(TYPES["StateTree"][names.index(name)][1])
    require(index < limit, "past the list's limit")
    return at * 2 * 2 ** depth_of(limit) + index


def folds_to(leaf, place, path, expected):
    node = leaf
    for sibling in path:
        node = sha256(sibling, node) if place % 2 else sha256(node, sibling)
        place //= 2
    return place == 1 and node == expected
