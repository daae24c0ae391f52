"""binary32 arithmetic, the random numbers of docs/training.md and the functions of docs/exact-engine.md."""
import ctypes
import operator
from array import array
from hashlib import sha256 as _sha256

MASK = 0xFFFFFFFF


def f(x):
    """Rounds a binary64 value to binary32. After one + - * / or sqrt of binary32 values that is exact."""
    return ctypes.c_float(x).value


def floats(data):
    values = array("f")
    values.frombytes(data)  # the machine is little-endian, as the formats are
    return values


def zeros(n):
    return array("f", bytes(4 * n))


def add(a, b):
    return array("f", map(operator.add, a, b))


def sub(a, b):
    return array("f", map(operator.sub, a, b))


def mul(a, b):
    return array("f", map(operator.mul, a, b))


def scaled(a, c):
    return array("f", [c * v for v in a])


def sha256(*parts):
    return _sha256(b"".join(parts)).digest()


def u32(value):
    return value.to_bytes(4, "little")


def H(tag, *parts):
    name = tag.encode()
    return sha256(bytes([len(name)]), name, *parts)


def mix(z):
    z = ((z ^ z >> 16) * 0x85EBCA6B) & MASK
    z = ((z ^ z >> 13) * 0xC2B2AE35) & MASK
    return z ^ z >> 16


def rotl(x, n):
    return (x << n | x >> 32 - n) & MASK


class Random:
    def __init__(self, seed):
        s = [int.from_bytes(seed[4 * i : 4 * i + 4], "little") for i in range(8)]
        self.words = [mix(mix((s[i] + i) & MASK) ^ s[i + 4]) for i in range(4)]
        if not any(self.words):
            self.words[0] = 1
        for _ in range(16):
            self.next()

    def next(self):
        a, b, c, d = self.words
        result = (rotl(b * 5 & MASK, 7) * 9) & MASK
        c1, d1 = c ^ a, d ^ b
        self.words = [a ^ d1, b ^ c1, c1 ^ (b << 9 & MASK), rotl(d1, 11)]
        return result

    def uniform(self):
        return (self.next() >> 8) * 2.0**-24

    def below(self, n):
        usable = 2**32 - 2**32 % n
        while True:
            value = self.next()
            if value < usable:
                return value % n

    def shuffle(self, items):
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]
        return items

    def normal(self, bound=None):
        while True:
            draws = [self.next() for _ in range(6)]
            value = (sum((x >> 16) + (x & 0xFFFF) for x in draws) - 393210) * 2.0**-16
            if bound is None or abs(value) <= bound:
                return value


LOG2E, LN2_HIGH, LN2_LOW = f(1.44269504), f(0.693359375), f(-2.1219444e-4)
EXP = [f(c) for c in (1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)]
TANH = [f(c) for c in (-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1)]
ERF = [f(c) for c in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)]


def polynomial(constants, x):
    p = constants[0]
    for c in constants[1:]:
        p = f(f(p * x) + c)
    return p


def exp(x):
    if x < -87:
        return 0.0
    n = round(f(x * LOG2E))  # half to even
    r = f(f(x - f(n * LN2_HIGH)) - f(n * LN2_LOW))
    p = f(f(f(polynomial(EXP, r) * f(r * r)) + r) + 1)
    return f(p * 2.0**n)


def sigmoid(x):
    e = exp(-abs(x))
    return f(e / f(e + 1)) if x < 0 else f(1 / f(e + 1))


def tanh(x):
    if abs(x) < f(0.625):
        z = f(x * x)
        return f(f(f(polynomial(TANH, z) * z) * x) + x)
    e = exp(f(abs(x) * -2))
    t = f(f(1 - e) / f(e + 1))
    return -t if x < 0 else t


def erf(x):
    t = f(1 / f(f(abs(x) * f(0.3275911)) + 1))
    r = f(1 - f(f(polynomial(ERF, t) * t) * exp(-f(x * x))))
    return -r if x < 0 else r


def ln(x):
    m, e = x, 0
    while m > 2.0**0.5:
        m, e = m / 2, e + 1
    while m <= 0.5**0.5:
        m, e = m * 2, e - 1
    t = (m - 1) / (m + 1)
    s = t * t
    p = 1 / 15
    for d in (13, 11, 9, 7, 5, 3, 1):
        p = p * s + 1 / d
    return 2 * t * p + e * 0.6931471805599453
