import { expect } from "chai";
import {
  type HolderEffect,
  LeaseOrderSender,
} from "../../../../node/jobs/search/lease-order-sender.ts";
import {
  decodeLeaseMessage,
  encodeLeaseMessage,
  type LeaseOrders,
} from "../../../../node/jobs/search/lease-wire.ts";
import { LeaseDesk } from "../../../../node/jobs/search/leases/desk.ts";
import type { DeskEffect, DeskEvent } from "../../../../node/jobs/search/leases/desk-messages.ts";
import { SearchTroubles } from "../../../../node/jobs/search/search-troubles.ts";
import { until } from "../../../helpers/until.ts";

const JOB = new Uint8Array(32).fill(7);
const HOLDER = { node: 1, lane: 0 };

/** A desk whose steps are held at once, and one lane that works as it is told. */
class OneLane {
  now = 0;
  readonly #desk = new LeaseDesk({
    open: [{ from: 0, to: 100_000_000 }],
    redundancy: 0,
    random: () => 0.5,
  });
  #request = 0;

  #feed(event: DeskEvent): DeskEffect[] {
    const all: DeskEffect[] = [];
    const todo = [...this.#desk.step(event)];
    for (let effect = todo.shift(); effect !== undefined; effect = todo.shift()) {
      all.push(effect);
      if (effect.kind !== "append") continue;
      todo.push(...this.#desk.step({ kind: "held", now: this.now, id: effect.id }));
    }
    return all;
  }

  ask(): HolderEffect | undefined {
    const request = ++this.#request;
    const ask = { kind: "ask", now: this.now, holder: HOLDER, request, holds: [], rttMs: 1_200 };
    const effects = this.#feed(ask as DeskEvent);
    return effects.find((one): one is HolderEffect => one.kind === "lease" || one.kind === "wait");
  }

  /** Searches one unit in ten milliseconds. */
  search({ lease, from, to }: Extract<HolderEffect, { kind: "lease" }>): void {
    this.now += 10 * (to - from);
    this.#feed({ kind: "beat", now: this.now, holder: HOLDER, lease, at: to });
  }

  tick(): void {
    this.#feed({ kind: "tick", now: this.now });
  }
}

/** What a participant gets of what its manager's desk says. */
async function overTheWire(effect: HolderEffect): Promise<LeaseOrders> {
  const sent: Uint8Array[] = [];
  const over = new AbortController();
  const links = {
    send: async (_: number, message: Parameters<typeof encodeLeaseMessage>[0]) => {
      sent.push(encodeLeaseMessage(message));
      return { answer: "taken", view: undefined } as const;
    },
  };
  const options = { job: JOB, round: 1, rank: "manager", signal: over.signal } as const;
  const out = new LeaseOrderSender(options, { links, clock: { sleep: async () => {} } });
  out.put(HOLDER.node, 0, effect);
  await until(() => sent.length > 0, 5_000, "orders");
  over.abort(new Error("told"));
  const message = decodeLeaseMessage(sent[0] ?? new Uint8Array());
  if (message.kind !== "orders") throw new Error(`it sent ${message.kind}`);
  return message.value;
}

function wait(code: "NOTHING_FREE" | "RESTING" | "TOO_FAR", lane = 0, lost = 0) {
  const index = { NOTHING_FREE: 0, RESTING: 1, TOO_FAR: 2 }[code];
  return { lane, request: 1, code: index, ms: 60_000, lost, rttMs: 900, leaseMs: 61_000 };
}

describe("what keeps a node's lanes from searching", () => {
  it("comes from the manager with its figures, and ends with leases that go well", async () => {
    const lane = new OneLane();
    let told = lane.ask();
    for (let leases = 0; told?.kind === "lease" && leases < 40; leases++) {
      lane.search(told);
      // It waits longer than it searches, however long its leases are.
      lane.now += 100_000;
      told = lane.ask();
    }
    if (told?.kind !== "wait") throw new Error("it always got leases");
    const { waits } = await overTheWire(told);
    const troubles = new SearchTroubles();
    const job = troubles.of(JOB, 2);
    for (const one of waits) job.waits(one);
    const [trouble, ...others] = troubles.all;
    expect(others).deep.equal([]);
    if (trouble?.code !== "TOO_FAR") throw new Error(`it is ${trouble?.code}`);
    expect(trouble).include({ lanes: 1, lanesInAll: 2, rttMs: 1_200 });
    expect(trouble.lost).within(0.5, 0.8);
    expect(trouble.leaseMs).within(40_000, 100_000);

    // Five leases are what the manager looks at before it says so again.
    for (let leases = 0; leases < 5; leases++) job.leased(0);
    expect(troubles.all.map(({ code }) => code)).deep.equal(["TOO_FAR"]);
    job.leased(0);
    expect(troubles.all).deep.equal([]);
  });

  it("comes from the manager when a lane lost leases and had searched nothing", async () => {
    const lane = new OneLane();
    const first = lane.ask();
    expect(first?.kind).equal("lease");
    // It takes the lease and is silent; the desk takes it away.
    lane.now += 60_000;
    lane.tick();
    const told = lane.ask();
    if (told?.kind !== "wait") throw new Error("it got another lease");
    const { waits } = await overTheWire(told);
    const troubles = new SearchTroubles();
    const job = troubles.of(JOB, 1);
    for (const one of waits) job.waits(one);
    expect(troubles.all).deep.equal([{ job: JOB, code: "RESTING", lanes: 1, lanesInAll: 1 }]);
    job.leased(0);
    expect(troubles.all).deep.equal([]);
  });

  it("names the lane that is worst off, and stays over rounds until the job is over", () => {
    const troubles = new SearchTroubles();
    const job = troubles.of(JOB, 3);
    job.waits(wait("TOO_FAR", 0, 510));
    job.waits(wait("TOO_FAR", 2, 770));
    job.waits(wait("RESTING", 1));
    const codes = (): unknown[] => troubles.all.map(({ code }) => code);
    expect(codes()).deep.equal(["TOO_FAR", "RESTING"]);
    expect(troubles.all[0]).include({ lanes: 2, lost: 0.77 });
    job.end();
    troubles.of(JOB, 2);
    expect(troubles.all.map(({ code }) => code)).deep.equal(["TOO_FAR"]);
    expect(troubles.all[0]).include({ lanes: 1, lost: 0.51 });
    troubles.keepOnly(() => true);
    expect(codes()).deep.equal(["TOO_FAR"]);
    troubles.keepOnly(() => false);
    expect(codes()).deep.equal([]);
  });

  it("is no trouble when all is leased, and lanes that the node does not have are passed over", () => {
    const troubles = new SearchTroubles();
    const job = troubles.of(JOB, 1);
    job.waits(wait("NOTHING_FREE"));
    job.waits(wait("TOO_FAR", 1, 900));
    job.waits(wait("TOO_FAR", 65_535, 900));
    job.leased(9);
    expect(troubles.all).deep.equal([]);
    // A manager that lies about the share is not believed beyond the whole.
    job.waits(wait("TOO_FAR", 0, 65_535));
    expect(troubles.all[0]).include({ lost: 1 });
  });

  it("tells that no manager answers once that lasts, and no longer when one does", () => {
    const troubles = new SearchTroubles();
    const job = troubles.of(JOB, 1);
    job.silent(29_999);
    expect(troubles.all).deep.equal([]);
    job.silent(31_000);
    expect(troubles.all).deep.equal([{ job: JOB, code: "NO_MANAGER", silentMs: 31_000 }]);
    job.silent(0);
    expect(troubles.all).deep.equal([]);
  });
});
