"""Checks every file of test/vectors/ that docs/training.md and docs/exact-engine.md name, and draws and a search of the chain."""
import json
import struct
from array import array
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import binary32
import draws
import exact_cases
import search
from binary32 import H, Random, floats, sha256, u32
from formats import canonical, encode_state, encode_update, leaf_digest, read_canonical, read_chunk, state_hash, tree_root
from aggregation import DEFAULT, RULES, merged
from job import Plan, delta_of, kept_updates, metrics_of, norm_of, shards, training_seed
from lanes import lane_states, run_track
from model import Model
from presets import preset
from replay import replay_file

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
        for rule in RULES:
            same(merged(DEFAULT | {"rule": rule}, start, kept)[0].tobytes().hex(), v["next"][rule], rule)
    for v in read("merge.json")["servers"]:
        server = {"momentum": v["server"].get("beta1", 0)} | v["server"]
        settings = DEFAULT | server | {"rule": v["rule"], "bucket": v["bucket"], "server": server["kind"]}
        start, kept = floats(bytes.fromhex(v["start"])), None
        for given in v["rounds"]:
            changes = [(u["node"], u["samples"], delta_of(start, floats(bytes.fromhex(u["trained"])))) for u in given["updates"]]
            start, kept = merged(settings, start, changes, bytes.fromhex(v["draw"]), kept)
            same(start.tobytes().hex(), given["next"], f"{v['rule']} with {server['kind']}")
            same(([vector.tobytes().hex() for vector in kept[0]], kept[1]), (given["vectors"], given["lengths"]), "what is kept")
    for v in read("metrics.json")["cases"]:
        counts = v["counts"]
        metrics = metrics_of(v["lossSum"], sum(counts), counts, round(len(counts) ** 0.5))
        same(metrics | {"loss": str(metrics["loss"])}, v["metrics"], "metrics")


def lane_vectors():
    """The first segment of the first lane: a step of this size takes plain Python three seconds."""
    vectors = read("lane.json")
    lane = vectors["lanes"][0]
    states = lane_states(bytes.fromhex(vectors["seed"]), lane["task"], lane["steps"], 1)
    same([state.hex() for state in states], lane["states"][:2], "lane")
    digests = [leaf_digest(bytes.fromhex(state)) for state in lane["states"]]
    same(tree_root(digests).hex(), lane["root"], "root of a lane")
    v = read("track.json")
    weights, counts, outputs = run_track(*(bytes.fromhex(v[name]) for name in ("mix", "publicKey", "testMix")), v["recipe"])
    same((weights.hex(), counts, outputs.hex()), (v["weights"], v["counts"], v["outputs"]), "track")


def update_vectors():
    same(replay_file(FOLDER / "update.json"), 6, "updates replayed")


def draw_vectors():
    v = read("chain.json")["draws"]
    seed, weights = bytes.fromhex(v["seed"]), [int(weight) for weight in v["weights"]]
    same(draws.order(seed, v["tag"], weights), v["order"], "order by weight")
    turns = H("poml/proposer/v1", bytes.fromhex(v["genesisMix"]), u32(7))
    same(draws.order(turns, "poml/proposer-order/v1", weights), v["proposerOrderAtHeight7"], "turns")
    places = [[(place["lane"], place["segment"]) for place in own] for own in v["segments"]]
    same(draws.segments(seed, [3, 0, 5], 2, 3), places, "segments to replay")


def search_vectors():
    v = read("chain.json")["search"]
    hexes = ("algorithm", "prefix", "suffix", "target")
    order = {name: bytes.fromhex(value) if name in hexes else int(value) for name, value in v["order"].items()}
    same((search.unit_count(order), search.ordered_units(order)), (int(v["unitCount"]), int(v["orderedUnits"])), "units")
    job, key = bytes.fromhex(v["job"]), bytes.fromhex(v["publicKey"])
    progress = {"open": [{"from": 2, "to": 7}], "finds": [], "claimed": 2, "idleRounds": 1, "tallies": [{"node": 4, "units": 2, "share": 7_000_000_000}]}
    base = search.round_base(job, v["round"], progress)
    same(base.hex(), v["base"], "base of a round")
    claim = [search.searched(order, int(one["unit"])) for one in v["claim"]]
    told = [(str(unit), str(nonce), running.hex(), str(share)) for unit, nonce, running, share in claim]
    same(told, [tuple(one[name] for name in ("unit", "minNonce", "running", "share")) for one in v["claim"]], "claim")
    leaves = search.claim_leaves(job, v["round"], key, base, claim)
    same([leaf.hex() for leaf in leaves], v["leaves"], "leaves of a claim")
    same(search.claim_root(leaves).hex(), v["root"], "root of a claim")
    for told in v["alarms"]:
        alarms = [search.is_alarm(int(told["units"]), int(told[name])) for name in ("calm", "unlikely")]
        same(alarms, [False, True], "alarms")
    same([{"from": a, "to": b} for a, b in search.segments(1000)[:3]], v["segmentsOf1000"], "segments")


CHECKS = {
    "draws of chain.json": draw_vectors,
    "search of chain.json": search_vectors,
    "random.json": random_vectors,
    "dataset.json": dataset_vectors,
    "shards.json": shard_vectors,
    "initial-weights.json": weight_vectors,
    "presets.json": preset_vectors,
    "functions.json": function_vectors,
    "run.json": run_vectors,
    "merge.json, metrics.json": merge_vectors,
    "lane.json, track.json": lane_vectors,
    "update.json": update_vectors,
}


def check_all():
    """Yields the name of every file that holds."""
    exact = read("exact.json")
    counts, cases = exact["counts"], exact["cases"]
    with ProcessPoolExecutor() as pool:
        checks = [(name, pool.submit(check)) for name, check in CHECKS.items()]
        hashes = pool.map(exact_cases.hash_of_case, cases, [counts] * len(cases))
        for name, check in checks:
            check.result()
            yield name
        for case, hash_ in zip(cases, hashes):
            same(hash_, case["hash"], case["name"])
    yield "exact.json"
