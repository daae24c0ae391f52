"""docs/training.md, "Benchmark lanes and the open track"; the track's seeds are in docs/protocol.md, section 7."""
from array import array

from binary32 import H, Random, sha256, u32
from formats import encode_state
from job import Plan
from layers import Step
from model import Model
from trainer import Trainer

CLASSES, SIZE = 10, 64


def drawn_bytes(random, n):
    return b"".join(u32(random.next()) for _ in range(n // 4))


def noisy(patterns, picks, noise, amplitude):
    rows = []
    for i, pick in enumerate(picks):
        pairs = zip(patterns[pick * SIZE : pick * SIZE + SIZE], noise[i * SIZE : i * SIZE + SIZE])
        rows.append(array("f", [((p - 128) + amplitude * (b - 128)) / 256 for p, b in pairs]))
    return rows


def layer(kind, name, **config):
    return {"class_name": kind, "config": {"name": name, **config}}


def sequential(*layers):
    return Model({"class_name": "Sequential", "config": {"layers": list(layers)}})


def lane_model(task):
    output = layer("Dense", "output", units=CLASSES, activation="softmax")
    if task == 1:
        first = layer("Dense", "a", units=256, activation="relu", batch_input_shape=[None, SIZE])
        return sequential(first, layer("Dense", "b", units=256, activation="relu"), output)
    conv = {"filters": 16, "kernel_size": 3, "padding": "same", "activation": "relu"}
    first = layer("Conv2D", "a", batch_input_shape=[None, 8, 8, 1], **conv)
    pool = layer("MaxPooling2D", "pool", pool_size=2, strides=2)
    dense = layer("Dense", "c", units=64, activation="relu")
    return sequential(first, layer("Conv2D", "b", **conv), pool, layer("Flatten", "flat"), dense, output)


def lane_states(seed, task, steps, segments):
    """@returns the hash of every state"""
    model = lane_model(task)
    parameters = array("f", bytes(4 * model.size))
    hashes = [sha256(encode_state(parameters, array("f")))]
    for i in range(segments):
        start = hashes[-1]
        if i % 10 == 0:
            parameters = model.initial_parameters(H("poml/baseline-init/v1", seed, u32(i), start))
        trainer = Trainer(model, parameters, {"kind": "sgd", "learningRate": 0.05})
        patterns = drawn_bytes(Random(H("poml/baseline-patterns/v1", seed, u32(i // 10))), CLASSES * SIZE)
        random = Random(H("poml/baseline-rows/v1", seed, u32(i), start))
        labels = [random.below(CLASSES) for _ in range(1024)]
        rows = noisy(patterns, labels, drawn_bytes(random, 1024 * SIZE), 3)
        for step in range(steps):
            at = 32 * step % 1024
            trainer.step(rows[at : at + 32], trainer.targets(labels[at : at + 32]), 0)
        parameters = trainer.w
        hashes.append(sha256(encode_state(parameters, trainer.values())))
    return hashes


def track_rows(mix, count, seed):
    patterns = drawn_bytes(Random(H("poml/track-patterns/v1", mix)), CLASSES * 8 * SIZE)
    random, labels = Random(seed), [i % CLASSES for i in range(count)]
    picks = [label * 8 + random.below(8) for label in labels]
    return noisy(patterns, picks, drawn_bytes(random, count * SIZE), 2), labels


def run_track(mix, public_key, test_mix, recipe):
    """@returns weights, counts and outputs of task 1"""
    first = layer("Dense", "hidden", units=recipe["width"], activation="relu", batch_input_shape=[None, SIZE])
    model = sequential(first, layer("Dense", "output", units=CLASSES, activation="softmax"))
    seed = H("poml/track-run/v1", mix, public_key)
    start = model.initial_parameters(H("poml/track-init/v1", seed))
    settings = {"kind": "sgd", "learningRate": recipe["learningRate"] / 10**6, "momentum": 0.9}
    trainer = Trainer(model, start, settings)
    rows, labels = track_rows(mix, 4000, H("poml/track-train/v1", mix))
    targets, plan = trainer.targets(labels), Plan(4000, recipe["epochs"], recipe["batchSize"], seed)
    for step in range(plan.steps):
        chosen = plan.rows_of(step)
        trainer.step([rows[i] for i in chosen], [targets[i] for i in chosen], plan.dropout_seed(step))
    rows, labels = track_rows(mix, 2000, H("poml/track-test/v1", mix, test_mix))
    outputs, counts = Step(model, trainer.w).forward(rows), [0] * CLASSES**2
    for y, label in zip(outputs, labels):
        counts[label * CLASSES + y.index(max(y))] += 1
    return sha256(trainer.w.tobytes()), counts, sha256(*(y.tobytes() for y in outputs))
