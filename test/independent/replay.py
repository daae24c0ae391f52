"""Replays a whole job from its public files: every update, every merge, all metrics."""
from math import prod

import ssz
from binary32 import sha256
from formats import read_canonical, read_chunk, require
from job import AGGREGATIONS, delta_of, kept_updates, measured, merged, read_update, replayed_update, shards
from model import Model


def rows_of(manifest, split, indexes, chunks):
    rows, labels = [], []
    for index in indexes:
        entry = manifest[split][index]
        own_rows, own_labels = read_chunk(manifest, entry, chunks[entry["file"]])
        rows += own_rows
        labels += own_labels
    return rows, labels


def replay_job(job_bytes, records, blobs, chunks):
    """`blobs`: bytes by SHA-256. @returns how many updates came out to the committed bits"""
    job, updates = ssz.decode("Job", job_bytes), 0
    spec = job["spec"]
    require(spec["engine"] == 0, "only the exact engine can be replayed")
    model = Model(read_canonical(blobs[spec["model"]]))
    manifest = read_canonical(blobs[spec["dataset"]])
    require(prod(model.input_shape) == prod(manifest["shape"]), "model and data")
    start = model.initial_parameters(spec["seed"])
    require(sha256(start.tobytes()) == spec["initialParameters"], "initial parameters")
    positions = {one["node"]: place for place, one in enumerate(job["participants"])}
    shares = shards(spec["trainChunks"], len(positions), spec["seed"], spec["partition"] == 1)
    test = rows_of(manifest, "test", range(len(manifest["test"])), chunks)
    for data in records:
        record = ssz.decode("TrainingRecord", data)
        require(record["modelBefore"] == sha256(start.tobytes()), "modelBefore")
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
        require(len(kept) == len(given) >= spec["quorum"], "an update should have been left out")
        start = merged(AGGREGATIONS[spec["aggregation"]], start, given)
        require(sha256(start.tobytes()) == record["modelAfter"], f"modelAfter of round {record['round']}")
        require(measured(model, spec, start, *test) == record["metrics"], f"metrics of round {record['round']}")
    require(sha256(start.tobytes()) == job["parameters"], "the job's last parameters")
    return updates
