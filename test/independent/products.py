"""Products with kernels, docs/exact-engine.md: every sum starts at +0 and adds in the order written."""
from array import array

from binary32 import add, scaled, zeros


def product(v, w, k, n, at, stride, bias=None):
    """sum over k of v[k] · w[k], of n columns that start at `at`; the bias is added last"""
    y = zeros(n)
    for i in range(k):
        row = at + i * stride
        y = add(y, scaled(w[row : row + n], v[i]))
    return y if bias is None else add(y, w[bias : bias + n])


def product_back(d, w, k, n, at, stride):
    """sum over n of d[n] · w[k, n], for every k"""
    dx = zeros(k)
    for j in range(n):
        dx = add(dx, scaled(w[at + j : at + j + (k - 1) * stride + 1 : stride], d[j]))
    return dx


def accumulate(g, at, values):
    n = len(values)
    g[at : at + n] = add(g[at : at + n], values)


def product_gradient(g, v, d, at, stride):
    for i, x in enumerate(v):
        accumulate(g, at + i * stride, scaled(d, x))


def cut(x, n):
    """rows of n values, sample by sample"""
    return [sample[i : i + n] for sample in x for i in range(0, len(sample), n)]


def joined(rows, x):
    """the reverse of `cut`"""
    per = len(rows) // len(x)
    return [array("f", [v for row in rows[i : i + per] for v in row]) for i in range(0, len(rows), per)]
