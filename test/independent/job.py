"""docs/training.md: shards, runs, the merge of a round and its metrics."""
from array import array
from math import floor, isfinite, sqrt

from binary32 import H, Random, sha256, u32
from formats import decode_update, encode_update, leaf_digest, require, state_hash, tree_root
from trainer import LOSSES, Trainer

OPTIMIZERS = ["sgd", "adam", "adagrad"]


def shards(chunks, participants, seed, by_label):
    random, n = Random(seed), participants
    if not by_label:
        runs = [[chunk] for chunk in random.shuffle(list(range(chunks)))]
    else:
        short, long, at, cut = chunks // (2 * n), chunks % (2 * n), 0, []
        for i in range(2 * n):
            size = short + (i < long)
            cut.append(list(range(at, at + size)))
            at += size
        runs = random.shuffle(cut[:long]) + random.shuffle(cut[long:])
    return [sorted(c for run in runs[position::n] for c in run) for position in range(n)]


def training_seed(seed, round_, position):
    return H("poml/training/v1", seed, u32(round_), u32(position))


class Plan:
    def __init__(self, rows, epochs, batch_size, seed):
        self.rows, self.batch, self.seed, self.orders = rows, batch_size, seed, {}
        self.per_epoch = -(-rows // batch_size)
        self.steps = epochs * self.per_epoch
        self.segments = min(16, self.steps)
        self.dropout = Random(H("poml/dropout/v1", seed)).next()

    def first(self, segment):
        return segment * self.steps // self.segments

    def rows_of(self, step):
        epoch, place = divmod(step, self.per_epoch)
        if epoch not in self.orders:
            order = Random(H("poml/order/v1", self.seed, u32(epoch)))
            self.orders[epoch] = order.shuffle(list(range(self.rows)))
        return self.orders[epoch][place * self.batch : (place + 1) * self.batch]

    def dropout_seed(self, step):
        return (self.dropout + step) & 0xFFFFFFFF


def settings_of(optimizer):
    numbers = {k: v / (10**9 if k == "epsilon" else 10**6) for k, v in optimizer.items() if k != "kind"}
    return {"kind": OPTIMIZERS[optimizer["kind"]]} | numbers


def trainer_of(model, spec, parameters):
    return Trainer(model, parameters, settings_of(spec["optimizer"]), LOSSES[spec["loss"]])


def run(model, spec, start, rows, labels, seed):
    """A participant's training. @returns the trainer at its end, and the hash of every state"""
    plan = Plan(len(rows), spec["localEpochs"], spec["batchSize"], seed)
    trainer, hashes = trainer_of(model, spec, start), []
    targets = trainer.targets(labels)
    for step in range(plan.steps + 1):
        if step == plan.first(len(hashes)):
            values = trainer.values()
            require(all(map(isfinite, trainer.w)) and all(map(isfinite, values)), "the run has diverged")
            hashes.append(state_hash(sha256(trainer.w.tobytes()), sha256(values.tobytes())))
        if step < plan.steps:
            chosen = plan.rows_of(step)
            trainer.step([rows[i] for i in chosen], [targets[i] for i in chosen], plan.dropout_seed(step))
    return trainer, hashes


def replayed_update(model, spec, node, round_, position, start, rows, labels):
    """@returns the bytes of the update an honest participant reveals, and its checkpoint root"""
    seed = training_seed(spec["seed"], round_, position)
    trainer, hashes = run(model, spec, start, rows, labels, seed)
    digests = [leaf_digest(h) for h in hashes]
    samples = len(rows) * spec["localEpochs"]
    optimizer_hash = sha256(trainer.values().tobytes())
    return encode_update(node, round_, samples, trainer.w, optimizer_hash, digests), tree_root(digests)


def norm_of(values):
    total = 0.0
    for v in values:
        total += v * v
    return sqrt(total)


def kept_updates(start, updates):
    """`updates`: (node, samples, delta). @returns those that count"""
    changed = [u for u in updates if all(map(isfinite, u[2])) and any(u[2])]
    limit, norms = 20 * (1 + norm_of(start)), sorted(norm_of(u[2]) for u in changed)
    if len(norms) >= 3:
        limit = min(limit, 4 * ((norms[(len(norms) - 1) // 2] + norms[len(norms) // 2]) / 2))
    return [u for u in changed if norm_of(u[2]) <= limit]


def delta_of(start, trained):
    return array("f", [b - a for a, b in zip(start, trained)])


def metrics_of(loss_sum, rows, counts, classes):
    scaled = loss_sum / rows * 1000000
    loss = floor(scaled) + (scaled - floor(scaled) >= 0.5)
    sums, seen, right = [0, 0, 0], 0, 0
    for c in range(classes):
        hits, labelled = counts[c * classes + c], sum(counts[c * classes : c * classes + classes])
        predicted = sum(counts[c::classes])
        if labelled + predicted == 0:
            continue
        seen, right = seen + 1, right + hits
        pairs = ((hits, predicted), (hits, labelled), (2 * hits, labelled + predicted))
        sums = [total + (a * 10**12 // b if b else 0) for total, (a, b) in zip(sums, pairs)]
    precision, recall, f1 = (total // seen // 10**6 for total in sums)
    return {"loss": min(loss, 2**64 - 1), "accuracy": right * 10**6 // rows, "precision": precision, "recall": recall, "f1": f1}


def measured(model, spec, parameters, rows, labels):
    trainer, total = trainer_of(model, spec, parameters), 0.0
    targets, counts = trainer.targets(labels), [0] * model.classes**2
    for at in range(0, len(rows), 250):
        part, pairs = trainer.evaluate(rows[at : at + 250], targets[at : at + 250])
        total += part
        for label, predicted in pairs:
            counts[label * model.classes + predicted] += 1
    return metrics_of(total, len(rows), counts, model.classes)


def read_update(data, model, spec, participant_rows, node, round_, commit_hash):
    """Step 1 of a merge, without the root on the chain. @returns (node, samples, parameters)"""
    require(sha256(data) == commit_hash, "update hash")
    update = decode_update(data, model.size)
    require((update["node"], update["round"]) == (node, round_), "update of another node or round")
    require(update["samples"] == participant_rows * spec["localEpochs"], "samples")
    end = state_hash(sha256(update["parameters"].tobytes()), update["optimizer_hash"])
    require(update["digests"][-1] == leaf_digest(end), "the update is not its last state")
    return node, update["samples"], update["parameters"]
