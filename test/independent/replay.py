"""Replays a whole job from its public files: every update, every merge, all metrics."""
import json
from math import prod
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import ssz
from binary32 import sha256
from formats import read_canonical, read_chunk, require
from aggregation import bucket_seed, merged, settings_of, state_hash_of
from job import delta_of, kept_updates, measured, read_update, replayed_update, shards
from model import Model


def rows_of(manifest, split, indexes, chunks):
    rows, labels = [], []
    for index in indexes:
        entry = manifest[split][index]
        own_rows, own_labels = read_chunk(manifest, entry, chunks[entry["file"]])
        rows += own_rows
        labels += own_labels
    return rows, labels


class Fetched(dict):
    """What a node is asked for when it is wanted; the reader checks the hash."""

    def __init__(self, fetch):
        super().__init__()
        self.fetch = fetch

    def __missing__(self, name):
        self[name] = self.fetch(name)
        return self[name]


def replay_from(apis, job_id):
    """A job from running nodes, docs/training.md, "What to fetch"; each has some of the files."""

    def get(path):
        for api in apis:
            try:
                with urlopen(api.rstrip("/") + path, timeout=60) as answer:
                    return answer.read()
            except HTTPError as error:
                if error.code != 404:
                    raise
        raise ValueError(f"none of the nodes asked has {path}")

    def proven(path):
        """The node's own header is taken as it is: to trust it is another question."""
        answer = json.loads(get(path))
        proof = ssz.decode("InclusionProof", bytes.fromhex(answer["proof"]))
        return proof, ssz.decode("LightBlock", bytes.fromhex(answer["block"]))["header"]

    proof, header = proven(f"/v1/proof/jobs/{job_id}")
    job = ssz.decode("Job", proof["value"])
    place = ssz.place_in_state("jobs", proof["index"])
    require(ssz.folds_to(ssz.root("Job", job), place, proof["path"], header["stateRoot"]), "path of the job")
    rounds = range(1, job["round"] + 1)
    records = [proven(f"/v1/proof/records/{job_id}/{round_}")[0]["value"] for round_ in rounds]
    blobs = Fetched(lambda hash_: get(f"/v1/blobs/{hash_.hex()}"))
    dataset = train_spec(job)["dataset"].hex()
    return replay_job(proof["value"], records, blobs, Fetched(lambda file: get(f"/v1/datasets/{dataset}/chunks/{file}")))


def replay_file(path):
    """A file like test/vectors/update.json."""
    v = json.loads(Path(path).read_text("utf-8"))
    chunks = {file: bytes.fromhex(data) for file, data in v["chunks"].items()}
    blobs = [v["topology"].encode(), v["manifest"].encode(), bytes.fromhex(v["initialParameters"])]
    blobs += [bytes.fromhex(one["modelAfter"]) for one in v["rounds"]]
    blobs += [bytes.fromhex(update["bytes"]) for one in v["rounds"] for update in one["updates"]]
    records = [bytes.fromhex(one["record"]) for one in v["rounds"]]
    return replay_job(bytes.fromhex(v["job"]), records, {sha256(data): data for data in blobs}, chunks)


def train_spec(job):
    """What is trained: the training member of the order's union of kinds."""
    kind, spec = job["spec"]["work"]
    require(kind == 0, "only training can be replayed here")
    return spec


def replay_job(job_bytes, records, blobs, chunks):
    """`blobs`: bytes by SHA-256; `chunks`: by file name. @returns how many updates came out to the committed bits"""
    job, updates = ssz.decode("Job", job_bytes), 0
    spec = train_spec(job)
    require(spec["engine"] == 0, "only the exact engine can be replayed")
    for name in ("model", "dataset"):
        require(sha256(blobs[spec[name]]) == spec[name], f"hash of the {name}")
    model = Model(read_canonical(blobs[spec["model"]]))
    manifest = read_canonical(blobs[spec["dataset"]])
    require(prod(model.input_shape) == prod(manifest["shape"]), "model and data")
    start = model.initial_parameters(spec["seed"])
    require(sha256(start.tobytes()) == spec["initialParameters"], "initial parameters")
    positions = {one["node"]: place for place, one in enumerate(job["participants"])}
    shares = shards(spec["trainChunks"], len(positions), spec["seed"], spec["partition"] == 1)
    test = rows_of(manifest, "test", range(len(manifest["test"])), chunks)
    keeps = None
    for data in records:
        record = ssz.decode("JobRecord", data)
        gain = record["gain"][1]
        require(gain["modelBefore"] == sha256(start.tobytes()), "modelBefore")
        given = []
        for one in record["contributions"]:
            node, round_ = one["node"], record["round"]
            rows, labels = rows_of(manifest, "train", shares[positions[node]], chunks)
            claimed = blobs[one["updateHash"]]
            node, samples, trained = read_update(claimed, model, spec, len(rows), node, round_, one["updateHash"])
            mine, _ = replayed_update(model, spec, node, round_, positions[node], start, rows, labels)
            require(mine == claimed, f"update of node {node} in round {round_} came to other bits")
            given.append((node, samples, delta_of(start, trained)))
            updates += 1
        kept = kept_updates(start, given)
        require(len(kept) == len(given) >= job["spec"]["quorum"], "an update should have been left out")
        draw = bucket_seed(spec["seed"], record["round"], gain["modelBefore"])
        start, keeps = merged(settings_of(spec["aggregation"]), start, given, draw, keeps)
        require(state_hash_of(keeps) == gain["serverState"], f"serverState of round {record['round']}")
        require(sha256(start.tobytes()) == gain["modelAfter"], f"modelAfter of round {record['round']}")
        require(measured(model, spec, start, *test) == gain["metrics"], f"metrics of round {record['round']}")
    require(sha256(start.tobytes()) == job["progress"][1]["parameters"], "the job's last parameters")
    return updates
