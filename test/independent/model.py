"""docs/training.md, "Models" and "Initial weights": from a topology to operations and their parameters."""
from array import array
from math import prod

from binary32 import Random


class Op:
    """One operation: kind, inputs (operations or -1, the model's input), shape of a sample's output, facts."""

    def __init__(self, kind, inputs, shape, **facts):
        self.kind, self.inputs, self.shape = kind, inputs, shape
        self.__dict__.update(facts)


class Model:
    def __init__(self, topology):
        self.ops, self.tensors, self.size = [], [], 0
        config = topology["config"]
        layers = {layer["config"]["name"]: layer for layer in config["layers"]}
        if topology["class_name"] == "Sequential":
            order = list(layers)
            inputs = dict(zip(order, [[]] + [[name] for name in order]))
        else:
            inputs = {n: [r[0] for node in l.get("inbound_nodes") or [] for r in node] for n, l in layers.items()}
            order = execution_order(inputs, config["output_layers"][0][0])
        first = layers[order[0]]["config"]
        self.input_shape = (first.get("batch_input_shape") or first.get("batch_shape"))[1:]
        made = {}
        for name in order:
            given = [made[n] for n in inputs[name]] or [(-1, self.input_shape)]
            made[name] = self.layer(layers[name]["class_name"], layers[name]["config"], given)
        self.outputs = prod(made[order[-1]][1])
        self.classes = max(2, self.outputs)

    def layer(self, kind, config, given):
        """@returns the output: operation and shape"""

        def get(field, default=None):
            value = config.get(field)
            return default if value is None else value

        def tensor(part, shape, initializer="zeros", field=None, start=None, columns=None):
            chosen = start or initial(get(field or part + "_initializer", initializer), shape)
            self.tensors.append((f"{get('name')}/{part}", shape, self.size, chosen, [shape[-1]] if columns is None else columns))
            self.size += prod(shape)
            return self.size - prod(shape)

        def bias(n, start=None):
            return tensor("bias", [n], start=start) if get("use_bias", True) else None

        def op(kind, shape, source=None, **facts):
            self.ops.append(Op(kind, [i for i, _ in given] if source is None else [source], shape, **facts))
            return len(self.ops) - 1, shape

        def activated(output, name=None, alpha=0.2):
            name = (name or get("activation", "linear")).lower().replace("_", "")
            if name == "linear":
                return output
            if name == "softmax":
                return op("softmax", output[1], output[0])
            return op("activation", output[1], output[0], name=name, alpha=alpha)

        (source, shape), kernel = given[0], "glorotNormal"
        if kind in ("InputLayer", "Flatten", "Reshape"):
            target = [prod(shape)] if kind == "Flatten" else list(get("target_shape", shape))
            rest = prod(n for n in target if n != -1)
            return source, [prod(shape) // rest if n == -1 else n for n in target]
        if kind in ("Activation", "ReLU", "Softmax", "LeakyReLU"):
            own = {"Activation": None, "LeakyReLU": "leaky_relu"}.get(kind, kind)
            return activated(given[0], own, get("alpha", 0.3) if kind == "LeakyReLU" else 0.2)
        if kind == "Dropout":
            return given[0] if get("rate") == 0 else op("dropout", shape, rate=get("rate"))
        if kind == "Dense":
            n = get("units")
            w = tensor("kernel", [shape[-1], n], kernel)
            return activated(op("dense", shape[:-1] + [n], kernel=w, bias=bias(n), k=shape[-1], n=n))
        if kind in ("Conv2D", "Conv1D"):
            window = Window(get, shape, "kernel_size")
            n = get("filters")
            w = tensor("kernel", window.sides + [window.channels, n], kernel)
            return activated(op("conv", window.output(n), window=window, kernel=w, bias=bias(n), n=n))
        if kind in ("DepthwiseConv2D", "SeparableConv2D"):
            window, m = Window(get, shape, "kernel_size"), get("depth_multiplier", 1)
            n = window.channels * m
            w = tensor("depthwise_kernel", window.sides + [window.channels, m], kernel, "depthwise_initializer", columns=[n])
            b = bias(n) if kind == "DepthwiseConv2D" else None
            out = op("depthwise", window.output(n), window=window, kernel=w, bias=b, n=n, m=m)
            if kind == "SeparableConv2D":
                f = get("filters")
                w = tensor("pointwise_kernel", [1, 1, n, f], kernel, "pointwise_initializer")
                point = Window({"kernel_size": 1}.get, out[1], "kernel_size")
                out = op("conv", point.output(f), out[0], window=point, kernel=w, bias=bias(f), n=f)
            return activated(out)
        if "Pooling" in kind:
            whole = kind.startswith("Global")
            window = Window({"pool_size": shape[:-1]}.get if whole else get, shape, "pool_size")
            output = [shape[-1]] if whole else window.output(shape[-1])
            return op("max" if "Max" in kind else "average", output, window=window)
        if kind == "Embedding":
            rows, n = get("input_dim"), get("output_dim")
            w = tensor("embeddings", [rows, n], "randomUniform", "embeddings_initializer")
            return op("embedding", shape + [n], kernel=w, rows=rows, n=n)
        if kind in ("BatchNormalization", "LayerNormalization"):
            c = shape[-1]
            facts = {"n": c, "epsilon": get("epsilon", 1e-3)}
            facts["gamma"] = tensor("gamma", [c], "ones") if get("scale", True) else None
            facts["beta"] = tensor("beta", [c]) if get("center", True) else None
            if kind == "LayerNormalization":
                return op("layernorm", shape, **facts)
            facts["moving"] = [tensor("moving_mean", [c], columns=[]), tensor("moving_variance", [c], "ones", columns=[])]
            return op("batchnorm", shape, momentum=get("momentum", 0.99), **facts)
        if kind in ("SimpleRNN", "GRU", "LSTM"):
            n, gates = get("units"), {"SimpleRNN": 1, "GRU": 3, "LSTM": 4}[kind]
            w = tensor("kernel", [shape[1], gates * n], kernel)
            columns = [2 * n, n] if kind == "GRU" else None
            r = tensor("recurrent_kernel", [n, gates * n], "orthogonal", "recurrent_initializer", columns=columns)
            forget = kind == "LSTM" and get("unit_forget_bias", False)
            own = initial(get("bias_initializer", "zeros"), [n])
            b = bias(gates * n, (lambda random, i: 1.0 if n <= i < 2 * n else own(random, i)) if forget else None)
            act = [get(x, y).lower().replace("_", "") for x, y in (("activation", "tanh"), ("recurrent_activation", "hardsigmoid"))]
            many = get("return_sequences", False)
            return op(kind, [shape[0], n] if many else [n], kernel=w, recurrent=r, bias=b, k=shape[1], n=n, act=act, many=many)
        if kind == "Add":
            return op("add", shape)
        if kind == "Concatenate":
            axis = get("axis", -1)
            axis = axis + len(shape) if axis < 0 else axis - 1
            total = sum(s[axis] for _, s in given)
            return op("concat", shape[:axis] + [total] + shape[axis + 1 :], parts=[prod(s[axis:]) for _, s in given])
        raise ValueError(f"layer class {kind} is not in the documents")

    def initial_parameters(self, seed):
        random = Random(seed)
        return array("f", [start(random, i) for _, shape, _, start, _ in self.tensors for i in range(prod(shape))])


class Window:
    def __init__(self, get, shape, size_field):
        def pair(field, default):
            value = get(field) or default
            value = value if isinstance(value, list) else [value]
            return (value * 2)[:2] if len(shape) == 3 else [value[0], 1]

        self.image = shape if len(shape) == 3 else [shape[0], 1, shape[1]]
        self.channels, self.rank = shape[-1], len(shape) - 1
        self.size = pair(size_field, 2)
        self.sides = self.size[: self.rank]
        self.stride = pair("strides", self.size if size_field == "pool_size" else 1)
        self.dilation = pair("dilation_rate", 1)
        self.before, self.out = [], []
        for i in range(2):
            reach = (self.size[i] - 1) * self.dilation[i] + 1
            valid = (get("padding") or "valid") == "valid"
            count = (self.image[i] - reach) // self.stride[i] + 1 if valid else -(-self.image[i] // self.stride[i])
            total = 0 if valid else max((count - 1) * self.stride[i] + reach - self.image[i], 0)
            self.out.append(count)
            self.before.append(total // 2)
        (height, width), taps = self.image[:2], self.size
        #: of every output position: of every tap the pixel under it, or None outside the image
        self.pixels = [
            [
                self.pixel(y * self.stride[0] + i * self.dilation[0] - self.before[0],
                           x * self.stride[1] + j * self.dilation[1] - self.before[1])
                for i in range(taps[0]) for j in range(taps[1])
            ]
            for y in range(self.out[0]) for x in range(self.out[1])
        ]  # fmt: skip

    def pixel(self, row, column):
        inside = 0 <= row < self.image[0] and 0 <= column < self.image[1]
        return row * self.image[1] + column if inside else None

    def output(self, channels):
        return self.out[: self.rank] + [channels]


def execution_order(inputs, output):
    met, depth = [], {}

    def walk(name, at):
        if name not in met:
            met.append(name)
        depth[name] = max(depth.get(name, 0), at)
        for source in inputs[name]:
            walk(source, at + 1)

    walk(output, 0)
    return sorted(met, key=lambda name: -depth[name])


def root(v):
    if v == 0:
        return 0.0
    x = max(v, 1.0)
    while True:
        following = (x + v / x) / 2
        if following >= x:
            return x
        x = following


NAMED = {
    "glorot": (1, "fanavg"),
    "he": (2, "fanin"),
    "lecun": (1, "fanin"),
}


def initial(value, shape):
    """@returns a function of (generator, place in the tensor) that gives the value before it is rounded"""
    name, options = (value, {}) if isinstance(value, str) else (value["class_name"], value.get("config") or {})
    kind = name.lower().replace("_", "")
    number = lambda field, default: default if options.get(field) is None else options[field]  # noqa: E731
    if kind in ("zeros", "ones", "constant"):
        constant = {"zeros": 0, "ones": 1}.get(kind, number("value", 0))
        return lambda random, i: constant
    if kind == "randomuniform":
        low, high = number("minval", -0.05), number("maxval", 0.05)
        return lambda random, i: low + random.uniform() * (high - low)
    if kind in ("randomnormal", "truncatednormal"):
        mean, deviation = number("mean", 0), number("stddev", 0.05)
        bound = 2 if kind == "truncatednormal" else None
        return lambda random, i: mean + random.normal(bound) * deviation
    kind = "glorotnormal" if kind == "orthogonal" else kind
    if kind == "variancescaling":
        scale, mode, uniform = number("scale", 1), number("mode", "fan_in"), options.get("distribution") == "uniform"
    else:
        uniform = kind.endswith("uniform")
        scale, mode = NAMED[kind.removesuffix("uniform").removesuffix("normal")]
    p = shape[-2] if len(shape) > 1 else shape[-1]
    field = prod(shape[:-2])
    fan_in, fan_out = field * p, field * shape[-1]
    fans = {"fanin": fan_in, "fanout": fan_out, "fanavg": (fan_in + fan_out) / 2}
    variance = abs(scale) / max(1, fans[mode.lower().replace("_", "")])
    if uniform:
        limit = root(3 * variance)
        return lambda random, i: -limit + random.uniform() * (limit - -limit)
    deviation = root(variance)
    return lambda random, i: 0 + random.normal(2) * deviation
