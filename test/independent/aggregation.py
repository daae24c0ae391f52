"""docs/training.md, section 8, step 5: buckets, rules and servers."""
import struct
from array import array
from math import isfinite, sqrt

from binary32 import H, Random, sha256, u32
from formats import require

RULES = [
    "fedavg",
    "median",
    "trimmed-mean",
    "krum",
    "multi-krum",
    "geometric-median",
    "centred-clipping",
    "norm-clipping",
]
SERVERS = ["sgd", "adagrad", "adam", "yogi"]
STRETCH = 65_536
DEFAULT = {"hostile": 0.2, "clip": 0, "bucket": 1, "server": "sgd", "learningRate": 1, "momentum": 0, "beta2": 0, "tau": 0}


def settings_of(spec):
    """The settings of an `AggregationSpec` as numbers."""
    numbers = {k: spec[k] / 10**6 for k in ("hostile", "clip", "learningRate", "momentum", "beta2")}
    names = {"rule": RULES[spec["rule"]], "server": SERVERS[spec["server"]]}
    return numbers | names | {"bucket": spec["bucket"], "tau": spec["tau"] / 10**9}


def bucket_seed(seed, round_, before):
    return H("poml/update-buckets/v1", seed, u32(round_), before)


def added(values):
    """From 0 and in order; `sum` of newer Pythons rounds in another way."""
    total = 0.0
    for value in values:
        total += value
    return total


