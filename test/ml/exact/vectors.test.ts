/**
 * Fixed vectors of the exact engine, and the same hashes from every way to run it. A difference is a
 * change of the protocol; written anew by
 * `UPDATE_VECTORS=1 npx mocha test/ml/exact/vectors.test.ts && npx biome format --write test/vectors`.
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { build } from "esbuild";
import type { Browser } from "playwright-core";
import { buildKernels } from "../../../ml/exact/build-kernels.ts";
import { createExactEngine, ExactEngine } from "../../../ml/exact/engine.ts";
import { launchChromium } from "../../helpers/chromium.ts";
import { COUNTS, caseHashes, EXACT_CASES } from "../../helpers/exact-cases.ts";

const FILE = new URL("../../vectors/exact.json", import.meta.url);
const WORKER = new URL("../../helpers/exact-worker.ts", import.meta.url);
const PAGE = new URL("../../helpers/exact-page.ts", import.meta.url);
const KERNELS = new URL("../../../ml/exact/kernels.wasm", import.meta.url);

describe("exact engine's vectors", () => {
  let expected: Record<string, string>;

  before(async () => {
    if (process.env.UPDATE_VECTORS !== undefined) await writeVectors();
    const { cases } = JSON.parse(await readFile(FILE, "utf8"));
    expected = Object.fromEntries(
      cases.map(({ name, hash }: { name: string; hash: string }) => [name, hash]),
    );
  });

  it("are what this machine computes", async () => {
    expect(await caseHashes(await createExactEngine())).to.deep.equal(expected);
  });

  it("are the same from a build without SIMD", async function () {
    this.timeout(60_000);
    const kernels = await WebAssembly.compile(await buildKernels({ simd: false }));
    expect(await caseHashes(new ExactEngine(kernels))).to.deep.equal(expected);
  });

  it("are the same from several workers at once", async () => {
    const results = await Promise.all([hashesOfWorker(), hashesOfWorker()]);
    expect(results).to.deep.equal([expected, expected]);
  });

  describe("in Chromium", () => {
    let browser: Browser | undefined;
    before(async function () {
      this.timeout(60_000);
      browser = await launchChromium(this);
    });
    after(() => browser?.close());

    it("are the same", async function () {
      this.timeout(60_000);
      const { outputFiles } = await build({
        entryPoints: [fileURLToPath(PAGE)],
        bundle: true,
        format: "iife",
        globalName: "exactPage",
        external: ["node:*"],
        write: false,
        // The engine's own way to its kernels, by import.meta, is not the one taken here.
        logLevel: "error",
      });
      const page = await browser?.newPage();
      // Web Crypto, which the engine checks its kernels with, needs a trusted origin.
      await page?.route("https://poml.test/", (route) => route.fulfill({ body: "" }));
      await page?.goto("https://poml.test/");
      await page?.addScriptTag({ content: outputFiles[0]?.text ?? "" });
      const kernels = (await readFile(KERNELS)).toString("base64");
      const hashes = await page?.evaluate(`exactPage.run(${JSON.stringify(kernels)})`);
      expect(hashes).to.deep.equal(expected);
    });
  });
});

function hashesOfWorker(): Promise<Record<string, string>> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(WORKER);
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

async function writeVectors(): Promise<void> {
  const hashes = await caseHashes(await createExactEngine());
  const cases = EXACT_CASES.map(({ name, modelOf, hyperparameters, values }) => ({
    name,
    hyperparameters,
    targets: values ?? "labels",
    model: modelOf().json,
    hash: hashes[name],
  }));
  const about =
    "SHA-256 over float32: the loss of every step, the loss and confusion matrix of an evaluation, parameters, optimizer state. How a case is run: test/helpers/exact-cases.ts.";
  await writeFile(FILE, `${JSON.stringify({ about, counts: COUNTS, cases }, null, 2)}\n`);
}
