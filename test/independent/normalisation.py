"""Batch and layer normalisation, docs/exact-engine.md."""
from array import array
from math import sqrt

from binary32 import add, f, mul, scaled, sub, zeros
from products import accumulate, cut, joined


class Normalisation:
    def affine(self, op, u):
        y = u if op.gamma is None else mul(u, self.w[op.gamma : op.gamma + op.n])
        return y if op.beta is None else add(y, self.w[op.beta : op.beta + op.n])

    def affine_back(self, op, u, d):
        """@returns G and B"""
        G, B = zeros(op.n), zeros(op.n)
        for us, ds in zip(u, d):
            G, B = add(G, mul(ds, us)), add(B, ds)
        if op.gamma is not None:
            accumulate(self.g, op.gamma, G)
        if op.beta is not None:
            accumulate(self.g, op.beta, B)
        return G, B

    def f_batchnorm(self, op, x):
        rows, n = cut(x, op.n), op.n
        moving = [self.w[at : at + n] for at in op.moving]
        mean, variance = moving
        if self.dropout_seed is not None:
            mean, variance = zeros(n), zeros(n)
            for row in rows:
                mean = add(mean, row)
            mean = array("f", [v / len(rows) for v in mean])
            for row in rows:
                e = sub(row, mean)
                variance = add(variance, mul(e, e))
            variance = array("f", [v / len(rows) for v in variance])
            keep = f(1 - op.momentum)
            for at, old, new in zip(op.moving, moving, (mean, variance)):
                self.w[at : at + n] = sub(old, scaled(sub(old, new), keep))
        inverse = array("f", [1 / f(sqrt(f(v + f(op.epsilon)))) for v in variance])
        u = [mul(sub(row, mean), inverse) for row in rows]
        return joined([self.affine(op, row) for row in u], x), (u, inverse)

    def b_batchnorm(self, op, d, kept, x):
        (u, inverse), rows = kept, cut(d, op.n)
        G, B = self.affine_back(op, u, rows)
        shift, tilt = [array("f", [v / len(rows) for v in total]) for total in (B, G)]
        factor = inverse if op.gamma is None else mul(inverse, self.w[op.gamma : op.gamma + op.n])
        return [joined([mul(sub(sub(ds, shift), mul(us, tilt)), factor) for ds, us in zip(rows, u)], x)]

    def f_layernorm(self, op, x):
        u, inverses = [], []
        for row in cut(x, op.n):
            mean = f(self.total(row) / op.n)
            e = array("f", [v - mean for v in row])
            variance = f(self.total(mul(e, e)) / op.n)
            inverses.append(f(1 / f(sqrt(f(variance + f(op.epsilon))))))
            u.append(scaled(e, inverses[-1]))
        return joined([self.affine(op, row) for row in u], x), (u, inverses)

    def total(self, row):
        sum_ = 0.0
        for v in row:
            sum_ = f(sum_ + v)
        return sum_

    def b_layernorm(self, op, d, kept, x):
        (u, inverses), rows, dx = kept, cut(d, op.n), []
        self.affine_back(op, u, rows)
        for ds, us, inverse in zip(rows, u, inverses):
            v = ds if op.gamma is None else mul(ds, self.w[op.gamma : op.gamma + op.n])
            shift, tilt = f(self.total(v) / op.n), f(self.total(mul(v, us)) / op.n)
            dx.append(scaled(sub(array("f", [a - shift for a in v]), scaled(us, tilt)), inverse))
        return [joined(dx, x)]
