"""Draws by weight and of segments, docs/protocol.md sections 6 and 7, over test/vectors/chain.json."""
from binary32 import H, u32


def half(seed, tag, i):
    at = 16 * (i % 2)
    return int.from_bytes(H(tag, seed, u32(i // 2))[at : at + 16], "big")


def small(seed, tag, i):
    at = 6 * (i % 5)
    return int.from_bytes(H(tag, seed, u32(i // 5))[at : at + 6], "little")


def order(seed, tag, weights):
    left = [(position, weight) for position, weight in enumerate(weights) if weight > 0]
    drawn = []
    while left:
        ticket = half(seed, tag, len(drawn)) % sum(weight for _, weight in left)
        for one in left:
            if ticket < one[1]:
                break
            ticket -= one[1]
        left.remove(one)
        drawn.append(one[0])
    return drawn


def segments(seed, lanes, verifiers, each):
    """of each verifier its places in drawn order, as (lane, segment)"""
    places = [(lane, segment) for lane, count in enumerate(lanes) for segment in range(count)]
    given, drawn = set(), []
    for i in range(verifiers):
        own = []
        for j in range(each):
            start = small(seed, "poml/verified-segment/v1", i * each + j) % len(places)
            turned = places[start:] + places[:start]
            free = [place for place in turned if place not in given]
            apart = [(lane, at) for lane, at in free if (lane, at - 1) not in own and (lane, at + 1) not in own]
            place = (apart or free or [place for place in turned if place not in own])[0]
            given.add(place)
            own.append(place)
        drawn.append(own)
    return drawn
