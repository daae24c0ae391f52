import { expect } from "chai";
import { createExactEngine } from "../../../ml/exact/engine.ts";
import { decodeArtifact, encodeArtifact } from "../../../ml/model/artifact.ts";
import { initialParameters } from "../../../ml/model/initializers.ts";
import { parseLayersModel } from "../../../ml/model/layers-model.ts";
import { presetModel } from "../../../ml/model/presets.ts";
import { layers, tf } from "../../../ml/tfjs/backend.ts";
import { createTfjsEngine } from "../../../ml/tfjs/engine.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { batchOf, seedOf } from "../../helpers/models.ts";

const model = parseLayersModel(presetModel("lenet", { inputShape: [12, 12, 1], classes: 4 }));
const parameters = initialParameters(model, seedOf(8));

/** As a file would come back: parsed JSON, with one change. */
function damagedJson(change: (text: string) => string): unknown {
  return JSON.parse(change(JSON.stringify(encodeArtifact(model, parameters).modelJson)));
}

describe("model artifact", () => {
  it("round-trips", async () => {
    const { modelJson, weights } = encodeArtifact(model, parameters);
    const decoded = await decodeArtifact(JSON.parse(JSON.stringify(modelJson)), weights);
    expect(decoded.parameters).to.deep.equal(parameters);
    expect(decoded.model).to.deep.equal(model);
  });

  it("loads in tfjs and predicts what the exact engine predicts", async () => {
    await createTfjsEngine(() => undefined);
    const { modelJson, weights } = encodeArtifact(model, parameters);
    const { modelTopology, weightsManifest } = JSON.parse(JSON.stringify(modelJson));
    const loaded = await layers.loadLayersModel({
      load: async () => ({
        modelTopology,
        weightSpecs: weightsManifest[0].weights,
        weightData: weights.buffer,
      }),
    });
    const { inputs } = batchOf(model, 3, 1);
    const theirs = tf.tidy(() => {
      const outputs = loaded.predict(tf.tensor(inputs, [3, ...model.inputShape]));
      return (outputs as tf.Tensor).dataSync();
    });
    loaded.dispose();
    const trainer = await (await createExactEngine()).open(model, {
      optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0 },
      batchSize: 3,
    });
    trainer.load(parameters);
    trainer.predict(inputs, 3).forEach((value, index) => {
      expect(theirs[index]).to.be.closeTo(value, 1e-6);
    });
  });

  it("refuses BAD_ARTIFACT for files that do not fit each other", async () => {
    const { modelJson, weights } = encodeArtifact(model, parameters);
    const refused = (json: unknown, bytes: Uint8Array): Promise<unknown> =>
      expectCodeAsync(() => decodeArtifact(json, bytes), "BAD_ARTIFACT");
    await refused(modelJson, weights.subarray(4));
    await refused(
      damagedJson((text) => text.replace("conv1/kernel", "conv9/kernel")),
      weights,
    );
    await refused(
      damagedJson((text) => text.replaceAll("float32", "int32")),
      weights,
    );
    await refused(
      damagedJson((text) => text.replace("weightsManifest", "other")),
      weights,
    );
    const notFinite = weights.slice();
    notFinite.set([0, 0, 0xc0, 0x7f], 8);
    await refused(modelJson, notFinite);
  });

  it("refuses parameters of another model", () => {
    expect(() => encodeArtifact(model, parameters.subarray(1))).to.throw(RangeError, "parameters");
  });
});
