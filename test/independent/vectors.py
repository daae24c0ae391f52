"""Checks every file of test/vectors/ that docs/training.md and docs/exact-engine.md name."""
import json
import struct
from array import array
from pathlib import Path

import binary32
from binary32 import H, Random, f, floats, sha256, u32
from formats import canonical, encode_state, encode_update, leaf_digest, read_canonical, read_chunk, state_hash, tree_root
from job import AGGREGATIONS, Plan, delta_of, kept_updates, merged, metrics_of, norm_of, shards, training_seed
from model import Model
from replay import replay_job
from trainer import LOSSES, Trainer

FOLDER = Path(__file__).resolve().parents[1] / "vectors"


def same(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: {str(actual)[:200]} instead of {str(expected)[:200]}")


def read(name):
    return json.loads((FOLDER / name).read_text("utf-8"))


def random_vectors():
    vectors = read("random.json")
    for v in vectors["generators"]:
        seed = bytes.fromhex(v["seed"])
        drawn = lambda n, draw: [draw(r) for r in [Random(seed)] for _ in range(n)]  # noqa: E731
        same(drawn(len(v["next"]), Random.next), v["next"], "next")
        same(drawn(len(v["uniform"]), Random.uniform), v["uniform"], "uniform")
        for below in v["below"]:
            same(drawn(len(below["values"]), lambda r: r.below(below["limit"])), below["values"], "below")
        for shuffled in v["shuffle"]:
            same(Random(seed).shuffle(list(range(len(shuffled)))), shuffled, "shuffle")
    for v in vectors["seeds"]:
        seed = training_seed(bytes.fromhex(v["seed"]), v["round"], v["position"])
        same(seed.hex(), v["training"], "training seed")
        same([H("poml/order/v1", seed, u32(e)).hex() for e in (0, 1, 99)], v["order"], "order seeds")
        same(H("poml/dropout/v1", seed).hex(), v["dropout"], "dropout seed")


def dataset_vectors():
    vectors = read("dataset.json")
    for v in vectors["datasets"]:
        manifest = read_canonical(v["manifest"].encode())
        same(sha256(v["manifest"].encode()).hex(), v["id"], "dataset id")
        for split in ("train", "test"):
            inputs, labels = array("f"), []
            for entry in manifest[split]:
                rows, own = read_chunk(manifest, entry, bytes.fromhex(v["files"][entry["file"]]))
                labels += own
                for row in rows:
                    inputs.extend(row)
            same((inputs.tobytes().hex(), labels), (v[split]["inputs"], v[split]["labels"]), f"{split} rows")
    for v in vectors["orders"]:
        rows = list(range(len(v["labels"])))
        if v["order"] != "as-given":
            Random(bytes.fromhex(v["seed"])).shuffle(rows)
        if v["order"] == "by-label":
            rows.sort(key=lambda row: v["labels"][row])
        same(rows, v["rows"], v["order"])


def shard_vectors():
    for v in read("shards.json")["cases"]:
        by_label = v["partition"] == "by-label"
        same(shards(v["chunks"], v["participants"], bytes.fromhex(v["seed"]), by_label), v["shards"], "shards")


def weight_vectors():
    vectors = read("initial-weights.json")
    seed = bytes.fromhex(vectors["seed"])
    for v in vectors["initializers"]:
        config = {"name": "only", "batch_input_shape": [None, 3], "units": 4}
        config |= {"kernel_initializer": v["initializer"], "bias_initializer": "randomUniform"}
        layers = [{"class_name": "Dense", "config": config}]
        model = Model({"class_name": "Sequential", "config": {"layers": layers}})
        same(model.initial_parameters(seed).tobytes().hex(), v["parameters"], str(v["initializer"]))
    for v in vectors["models"]:
        described(v["topology"], v, seed)
        same(sha256(canonical(v["topology"]).encode()).hex(), v["sha256"], "hash of a topology")


def preset_vectors():
    vectors = read("presets.json")
    for v in vectors["presets"]:
        same(sha256(v["text"].encode()).hex(), v["sha256"], "hash of a preset")
        described(read_canonical(v["text"].encode()), v, bytes.fromhex(vectors["seed"]))
        same(canonical(preset(v["preset"], v["shape"], v["classes"])), v["text"], v["preset"])


def described(topology, v, seed):
    model = Model(topology)
    same([{"name": name, "shape": shape} for name, shape, *_ in model.tensors], v["tensors"], "tensors")
    same(sha256(model.initial_parameters(seed).tobytes()).hex(), v["initialParameters"], "initial parameters")


def function_vectors():
    single = lambda text: struct.unpack(">f", bytes.fromhex(text))[0]  # noqa: E731
    vectors = read("functions.json")
    for name in ("exp", "sigmoid", "tanh", "erf"):
        for x, y in vectors[name]:
            same(struct.pack(">f", getattr(binary32, name)(single(x))).hex(), y, f"{name} of {single(x)}")
    for x, y in vectors["ln"]:
        same(struct.pack(">d", binary32.ln(single(x))).hex(), y, f"ln of {single(x)}")


def run_vectors():
    vectors = read("run.json")
    for v in vectors["plans"]:
        plan = Plan(v["rows"], v["epochs"], v["batchSize"], bytes.fromhex(v["seed"]))
        steps = range(plan.steps)
        same(plan.steps, v["steps"], "steps")
        same([plan.first(i) for i in range(plan.segments)], v["first"], "segments")
        same([plan.dropout_seed(step) for step in steps], v["dropoutSeeds"], "dropout seeds")
        same([plan.rows_of(step) for step in steps], v["batches"], "batches")
    for v in vectors["trees"]:
        digests = [leaf_digest(bytes.fromhex(leaf)) for leaf in v["leaves"]]
        same([d.hex() for d in digests], v["digests"], "digests")
        same(tree_root(digests).hex(), v["root"], "root of a tree")
    v = vectors["files"]
    w, values = array("f", v["parameters"]), array("f", v["optimizerValues"])
    same(encode_state(w, values).hex(), v["state"], "state file")
    whole = state_hash(sha256(w.tobytes()), sha256(values.tobytes()))
    same(whole.hex(), v["stateHash"], "state hash")
    same(state_hash(sha256(w.tobytes()), sha256()).hex(), v["stateHashWithoutOptimizer"], "state hash")
    u = v["update"]
    digests = [leaf_digest(H("poml/test")), leaf_digest(whole)]
    data = encode_update(u["node"], u["round"], u["samples"], w, sha256(values.tobytes()), digests)
    same((data.hex(), sha256(data).hex()), (u["bytes"], u["hash"]), "update file")


def merge_vectors():
    for v in read("merge.json")["cases"]:
        start = floats(bytes.fromhex(v["start"]))
        updates = []
        for u in v["updates"]:
            updates.append((u["node"], u["samples"], delta_of(start, floats(bytes.fromhex(u["trained"])))))
        same([norm_of(u[2]) for u in updates], v["norms"], "norms")
        kept = kept_updates(start, updates)
        same([u[0] for u in kept], v["kept"], "kept updates")
        for rule in AGGREGATIONS:
            same(merged(rule, start, kept).tobytes().hex(), v["next"][rule], rule)
    for v in read("metrics.json")["cases"]:
        counts = v["counts"]
        metrics = metrics_of(v["lossSum"], sum(counts), counts, round(len(counts) ** 0.5))
        same(metrics | {"loss": str(metrics["loss"])}, v["metrics"], "metrics")


def exact_vectors():
    """docs/exact-engine.md, "The vectors"."""
    vectors = read("exact.json")
    for case in vectors["cases"]:
        values = exact_case(case, vectors["counts"])
        same(sha256(values.tobytes()).hex(), case["hash"], case["name"])


def exact_case(case, counts):
    model, settings = Model(case["model"]), case["hyperparameters"]
    start = model.initial_parameters(bytes([3]) * 32)
    trainer = Trainer(model, start, settings["optimizer"], settings.get("loss") or LOSSES[0])
    values = array("f")
    for s, count in enumerate(counts):
        x, t = exact_batch(case, trainer, s)
        values.append(trainer.step(x[:count], t[:count], 77 * s))
    total, pairs = trainer.evaluate(*exact_batch(case, trainer, 9))
    counted = array("f", bytes(4 * model.classes**2))
    for label, predicted in pairs if case["targets"] == "labels" else []:
        counted[label * model.classes + predicted] += 1
    return values + array("f", [total]) + counted + trainer.w + trainer.values()


def exact_batch(case, trainer, s):
    model, random, size = trainer.model, Random(bytes([s]) * 32), 1
    for n in model.input_shape:
        size *= n
    first = model.ops[0]
    draw = (lambda: random.below(first.rows)) if first.kind == "embedding" else (lambda: random.uniform() - 0.5)
    x = [array("f", [draw() for _ in range(size)]) for _ in range(10)]
    labels = [random.below(model.classes) for _ in range(10)]
    if case["targets"] == "labels":
        return x, trainer.targets(labels)
    random, outputs = Random(bytes([100 + s]) * 32), model.outputs
    u = [random.uniform() for _ in range(10 * outputs)]
    if case["targets"] == "any":
        u = [4 * v - 2 for v in u]
    if case["targets"] == "distribution":
        u = [[0.125, 0.25, 0.625][(i + i // outputs) % 3] for i in range(len(u))]
    return x, [array("f", u[i : i + outputs]) for i in range(0, len(u), outputs)]


def preset(name, shape, classes):
    """docs/training.md, "Presets"."""
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

    flatten = layer("Flatten", "flatten")
    bodies = {
        "logistic": [flatten],
        "mlp": [flatten, dense("hidden", 64, "relu")],
        "2nn": [flatten, dense("hidden1", 200, "relu"), dense("hidden2", 200, "relu")],
    }
    for title, filters, k, units in (("lenet", (16, 32), 3, 64), ("cnn", (32, 64), 5, 512)):
        body = [layer for i in (1, 2) for layer in (conv(f"conv{i}", filters[i - 1], k), pool(f"pool{i}"))]
        bodies[title] = [*body, flatten, dense("hidden", units, "relu")]
    layers = [*bodies[name], dense("output", classes, "softmax")]
    layers[0]["config"] |= {"batch_input_shape": [None, *shape], "dtype": "float32"}
    config = {"name": name, "layers": layers}
    return {"class_name": "Sequential", "config": config, "keras_version": "tfjs-layers 4.22.0", "backend": "tensor_flow.js"}


def update_vectors():
    v = read("update.json")
    chunks = {file: bytes.fromhex(data) for file, data in v["chunks"].items()}
    blobs = [v["topology"].encode(), v["manifest"].encode(), bytes.fromhex(v["initialParameters"])]
    blobs += [bytes.fromhex(one["modelAfter"]) for one in v["rounds"]]
    blobs += [bytes.fromhex(update["bytes"]) for one in v["rounds"] for update in one["updates"]]
    by_hash = {sha256(data): data for data in blobs}
    replay_job(bytes.fromhex(v["job"]), [bytes.fromhex(one["record"]) for one in v["rounds"]], by_hash, chunks)


CHECKS = {
    "random.json": random_vectors,
    "dataset.json": dataset_vectors,
    "shards.json": shard_vectors,
    "initial-weights.json": weight_vectors,
    "presets.json": preset_vectors,
    "functions.json": function_vectors,
    "run.json": run_vectors,
    "merge.json, metrics.json": merge_vectors,
    "update.json": update_vectors,
    "exact.json": exact_vectors,
}
