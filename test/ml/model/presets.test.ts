import { expect } from "chai";
import { parseLayersModel } from "../../../ml/model/layers-model.ts";
import { PRESET_NAMES, presetModel } from "../../../ml/model/presets.ts";
import { expectCode } from "../../helpers/expect-code.ts";

const IMAGES = { inputShape: [28, 28, 1], classes: 10 };

describe("presetModel", () => {
  it("has the sizes of the FedAvg paper", () => {
    const count = (name: string): number =>
      parseLayersModel(presetModel(name, IMAGES)).parameterCount;
    expect(count("2nn")).to.equal(199_210);
    expect(count("cnn")).to.equal(1_663_370);
    expect(count("logistic")).to.equal(7_850);
  });

  it("fits rows of a table with the dense presets", () => {
    for (const name of ["2nn", "mlp", "logistic"]) {
      const model = parseLayersModel(presetModel(name, { inputShape: [4], classes: 3 }));
      expect(model).to.include({ inputSize: 4, classes: 3, exactRefusal: null });
    }
  });

  it("fits images of other sizes with every preset", () => {
    for (const name of PRESET_NAMES) {
      const model = parseLayersModel(presetModel(name, { inputShape: [33, 17, 3], classes: 2 }));
      expect(model).to.include({ inputSize: 33 * 17 * 3, classes: 2 });
    }
  });

  it("refuses UNKNOWN_PRESET, BAD_PRESET_SHAPE and NO_CLASSES with a remedy", () => {
    const unknown = expectCode(() => presetModel("resnet", IMAGES), "UNKNOWN_PRESET");
    expect(unknown.remedy).to.include("lenet");
    const table = { inputShape: [12], classes: 2 };
    expect(expectCode(() => presetModel("cnn", table), "BAD_PRESET_SHAPE").remedy).to.include(
      "mlp",
    );
    expectCode(() => presetModel("mlp", { inputShape: [12], classes: 1 }), "NO_CLASSES");
  });
});
