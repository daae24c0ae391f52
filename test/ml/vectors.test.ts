/**
 * Fixed vectors of docs/training.md for a second implementation, and a guard against moving a rule unawares: other
 * numbers are another protocol. Written anew by
 * `UPDATE_VECTORS=1 npx mocha test/ml/vectors.test.ts && npx biome format --write test/vectors`.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { expect } from "chai";
import type { Trainer } from "../../ml/engine.ts";
import { createExactEngine } from "../../ml/exact/engine.ts";
import { parseLayersModel } from "../../ml/model/layers-model.ts";
import { naturalLog } from "../helpers/exact-referee/math.ts";
import { layer, sequential } from "../helpers/models.ts";
import { TRAINING_VECTORS } from "../helpers/vectors/all.ts";

const FOLDER = new URL("../vectors/", import.meta.url);
const DOCS = new URL("../../docs/", import.meta.url);

describe("training's vectors", () => {
  for (const [file, make] of Object.entries(TRAINING_VECTORS)) {
    it(`${file} is what the code computes`, async () => {
      const computed = await make();
      const at = new URL(file, FOLDER);
      if (process.env.UPDATE_VECTORS !== undefined) {
        await writeFile(at, `${JSON.stringify(computed, null, 2)}\n`);
      }
      const fixed: unknown = JSON.parse(await readFile(at, "utf8"));
      expect(JSON.parse(JSON.stringify(computed))).to.deep.equal(fixed);
    });
  }

  it("are all named in the documents", async () => {
    const pages = (await readdir(DOCS)).filter((name) => name.endsWith(".md"));
    const documents = await Promise.all(pages.map((name) => readFile(new URL(name, DOCS), "utf8")));
    for (const file of await readdir(FOLDER)) {
      const isNamed = documents.some((text) => text.includes(`test/vectors/${file}`));
      expect(isNamed, file).to.equal(true);
    }
  });

  describe("functions.json", () => {
    type Pairs = readonly (readonly [x: string, result: string])[];
    const f = Math.fround;
    let vectors: Record<"exp" | "sigmoid" | "tanh" | "erf", Pairs>;

    before(async () => {
      vectors = JSON.parse(await readFile(new URL("functions.json", FOLDER), "utf8"));
    });

    /** Outputs of a model of one layer over `width` values, row by row. */
    const outputs = async (
      layerClass: string,
      config: object,
      inputs: readonly number[],
      width = 1,
    ): Promise<number[]> => {
      const trainer = await opened(layerClass, config, width);
      const y = trainer.predict(Float32Array.from(inputs), inputs.length / width);
      trainer.dispose();
      return [...y];
    };

    it("has what the kernels compute", async () => {
      for (const name of ["sigmoid", "tanh"] as const) {
        const xs = vectors[name].map(([x]) => floatOf(x));
        const ys = vectors[name].map(([, y]) => floatOf(y));
        expect(await outputs("Activation", { activation: name }, xs), name).to.deep.equal(ys);
      }
      // The logits 0 and x: probabilities 1 / (1 + e) and e / (1 + e).
      const logits = vectors.exp.flatMap(([x]) => [0, floatOf(x)]);
      const powers = vectors.exp.map(([, y]) => floatOf(y));
      expect(await outputs("Softmax", {}, logits, 2)).to.deep.equal(
        powers.flatMap((e) => [f(1 / f(1 + e)), f(e / f(1 + e))]),
      );
      // gelu(x) = (x / 2) · (erf(x · 0.7071…) + 1), at x that give exactly the arguments of the vectors.
      const halves = vectors.erf.map(([x, y]) => [
        f(floatOf(x) / f(Math.SQRT1_2)),
        floatOf(x),
        floatOf(y),
      ]);
      const exact = halves.filter(([x = 0, argument]) => f(x * f(Math.SQRT1_2)) === argument);
      expect(exact.length).to.be.above(20);
      const gelu = await outputs(
        "Activation",
        { activation: "gelu" },
        exact.map(([x = 0]) => x),
      );
      expect(gelu).to.deep.equal(exact.map(([x = 0, , y = 0]) => f(f(x * 0.5) * f(y + 1))));
    });

    it("has the logarithms of the kernels' losses", async () => {
      const trainer = await opened("Softmax", {}, 2);
      for (let logit = -20; logit <= 20; logit += 0.37) {
        const inputs = Float32Array.of(logit, 0);
        const [p = 0] = trainer.predict(inputs, 1);
        const { lossSum } = trainer.evaluate(inputs, Int32Array.of(0), 1);
        expect(lossSum, String(p)).to.equal(0 - naturalLog(Math.max(p, f(1e-7))));
      }
      trainer.dispose();
    });
  });
});

async function opened(layerClass: string, config: object, width: number): Promise<Trainer> {
  const json = sequential(
    layer(layerClass, "only", { batch_input_shape: [null, width], ...config }),
  );
  const engine = await createExactEngine();
  const optimizer = { kind: "sgd", learningRate: 0.1, momentum: 0 } as const;
  const loss = layerClass === "Softmax" ? "sparseCategoricalCrossentropy" : "meanSquaredError";
  return engine.open(parseLayersModel(json), { optimizer, batchSize: 64, loss });
}

function floatOf(hex: string): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, Number.parseInt(hex, 16));
  return view.getFloat32(0);
}
