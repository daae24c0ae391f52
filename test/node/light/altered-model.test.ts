/** A job has one model directory that is verified; none of many hundred altered ones is. */
import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { PomlError } from "../../../chain/errors.ts";
import { Header } from "../../../chain/types/block.ts";
import { LightBlock } from "../../../chain/types/light.ts";
import { canonicalJson, parseCanonicalJson } from "../../../ml/dataset/canonical-json.ts";
import { type ResultDirectory, verifyResult } from "../../../node/light/verify-result.ts";
import type { ModelDirectory } from "../../../node/light/verify-train.ts";

type Files = ResultDirectory & ModelDirectory;

import { finishedJob } from "../../helpers/finished-job.ts";
import { jsonMutants, type Mutant } from "../../helpers/json-mutants.ts";
import type { LightChain } from "../../helpers/light-chain.ts";
import { sourceOf } from "../../helpers/light-source.ts";

type FileName = keyof Files;

/** Light blocks left out: another certificate of the same, as any trusted block has its own. */
const FEWER = /^updates(\.\d+ removed| empty)$/;

describe("an altered model directory", function () {
  this.timeout(120_000);
  let files: Files;
  let trusted: { height: number; hash: Uint8Array };
  let updates: string[];
  let ledger: LightChain;

  before(async () => {
    const made = await finishedJob(40);
    ({ ledger } = made);
    ledger.advanceTo(70);
    const changes = made.ledger.changes.filter(({ header }) => header.height < made.anchor);
    updates = changes.map((update) => toHex(LightBlock.serialize(update)));
    // With light blocks of its own, so that these are altered too.
    files = withCertificate(made.files, { updates });
    const { header } = await made.ledger.at(made.anchor);
    trusted = { height: made.anchor, hash: Header.hashTreeRoot(header) };
  });

  it("is valid before it is altered", async () => {
    expect(updates.length).to.be.above(1);
    const { proved } = await verifyResult(files, trusted);
    expect(proved.map(({ claim }) => claim)).to.include.members(["weights", "dataset", "metrics"]);
    expect(proved.find(({ claim }) => claim === "dataset")?.detail).to.include('"petal_length"');
  });

  const refuseAll = async (name: FileName, mutants: readonly Mutant[]): Promise<number> => {
    for (const { what, bytes } of mutants) {
      const refusal = await verifyResult({ ...files, [name]: bytes }, trusted).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(refusal, `${name}: ${what}`).to.be.instanceOf(PomlError);
    }
    return mutants.length;
  };

  it("is refused whatever is altered in certificate.json", async () => {
    const mutants = jsonMutants(files["certificate.json"]).filter(({ what }) => !FEWER.test(what));
    expect(await refuseAll("certificate.json", mutants)).to.be.above(200);
  });

  it("is also refused against a younger block, where a node proves the job again", async () => {
    const { header } = await ledger.at(63);
    const younger = { height: 63, hash: Header.hashTreeRoot(header) };
    const options = { source: sourceOf(ledger) };
    const { proved } = await verifyResult(files, younger, options);
    const mutants = jsonMutants(files["certificate.json"], 20).filter(
      ({ what }) => !FEWER.test(what),
    );
    for (const { what, bytes } of mutants) {
      const altered = { ...files, "certificate.json": bytes };
      const refusal = await verifyResult(altered, younger, options).catch(
        (error: unknown) => error,
      );
      expect(refusal, what).to.be.instanceOf(PomlError);
    }
    expect(proved.map(({ claim }) => claim)).to.include("chain");
    expect(mutants.length).to.be.above(100);
  });

  it("proves the same with fewer light blocks", async () => {
    const { proved } = await verifyResult(files, trusted);
    const fewer = jsonMutants(files["certificate.json"]).filter(({ what }) => FEWER.test(what));
    expect(fewer).to.have.lengthOf(updates.length + 1);
    for (const { what, bytes } of fewer) {
      const again = await verifyResult({ ...files, "certificate.json": bytes }, trusted);
      expect(again.proved, what).to.deep.equal(proved);
    }
  });

  it("is refused for updates that are repeated, out of order or of the anchor, and a false anchor", async () => {
    const { anchor } = parseCanonicalJson(files["certificate.json"]) as { anchor: object };
    const [first = ""] = updates;
    const changes: readonly (readonly [string, object])[] = [
      ["the first one twice", { updates: [first, ...updates] }],
      ["every one twice", { updates: updates.flatMap((one) => [one, one]) }],
      ["backwards", { updates: updates.toReversed() }],
      ["version 1", { version: 1 }],
      ["another height", { anchor: { ...anchor, height: 41 } }],
      ["another hash", { anchor: { ...anchor, hash: "00".repeat(32) } }],
    ];
    const mutants = changes.map(([what, change]) => ({
      what,
      bytes: withCertificate(files, change)["certificate.json"],
    }));
    await refuseAll("certificate.json", mutants);
  });

  it("is refused whatever is altered in model.json", async () => {
    expect(await refuseAll("model.json", jsonMutants(files["model.json"], 30))).to.be.above(200);
  });

  it("is refused for every other weights manifest", async () => {
    const json = parseCanonicalJson(files["model.json"]) as ModelJson;
    const [{ weights } = { weights: [] }] = json.weightsManifest;
    const group = (change: object) => [{ paths: ["weights.bin"], weights, ...change }];
    const each = (change: (weight: Weight) => object) => group({ weights: weights.map(change) });
    const manifests: Readonly<Record<string, unknown>> = {
      "another file": group({ paths: ["other.bin"] }),
      "a file above": group({ paths: ["../weights.bin"] }),
      "a file here": group({ paths: ["./weights.bin"] }),
      "an address": group({ paths: ["https://example.org/weights.bin"] }),
      "another letter case": group({ paths: ["Weights.bin"] }),
      "a look-alike": group({ paths: ["w\u0435ights.bin"] }),
      "a second file": group({ paths: ["weights.bin", "more.bin"] }),
      "the file twice": group({ paths: ["weights.bin", "weights.bin"] }),
      "another order": group({ weights: weights.toReversed() }),
      "a group each": weights.map((weight) => ({ paths: ["weights.bin"], weights: [weight] })),
      "an empty second group": [...group({}), { paths: [], weights: [] }],
      "a second group": [...group({}), ...group({})],
      "the last one missing": group({ weights: weights.slice(0, -1) }),
      "one more": group({ weights: [...weights, weights[0]] }),
      transposed: each((weight) => ({ ...weight, shape: weight.shape.toReversed() })),
      flat: each((weight) => ({ ...weight, shape: [weight.shape.reduce((a, b) => a * b, 1)] })),
      "with a batch": each((weight) => ({ ...weight, shape: [1, ...weight.shape] })),
      "other names": each((weight) => ({ ...weight, name: `x${weight.name}` })),
      "names swapped": each((weight) => ({
        ...weight,
        name: weight.name.replace(/hidden\/one|output/, (name) =>
          name === "output" ? "hidden/one" : "output",
        ),
      })),
      "whole numbers": each((weight) => ({ ...weight, dtype: "int32" })),
      "half precision": each((weight) => ({ ...weight, dtype: "float16" })),
      bytes: each((weight) => ({ ...weight, dtype: "uint8" })),
      quantised: each((weight) => ({
        ...weight,
        quantization: { dtype: "uint8", min: 0, scale: 0.1, original_dtype: "float32" },
      })),
      "of the optimizer": each((weight) => ({ ...weight, group: "optimizer" })),
      "a group with a member more": group({ quantization: {} }),
    };
    const mutants = Object.entries(manifests).map(([what, weightsManifest]) => ({
      what,
      bytes: canonicalJson({ ...json, weightsManifest }),
    }));
    const members = {
      format: "graph-model",
      userDefinedMetadata: {},
      trainingConfig: {},
      signature: {},
    };
    for (const [key, value] of Object.entries(members)) {
      mutants.push({ what: key, bytes: canonicalJson({ ...json, [key]: value }) });
    }
    await refuseAll("model.json", mutants);
  });

  it("is refused for any bit of weights.bin, and any other length", async () => {
    const weights = files["weights.bin"];
    const flipped = Array.from({ length: weights.length * 8 }, (_, bit) => bit)
      .filter((bit) => bit % 11 === 0)
      .map((bit) => {
        const bytes = weights.slice();
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        return { what: `bit ${bit}`, bytes };
      });
    const lengths = [weights.slice(4), weights.slice(0, -1), Uint8Array.of(...weights, 0)].map(
      (bytes) => ({ what: `${bytes.length} bytes`, bytes }),
    );
    await refuseAll("weights.bin", [...flipped, ...lengths]);
  });

  it("is refused whatever is altered in dataset.json", async () => {
    const mutants = jsonMutants(files["dataset.json"], 24);
    expect(await refuseAll("dataset.json", mutants)).to.be.above(200);
  });
});

interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
}
interface ModelJson {
  readonly weightsManifest: readonly { readonly weights: readonly Weight[] }[];
}

function withCertificate(files: Files, change: object): Files {
  const json = parseCanonicalJson(files["certificate.json"]) as object;
  return { ...files, "certificate.json": canonicalJson({ ...json, ...change }) };
}
