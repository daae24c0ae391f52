/** Models of clients, opened in a helper process: what comes back, and how one that takes too much is ended. */
import { expect } from "chai";
import { sha256 } from "../../../../../chain/crypto/hash.ts";
import { readLayersModel } from "../../../../../ml/model/read-layers-model.ts";
import { newHelper } from "../../../../../node/compose/helpers.ts";
import type { HelperLimits } from "../../../../../node/helpers/helper.ts";
import { ModelOpener } from "../../../../../node/jobs/train/models/model-opener.ts";
import { SILENT } from "../../../../../p2p/log.ts";
import { expectCodeAsync } from "../../../../helpers/expect-code.ts";
import { layer, sequential } from "../../../../helpers/models.ts";

const MIB = 1024 * 1024;
const SEED = sha256(new TextEncoder().encode("model opener"));
const GENEROUS: HelperLimits = { memoryBytes: 1024 * MIB, cpuMs: 60_000, timeMs: 120_000 };

const rows = layer("Reshape", "rows", { batch_input_shape: [null, 4], target_shape: [4, 1] });
const turn = layer("Permute", "turn", { dims: [2, 1] });
const flat = layer("Flatten", "flat");
const end = layer("Dense", "end", { units: 3, activation: "softmax" });
const fine = sequential(rows, turn, flat, end);

describe("ModelOpener", function () {
  this.timeout(180_000);
  const helper = newHelper(SILENT);
  after(() => helper.stop());
  const open = (limits: Partial<HelperLimits> = {}) =>
    new ModelOpener(helper, { ...GENEROUS, ...limits });

  it("describes a model as it would be here, and tries it", async () => {
    const opener = open();
    const model = await opener.read(fine);
    expect(model).to.deep.equal(await readLayersModel(fine));
    expect(model.exactRefusal?.layer).to.equal("turn");
    await opener.tryStep(model, SEED, "categoricalCrossentropy");
  });

  it("passes a refusal on with its code, facts and remedy, and answers the next question", async () => {
    const opener = open();
    const wrong = layer("Conv1D", "wrong", { filters: "many", kernel_size: 2 });
    const refused = () => opener.read(sequential(rows, wrong, end));
    const error = await expectCodeAsync(refused, "BAD_CONFIG");
    expect(error.facts).to.include({ layer: "wrong" });
    expect(error.remedy).to.be.a("string");
    const causal = layer("Conv1D", "causal", { filters: 2, kernel_size: 2, padding: "causal" });
    const model = await opener.read(sequential(rows, causal, flat, end));
    const tried = () => opener.tryStep(model, SEED, "categoricalCrossentropy");
    expect((await expectCodeAsync(tried, "BAD_CONFIG")).message).to.include("cannot train it");
  });

  it("ends a model of few weights whose layers fill the memory, and opens the next one", async () => {
    const wide = Array.from({ length: 24 }, (_, i) =>
      layer("LeakyReLU", `wide${i}`, { alpha: 0.5 }),
    );
    const json = sequential(
      layer("RepeatVector", "repeat", { batch_input_shape: [null, 4], n: 1_000_000 }),
      ...wide,
      layer("GlobalAveragePooling1D", "pool"),
      end,
    );
    const opener = open({ memoryBytes: 384 * MIB });
    const model = await opener.read(json);
    expect(model.flopsPerSample).to.be.lessThan(1_000);
    const tried = () => opener.tryStep(model, SEED, "categoricalCrossentropy");
    const error = await expectCodeAsync(tried, "MODEL_TOO_COSTLY");
    expect(error.message).to.include("384 MiB of memory");
    expect(error.remedy).to.include("smaller model");
    expect((await opener.read(fine)).exactRefusal?.layer).to.equal("turn");
  });
});
