/**
 * Every decoder that meets bytes of a stranger, with valid encodings to start from and, where a value has one
 * encoding, the encoder that must give the same bytes back.
 */
import { gzipSync } from "node:zlib";
import type { Type } from "@chainsafe/ssz";
import fc from "fast-check";
import { formatAddress, parseAddress } from "../../chain/crypto/address.ts";
import { sha256, toHex } from "../../chain/crypto/hash.ts";
import { decodeSsz } from "../../chain/decode.ts";
import { DecodeError } from "../../chain/errors.ts";
import { decodeInclusionProof, decodeLightBlock } from "../../chain/light/codec.ts";
import { Block, Certificate, CertifiedBlock, Header, Proposal } from "../../chain/types/block.ts";
import { Evidence } from "../../chain/types/evidence.ts";
import { Genesis } from "../../chain/types/genesis.ts";
import { Job, TrainingRecord } from "../../chain/types/job.ts";
import { InclusionProof, LightBlock } from "../../chain/types/light.ts";
import { Seats } from "../../chain/types/state.ts";
import { SignedTransaction } from "../../chain/types/transaction.ts";
import { Vote } from "../../chain/types/vote.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../ml/audit/checkpoint.ts";
import { buildDataset } from "../../ml/dataset/build.ts";
import { decodeChunk, encodeChunk } from "../../ml/dataset/chunk.ts";
import { readTable } from "../../ml/dataset/csv-table.ts";
import { importCsv } from "../../ml/dataset/import-csv.ts";
import { decodeIdx, encodeIdx } from "../../ml/dataset/import-idx.ts";
import { decodeManifest, encodeManifest } from "../../ml/dataset/manifest.ts";
import { decodeUpdate, encodeUpdate } from "../../ml/federation/update-codec.ts";
import { parseLayersModel } from "../../ml/model/layers-model.ts";
import { PRESET_NAMES, presetModel } from "../../ml/model/presets.ts";
import { parseJson } from "../../node/api/body.ts";
import { TransactionBatch } from "../../node/api/contract/transaction-batch.ts";
import { decodeGenesis, encodeGenesis } from "../../node/config/genesis-file.ts";
import { decodeCertificate } from "../../node/jobs/certificate.ts";
import { KnownVotes } from "../../node/network/known-votes.ts";
import { decodeSegment, encodeSegment } from "../../node/rating/segment-exchange.ts";
import {
  decodeManifest as decodeSnapshot,
  SnapshotManifest,
} from "../../node/snapshots/manifest.ts";
import { parseKeyFile } from "../../node/wallet/key-file.ts";
import { decodeIndexes, decodeTable, encodeIndexes, encodeTable } from "../../node/workers/blob.ts";
import { decodeFrame, encodeFrame } from "../../node/workers/frame.ts";
import { decodeNodeMessage, decodeWorkerMessage } from "../../node/workers/protocol.ts";
import { decodeAddresses, encodeAddresses } from "../../p2p/peers/exchange.ts";
import { decodeRange, encodeRange } from "../../p2p/protocols/blocks.ts";
import { decodeStatus } from "../../p2p/protocols/status.ts";
import { decodeBatch, encodeBatches } from "../../p2p/topics/transactions.ts";
import { decode as decodeBencoded, encode as encodeBencoded } from "../../p2p/torrent/bencode.ts";
import { layOut } from "../../p2p/torrent/layout.ts";
import { decodeTorrent, encodeTorrent } from "../../p2p/torrent/torrent-file.ts";
import { TestChain } from "../helpers/chain.ts";
import { finishedJob } from "../helpers/finished-job.ts";
import { arbitraryOf } from "../helpers/ssz-arbitrary.ts";
import { hostileBytes, hostileJson } from "./mutate.ts";

