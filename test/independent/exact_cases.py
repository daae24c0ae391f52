"""docs/exact-engine.md, "The vectors": short training runs over every layer, optimizer and loss."""
from array import array
from math import prod

from binary32 import Random, sha256
from model import Model
from trainer import LOSSES, Trainer


def hash_of_case(case, counts):
    return sha256(exact_case(case, counts).tobytes()).hex()


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
    model, random = trainer.model, Random(bytes([s]) * 32)
    size = prod(model.input_shape)
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
