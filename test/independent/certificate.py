"""docs/protocol.md, "Model certificate" and "Light clients": a model directory against a block that is trusted."""
from math import isfinite
from pathlib import Path

import ed25519
import ssz
from binary32 import H, floats, sha256
from formats import canonical, read_canonical, read_json, require
from model import Model

PRECOMMIT = 1
MEMBERS = set("version anchor genesisRoot header certificate seats job jobIndex path updates".split())


class Trusted:
    """What a light client believes."""

    def __init__(self, genesis_root, block, appointed=()):
        self.genesis_root, self.seats = genesis_root, block["seats"]
        self.height, self.time = block["header"]["height"], block["header"]["time"]
        self.hash, self.seats_root = ssz.root("Header", block["header"]), block["header"]["seatsRoot"]
        self.appointed = appointments(block) or list(appointed)


def appointments(block):
    """Rule 7. @returns the roots of the lists of seats"""
    given = block["appointed"]
    require(len(given) in (0, 2), "appointed seats: none or both")
    for name, one in zip(("seats", "nextSeats"), given):
        place = ssz.place_in_state(name, None)
        require(ssz.folds_to(one["root"], place, one["path"], block["header"]["stateRoot"]), "appointed seats")
    return [one["root"] for one in given]


def start_at(block, genesis_root, height, hash_):
    """From a block whose height and hash the owner vouches for."""
    require(block["header"]["height"] == height, "height of the trusted block")
    require(ssz.root("Header", block["header"]) == hash_, "hash of the trusted block")
    check_block(genesis_root, block)
    return Trusted(genesis_root, block)


def follow(trusted, block):
    """Rules 1 to 7. @returns what to believe now"""
    header = block["header"]
    same = header["height"] == trusted.height and ssz.root("Header", header) == trusted.hash
    require(same or header["height"] > trusted.height and header["time"] > trusted.time, "rule 2: not later")
    signed, seen = 0, {}
    for one in trusted.seats:
        seen[one["publicKey"]] = one["weight"]
    for one in block["certificate"]["signatures"]:
        require(one["seat"] < len(block["seats"]), "unknown seat")
        signed += seen.pop(block["seats"][one["seat"]]["publicKey"], 0)
    linked = header["seatsRoot"] in [trusted.seats_root, *trusted.appointed]
    require(linked or 3 * signed > sum(one["weight"] for one in trusted.seats), "rule 5: seats are not linked")
    check_block(trusted.genesis_root, block)
    return Trusted(trusted.genesis_root, block, trusted.appointed)


def check_block(genesis_root, block):
    """Rules 1, 3, 4 and 6: what a light block must fulfil by itself."""
    header, certificate, seats = block["header"], block["certificate"], block["seats"]
    require(header["version"] == 1, "rule 1: version")
    kind = dict(map(reversed, ssz.TYPES["StateTree"]))
    seats_kind = next(k for k in kind if k.startswith("[Seat]"))
    require(ssz.root(seats_kind, seats) == header["seatsRoot"], "rule 1: seats")
    hash_ = ssz.root("Header", header)
    require((certificate["height"], certificate["blockHash"]) == (header["height"], hash_), "rule 3")
    keys = [one["publicKey"] for one in seats]
    require(len(set(keys)) == len(keys) and all(map(ed25519.is_usable, keys)), "rule 4: keys")
    total = sum(one["weight"] for one in seats)
    require(total == header["totalWeight"], "rule 4: weight")
    order = [one["seat"] for one in certificate["signatures"]]
    require(order == sorted(set(order)) and all(seat < len(seats) for seat in order), "rule 6: order of seats")
    require(3 * sum(seats[seat]["weight"] for seat in order) > 2 * total, "rule 6: weight")
    vote = {"height": header["height"], "round": certificate["round"], "type": PRECOMMIT, "blockHash": hash_, "validRound": 0}
    message = H("poml/sign/vote/v1", genesis_root, ssz.root("VoteSummary", vote))
    for one in certificate["signatures"]:
        require(ed25519.verify(seats[one["seat"]]["publicKey"], message, one["signature"]), "rule 6: signature")


def check_model(folder, height, hash_):
    """@returns the job that the directory's model was trained by"""
    files = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    file = read_canonical(files["certificate.json"])
    require(set(file) == MEMBERS, "members of the certificate")
    require(file["version"] == 2, "version of the certificate")
    genesis_root = bytes.fromhex(file["genesisRoot"])
    anchor = {"appointed": []}
    seats_kind = dict(ssz.TYPES["LightBlock"])["seats"]
    for name, kind in (("header", "Header"), ("certificate", "Certificate"), ("seats", seats_kind)):
        anchor[name] = ssz.decode(kind, bytes.fromhex(file[name]))
    updates = [ssz.decode("LightBlock", bytes.fromhex(one)) for one in file["updates"]]
    route = [*updates, anchor]
    heights = [block["header"]["height"] for block in route]
    require(heights == sorted(set(heights)), "the heights of the updates do not rise")
    shown = {"height": heights[-1], "hash": ssz.root("Header", anchor["header"]).hex()}
    require(file["anchor"] == shown, "the anchor is not that of the header")
    own = route[0]["header"]
    trusted = start_at(route[0], genesis_root, own["height"], ssz.root("Header", own))
    for block in route[1:]:
        trusted = follow(trusted, block)
    begin = next((block for block in route if block["header"]["height"] == height), None)
    require(begin is not None, f"block {height} is not in this certificate")
    trusted = start_at(begin, genesis_root, height, hash_)
    for block in route:
        if block["header"]["height"] > height:
            trusted = follow(trusted, block)
    require(trusted.hash == ssz.root("Header", anchor["header"]), "the anchor does not follow")
    job = ssz.decode("Job", bytes.fromhex(file["job"]))
    place = ssz.place_in_state("jobs", file["jobIndex"])
    path = [bytes.fromhex(one) for one in file["path"]]
    require(ssz.folds_to(ssz.root("Job", job), place, path, anchor["header"]["stateRoot"]), "path of the job")
    require(job["phase"] in (3, 6) and job["round"] > 0, "the job has not ended with a model")
    check_files(files, job)
    return job


def check_files(files, job):
    """Every byte of a model directory follows from the job."""
    (_, spec), (_, progress) = job["spec"]["work"], job["progress"]
    topology = read_json(files["model.json"])["modelTopology"]
    require(sha256(files["weights.bin"]) == progress["parameters"], "weights.bin")
    require(sha256(canonical(topology).encode()) == spec["model"], "modelTopology")
    whole = {"format": "layers-model", "generatedBy": "PoML", "convertedBy": None}
    whole |= {"modelTopology": topology, "weightsManifest": weights_manifest(topology)}
    require(files["model.json"] == canonical(whole).encode(), "model.json is not that of its topology")
    weights = files["weights.bin"]
    require(len(weights) == 4 * spec["parameterCount"] and all(map(isfinite, floats(weights))), "weights.bin")
    require(sha256(files["dataset.json"]) == spec["dataset"], "dataset.json")
    manifest = read_canonical(files["dataset.json"])
    rows = {split: sum(entry["rows"] for entry in manifest[split]) for split in ("train", "test")}
    counted = (rows["train"], rows["test"], len(manifest["train"]))
    require(counted == tuple(spec[k] for k in ("trainRows", "testRows", "trainChunks")), "rows of dataset.json")


def weights_manifest(topology):
    tensors = [{"name": name, "shape": shape, "dtype": "float32"} for name, shape, *_ in Model(topology).tensors]
    return [{"paths": ["weights.bin"], "weights": tensors}]
