"""docs/exact-engine.md: losses, optimizers, and one training step."""
from array import array
from math import isfinite, prod, sqrt

from binary32 import add, f, ln, mul, scaled, sub, zeros
from layers import Step

TINY, CEILING = f(1e-7), f(0.9999999)
LOSSES = ["sparseCategoricalCrossentropy", "categoricalCrossentropy", "binaryCrossentropy"]
LOSSES += ["meanSquaredError", "meanAbsoluteError", "huber"]


def loss_of(loss, y, t):
    def information(p):
        return -ln(max(p, TINY))

    total = 0.0
    for a, b in zip(y, t):
        e = abs(a - b)
        if loss in LOSSES[:2]:
            total += b * information(a)
        elif loss == "binaryCrossentropy":
            total += b * information(a) + f(1 - b) * information(f(1 - min(a, CEILING)))
        elif loss == "meanSquaredError":
            total += (a - b) * (a - b)
        elif loss == "meanAbsoluteError":
            total += e
        else:
            total += e * e * 0.5 if e <= 1 else e - 0.5
    return total if loss in LOSSES[:2] else total / len(y)


def loss_gradient(loss, y, t):
    outputs = 1 if loss in LOSSES[:2] else len(y[0])
    s = f((2 if loss == "meanSquaredError" else 1) / (len(y) * outputs))
    bent = {"meanAbsoluteError": lambda e: (e > 0) - (e < 0), "huber": lambda e: min(max(e, -1), 1)}.get(loss, float)
    return [array("f", [bent(e) * s for e in sub(*row)]) for row in zip(y, t)]


class Trainer:
    """Parameters and what the optimizer remembers. `settings`: kind, learningRate, … of the specification."""

    def __init__(self, model, parameters, settings, loss="sparseCategoricalCrossentropy"):
        self.model, self.w, self.loss = model, array("f", parameters), loss
        self.set = {"momentum": 0, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7, "initialAccumulator": 0.1} | settings
        n, start = len(self.w), 0.0
        self.trained = [tensor for tensor in model.tensors if tensor[4]]
        arrays = {"sgd": 1 if self.set["momentum"] else 0, "adam": 2, "adagrad": 1}[self.set["kind"]]
        self.arrays = [zeros(n) for _ in range(arrays)]
        if self.set["kind"] == "adagrad":
            start = f(self.set["initialAccumulator"])
            for _, at, size in self.slices():
                self.arrays[0][at : at + size] = array("f", [start]) * size
        self.powers = array("f", [1, 1] if self.set["kind"] == "adam" else [])

    def slices(self):
        for _, shape, at, _, columns in self.trained:
            yield columns, at, prod(shape)

    def values(self):
        return array("f", [v for a in [*self.arrays, self.powers] for v in a])

    def targets(self, labels):
        n = self.model.outputs
        return [array("f", [label] if n == 1 else [float(i == label) for i in range(n)]) for label in labels]

    def step(self, x, t, dropout_seed):
        """@returns the mean loss of the batch"""
        run = Step(self.model, self.w, dropout_seed)
        y = run.forward(x)
        total = 0.0
        for row in zip(y, t):
            total += loss_of(self.loss, *row)
        if not isfinite(total):
            raise ArithmeticError("the run has diverged")
        last = len(self.model.ops) - 1
        if self.loss in LOSSES[:3]:
            (last,) = self.model.ops[last].inputs
        run.backward(loss_gradient(self.loss, y, t), last)
        self.update(run.g)
        return total / len(x)

    def evaluate(self, x, t, total=0.0):
        """@returns `total` plus the losses, and (label, predicted) of every row"""
        y, pairs = Step(self.model, self.w).forward(x), []
        for ys, ts in zip(y, t):
            total += loss_of(self.loss, ys, ts)
            one = len(ys) == 1
            pairs.append((int(ts[0]), int(ys[0] > 0.5)) if one else (max(range(len(ts)), key=lambda i: ts[i]), ys.index(max(ys))))
        return total, pairs

    def norm(self, g):
        sums = [0.0] * 8
        for columns, at, size in self.slices():
            stride, first = sum(columns), 0
            for width in columns:
                for block in range(0, width, 8):
                    for row in range(0, size, stride):
                        for lane in range(min(8, width - block)):
                            v = g[at + row + first + block + lane]
                            sums[lane] += v * v
                first += width
        total = sums[0]
        for s in sums[1:]:
            total += s
        return sqrt(total)

    def update(self, g):
        o, w = self.set, self.w
        if o.get("clipValue"):
            limit = f(o["clipValue"])
            g = array("f", [min(max(v, -limit), limit) for v in g])
        if o.get("clipNorm"):
            norm = self.norm(g)
            if norm > o["clipNorm"]:
                g = scaled(g, f(o["clipNorm"] / norm))
        rate, kind = f(o["learningRate"]), o["kind"]
        keep = f(1 - o["learningRate"] * o["weightDecay"]) if o.get("weightDecay") else None
        b1, b2, epsilon = f(o["beta1"]), f(o["beta2"]), f(o["epsilon"])
        if kind == "adam":
            self.powers = mul(self.powers, array("f", [b1, b2]))
            c1, c2 = (f(1 - p) for p in self.powers)
        for _, at, size in self.slices():
            here = slice(at, at + size)
            old, own = w[here], g[here]
            if keep is not None:
                old = scaled(old, keep)
            if kind == "adam":
                m = add(scaled(self.arrays[0][here], b1), scaled(own, f(1 - b1)))
                v = add(scaled(self.arrays[1][here], b2), scaled(mul(own, own), f(1 - b2)))
                self.arrays[0][here], self.arrays[1][here] = m, v
                change = [rate * f(f(a / c1) / f(f(sqrt(f(b / c2))) + epsilon)) for a, b in zip(m, v)]
            elif kind == "adagrad":
                a = add(self.arrays[0][here], mul(own, own))
                self.arrays[0][here] = a
                change = [f(rate * d) / f(sqrt(f(s + epsilon))) for d, s in zip(own, a)]
            else:
                if self.arrays:
                    own = add(scaled(self.arrays[0][here], f(o["momentum"])), own)
                    self.arrays[0][here] = own
                change = [rate * v for v in own]
            w[here] = sub(old, array("f", change))
