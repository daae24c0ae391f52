/** Which helper reads an order, and what is made of a helper that was ended. */
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";

import { JOB_ENGINES } from "../../../../../chain/types/train.ts";
import type { EngineName } from "../../../../../ml/engine.ts";
import type { HelperCall } from "../../../../../node/helpers/helper.ts";
import { overLimit } from "../../../../../node/helpers/helper-error.ts";
import type { Inspection } from "../../../../../node/jobs/train/orders/inspect-order.ts";
import {
  type InspectingHelpers,
  OrderInspector,
} from "../../../../../node/jobs/train/orders/order-inspector.ts";
import { expectCodeAsync } from "../../../../helpers/expect-code.ts";
import { jobSpec } from "../../../../helpers/job-run.ts";
import { until } from "../../../../helpers/until.ts";

const IMPOSSIBLE: Inspection = { kind: "impossible", reason: "misfit", detail: "rows" };
const spec = (engine: EngineName) => jobSpec(engine, { engine: JOB_ENGINES.indexOf(engine) });
const files = async () => ({
  model: { path: "model", hash: "00" },
  manifest: { path: "manifest", hash: "00" },
});
const SIGNAL = new AbortController().signal;
const helper = (run: () => Promise<Inspection>): InspectingHelpers["exact"] => ({ run });

describe("OrderInspector", () => {
  it("reads an exact order while a model for tfjs takes all the time it may", async () => {
    const stuck = helper(() => new Promise(() => {}));
    const inspector = new OrderInspector({ tfjs: stuck, exact: helper(async () => IMPOSSIBLE) });
    void inspector.inspect(spec("tfjs"), 4, { client: "", files, signal: SIGNAL });
    expect(
      await inspector.inspect(spec("exact"), 4, { client: "", files, signal: SIGNAL }),
    ).to.equal(IMPOSSIBLE);
  });

  for (const [what, limit] of [
    ["cpu", 60_000],
    ["memory", 2 ** 30],
  ] as const) {
    it(`calls an order that takes too much ${what} impossible`, async () => {
      const ended = helper(() => Promise.reject(overLimit("inspect", what, limit)));
      const inspector = new OrderInspector({ tfjs: ended, exact: ended });
      const found = await inspector.inspect(spec("tfjs"), 4, { client: "", files, signal: SIGNAL });
      expect(found).to.include({ kind: "impossible", reason: "model" });
    });
  }

  it("goes on for the others when the first caller gives up, while files are fetched and while it reads", async () => {
    for (const during of ["files", "reading"]) {
      const steps: ((value: Inspection) => void)[] = [];
      let fetches = 0;
      const step = (): Promise<Inspection> => new Promise((resolve) => steps.push(resolve));
      const read = helper(() => (during === "reading" ? step() : Promise.resolve(IMPOSSIBLE)));
      const inspector = new OrderInspector({ tfjs: read, exact: read });
      const fetched = async (signal: AbortSignal) => {
        fetches++;
        if (during === "files") await step();
        signal.throwIfAborted();
        return files();
      };
      const control = new AbortController();
      const first = inspector.inspect(spec("exact"), 4, {
        client: "",
        files: fetched,
        signal: control.signal,
      });
      const second = inspector.inspect(spec("exact"), 4, {
        client: "",
        files: fetched,
        signal: SIGNAL,
      });
      await until(() => steps.length === 1, 5_000, during);
      control.abort(new Error("given up"));
      const reason = await first.catch((error: Error) => error.message);
      expect(reason).to.equal("given up");
      steps[0]?.(IMPOSSIBLE);
      expect(await second).to.equal(IMPOSSIBLE);
      expect(fetches).to.equal(1);
    }
  });

  it("reads an order in the turn of its own client, whichever other client has ordered the same", async () => {
    // The copy stands behind many others of its client.
    const line = {
      run: (_: string, __: unknown, ___: unknown, { turn }: HelperCall): Promise<Inspection> =>
        turn.group === "copies" ? new Promise(() => {}) : Promise.resolve(IMPOSSIBLE),
    };
    const inspector = new OrderInspector({ tfjs: line, exact: line });
    void inspector.inspect(spec("exact"), 4, { client: "copies", files, signal: SIGNAL });
    const asked = inspector.inspect(spec("exact"), 4, { client: "first", files, signal: SIGNAL });
    expect(await Promise.race([asked, delay(2_000, "waits with the copy")])).to.equal(IMPOSSIBLE);
  });

  it("ends what nobody waits for, and starts again for the next caller", async () => {
    const signals: AbortSignal[] = [];
    const stuck = {
      run: (_: string, __: unknown, ___: unknown, { signal }: HelperCall): Promise<Inspection> => {
        signals.push(signal);
        return signals.length === 1 ? new Promise(() => {}) : Promise.resolve(IMPOSSIBLE);
      },
    };
    const inspector = new OrderInspector({ tfjs: stuck, exact: stuck });
    const control = new AbortController();
    const left = inspector
      .inspect(spec("exact"), 4, { client: "", files, signal: control.signal })
      .catch(() => {});
    await until(() => signals.length === 1, 5_000, "reading");
    control.abort(new Error("given up"));
    await left;
    expect(signals[0]?.aborted).to.equal(true);
    expect(
      await inspector.inspect(spec("exact"), 4, { client: "", files, signal: SIGNAL }),
    ).to.equal(IMPOSSIBLE);
  });

  it("says nothing about an order for which this machine was too busy", async () => {
    const ended = helper(() => Promise.reject(overLimit("inspect", "time", 300_000)));
    const inspector = new OrderInspector({ tfjs: ended, exact: ended });
    await expectCodeAsync(
      () => inspector.inspect(spec("exact"), 4, { client: "", files, signal: SIGNAL }),
      "HELPER_LIMIT",
    );
  });
});
