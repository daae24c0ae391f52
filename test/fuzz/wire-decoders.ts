/** Decoders of what peers and workers send. */
import { sha256, toHex } from "../../chain/crypto/hash.ts";
import { DecodeError } from "../../chain/errors.ts";
import { decodeInclusionProof, decodeLightBlock } from "../../chain/light/codec.ts";
import { Block, Certificate, CertifiedBlock, Header, Proposal } from "../../chain/types/block.ts";
import { Evidence } from "../../chain/types/evidence.ts";
import { Genesis } from "../../chain/types/genesis.ts";
import { Job, JobRecord } from "../../chain/types/job.ts";
import { InclusionProof, LightBlock } from "../../chain/types/light.ts";
import { Seats } from "../../chain/types/state.ts";
import { SignedTransaction } from "../../chain/types/transaction.ts";
import { Vote } from "../../chain/types/vote.ts";
import { TransactionBatch } from "../../node/api/contract/transaction-batch.ts";
import { KnownVotes } from "../../node/network/known-votes-message.ts";
import { decodeSegment, encodeSegment } from "../../node/rating/segment-exchange.ts";
import {
  decodeManifest as decodeSnapshot,
  SnapshotManifest,
} from "../../node/snapshots/manifest.ts";
import { decodeIndexes, decodeTable, encodeIndexes, encodeTable } from "../../node/workers/blob.ts";
import { decodeFrame, encodeFrame } from "../../node/workers/frame.ts";
import {
  decodeNodeMessage,
  decodeWorkerMessage,
  PROTOCOL_VERSION,
} from "../../node/workers/protocol.ts";
import { decodeAddresses, encodeAddresses } from "../../p2p/peers/exchange.ts";
import { decodeRange, encodeRange } from "../../p2p/protocols/blocks.ts";
import { decodeStatus } from "../../p2p/protocols/status.ts";
import { decodeBatch, encodeBatches } from "../../p2p/topics/transactions.ts";
import { decode as decodeBencoded, encode as encodeBencoded } from "../../p2p/torrent/bencode.ts";
import { layOut } from "../../p2p/torrent/layout.ts";
import { decodeTorrent, encodeTorrent } from "../../p2p/torrent/torrent-file.ts";
import { binary, type FuzzedDecoder, json, ssz, text } from "./fuzzed-decoder.ts";

/** Types of the chain as they travel. */
export function sszDecoders(): FuzzedDecoder[] {
  return [
    ssz("transaction", SignedTransaction),
    ssz("transaction batch of the API", TransactionBatch),
    ssz("header", Header),
    ssz("block", Block),
    ssz("certified block", CertifiedBlock),
    ssz("proposal", Proposal),
    ssz("vote", Vote),
    ssz("certificate", Certificate),
    ssz("evidence", Evidence),
    ssz("training record", JobRecord),
    ssz("job", Job),
    ssz("seats", Seats),
    ssz("genesis", Genesis),
    ssz("known votes", KnownVotes),
    ssz("light block", LightBlock, decodeLightBlock),
    ssz("inclusion proof", InclusionProof, decodeInclusionProof),
    snapshotManifest(),
  ];
}

/** Only manifests whose chunk count fits their length are valid. */
function snapshotManifest(): FuzzedDecoder {
  const hash = sha256(text("chunk"));
  const samples = [1, 1_048_576, 1_048_577, 3_000_000].map((bytes) =>
    SnapshotManifest.serialize({
      height: 63,
      blockHash: hash,
      stateRoot: hash,
      seats: [{ node: 0, publicKey: hash, weight: 5n }],
      bytes,
      chunks: Array.from({ length: Math.ceil(bytes / 1_048_576) }, () => hash),
    }),
  );
  return binary("snapshot manifest", samples, decodeSnapshot, (value) =>
    SnapshotManifest.serialize(value),
  );
}

const refuse = (reason: string): DecodeError => new DecodeError("message", reason);

