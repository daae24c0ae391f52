/** When a node trains, and when it goes on with what it has begun. */
import { expect } from "chai";
import { phaseOf } from "../../../../chain/job/phase.ts";
import type { Job } from "../../../../chain/types/job.ts";
import type { DatasetIndex } from "../../../../ml/dataset/dataset-index.ts";
import { Participant, type ParticipantModules } from "../../../../node/jobs/train/participant.ts";
import type { NodeLog } from "../../../../node/telemetry/log.ts";
import { SILENT } from "../../../../p2p/log.ts";
import { TestChain } from "../../../helpers/chain.ts";
import { CountedRoom } from "../../../helpers/counted-room.ts";
import { commits, jobOf, jobSpec, openJob } from "../../../helpers/job-run.ts";
import { until } from "../../../helpers/until.ts";

const QUIET: NodeLog = { ...SILENT, child: () => QUIET };

describe("Participant", () => {
  /** A node in round 1 of a job, whose training ends when it is given up. */
  async function training(
    warnings: unknown[] = [],
    orders = { accepts: () => true, refuses: () => false },
  ) {
    const chain = new TestChain();
    const opened = openJob(chain, chain.client, jobSpec("job"));
    chain.advance(opened);
    const present = (): Job => jobOf(chain, opened);
    while (phaseOf(present()) !== "training") chain.advance();
    const own = present().participants.at(-1);
    const node = own?.node ?? -1;
    const runs: AbortSignal[] = [];
    const modules = {
      chain: {
        get state() {
          return chain.head.state;
        },
        get height() {
          return chain.head.state.height;
        },
      },
      files: {
        parameters: async () => ({}),
        modelTask: async () => ({}),
        order: async () => ({ dataset: {} as DatasetIndex }),
      },
      keeper: { begin: async () => ({ put: () => {}, discard: async () => {} }) },
      orders: { ...orders, found: () => {} },
      workers: {
        train: (_: unknown, { signal }: { signal: AbortSignal }) =>
          new Promise((_, reject) => {
            runs.push(signal);
            signal.addEventListener("abort", () => reject(signal.reason));
          }),
      },
      room: new CountedRoom(2 ** 34),
      log: { ...QUIET, warn: (_: string, facts: unknown) => warnings.push(facts) },
    };
    const participant = new Participant(modules as unknown as ParticipantModules);
    const look = (): void =>
      participant.onJobs(phaseOf(present()) === "settled" ? [] : [present()], node);
    look();
    if (orders.accepts()) await until(() => runs.length === 1, 5_000, "training");
    const advance = (...transactions: Parameters<TestChain["advance"]>): void => {
      chain.advance(...transactions);
      look();
    };
    return { chain, present, runs, advance, participant };
  }

  it("keeps its run when the round is extended, since the result would be the same", async () => {
    const { chain, present, runs, advance, participant } = await training();
    advance(...commits(chain, present(), 2));
    while (present().extensions < 2) advance();
    expect(present().round).to.equal(1);
    expect(runs.map(({ aborted }) => aborted)).to.deep.equal([false]);
    participant.stop();
    expect(runs.map(({ aborted }) => aborted)).to.deep.equal([true]);
  });

  it("says why a round was extended without its update, once each, and why it goes on without it", async () => {
    const warnings: Record<string, unknown>[] = [];
    const { chain, present, advance, participant } = await training(warnings);
    advance(...commits(chain, present(), 2));
    while (present().extensions < 2) advance();
    advance();
    expect(warnings.map(({ round, extension }) => [round, extension])).to.deep.equal([
      [1, 1],
      [1, 2],
    ]);
    for (const { reason, remedy } of warnings) {
      expect(reason).to.equal("its workers are still training");
      expect(remedy).to.include("workers").and.include("jobs.allow");
    }
    advance(...commits(chain, present(), 3).slice(2));
    while (phaseOf(present()) === "training") advance();
    advance();
    expect(warnings).to.have.length(3);
    expect(warnings[2]).to.include({ round: 1, reason: "its workers are still training" });
    participant.stop();
  });

  it("says that the order is being looked at, and nothing where it is refused", async () => {
    for (const [isRefused, count] of [
      [false, 1],
      [true, 0],
    ] as const) {
      const warnings: Record<string, unknown>[] = [];
      const orders = { accepts: () => false, refuses: () => isRefused };
      const { chain, present, advance, participant } = await training(warnings, orders);
      advance(...commits(chain, present(), 2));
      while (present().extensions < 1) advance();
      expect(warnings).to.have.length(count);
      for (const { reason } of warnings) expect(reason).to.match(/still being looked at/);
      participant.stop();
    }
  });

  it("gives its run up when the round goes on without it", async () => {
    const { chain, present, runs, advance, participant } = await training();
    advance(...commits(chain, present(), 3));
    while (phaseOf(present()) === "training") advance();
    await until(() => runs[0]?.aborted === true, 5_000, "end of the run");
    participant.stop();
  });
});
