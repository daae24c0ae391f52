import { readFile } from "node:fs/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "chai";
import { compileProgram } from "../../../ml/exact/compile-program.ts";
import { createExactEngine } from "../../../ml/exact/engine.ts";
import { initialParameters } from "../../../ml/model/initial-parameters.ts";
import { parseLayersModel } from "../../../ml/model/layers-model.ts";
import { presetModel } from "../../../ml/model/presets.ts";
import { batchOf, seedOf, TEST_MODELS } from "../../helpers/models.ts";

const KERNELS = new URL("../../../ml/exact/kernels.wasm", import.meta.url);

describe("exact engine's memory", () => {
  for (const preset of ["2nn", "cnn", "lenet"]) {
    it(`stays within three times weights and activations: ${preset}`, async () => {
      const model = parseLayersModel(presetModel(preset, { inputShape: [28, 28, 1], classes: 10 }));
      const layers = model.layers ?? [];
      const batchSize = 32;
      const module = await WebAssembly.compile(await readFile(KERNELS));
      const { memory } = compileProgram(module, model, layers, {
        optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0.9 },
        batchSize,
      });
      const activations = layers.reduce((sum, { size }) => sum + size, model.inputSize);
      const bound = 3 * 4 * (model.parameterCount + batchSize * activations);
      expect(memory.buffer.byteLength).to.be.below(bound);
    });
  }

  it("does not grow over a thousand steps", async () => {
    const engine = await createExactEngine();
    const model = TEST_MODELS["graph of sums and concatenations"]?.() ?? expect.fail();
    const trainer = await engine.open(model, {
      optimizer: { kind: "adam", learningRate: 0.01, clipNorm: 1 },
      batchSize: 4,
    });
    trainer.load(initialParameters(model, seedOf(3)));
    const { inputs, labels } = batchOf(model, 4, 1);
    setFlagsFromString("--expose-gc");
    const collect: () => void = runInNewContext("gc");
    const used = (): number => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    for (let step = 0; step < 200; step++) trainer.step(inputs, labels, 4, step);
    const before = used();
    for (let step = 0; step < 1_000; step++) trainer.step(inputs, labels, 4, step);
    expect(used() - before).to.be.below(200_000);
    trainer.dispose();
  });
});