/** Everything else between nodes, and between a node and its workers. */
export function peerDecoders(): FuzzedDecoder[] {
  const transaction = text("a transaction, opaque here");
  const address =
    "/ip4/203.0.113.7/tcp/9470/ws/p2p/12D3KooWGRUfVAMTPnwTdkhHWBFFBrBVGpDMDzCbCBV3hV7dxkXG";
  const hash = toHex(sha256(text("input")));
  const status = new Uint8Array(82).fill(3);
  status.set([0, 0, 0, 0, 0, 0], 36);
  status.set(new Uint8Array(16), 34);
  status.set(new Uint8Array(8), 74);
  const pieces = new Uint8Array(20 * 5).fill(9);
  const layout = layOut(
    [
      { path: "chunks/0.bin", length: 70_000 },
      { path: "chunks/1.bin", length: 131_072 },
      { path: "manifest.json", length: 12 },
    ],
    65_536,
  );
  return [
    binary(
      "gossip batch",
      encodeBatches([transaction, transaction, text("x")]),
      decodeBatch,
      ({ offer, transactions }) => encodeBatches(transactions, offer)[0] ?? new Uint8Array(0),
    ),
    binary("status", [status], (bytes) => decodeStatus(bytes, refuse)),
    binary(
      "block range",
      [encodeRange({ from: 7, count: 256 })],
      (b) => decodeRange(b, refuse),
      encodeRange,
    ),
    binary("addresses", [encodeAddresses([address, address])], decodeAddresses),
    binary(
      "segment",
      [encodeSegment({ startState: text("state"), startPath: [sha256(text("a"))], endPath: [] })],
      decodeSegment,
      encodeSegment,
    ),
    binary("torrent file", [encodeTorrent(layout, pieces)], decodeTorrent, (t) =>
      encodeTorrent(t.layout, t.pieceHashes),
    ),
    binary(
      "bencoding",
      [encodeTorrent(layout, pieces), encodeBencoded({ a: [1, -5, text("x")], b: { c: 0 } })],
      decodeBencoded,
      encodeBencoded,
    ),
    binary(
      "worker input table",
      [
        encodeTable([
          { hash, size: 5 },
          { hash, size: 9_000 },
        ]),
      ],
      decodeTable,
      encodeTable,
    ),
    binary(
      "worker indexes",
      [encodeIndexes([0, 3, 4, 90])],
      (b) => decodeIndexes(b, 100),
      encodeIndexes,
    ),
    binary(
      "worker frame",
      WORKER_MESSAGES.map((message) => encodeFrame(message, text("x"))),
      decodeFrame,
    ),
    json("message of a worker", WORKER_MESSAGES, decodeWorkerMessage),
    json("message to a worker", NODE_MESSAGES, decodeNodeMessage),
  ];
}

const HASH = toHex(sha256(text("hash")));
const SEARCHED = {
  prefix: "00ff",
  suffix: "",
  nonceBytes: 8,
  endian: "big",
  target: HASH,
  unitBits: 18,
  jobFrom: "0",
  jobTo: "1099511627776",
};
const WORKER_MESSAGES: readonly object[] = [
  { type: "hello", version: 1, engine: HASH, threads: 4, platform: "linux" },
  { type: "progress", task: 3, step: 5, steps: 10, loss: 0.5 },
  { type: "output", task: 3, name: "parameters", index: 0, hash: HASH, size: 40 },
  { type: "done", task: 3, result: { kind: "baseline", segments: 4, coreShare: 0.5 } },
  {
    type: "done",
    task: 5,
    result: { kind: "claims", isRight: true, share: "12", runs: 2, finds: 1 },
  },
];
const NODE_MESSAGES: readonly object[] = [
  {
    type: "welcome",
    version: PROTOCOL_VERSION,
    worker: "w",
    heartbeatMs: 10_000,
    silenceMs: 60_000,
  },
  { type: "stop", task: 3, how: "abandon" },
  {
    type: "order",
    task: 3,
    order: {
      kind: "train",
      engine: "exact",
      hyperparameters: {
        optimizer: { kind: "sgd", momentum: 0.9, learningRate: 0.1 },
        batchSize: 8,
      },
      epochs: 1,
      segments: 2,
      seed: HASH,
      states: true,
    },
    inputs: [
      { name: "model", count: 1, isKept: true },
      { name: "chunks", count: 3, isKept: true },
    ],
  },
  {
    type: "order",
    task: 4,
    order: {
      kind: "search",
      ...SEARCHED,
      from: "3",
      to: "5",
    },
    inputs: [{ name: "algorithm", count: 1, isKept: true }],
  },
  {
    type: "order",
    task: 5,
    order: {
      kind: "claims",
      ...SEARCHED,
      job: HASH,
      round: 2,
      node: 7,
      units: 4096,
    },
    inputs: [
      { name: "algorithm", count: 1, isKept: true },
      { name: "file", count: 1, isKept: false },
    ],
  },
];
