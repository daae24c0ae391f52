"""Searches: units, claims and what is committed to of them, from docs/protocol.md alone."""
from decimal import ROUND_CEILING, Decimal, localcontext
from hashlib import sha256 as library_sha256

import ssz
from binary32 import H, u32
from formats import leaf_digest, tree_root


def u64(value):
    return value.to_bytes(8, "little")


def bounds(order, unit):
    first = order["from"] + (unit << order["unitBits"])
    return first, min(first + (1 << order["unitBits"]), order["to"])


def unit_count(order):
    return -(-(order["to"] - order["from"]) // (1 << order["unitBits"]))


def ordered_units(order):
    return -(-unit_count(order) * (100 + order["redundancy"]) // 100)


def digest(order, nonce):
    endian = ("little", "big")[order["endian"]]
    return library_sha256(order["prefix"] + nonce.to_bytes(order["nonceBytes"], endian) + order["suffix"]).digest()


def searched(order, unit):
    """(unit, nonce of the smallest digest, running digest, smallest digest as a share of what is usual)"""
    first, end = bounds(order, unit)
    digests = [digest(order, nonce) for nonce in range(first, end)]
    running = 0
    for one in digests:
        running ^= int.from_bytes(one[:8], "big")
    smallest = min(digests)
    share = min((end - first) * int.from_bytes(smallest, "big") >> 224, 1 << 44)
    return unit, first + digests.index(smallest), running.to_bytes(8, "big"), share


def is_alarm(units, share):
    """share: sum over so many units. The lines are worked out here with 60 digits, not copied."""
    with localcontext() as context:
        context.prec = 60
        for bit in range(1, 7):
            scale = Decimal(2 ** (32 + bit))
            slope = (-(1 - Decimal(1) / 2**bit).ln() * scale).to_integral_value(ROUND_CEILING)
            height = (Decimal(6_000_000).ln() * scale).to_integral_value(ROUND_CEILING)
            if share >= units * slope + height:
                return True
    return False


def round_base(job, round_, progress):
    return H("poml/search-round/v1", job, u32(round_), ssz.root("SearchProgress", progress))


def segments(units):
    count = min(64, units)
    return [(i * units // count, (i + 1) * units // count) for i in range(count)]


def claim_leaves(job, round_, key, base, claim):
    leaves = [base]
    for segment, (first, end) in enumerate(segments(len(claim))):
        parts = [u64(unit) + u64(nonce) + running for unit, nonce, running, _ in claim[first:end]]
        leaves.append(H("poml/search-segment/v1", job, u32(round_), key, u32(segment), *parts))
    return leaves


def claim_root(leaves):
    return tree_root([leaf_digest(leaf) for leaf in leaves])
