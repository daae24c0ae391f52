import { expect } from "chai";
import { decodeArtifact } from "../../../ml/model/artifact.ts";
import { initialParameters } from "../../../ml/model/initial-parameters.ts";
import { parseLayersModel } from "../../../ml/model/layers-model.ts";
import { presetModel } from "../../../ml/model/presets.ts";
import { encodeArtifact } from "../../helpers/encode-artifact.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { seedOf } from "../../helpers/models.ts";

const model = parseLayersModel(presetModel("lenet", { inputShape: [12, 12, 1], classes: 4 }));
const parameters = initialParameters(model, seedOf(8));

const { modelJson, weights } = encodeArtifact(model, parameters);
const text = new TextDecoder().decode(modelJson);

describe("model artifact", () => {
  it("round-trips", async () => {
    const decoded = await decodeArtifact(modelJson, weights);
    expect(decoded.parameters).to.deep.equal(parameters);
    expect(decoded.model).to.deep.equal(model);
  });

  it("refuses BAD_ARTIFACT for files that do not fit each other, naming what differs", async () => {
    const refused = (json: string, bytes = weights) =>
      expectCodeAsync(() => decodeArtifact(new TextEncoder().encode(json), bytes), "BAD_ARTIFACT");
    const changes: readonly (readonly [from: string, to: string, field: string])[] = [
      ['"conv1/kernel"', '"conv9/kernel"', "weightsManifest[0].weights[0].name"],
      ['"dtype":"float32","name":"conv1/bias"', '"dtype":"int32","name":"conv1/bias"', "[1].dtype"],
      ['"weightsManifest"', '"weightsManifests"', "weightsManifests is unknown"],
      ['"weights.bin"', '"other.bin"', "weightsManifest[0].paths[0]"],
      ['"weights.bin"', '"weights.bin","b.bin"', "weightsManifest[0].paths must be"],
      ['"generatedBy":"PoML"', '"generatedBy":"me"', "generatedBy"],
      ['"generatedBy":"PoML",', "", "generatedBy is missing"],
      ['"units":4', '"units":4.0', "RFC 8785"],
      ['{"convertedBy"', ' {"convertedBy"', "RFC 8785"],
    ];
    for (const [from, to, field] of changes) {
      expect(text, from).to.include(from);
      expect((await refused(text.replace(from, to))).message).to.include(field);
    }
    await refused(text, weights.slice(4));
    await refused(text, Uint8Array.of(...weights, 0, 0, 0, 0));
    const notFinite = weights.slice();
    notFinite.set([0, 0, 0xc0, 0x7f], 8);
    await refused(text, notFinite);
  });
});
