"""docs/training.md, "Presets"."""


def preset(name, shape, classes):
    scaling = lambda scale, mode: {"class_name": "VarianceScaling",  # noqa: E731
                                   "config": {"scale": scale, "mode": mode, "distribution": "uniform", "seed": None}}  # fmt: skip
    he, glorot, zeros = scaling(2, "fan_in"), scaling(1, "fan_avg"), {"class_name": "Zeros", "config": {}}

    def layer(kind, name, **config):
        return {"class_name": kind, "config": {"name": name, "trainable": True, **config}}

    def dense(name, units, activation):
        kernel = he if activation == "relu" else glorot
        return layer("Dense", name, units=units, activation=activation, use_bias=True, kernel_initializer=kernel, bias_initializer=zeros)

    def conv(name, filters, k):
        shared = {"filters": filters, "kernel_size": [k, k], "strides": [1, 1], "padding": "same", "data_format": "channels_last"}
        more = {"dilation_rate": [1, 1], "activation": "relu", "use_bias": True, "kernel_initializer": he, "bias_initializer": zeros}
        return layer("Conv2D", name, **shared, **more)

    def pool(name):
        return layer("MaxPooling2D", name, pool_size=[2, 2], strides=[2, 2], padding="valid", data_format="channels_last")

    flatten = [layer("Flatten", "flatten")] if len(shape) > 1 else []
    bodies = {
        "logistic": [*flatten],
        "mlp": [*flatten, dense("hidden", 64, "relu")],
        "2nn": [*flatten, dense("hidden1", 200, "relu"), dense("hidden2", 200, "relu")],
    }
    for title, filters, k, units in (("lenet", (16, 32), 3, 64), ("cnn", (32, 64), 5, 512)):
        body = [layer for i in (1, 2) for layer in (conv(f"conv{i}", filters[i - 1], k), pool(f"pool{i}"))]
        bodies[title] = [*body, *flatten, dense("hidden", units, "relu")]
    layers = [*bodies[name], dense("output", classes, "softmax")]
    layers[0]["config"] |= {"batch_input_shape": [None, *shape], "dtype": "float32"}
    config = {"name": name, "layers": layers}
    return {"class_name": "Sequential", "config": config, "keras_version": "tfjs-layers 4.22.0", "backend": "tensor_flow.js"}
