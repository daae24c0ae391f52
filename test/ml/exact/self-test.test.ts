import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { expect } from "chai";
import type { Engine } from "../../../ml/engine.ts";
import { buildKernels, engineHashSource } from "../../../ml/exact/build-kernels.ts";
import { createExactEngine } from "../../../ml/exact/engine.ts";
import { selfTest } from "../../../ml/exact/self-test.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";

const EXACT = new URL("../../../ml/exact/", import.meta.url);

describe("exact engine's identity", () => {
  it("is rebuilt from the sources to the same bytes", async function () {
    // A compiler runs, and on a busy machine that takes its time.
    this.timeout(180_000);
    const kernels = await buildKernels();
    expect(Buffer.from(kernels).equals(await readFile(new URL("kernels.wasm", EXACT)))).to.equal(
      true,
    );
    const source = await readFile(new URL("engine-hash.ts", EXACT), "utf8");
    expect(await engineHashSource(kernels)).to.equal(source);
  });

  it("refuses KERNELS_CHANGED when one byte of the module differs", async () => {
    const kernels = Uint8Array.from(await readFile(new URL("kernels.wasm", EXACT)));
    kernels[kernels.length - 1] = (kernels.at(-1) ?? 0) ^ 1;
    await expectCodeAsync(() => createExactEngine({ kernels }), "KERNELS_CHANGED");
  });

  it("fails the self-test with GOLDEN_MISMATCH when numbers differ in their last bits", async () => {
    const engine = await createExactEngine();
    const almost: Engine = {
      name: engine.name,
      version: engine.version,
      open: (model, { optimizer, ...rest }) => {
        const learningRate = optimizer.learningRate + 2 ** -26;
        return engine.open(model, { optimizer: { ...optimizer, learningRate }, ...rest });
      },
    };
    await selfTest(engine);
    await expectCodeAsync(() => selfTest(almost), "GOLDEN_MISMATCH");
  });

  it("does not load tfjs", async () => {
    const script = `
      import { createExactEngine } from "./ml/exact/engine.ts";
      import { readLayersModel } from "./ml/model/read-layers-model.ts";
      await createExactEngine();
      console.log(typeof readLayersModel, typeof globalThis._tfengine);`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module", "--eval", script],
      { cwd: new URL("../../../", import.meta.url), timeout: 20_000 },
    );
    expect(stdout.trim()).to.equal("function undefined");
  });
});
