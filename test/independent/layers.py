"""docs/exact-engine.md: forward and back through a model, every operation rounded to binary32."""
from array import array

from activations import activate, slope
from binary32 import add, exp, f, mix, zeros
from normalisation import Normalisation
from products import accumulate
from recurrent import Recurrent
from windows import Windows


class Step(Windows, Normalisation, Recurrent):
    """Forward and back through a model for one batch: a list of samples, each a flat vector."""

    def __init__(self, model, w, dropout_seed=None):
        self.model, self.w, self.dropout_seed, self.dropouts = model, w, dropout_seed, 0
        self.g, self.y, self.kept = zeros(len(w)), [], []

    def forward(self, x):
        for op in self.model.ops:
            inputs = [x if i < 0 else self.y[i] for i in op.inputs]
            y, kept = getattr(self, "f_" + op.kind.lower())(op, *inputs)
            self.y.append(y)
            self.kept.append((inputs, kept))
        return self.y[-1]

    def backward(self, d, last):
        gradients = {last: d}
        for i in range(last, -1, -1):
            if i not in gradients:
                continue
            op, (inputs, kept) = self.model.ops[i], self.kept[i]
            back = getattr(self, "b_" + op.kind.lower())(op, gradients[i], kept, *inputs)
            for source, dx in zip(op.inputs, back):
                if source >= 0:
                    before = gradients.get(source)
                    gradients[source] = dx if before is None else [add(a, b) for a, b in zip(before, dx)]

    def f_activation(self, op, x):
        return [array("f", [activate(op.name, v, op.alpha) for v in sample]) for sample in x], len(self.y)

    def b_activation(self, op, d, place, x):
        if op.name == "relu":
            return [[array("f", [v if u > 0 else 0.0 for v, u in zip(*rows)]) for rows in zip(d, self.y[place])]]
        rows = zip(d, x, self.y[place])
        return [[array("f", [v * slope(op.name, a, b, op.alpha) for v, a, b in zip(*row)]) for row in rows]]

    def f_softmax(self, op, x):
        n, y = op.shape[-1], []
        for sample in x:
            out = array("f")
            for i in range(0, len(sample), n):
                top = max(sample[i : i + n])
                powers = [exp(f(v - top)) for v in sample[i : i + n]]
                total = 0.0
                for e in powers:
                    total = f(total + e)
                out.extend([e / total for e in powers])
            y.append(out)
        return y, y

    def b_softmax(self, op, d, y, x):
        n, dx = op.shape[-1], []
        for ds, ys in zip(d, y):
            out = array("f")
            for i in range(0, len(ds), n):
                total = 0.0
                for a, b in zip(ds[i : i + n], ys[i : i + n]):
                    total = f(total + f(a * b))
                out.extend([b * f(a - total) for a, b in zip(ds[i : i + n], ys[i : i + n])])
            dx.append(out)
        return [dx]

    def f_dropout(self, op, x):
        if self.dropout_seed is None:
            return x, None
        self.dropouts += 1
        start = mix(self.dropout_seed ^ (self.dropouts * 0x9E3779B9 & 0xFFFFFFFF))
        threshold, factor, i = int(op.rate * 2**32), f(1 / (1 - op.rate)), 0
        masks = []
        for sample in x:
            bits = [mix((start + (i + k) * 0x9E3779B9) & 0xFFFFFFFF) for k in range(len(sample))]
            masks.append([b >= threshold for b in bits])
            i += len(sample)
        return self.masked(x, masks, factor), (masks, factor)

    def masked(self, x, masks, factor):
        return [array("f", [v * factor if k else 0.0 for v, k in zip(*row)]) for row in zip(x, masks)]

    def b_dropout(self, op, d, kept, x):
        return [self.masked(d, *kept)]

    def f_add(self, op, first, *more):
        y = first
        for x in more:
            y = [add(a, b) for a, b in zip(y, x)]
        return y, None

    def b_add(self, op, d, _, *x):
        return [d] * len(x)

    def f_concat(self, op, *x):
        runs = len(x[0][0]) // op.parts[0]
        return [
            array("f", [v for r in range(runs) for s, n in zip(samples, op.parts) for v in s[r * n : r * n + n]])
            for samples in zip(*x)
        ], None

    def b_concat(self, op, d, _, *x):
        whole, at, back = sum(op.parts), 0, []
        for n in op.parts:
            back.append([array("f", [v for r in range(at, len(s), whole) for v in s[r : r + n]]) for s in d])
            at += n
        return back

    def row_of(self, op, v):
        return min(int(max(v, 0)), op.rows - 1)

    def f_embedding(self, op, x):
        places = [[op.kernel + self.row_of(op, v) * op.n for v in sample] for sample in x]
        return [array("f", [v for at in row for v in self.w[at : at + op.n]]) for row in places], places

    def b_embedding(self, op, d, places, x):
        for ds, row in zip(d, places):
            for i, at in enumerate(row):
                accumulate(self.g, at, ds[i * op.n : i * op.n + op.n])
        return []
