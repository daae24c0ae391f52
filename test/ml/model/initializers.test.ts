import { createHash } from "node:crypto";
import { expect } from "chai";
import { initialParameters } from "../../../ml/model/initial-parameters.ts";
import { parseLayersModel } from "../../../ml/model/layers-model.ts";
import { presetModel } from "../../../ml/model/presets.ts";
import { layer, seedOf, sequential } from "../../helpers/models.ts";

function kernelOf(initializer: unknown): Float32Array {
  const model = parseLayersModel(
    sequential(
      layer("Dense", "wide", {
        batch_input_shape: [null, 100],
        units: 100,
        kernel_initializer: initializer,
      }),
      layer("Dense", "output", { units: 2, activation: "softmax" }),
    ),
  );
  return initialParameters(model, seedOf(1)).subarray(0, 10_000);
}

function spread(values: Float32Array): { mean: number; deviation: number; largest: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const largest = values.reduce((top, value) => Math.max(top, Math.abs(value)), 0);
  return { mean, deviation: Math.sqrt(variance), largest };
}

describe("initialParameters", () => {
  it("draws the same bits on every machine", () => {
    const model = parseLayersModel(presetModel("lenet", { inputShape: [28, 28, 1], classes: 10 }));
    const parameters = initialParameters(model, seedOf(5));
    const hash = createHash("sha256").update(new Uint8Array(parameters.buffer)).digest("hex");
    expect(hash).to.equal(FIXED);
    expect(initialParameters(model, seedOf(6))).to.not.deep.equal(parameters);
  });

  it("scales uniform draws by the fans", () => {
    const { mean, deviation, largest } = spread(kernelOf("glorotUniform"));
    const limit = Math.sqrt(6 / 200);
    expect(mean).to.be.closeTo(0, 0.005);
    expect(deviation).to.be.closeTo(limit / Math.sqrt(3), 0.002);
    expect(largest).to.be.within(limit * 0.99, limit);
  });

  it("bounds truncated normal draws at two deviations", () => {
    const { deviation, largest } = spread(kernelOf({ class_name: "HeNormal", config: {} }));
    const scale = Math.sqrt(2 / 100);
    expect(largest).to.be.within(scale * 1.9, scale * 2);
    // A normal cut at two deviations keeps 0.88 of its spread.
    expect(deviation).to.be.closeTo(scale * 0.88, 0.004);
  });

  it("draws plain normals and constants", () => {
    const normal = { class_name: "RandomNormal", config: { mean: 1, stddev: 0.1 } };
    const { mean, deviation } = spread(kernelOf(normal));
    expect(mean).to.be.closeTo(1, 0.005);
    expect(deviation).to.be.closeTo(0.1, 0.003);
    expect(spread(kernelOf("ones"))).to.deep.equal({ mean: 1, deviation: 0, largest: 1 });
  });
});

const FIXED = "41a445929b87af10ae18ad056ffb0b5758a193e039b5107c2e08d360a49e41e1";
