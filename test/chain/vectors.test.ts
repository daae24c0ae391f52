/**
 * Fixed vectors for a second implementation, and a guard against moving a format unawares. A
 * changed file means that old chains, signatures and certificates are no longer read. To write it
 * anew: `UPDATE_VECTORS=1 npx mocha test/chain/vectors.test.ts && npx biome format --write test/vectors`.
 */
import { readFile, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { sealOf } from "../../chain/committee/seal.ts";
import { addressOf, formatAddress } from "../../chain/crypto/address.ts";
import { sha256, toHex, uint32Bytes } from "../../chain/crypto/hash.ts";
import { keyPairFromSeed } from "../../chain/crypto/keys.ts";
import { makeOnion } from "../../chain/crypto/onion.ts";
import { type SigningDomain, signingRoot } from "../../chain/crypto/signing.ts";
import { genesisMix, nextMix, proposerOrder } from "../../chain/draw/mix.ts";
import { drawWithoutReplacement } from "../../chain/draw/weighted.ts";
import { proposalSigningRoot, voteSigningRoot } from "../../chain/finality/vote.ts";
import { merkleRoot } from "../../chain/proof/hash-tree.ts";
import { proveRecord, recordIndex } from "../../chain/proof/inclusion.ts";
import { drawSegments } from "../../chain/rating/draw-segments.ts";
import { laneSeed } from "../../chain/rating/window.ts";
import { commitmentOf, outputsDigest, runSeed, trackSeal } from "../../chain/track/proof.ts";
import { scoresOf } from "../../chain/track/scores.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import { Block, Header } from "../../chain/types/block.ts";
import { Genesis } from "../../chain/types/genesis.ts";
import { Job, JobRecord } from "../../chain/types/job.ts";
import { NodeRecord } from "../../chain/types/node.ts";
import { Account, Meta, Seats, StateTree } from "../../chain/types/state.ts";
import { SignedTransaction } from "../../chain/types/transaction.ts";
import { roundBase } from "../../chain/workload/search/round.ts";
import { searchSpec } from "../../chain/workload/search/search-of.ts";
import { claimLeaves } from "../../chain/workload/search/segment-leaf.ts";
import { segmentAt } from "../../chain/workload/search/segments.ts";
import { isUnlikely, unitShare } from "../../chain/workload/search/statistics.ts";
import { orderedUnits, unitAt, unitCount } from "../../chain/workload/search/units.ts";
import { trainingSeed } from "../../chain/workload/train/seed.ts";
import { trainSpec } from "../../chain/workload/train/train-of.ts";
import { person, TestChain } from "../helpers/chain.ts";
import { commits, jobOf, jobSpec, openJob, roundRecord } from "../helpers/job-run.ts";
import { searchOrder, searchUnit } from "../helpers/search-run.ts";

const FILE = new URL("../vectors/chain.json", import.meta.url);
const DOMAINS: readonly SigningDomain[] = [
  "transaction",
  "vote",
  "proposal",
  "record",
  "refusal",
  "manifest",
];

function identity() {
  const seed = sha256(Uint8Array.of(1));
  const { publicKey } = keyPairFromSeed(seed);
  const onion = makeOnion(seed, 3);
  return {
    seed: toHex(seed),
    publicKey: toHex(publicKey),
    address: toHex(addressOf(publicKey)),
    addressText: formatAddress(addressOf(publicKey)),
    onion: { secret: toHex(seed), links: onion.map(toHex) },
  };
}

function draws() {
  const seed = sha256(Uint8Array.of(2));
  const weights = [5n, 0n, 1n, 3n, 1_000_000_000_000n];
  const seats = weights.map((weight, node) => ({ node, publicKey: seed, weight }));
  const mix = genesisMix(seed);
  return {
    seed: toHex(seed),
    weights: weights.map(String),
    tag: "poml/job-team/v1",
    order: drawWithoutReplacement(seed, "poml/job-team/v1", weights, 5),
    genesisMix: toHex(mix),
    nextMixAtHeight7: toHex(nextMix(mix, 7, seed)),
    proposerOrderAtHeight7: proposerOrder(mix, 7, seats),
    laneSeed: toHex(laneSeed(seed, seed, 1)),
    trainingSeed: toHex(trainingSeed(trainSpec(jobSpec("job")), 2, 3)),
    segments: drawSegments(
      seed,
      [3, 0, 5].map((segments) => ({ segments, checkpointRoot: seed })),
      { verifiers: 2, each: 3 },
    ),
    seal: toHex(sealOf(seed, mix)),
  };
}

/** A claim of three of seven units, the last of them a short one; SHA-256 hashes. */
function search() {
  const from = 2n ** 32n - 3n;
  const order = { from, to: from + 410n, prefix: Uint8Array.of(1, 2), suffix: Uint8Array.of(3) };
  const spec = searchSpec(searchOrder("search", { ...order, endian: 1, redundancy: 5 }));
  const [job, publicKey] = [8, 9].map((n) => sha256(Uint8Array.of(n))) as [Uint8Array, Uint8Array];
  const tallies = [{ node: 4, units: 2n, share: 7_000_000_000n }];
  const progress = { open: [{ from: 2n, to: 7n }], finds: [], claimed: 2n, idleRounds: 1, tallies };
  const base = roundBase({
    id: job,
    round: 2,
    progress: { selector: 1, value: progress },
  } as never);
  const units = [6n, 2n, 3n].map((unit) => searchUnit(spec, unit));
  const leaves = claimLeaves({ job, round: 2, publicKey }, base, units);
  return {
    order: Object.fromEntries(
      Object.entries(spec).map(([name, value]) => [
        name,
        value instanceof Uint8Array ? toHex(value) : String(value),
      ]),
    ),
    unitCount: String(unitCount(spec)),
    orderedUnits: String(orderedUnits(spec)),
    job: toHex(job),
    publicKey: toHex(publicKey),
    round: 2,
    base: toHex(base),
    claim: units.map(({ unit, minNonce, running, minDigest }) => {
      const { from: first, to } = unitAt(spec, unit);
      return {
        unit: String(unit),
        minNonce: String(minNonce),
        running: toHex(running),
        share: String(unitShare(to - first, minDigest)),
      };
    }),
    leaves: leaves.map(toHex),
    root: toHex(merkleRoot(leaves)),
    alarms: [1n, 100n, 100_000n].map((count) => {
      let share = count << 32n;
      while (!isUnlikely(count, share)) share += 1n << 20n;
      return { units: String(count), calm: String(share - (1n << 20n)), unlikely: String(share) };
    }),
    segmentsOf1000: Array.from({ length: 3 }, (_, segment) => segmentAt(1000, segment)),
  };
}

function track() {
  const [mix, publicKey, weights, outputs] = [4, 5, 6, 7].map((n) => sha256(Uint8Array.of(n))) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const recipe = { learningRate: 30_000, batchSize: 32, width: 128, epochs: 10 };
  const counts = [8, 2, 1, 9];
  return {
    mix: toHex(mix),
    publicKey: toHex(publicKey),
    recipe,
    weights: toHex(weights),
    counts,
    outputs: toHex(outputs),
    runSeed: toHex(runSeed(mix, publicKey)),
    commitment: toHex(commitmentOf(publicKey, recipe, weights)),
    outputsDigest: toHex(outputsDigest(outputs)),
    seal: toHex(trackSeal({ weights, counts, outputs }, publicKey)),
    scores: scoresOf(counts, 20),
  };
}

function signing(chain: TestChain) {
  const object = sha256(Uint8Array.of(3));
  const signed = chain.transaction(chain.client, "transfer", {
    to: person("receiver").address,
    amount: 123_456n,
  });
  return {
    object: toHex(object),
    prevoteAtHeight7Round1: toHex(
      voteSigningRoot(chain.genesisRoot, { height: 7, round: 1, type: 0, blockHash: object }),
    ),
    proposalAtHeight7Round1: toHex(
      proposalSigningRoot(chain.genesisRoot, {
        height: 7,
        round: 1,
        validRound: 0,
        blockHash: object,
      }),
    ),
    genesisRoot: toHex(chain.genesisRoot),
    roots: Object.fromEntries(
      DOMAINS.map((domain) => [domain, toHex(signingRoot(domain, chain.genesisRoot, object))]),
    ),
    transaction: {
      ssz: toHex(SignedTransaction.serialize(signed)),
      id: toHex(transactionId(signed.transaction)),
      signature: toHex(signed.signature),
    },
  };
}

/** Two blocks with a job under way. */
function blocks() {
  const chain = new TestChain();
  const open = openJob(chain, chain.client, jobSpec("job", { rounds: 1 }));
  chain.advance(open);
  chain.advance();
  chain.advance(...commits(chain, jobOf(chain, open)));
  const { payload } = roundRecord(chain, jobOf(chain, open)).transaction;
  const { record } = payload.value as { record: JobRecord };
  const { state } = chain.head;
  return {
    genesis: { ssz: toHex(Genesis.serialize(chain.genesis)), root: toHex(chain.genesisRoot) },
    blocks: chain.blocks.map((block) => ({
      ssz: toHex(Block.serialize(block)),
      hash: toHex(Header.hashTreeRoot(block.header)),
      stateRoot: toHex(block.header.stateRoot),
    })),
    state: {
      meta: toHex(Meta.hashTreeRoot(state.meta)),
      seats: toHex(Seats.hashTreeRoot([...state.seats])),
      accounts: toHex(StateTree.fields.accounts.hashTreeRoot([...values(state.accounts)])),
      registry: toHex(StateTree.fields.registry.hashTreeRoot([...values(state.nodes)])),
      jobs: toHex(StateTree.fields.jobs.hashTreeRoot([...values(state.jobs)])),
      firstAccount: toHex(Account.hashTreeRoot(state.accounts.at(0))),
      firstNode: toHex(NodeRecord.hashTreeRoot(state.nodes.at(0))),
      firstJob: toHex(Job.hashTreeRoot(state.jobs.at(0))),
    },
    record: toHex(JobRecord.hashTreeRoot(record)),
    inclusion: {
      list: "jobs",
      index: 0,
      generalizedIndex: String(recordIndex("jobs", 0)),
      siblings: proveRecord(state, "jobs", 0).map(toHex),
    },
  };
}

function* values<V>(table: { entries(): Iterable<[number, V]> }): Iterable<V> {
  for (const [, value] of table.entries()) yield value;
}

describe("chain vectors", () => {
  it("are what they were", async () => {
    const chain = new TestChain();
    const vectors = {
      hash: { uint32OfHeight7: toHex(uint32Bytes(7)) },
      identity: identity(),
      draws: draws(),
      signing: signing(chain),
      track: track(),
      search: search(),
      chain: blocks(),
    };
    if (process.env.UPDATE_VECTORS === "1") {
      await writeFile(FILE, `${JSON.stringify(vectors, null, 2)}\n`);
    }
    expect(vectors).to.deep.equal(JSON.parse(await readFile(FILE, "utf8")));
  });
});
