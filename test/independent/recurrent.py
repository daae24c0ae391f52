"""Simple recurrent layers, GRU and LSTM, docs/exact-engine.md."""
from array import array

from activations import activate, slope
from binary32 import add, mul, sub, zeros
from products import accumulate, product, product_back, product_gradient


class Recurrent:
    def f_recurrent(self, op, x):
        n, w, gates = op.n, self.w, {"SimpleRNN": 1, "GRU": 3, "LSTM": 4}[op.kind]
        act, gate = ((lambda v, name=name: array("f", [activate(name, a) for a in v])) for name in op.act)
        y, runs = [], []
        for sample in x:
            h, c, steps, out = zeros(n), zeros(n), [], array("f")
            for i in range(0, len(sample), op.k):
                z = product(sample[i : i + op.k], w, op.k, gates * n, op.kernel, gates * n, op.bias)
                before = (h, c)
                if op.kind == "GRU":
                    hr = product(h, w, n, 2 * n, op.recurrent, 3 * n)
                    zr = gate(add(z[: 2 * n], hr))
                    update, reset = zr[:n], zr[n:]
                    q = mul(reset, h)
                    g = act(add(z[2 * n :], product(q, w, n, n, op.recurrent + 2 * n, 3 * n)))
                    h = add(mul(update, h), mul(array("f", [1 - v for v in update]), g))
                    steps.append((before, (update, reset, g, q)))
                else:
                    a = add(z, product(h, w, n, gates * n, op.recurrent, gates * n))
                    if op.kind == "SimpleRNN":
                        h = act(a)
                        steps.append((before, (h,)))
                    else:
                        i_, f_, g, o = gate(a[:n]), gate(a[n : 2 * n]), act(a[2 * n : 3 * n]), gate(a[3 * n :])
                        c = add(mul(f_, c), mul(i_, g))
                        t = act(c)
                        h = mul(o, t)
                        steps.append((before, (i_, f_, g, o, t)))
                out = out + h if op.many else h
            y.append(out)
            runs.append(steps)
        return y, runs

    def b_recurrent(self, op, d, runs, x):
        n, w, gates = op.n, self.w, {"SimpleRNN": 1, "GRU": 3, "LSTM": 4}[op.kind]
        s_act, s_gate = ((lambda v, name=name: array("f", [slope(name, 0.0, a) for a in v])) for name in op.act)
        one_minus = lambda v: array("f", [1 - a for a in v])  # noqa: E731
        dx = []
        for sample, ds, steps in zip(x, d, runs):
            carry, carry_c, das = zeros(n), zeros(n), []
            for s in range(len(steps) - 1, -1, -1):
                (h, c), k = steps[s]
                own = ds[s * n : s * n + n] if op.many else ds if s == len(steps) - 1 else zeros(n)
                dh = add(own, carry)
                if op.kind == "SimpleRNN":
                    da = mul(dh, s_act(k[0]))
                    carry = product_back(da, w, n, n, op.recurrent, n)
                elif op.kind == "LSTM":
                    i, forget, g, o, t = k
                    dc = add(carry_c, mul(mul(dh, o), s_act(t)))
                    da = mul(mul(dc, g), s_gate(i)) + mul(mul(dc, c), s_gate(forget))
                    da += mul(mul(dc, i), s_act(g)) + mul(mul(dh, t), s_gate(o))
                    carry_c = mul(dc, forget)
                    carry = product_back(da, w, n, 4 * n, op.recurrent, 4 * n)
                else:
                    z, r, g, q = k
                    dz = mul(mul(dh, sub(h, g)), s_gate(z))
                    dg = mul(mul(dh, one_minus(z)), s_act(g))
                    dq = product_back(dg, w, n, n, op.recurrent + 2 * n, 3 * n)
                    da = dz + mul(mul(dq, h), s_gate(r)) + dg
                    back = product_back(da[: 2 * n], w, n, 2 * n, op.recurrent, 3 * n)
                    carry = add(add(mul(dh, z), mul(dq, r)), back)
                das.append(da)
            das.reverse()
            back = array("f")
            for s, da in enumerate(das):
                (h, _), k = steps[s]
                product_gradient(self.g, sample[s * op.k : s * op.k + op.k], da, op.kernel, gates * n)
                if op.kind == "GRU":
                    product_gradient(self.g, h, da[: 2 * n], op.recurrent, 3 * n)
                    product_gradient(self.g, k[3], da[2 * n :], op.recurrent + 2 * n, 3 * n)
                else:
                    product_gradient(self.g, h, da, op.recurrent, gates * n)
                if op.bias is not None:
                    accumulate(self.g, op.bias, da)
                back.extend(product_back(da, w, op.k, gates * n, op.kernel, gates * n))
            dx.append(back)
        return [dx]

    f_simplernn = f_gru = f_lstm = f_recurrent
    b_simplernn = b_gru = b_lstm = b_recurrent
