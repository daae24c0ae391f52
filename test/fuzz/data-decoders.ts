/** Decoders of files and of what clients upload. */
import { formatAddress, parseAddress } from "../../chain/crypto/address.ts";
import { sha256, toHex } from "../../chain/crypto/hash.ts";
import { buildDataset } from "../../ml/dataset/build.ts";
import { decodeChunk, encodeChunk } from "../../ml/dataset/chunk.ts";
import { readTable } from "../../ml/dataset/csv-table.ts";
import { importCsv } from "../../ml/dataset/import-csv.ts";
import { decodeIdx, encodeIdx } from "../../ml/dataset/import-idx.ts";
import { decodeManifest, encodeManifest } from "../../ml/dataset/manifest.ts";
import { decodeUpdate, encodeUpdate } from "../../ml/federation/update-codec.ts";
import { parseLayersModel } from "../../ml/model/layers-model.ts";
import { PRESET_NAMES, presetModel } from "../../ml/model/presets.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../ml/training/checkpoint.ts";
import { decodeGenesis, encodeGenesis } from "../../node/config/genesis-file.ts";
import { decodeCertificate } from "../../node/light/certificate.ts";
import { parseKeyFile } from "../../node/wallet/key-file.ts";
import { TestChain } from "../helpers/chain.ts";
import { binary, type FuzzedDecoder, json, text, utf8 } from "./fuzzed-decoder.ts";

const HASH = toHex(sha256(text("hash")));

/** @param certificate a valid model certificate */
export function jsonDecoders(certificate: Uint8Array): FuzzedDecoder[] {
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

/** Datasets, updates, checkpoints, addresses. */
export function dataDecoders(): FuzzedDecoder[] {
  const { manifest, chunks } = dataset();
  const [ref] = manifest.train;
  const rows = chunks.get(ref?.file ?? "");
  if (ref === undefined || rows === undefined) throw new RangeError("no chunk");
  const delta = Float32Array.of(0, -1, 2.5, 1e-9);
  const update = {
    participant: 1,
    round: 2,
    samples: 3,
    parameters: delta,
    optimizerHash: sha256(Uint8Array.of(0)),
    digests: [sha256(Uint8Array.of(1)), sha256(Uint8Array.of(2))],
  };
  const pixels = { dimensions: [3, 2, 2], values: new Uint8Array(12).fill(7) };
  return [
    binary(
      "dataset chunk",
      [rows],
      (bytes) =>
        decodeChunk(manifest, { ...ref, bytes: bytes.length, sha256: toHex(sha256(bytes)) }, bytes),
      (value) => encodeChunk(value, manifest.classes.length),
    ),
    binary("IDX file", [encodeIdx(pixels)], (bytes) => decodeIdx("images", bytes)),
    binary("CSV table", [text(CSV_TEXT)], (bytes) => readTable(utf8(bytes), {})),
    binary(
      "update",
      [encodeUpdate(update)],
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