def median(values):
    values, k = sorted(values), len(values)
    return (values[(k - 1) // 2] + values[k // 2]) / 2 if k else 0.0


def in_buckets(updates, size, seed):
    if size == 1:
        return updates
    order = Random(seed).shuffle(list(range(len(updates))))
    means = []
    for at in range(0, len(order), size):
        members = [updates[i] for i in sorted(order[at : at + size])]
        total, mean = sum(n for n, _ in members), [0.0] * len(members[0][1])
        for n, delta in members:
            weight = n / total if total else 1 / len(members)
            mean = [m + weight * d for m, d in zip(mean, delta)]
        means.append((total, mean))
    return means


class Cohort:
    """Of changes, the last one the centre."""

    def __init__(self, updates, centre, lengths):
        vectors = [delta for _, delta in updates] + [centre]
        total = sum(n for n, _ in updates)
        self.size, self.lengths = len(updates), lengths
        self.shares = [n / total if total else 1 / len(updates) for n, _ in updates]
        self.dots = [[self.product(vectors[min(i, j)], vectors[max(i, j)]) for j in range(len(vectors))] for i in range(len(vectors))]

    @staticmethod
    def product(a, b):
        return added(added(x * y for x, y in zip(a[at : at + STRETCH], b[at : at + STRETCH])) for at in range(0, len(a), STRETCH))

    def length(self, i):
        return sqrt(max(0, self.dots[i][i]))

    def median_length(self):
        return median([self.length(i) for i in range(self.size)])

    def distances(self, point):
        products = [added(w * dot for w, dot in zip(point, row) if w) for row in self.dots]
        square = added(w * p for w, p in zip(point, products))
        return [sqrt(max(0, square - 2 * products[i] + self.dots[i][i])) for i in range(self.size)]

    def ranked(self, hostile):
        n, d = self.size, self.dots
        f = max(0, min(int(hostile * n), (n - 3) // 2))
        scores = []
        for i in range(n):
            others = sorted(max(0, d[i][i] - 2 * d[i][j] + d[j][j]) for j in range(n) if j != i)
            scores.append(added(others[: max(1, n - f - 2)]))
        return sorted(range(n), key=lambda i: (scores[i], i)), f

    def only(self, chosen):
        total = added(self.shares[i] for i in chosen)
        return [(self.shares[i] / total if total else 1 / len(chosen)) if i in chosen else 0 for i in range(self.size)] + [0]


def krum(cohort, settings):
    return cohort.only(cohort.ranked(settings["hostile"])[0][:1])


def multi_krum(cohort, settings):
    order, f = cohort.ranked(settings["hostile"])
    return cohort.only(order[: cohort.size - f])


def geometric_median(cohort, _):
    weights, least = list(cohort.shares), None
    for _ in range(8):
        distances = cohort.distances(weights + [0])
        least = 1e-6 * median(distances) if least is None else least
        if least == 0:
            break
        pulls = [share / max(least, far) for share, far in zip(cohort.shares, distances)]
        total = added(pulls)
        weights = [pull / total for pull in pulls]
    return weights + [0]


def centred_clipping(cohort, settings):
    limit = settings["clip"] or 2 * median(cohort.lengths or [cohort.median_length()])
    point = [0] * cohort.size + [1]
    for _ in range(3):
        pulls = [share * (1 if far <= limit else limit / far) for share, far in zip(cohort.shares, cohort.distances(point))]
        moved = added(pulls)
        point = [weight * (1 - moved) + pull for weight, pull in zip(point, pulls + [0])]
    return point


def norm_clipping(cohort, settings):
    limit = settings["clip"] or cohort.median_length()
    lengths = [cohort.length(i) for i in range(cohort.size)]
    return [share if far <= limit else share * limit / far for share, far in zip(cohort.shares, lengths)] + [0]


WEIGHINGS = {
    "krum": krum,
    "multi-krum": multi_krum,
    "geometric-median": geometric_median,
    "centred-clipping": centred_clipping,
    "norm-clipping": norm_clipping,
}


def by_value(settings, updates, i):
    own = sorted(delta[i] for _, delta in updates)
    k = len(own)
    if settings["rule"] == "median":
        return (own[(k - 1) // 2] + own[k // 2]) / 2
    if settings["rule"] == "trimmed-mean":
        t = int(k * settings["hostile"])
        return added(own[t : k - t]) / (k - 2 * t)
    total = sum(n for n, _ in updates)
    return added((n if total else 1) * delta[i] for n, delta in updates) / (total or k)


def stepped(settings, change, vectors):
    """@returns what is added to each parameter; `vectors` move on"""
    server, rate, beta = settings["server"], settings["learningRate"], settings["momentum"]
    if server == "sgd":
        if beta:
            vectors[0][:] = array("f", [beta * v + c for v, c in zip(vectors[0], change)])
            change = vectors[0]
        return [rate * c for c in change]
    mean, seen, beta2, tau = *vectors, settings["beta2"], settings["tau"]
    for i, c in enumerate(change):
        mean[i] = beta * mean[i] + (1 - beta) * c
        v, square = seen[i], c * c
        if server == "adagrad":
            seen[i] = v + square
        elif server == "adam":
            seen[i] = beta2 * v + (1 - beta2) * square
        else:
            sign = (v > square) - (v < square)
            seen[i] = v - (1 - beta2) * square * sign
    return [rate * m / (sqrt(v) + tau) for m, v in zip(mean, seen)]


def initial(settings):
    """What each vector that is kept holds in the first round."""
    centre = [0] if settings["rule"] == "centred-clipping" else []
    if settings["server"] != "sgd":
        return centre + [0, settings["tau"] * settings["tau"]]
    return centre + ([0] if settings["momentum"] else [])


def merged(settings, start, updates, seed=bytes(32), kept=None):
    """`updates`: (node, samples, delta). @returns the next parameters, and the vectors and lengths that are kept"""
    inputs = in_buckets([u[1:] for u in sorted(updates, key=lambda u: u[0])], settings["bucket"], seed)
    vectors, lengths = kept or ([array("f", [value]) * len(start) for value in initial(settings)], [])
    rule, is_centred = settings["rule"], settings["rule"] == "centred-clipping"
    if rule in WEIGHINGS:
        centre = vectors[0] if is_centred else [0.0] * len(start)
        cohort = Cohort(inputs, centre, lengths)
        *weights, before = WEIGHINGS[rule](cohort, settings)
        terms = [(before, centre)] + [(weight, delta) for weight, (_, delta) in zip(weights, inputs)]
        change = [0.0] * len(start)
        for weight, values in terms:
            if weight:
                change = [c + weight * v for c, v in zip(change, values)]
        if is_centred:
            lengths = (lengths + [cohort.median_length()])[-3:]
            vectors[0] = array("f", change)
    else:
        change = [by_value(settings, inputs, i) for i in range(len(start))]
    moves = stepped(settings, change, vectors[1:] if is_centred else vectors)
    following = array("f", [value + move for value, move in zip(start, moves)])
    require(all(isfinite(v) for values in (following, *vectors) for v in values), "merged values are not finite")
    return following, (vectors, lengths)


def state_hash_of(kept):
    """`serverState`: zeros where nothing is kept."""
    vectors, lengths = kept
    if not vectors:
        return bytes(32)
    count = len(vectors[0])
    data = b"PMLA" + bytes([1, len(vectors), 0, 0]) + u32(count)
    for at in range(0, count, STRETCH):
        data += b"".join(vector[at : at + STRETCH].tobytes() for vector in vectors)
    nan = bytes.fromhex("000000000000f87f")
    return sha256(data + b"".join(struct.pack("<d", one) for one in lengths) + nan * (3 - len(lengths)))
