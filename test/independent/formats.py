"""docs/training.md: canonical JSON, datasets, states, updates, and the tree over a run's states."""
import json
from array import array
from math import isfinite, prod

from binary32 import H, f, floats, scaled, sha256, u32


def require(holds, reason):
    if not holds:
        raise ValueError(reason)


def number_text(value):
    """As ECMAScript writes a number (RFC 8785)."""
    if isinstance(value, int) and abs(value) < 10**21:
        return str(value)
    value = float(value)
    if value == 0:
        return "0"
    sign, digits, exponent = "-" if value < 0 else "", *decimal_digits(abs(value))
    point = len(digits) + exponent
    if 0 < point <= 21:
        text = digits + "0" * exponent if exponent >= 0 else digits[:point] + "." + digits[point:]
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        text = digits[0] + ("." + digits[1:] if digits[1:] else "") + f"e{point - 1:+d}"
    return sign + text


def decimal_digits(value):
    """Shortest digits that read back as the value, and the power of ten of the last one."""
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, part = mantissa.partition(".")
    part = "" if part == "0" else part
    digits, power = (whole + part).lstrip("0"), int(exponent or 0) - len(part)
    short = digits.rstrip("0")
    return short, power + len(digits) - len(short)


def canonical(value):
    """Text of RFC 8785."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return number_text(value)


def read_json(data):
    """Refuses what a reader could take in two ways."""

    def pairs(items):
        require(len(dict(items)) == len(items), "JSON: a key stands twice")
        return dict(items)

    def refuse(text):
        raise ValueError(f"JSON: {text} is no number")

    return json.loads(data.decode("utf-8"), object_pairs_hook=pairs, parse_constant=refuse)


def read_canonical(data):
    value = read_json(data)
    require(canonical(value).encode() == data, "this JSON is not in its canonical form")
    return value


def read_chunk(manifest, entry, data):
    """@returns rows: inputs as binary32, and labels"""
    require(len(data) == entry["bytes"] and sha256(data).hex() == entry["sha256"], "not the chunk of the manifest")
    size, classes, rows = prod(manifest["shape"]), len(manifest["classes"]), entry["rows"]
    width, kind = (1 if classes <= 256 else 2), {"uint8": 1, "float32": 2}[manifest["dtype"]]
    require(data[:8] == b"PMLD" + bytes([1, kind, width, 0]), "head of the chunk")
    require(data[8:16] == u32(rows) + u32(size), "size of the chunk")
    end = 16 + rows * size * (1 if kind == 1 else 4)
    require(len(data) == end + rows * width, "length of the chunk")
    features = scaled(data[16:end], f(manifest["scale"])) if kind == 1 else floats(data[16:end])
    labels = [int.from_bytes(data[end + i * width : end + (i + 1) * width], "little") for i in range(rows)]
    require(all(map(isfinite, features)) and max(labels) < classes, "values of the chunk")
    return [features[i * size : i * size + size] for i in range(rows)], labels


def state_hash(parameters_hash, optimizer_hash):
    return H("poml/training-state/v1", parameters_hash, optimizer_hash)


def leaf_digest(hash_):
    return sha256(b"\0", hash_)


def tree_root(digests):
    while len(digests) > 1:
        pairs = [digests[i : i + 2] for i in range(0, len(digests), 2)]
        digests = [sha256(b"\1", *pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return digests[0]


def encode_state(parameters, optimizer_values):
    head = b"PMLS" + u32(1) + u32(len(parameters)) + u32(len(optimizer_values))
    return head + parameters.tobytes() + optimizer_values.tobytes()


def encode_update(node, round_, samples, parameters, optimizer_hash, digests):
    head = b"PMLU" + bytes([3, 1]) + len(digests).to_bytes(2, "little")
    head += b"".join(map(u32, (len(parameters), samples, node, round_)))
    return head + optimizer_hash + b"".join(digests) + array("f", parameters).tobytes()


def decode_update(data, parameter_count):
    count = int.from_bytes(data[6:8], "little")
    require(data[:6] == b"PMLU" + bytes([3, 1]) and 2 <= count <= 17, "head of the update")
    n, samples, node, round_ = (int.from_bytes(data[at : at + 4], "little") for at in (8, 12, 16, 20))
    require(n == parameter_count and len(data) == 56 + 32 * count + 4 * n, "size of the update")
    digests = [data[56 + 32 * i : 88 + 32 * i] for i in range(count)]
    parameters = floats(data[56 + 32 * count :])
    require(all(map(isfinite, parameters)), "values of the update")
    return {"samples": samples, "node": node, "round": round_, "parameters": parameters,
            "optimizer_hash": data[24:56], "digests": digests}  # fmt: skip
