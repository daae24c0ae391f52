"""Activations and their slopes, docs/exact-engine.md."""
from binary32 import erf, exp, f, sigmoid, tanh


def activate(name, x, alpha=0.0):
    if name == "relu":
        return 0.0 if x < 0 else x
    if name == "leakyrelu":
        return f(x * f(alpha)) if x < 0 else x
    if name == "hardsigmoid":
        return min(max(f(f(x * f(0.2)) + 0.5), 0.0), 1.0)
    if name == "gelu":
        return f(f(x * 0.5) * f(erf(f(x * f(0.70710678))) + 1))
    return {"sigmoid": sigmoid, "tanh": tanh, "linear": float}[name](x)


def slope(name, x, y, alpha=0.0):
    if name == "gelu":
        bell = exp(f(f(x * x) * -0.5))
        return f(f(f(erf(f(x * f(0.70710678))) + 1) * 0.5) + f(f(x * f(0.39894228)) * bell))
    if name == "leakyrelu":
        return 1.0 if y > 0 else f(alpha)
    return {
        "relu": lambda: 1.0 if y > 0 else 0.0,
        "sigmoid": lambda: f(y * f(1 - y)),
        "tanh": lambda: f(1 - f(y * y)),
        "hardsigmoid": lambda: f(0.2) if 0 < y < 1 else 0.0,
        "linear": lambda: 1.0,
    }[name]()
