"""Convolutions and pooling, docs/exact-engine.md."""
from array import array

from binary32 import add, mul, scaled, zeros
from products import accumulate, product, product_back, product_gradient


class Windows:
    def rows(self, op, sample):
        if op.kind == "dense":
            return [sample[i : i + op.k] for i in range(0, len(sample), op.k)]
        c, nothing = op.window.channels, zeros(op.window.channels)
        return [
            array("f", [v for p in taps for v in (nothing if p is None else sample[p * c : p * c + c])])
            for taps in op.window.pixels
        ]

    def f_dense(self, op, x):
        rows = [self.rows(op, sample) for sample in x]
        y = [array("f") for _ in x]
        for out, sample in zip(y, rows):
            for v in sample:
                out.extend(product(v, self.w, len(v), op.n, op.kernel, op.n, op.bias))
        return y, rows

    def weights_back(self, op, d, rows):
        for sample, ds in zip(rows, d):
            for i, v in enumerate(sample):
                own = ds[i * op.n : i * op.n + op.n]
                product_gradient(self.g, v, own, op.kernel, op.n)
                if op.bias is not None:
                    accumulate(self.g, op.bias, own)

    def b_dense(self, op, d, rows, x):
        self.weights_back(op, d, rows)
        if op.inputs[0] < 0:
            return []
        dx = [array("f") for _ in x]
        for out, ds in zip(dx, d):
            for i in range(0, len(ds), op.n):
                out.extend(product_back(ds[i : i + op.n], self.w, op.k, op.n, op.kernel, op.n))
        return [dx]

    f_conv = f_dense

    def windows_over(self, op):
        """of every pixel: taps from last to first with the position whose window they lie in"""
        over = [[] for _ in range(op.window.image[0] * op.window.image[1])]
        for position, taps in enumerate(op.window.pixels):
            for tap, p in enumerate(taps):
                if p is not None:
                    over[p].append((-tap, position))
        return [[(-tap, position) for tap, position in sorted(pairs)] for pairs in over]

    def b_conv(self, op, d, rows, x):
        self.weights_back(op, d, rows)
        if op.inputs[0] < 0:
            return []
        c, n, dx = op.window.channels, op.n, []
        over, taps = self.windows_over(op), range(len(op.window.pixels[0]))
        starts = [op.kernel + tap * c * n for tap in taps]
        columns = [[self.w[at + j : at + j + (c - 1) * n + 1 : n] for j in range(n)] for at in starts]
        for ds in d:
            out = array("f")
            for pairs in over:
                sums = zeros(c)
                for tap, position in pairs:
                    for j, column in enumerate(columns[tap]):
                        sums = add(sums, scaled(column, ds[position * n + j]))
                out.extend(sums)
            dx.append(out)
        return [dx]

    def f_depthwise(self, op, x):
        c, y = op.window.channels, []
        for sample in x:
            out = array("f")
            for taps in op.window.pixels:
                sums = zeros(op.n)
                for tap, p in enumerate(taps):
                    if p is not None:
                        at = op.kernel + tap * op.n
                        v = array("f", [u for u in sample[p * c : p * c + c] for _ in range(op.m)])
                        sums = add(sums, mul(v, self.w[at : at + op.n]))
                out.extend(sums if op.bias is None else add(sums, self.w[op.bias : op.bias + op.n]))
            y.append(out)
        return y, None

    def b_depthwise(self, op, d, _, x):
        c, n, m, dx = op.window.channels, op.n, op.m, []
        over = self.windows_over(op)
        for sample, ds in zip(x, d):
            for position, taps in enumerate(op.window.pixels):
                own = ds[position * n : position * n + n]
                for tap, p in enumerate(taps):
                    if p is not None:
                        v = array("f", [u for u in sample[p * c : p * c + c] for _ in range(m)])
                        accumulate(self.g, op.kernel + tap * n, mul(v, own))
                if op.bias is not None:
                    accumulate(self.g, op.bias, own)
            out = array("f")
            for pairs in over:
                sums = zeros(c)
                for tap, position in pairs:
                    for j in range(m):
                        own = ds[position * n + j : position * n + n : m]
                        at = op.kernel + tap * n
                        sums = add(sums, mul(own, self.w[at + j : at + n : m]))
                out.extend(sums)
            dx.append(out)
        return [dx]

    def f_max(self, op, x):
        c, y, winners = op.window.channels, [], []
        for sample in x:
            places = [
                max([p * c + i for p in taps if p is not None], key=lambda at: (sample[at], -at))
                for taps in op.window.pixels for i in range(c)
            ]  # fmt: skip
            winners.append(places)
            y.append(array("f", [sample[at] for at in places]))
        return y, winners

    def b_max(self, op, d, winners, x):
        dx = [zeros(len(sample)) for sample in x]
        for out, ds, places in zip(dx, d, winners):
            for v, at in zip(ds, places):
                out[at] += v
        return [dx]

    def f_average(self, op, x):
        c, y = op.window.channels, []
        for sample in x:
            out = array("f")
            for taps in op.window.pixels:
                inside = [p for p in taps if p is not None]
                sums = zeros(c)
                for p in inside:
                    sums = add(sums, sample[p * c : p * c + c])
                out.extend([v / len(inside) for v in sums])
            y.append(out)
        return y, None

    def b_average(self, op, d, _, x):
        c, dx = op.window.channels, [zeros(len(sample)) for sample in x]
        for out, ds in zip(dx, d):
            for position, taps in enumerate(op.window.pixels):
                inside = [p for p in taps if p is not None]
                share = array("f", [v / len(inside) for v in ds[position * c : position * c + c]])
                for p in inside:
                    accumulate(out, p * c, share)
        return [dx]