export interface FuzzedDecoder {
  readonly name: string;
  /** Inputs the decoder must take. */
  readonly samples: readonly Uint8Array[];
  readonly inputs: fc.Arbitrary<Uint8Array>;
  decode(bytes: Uint8Array): unknown;
  /** Bytes of what was decoded; absent where one value has many encodings (JSON, text). */
  encode?(value: unknown): Uint8Array;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const refuse = (reason: string): DecodeError => new DecodeError("message", reason);
const POOL = 48;

export async function fuzzedDecoders(): Promise<FuzzedDecoder[]> {
  const { files } = await finishedJob(20);
  return [
    ...sszDecoders(),
    ...peerDecoders(),
    ...jsonDecoders(files["certificate.json"]),
    ...dataDecoders(),
  ];
}

/** SSZ as `decodeSsz` takes it, from values of every shape the type allows. */
function ssz<V>(name: string, type: Type<V>, decode?: (bytes: Uint8Array) => V): FuzzedDecoder {
  const values = fc.sample(arbitraryOf(type), { numRuns: POOL, seed: 1 });
  return binary(
    name,
    values.map((value) => type.serialize(value)),
    decode ?? ((bytes) => decodeSsz(name, type, bytes)),
    (value) => type.serialize(value),
  );
}

function binary<V>(
  name: string,
  samples: readonly Uint8Array[],
  decode: (bytes: Uint8Array) => V,
  encode?: (value: V) => Uint8Array,
): FuzzedDecoder {
  const back = encode === undefined ? {} : { encode: encode as (value: unknown) => Uint8Array };
  return { name, samples, inputs: hostileBytes(samples), decode, ...back };
}

function json(
  name: string,
  samples: readonly unknown[],
  decode: (value: unknown) => unknown,
): FuzzedDecoder {
  return {
    name,
    samples: samples.map((sample) => text(JSON.stringify(sample))),
    inputs: hostileJson(samples),
    decode: (bytes) => decode(parseJson(bytes)),
  };
}

function sszDecoders(): FuzzedDecoder[] {
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
    ssz("training record", TrainingRecord),
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

function peerDecoders(): FuzzedDecoder[] {
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
      (batch) => encodeBatches(batch)[0] ?? new Uint8Array(0),
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
const WORKER_MESSAGES: readonly object[] = [
  { type: "hello", version: 1, engine: HASH, threads: 4, platform: "linux" },
  { type: "progress", task: 3, step: 5, steps: 10, loss: 0.5 },
  { type: "output", task: 3, name: "parameters", index: 0, hash: HASH, size: 40 },
  { type: "done", task: 3, result: { kind: "baseline", segments: 4 } },
];
const NODE_MESSAGES: readonly object[] = [
  { type: "welcome", version: 1, worker: "w", heartbeatMs: 10_000, silenceMs: 60_000 },
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
    },
  },
];

function jsonDecoders(certificate: Uint8Array): FuzzedDecoder[] {
  const genesis = encodeGenesis(new TestChain({ founders: 2 }).genesis);
  const keyFile = {
    version: 1,
    address: formatAddress(new Uint8Array(20)),
    publicKey: HASH,
    secret: { seed: HASH },
  };
  const model: unknown = JSON.parse(new TextDecoder().decode(certificate));
  const layers = PRESET_NAMES.map((name) =>
    presetModel(name, { inputShape: [8, 8, 1], classes: 3 }),
  );
  return [
    json("genesis file", [genesis], decodeGenesis),
    {
      ...json("key file", [keyFile], (value) => value),
      decode: (bytes) => parseKeyFile("key", utf8(bytes)),
    },
    { ...json("model certificate", [model], (value) => value), decode: decodeCertificate },
    json("LayersModel", layers, (value) => parseLayersModel(value)),
    { ...json("dataset manifest", [manifestOf()], (value) => value), decode: decodeManifest },
  ];
}

function dataDecoders(): FuzzedDecoder[] {
  const { manifest, chunks } = dataset();
  const [ref] = manifest.train;
  const rows = chunks.get(ref?.file ?? "");
  if (ref === undefined || rows === undefined) throw new RangeError("no chunk");
  const delta = Float32Array.of(0, -1, 2.5, 1e-9);
  const pixels = { dimensions: [3, 2, 2], values: new Uint8Array(12).fill(7) };
  return [
    binary(
      "dataset chunk",
      [rows],
      (bytes) =>
        decodeChunk(manifest, { ...ref, bytes: bytes.length, sha256: toHex(sha256(bytes)) }, bytes),
      (value) => encodeChunk(value, manifest.classes.length),
    ),
    binary("IDX file", [encodeIdx(pixels), gzipped(encodeIdx(pixels))], (bytes) =>
      decodeIdx("images", bytes),
    ),
    binary("CSV table", [text(CSV_TEXT)], (bytes) => readTable(utf8(bytes), undefined)),
    binary(
      "update",
      [encodeUpdate({ participant: 1, round: 2, samples: 3, delta })],
      (bytes) => decodeUpdate(bytes, delta.length),
      encodeUpdate,
    ),
    binary(
      "checkpoint",
      [encodeCheckpoint({ parameters: delta, optimizerState: delta })],
      (bytes) => decodeCheckpoint(bytes, delta.length),
      encodeCheckpoint,
    ),
    binary(
      "address",
      [text(formatAddress(new Uint8Array(20)))],
      (bytes) => parseAddress(utf8(bytes)),
      (a) => text(formatAddress(a)),
    ),
  ];
}

const CSV_TEXT = `sepal,petal,label
${Array.from({ length: 20 }, (_, i) => `${(i % 3) + i / 100},${i / 7},"class ${i % 3}"`).join("\n")}
`;

function dataset() {
  return buildDataset(importCsv(text(CSV_TEXT), { name: "flowers" }).dataset);
}

function manifestOf(): unknown {
  return JSON.parse(utf8(encodeManifest(dataset().manifest)));
}

function gzipped(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(gzipSync(bytes));
}

function utf8(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
