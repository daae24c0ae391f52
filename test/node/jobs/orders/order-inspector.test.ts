/** Which helper reads an order, and what is made of a helper that was ended. */
import { expect } from "chai";
import { JOB_ENGINES } from "../../../../chain/types/job.ts";
import type { EngineName } from "../../../../ml/engine.ts";
import type { Helper } from "../../../../node/helpers/helper.ts";
import { overLimit } from "../../../../node/helpers/helper-error.ts";
import type { Inspection } from "../../../../node/jobs/orders/inspect-order.ts";
import { OrderInspector } from "../../../../node/jobs/orders/order-inspector.ts";
import { expectCodeAsync } from "../../../helpers/expect-code.ts";
import { jobSpec } from "../../../helpers/job-run.ts";

const IMPOSSIBLE: Inspection = { kind: "impossible", reason: "misfit", detail: "rows" };
const spec = (engine: EngineName) => jobSpec(engine, { engine: JOB_ENGINES.indexOf(engine) });
const files = async () => ({
  model: { path: "model", hash: "00" },
  manifest: { path: "manifest", hash: "00" },
});
const helper = (run: () => Promise<Inspection>) => ({ run }) as unknown as Pick<Helper, "run">;

describe("OrderInspector", () => {
  it("reads an exact order while a model for tfjs takes all the time it may", async () => {
    const stuck = helper(() => new Promise(() => {}));
    const inspector = new OrderInspector({ tfjs: stuck, exact: helper(async () => IMPOSSIBLE) });
    void inspector.inspect(spec("tfjs"), 4, files);
    expect(await inspector.inspect(spec("exact"), 4, files)).to.equal(IMPOSSIBLE);
  });

  for (const [what, limit] of [
    ["cpu", 60_000],
    ["memory", 2 ** 30],
  ] as const) {
    it(`calls an order that takes too much ${what} impossible`, async () => {
      const ended = helper(() => Promise.reject(overLimit("inspect", what, limit)));
      const inspector = new OrderInspector({ tfjs: ended, exact: ended });
      const found = await inspector.inspect(spec("tfjs"), 4, files);
      expect(found).to.include({ kind: "impossible", reason: "model" });
    });
  }

  it("says nothing about an order for which this machine was too busy", async () => {
    const ended = helper(() => Promise.reject(overLimit("inspect", "time", 300_000)));
    const inspector = new OrderInspector({ tfjs: ended, exact: ended });
    await expectCodeAsync(() => inspector.inspect(spec("exact"), 4, files), "HELPER_LIMIT");
  });
});
