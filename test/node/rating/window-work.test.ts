import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { LaneStates } from "../../../node/rating/lane-states.ts";
import { WindowService, type WindowWork } from "../../../node/rating/window-service.ts";
import type { NodeLog } from "../../../node/telemetry/log.ts";
import { TestChain } from "../../helpers/chain.ts";
import { until } from "../../helpers/until.ts";
import { firstWindow, laneHashes, laneStates } from "../../helpers/window-run.ts";

interface Line {
  readonly level: "info" | "warn" | "error";
  readonly text: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** A node whose lanes end at once, with these shares of a core. */
async function work(folder: string, shares: readonly (number | undefined)[]) {
  const lines: Line[] = [];
  const sent: unknown[] = [];
  const line =
    (level: Line["level"]) =>
    (text: string, facts: Line["facts"] = {}): void => {
      lines.push({ level, text, facts });
    };
  const log: NodeLog = {
    debug: () => {},
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    child: () => log,
  };
  const chain = new TestChain();
  const who = chain.personOfNode(0);
  const coreShares = [...shares];
  const service = new WindowService(
    { publicKey: who.keys.publicKey },
    {
      chain: {
        get state() {
          return chain.head.state;
        },
        get height() {
          return chain.height;
        },
      },
      duties: {
        send: async (payload) => {
          sent.push(payload);
          return new Uint8Array(32);
        },
      },
      workers: {
        baseline: async (_, { onState }) => {
          for (const [index, state] of laneStates(who, 3).entries()) onState?.(index, state);
          const checkpoints = laneHashes(who, 3);
          const coreShare = coreShares.shift();
          return { segments: 3, checkpoints, checkpointRoot: new Uint8Array(32), coreShare };
        },
      },
      states: new LaneStates({ dataDir: folder }),
      segments: { serve: () => {} },
      log,
      meter: {
        start: async () => async () => ({
          millijoules: 0n,
          source: "estimate",
          uncertainty: 0.5,
        }),
      },
      lanes: () => shares.length,
      peerOf: String,
    },
  );
  chain.advanceTo(firstWindow(chain).opens);
  service.onBlock();
  await until(() => sent.length > 0, 10_000, "claim");
  service.stop();
  return { last: service.last, lines };
}

describe("a node's work in a window", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "poml-window-work-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("is reported, with the smallest share of a core that its lanes had", async () => {
    const { last, lines } = await work(folder, [0.95, 0.9]);
    const told: WindowWork = { window: 1, lanes: 2, segments: 6, coreShare: 0.9 };
    expect(last).to.deep.equal(told);
    expect(lines.map(({ level }) => level)).to.deep.equal(["info"]);
    expect(lines[0]?.facts).to.deep.equal(told);
  });

  it("warns if other programs used the machine", async () => {
    const { lines } = await work(folder, [0.95, 0.3]);
    const warning = lines.find(({ level }) => level === "warn");
    expect(warning?.facts).to.include({ window: 1 });
    expect(String(warning?.facts["disturbed"])).to.match(/took 70 % of each core/);
  });

  it("knows no share if a lane ended without a report of its worker", async () => {
    const { last, lines } = await work(folder, [undefined]);
    expect(last?.coreShare).to.equal(undefined);
    expect(lines.some(({ level }) => level === "warn")).to.equal(false);
  });
});
