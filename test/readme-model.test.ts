/** The lines of the README that use a model alone, run as they stand there. */

import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { taggedHash } from "../chain/crypto/hash.ts";
import { buildDataset } from "../ml/dataset/build.ts";
import { importCsv } from "../ml/dataset/import-csv.ts";
import { encodeManifest } from "../ml/dataset/manifest.ts";
import { createExactEngine } from "../ml/exact/engine.ts";
import { initialParameters } from "../ml/model/initial-parameters.ts";
import { parseLayersModel } from "../ml/model/layers-model.ts";
import { presetModel } from "../ml/model/presets.ts";
import { encodeArtifact } from "./helpers/encode-artifact.ts";
import { flowersCsv } from "./helpers/flowers.ts";
import { shardOfSplit } from "./helpers/shard-of-split.ts";
import { TemporaryFolders } from "./helpers/temporary.ts";

const PACKAGES = new URL("../node_modules/@tensorflow/", import.meta.url).href;
/** What @tensorflow/tfjs is, of the parts that are installed here. */
const UNION = `import "${PACKAGES}tfjs-backend-cpu/dist/tf-backend-cpu.node.js";
export * from "${PACKAGES}tfjs-core/dist/tf-core.node.js";
export { loadLayersModel } from "${PACKAGES}tfjs-layers/dist/tf-layers.node.js";
`;

describe("the README's predict.mjs", function () {
  this.timeout(60_000);
  const folders = new TemporaryFolders();
  after(() => folders.removeAll());

  it("names the classes of a table's own rows as often rightly as the network measured", async () => {
    // A text column, missing cells and large offsets, so that all of the preprocessing counts.
    const [header = "", ...lines] = new TextDecoder().decode(flowersCsv(90)).trim().split("\n");
    const rows = lines.map((line, i) => {
      const cells = line.split(",");
      const width = i % 7 === 0 ? "" : String(1_700_000_000 + Number(cells[1]));
      return [cells[0], width, cells[2], i % 2 === 0 ? "wild" : "garden", cells[4]].join(",");
    });
    const csv = [header, ...rows].join("\n");
    const dataset = buildDataset(importCsv(csv, { name: "flowers", label: "species" }).dataset);
    const { manifest } = dataset;
    const { shape: inputShape, classes } = manifest;
    const model = parseLayersModel(presetModel("mlp", { inputShape, classes: classes.length }));
    const trainer = await (await createExactEngine()).open(model, {
      optimizer: { kind: "adam", learningRate: 0.01 },
      batchSize: 90,
    });
    trainer.load(initialParameters(model, taggedHash("readme")));
    const batches = (["train", "test"] as const).map((split) => {
      const shard = shardOfSplit(dataset, split);
      const inputs = new Float32Array(shard.rows * shard.rowSize);
      const labels = new Int32Array(shard.rows);
      shard.batch(
        Uint32Array.from({ length: shard.rows }, (_, row) => row),
        inputs,
        labels,
      );
      return { inputs, labels };
    });
    const [train] = batches;
    if (train === undefined) return expect.fail();
    for (let step = 0; step < 12; step++) {
      trainer.step(train.inputs, train.labels, train.labels.length, step);
    }
    const right = batches.reduce((sum, { inputs, labels }) => {
      const { confusion } = trainer.evaluate(inputs, labels, labels.length);
      return sum + classes.reduce((own, _, k) => own + (confusion[k * classes.length + k] ?? 0), 0);
    }, 0);

    const folder = await folders.create();
    const { modelJson, weights } = encodeArtifact(model, trainer.parameters());
    trainer.dispose();
    const union = join(folder, "node_modules/@tensorflow/tfjs");
    await mkdir(join(folder, "model"), { recursive: true });
    await mkdir(union, { recursive: true });
    await writeFile(join(folder, "model/model.json"), modelJson);
    await writeFile(join(folder, "model/weights.bin"), weights);
    await writeFile(join(folder, "model/dataset.json"), encodeManifest(manifest));
    await writeFile(join(union, "package.json"), '{"type":"module","exports":"./index.js"}');
    await writeFile(join(union, "index.js"), UNION);
    const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
    const [, script = ""] = /```js\n(\/\/ predict\.mjs\n.*?)```/s.exec(readme) ?? [];
    await writeFile(join(folder, "predict.mjs"), script);
    const { stdout } = await promisify(execFile)(process.execPath, ["predict.mjs", ...rows], {
      cwd: folder,
    });
    const said = stdout
      .trim()
      .split("\n")
      .filter((line) => line.startsWith("kind-"));
    expect(said).to.have.lengthOf(rows.length);
    const hits = rows.filter((row, i) => row.endsWith(`,${said[i]}`)).length;
    expect(hits).to.equal(right);
    expect(hits).to.be.within(60, 90);
  });
});
