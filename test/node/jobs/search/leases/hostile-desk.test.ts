import { expect } from "chai";
import { LeaseDesk } from "../../../../../node/jobs/search/leases/desk.ts";
import type { DeskEffect } from "../../../../../node/jobs/search/leases/desk-messages.ts";
import { MAX_LOGGED_FINDS } from "../../../../../node/jobs/search/leases/lease-table.ts";

function deskOf(units: number): LeaseDesk {
  return new LeaseDesk({ open: [{ from: 0, to: units }], redundancy: 0, random: () => 0 });
}

/** The log holds everything at once. */
function step(desk: LeaseDesk, event: Parameters<LeaseDesk["step"]>[0]): DeskEffect[] {
  const effects = [...desk.step(event)];
  return effects.flatMap((effect) =>
    effect.kind === "append"
      ? [effect, ...desk.step({ kind: "held", now: event.now, id: effect.id })]
      : [effect],
  );
}

const steps = (effects: readonly DeskEffect[]): string[] =>
  effects.flatMap((effect) => (effect.kind === "append" ? [effect.step.kind] : []));

describe("desk of leases, with strangers before it", () => {
  it("writes as many finds as a log holds, and passes over the others", () => {
    const desk = deskOf(1000);
    const found = (nonce: number) =>
      step(desk, { kind: "found", now: 1, node: 3, nonce: BigInt(nonce) });
    for (let nonce = 0; nonce < MAX_LOGGED_FINDS; nonce++) {
      expect(steps(found(nonce))).deep.equal(["find"]);
    }
    expect(found(MAX_LOGGED_FINDS)).deep.equal([]);
    expect(desk.table.finds.length).equal(MAX_LOGGED_FINDS);
  });

  it("gives a lane two leases and no more, however often it asks", () => {
    const desk = deskOf(10_000);
    const holds: number[] = [];
    for (let request = 1; request <= 40; request++) {
      const ask = { holder: { node: 3, lane: 0 }, request, holds, rttMs: 1 };
      for (const effect of step(desk, { kind: "ask", now: request, ...ask })) {
        if (effect.kind === "lease" && !holds.includes(effect.lease)) holds.push(effect.lease);
      }
    }
    expect(holds.length).at.most(2);
  });

  it("makes a lane that lost its lease without a single unit wait, longer each time", () => {
    const desk = deskOf(10_000);
    let granted = 0;
    let request = 0;
    // It asks every second for two hours, and never searches anything.
    for (let now = 0; now < 7_200_000; now += 1_000) {
      const ask = { holder: { node: 3, lane: 0 }, request: ++request, holds: [], rttMs: 1 };
      const asked = step(desk, { kind: "ask", now, ...ask });
      const ticked = step(desk, { kind: "tick", now: now + 500 });
      granted += steps([...asked, ...ticked]).filter((kind) => kind === "grant").length;
    }
    expect(granted).above(1).and.at.most(12);
  });

  it("gives a lane that lost its first lease, and then works, leases like any other", () => {
    const desk = deskOf(10_000);
    const holder = { node: 3, lane: 0 };
    let request = 0;
    let isAwake = false;
    for (let now = 0; now < 600_000; now += 1_000) {
      isAwake ||= now > 60_000;
      const asked = step(desk, {
        kind: "ask",
        now,
        holder,
        request: ++request,
        holds: [],
        rttMs: 1,
      });
      for (const effect of asked) {
        if (effect.kind !== "lease" || !isAwake) continue;
        step(desk, { kind: "beat", now: now + 100, holder, lease: effect.lease, at: effect.to });
      }
      step(desk, { kind: "tick", now: now + 500 });
    }
    expect(desk.table.open.size).equal(0);
  });
});
