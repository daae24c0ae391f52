/**
 * Nodes of a search's tree tell a manager that units were theirs: as orphans of a parent that did not give them any, as
 * a sub-manager of nodes that are not below it, with shares signed by the wrong node, for other units, or out of thin
 * air. Gain sought: units of others, to be paid for, or to keep others from them. Must hold: a manager takes from nobody
 * what the holder of the lease did not sign for it, and the log gives it to nobody.
 */
import { expect } from "chai";
import { type KeyPair, keyPairFromSeed } from "../../chain/crypto/keys.ts";
import { childEvents } from "../../node/jobs/search/child-reports.ts";
import { LeaseShares } from "../../node/jobs/search/lease-shares.ts";
import {
  decodeLeaseMessage,
  encodeLeaseMessage,
  type LeaseReport,
  MAX_SHARES,
  type WireShare,
} from "../../node/jobs/search/lease-wire.ts";
import { LeaseDesk } from "../../node/jobs/search/leases/desk.ts";
import type { DeskEffect, DeskEvent } from "../../node/jobs/search/leases/desk-messages.ts";
import { spanSize } from "../../node/jobs/search/leases/span.ts";
import { SUB_LANE } from "../../node/jobs/search/leases/step.ts";
import { LeaseTree } from "../../node/jobs/search/leases/tree.ts";
import { expectCode } from "../helpers/expect-code.ts";

const JOB = new Uint8Array(32).fill(7);
const GENESIS = new Uint8Array(32).fill(9);
/** 0 serves 2 and 3, 2 serves 4; 1 serves 5 and 6. */
const TREE = new LeaseTree(
  { participants: [0, 1, 2, 3, 4, 5, 6], round: 1 },
  { most: 2, least: 1 },
);
const keys = new Map<number, KeyPair>();

function keysOf(node: number): KeyPair {
  const known = keys.get(node) ?? keyPairFromSeed(new Uint8Array(32).fill(node + 1));
  keys.set(node, known);
  return known;
}

function sharesOf(): LeaseShares {
  const keyOf = (node: number): Uint8Array => keysOf(node).publicKey;
  return new LeaseShares({ job: JOB, round: 1, genesisRoot: GENESIS, tree: TREE, keyOf });
}

/** The active manager's desk; its log holds everything at once. */
class Top {
  readonly desk = new LeaseDesk({ open: [{ from: 0, to: 1_000 }], redundancy: 0, random: () => 0 });
  readonly shares = sharesOf();
  now = 0;

  step(event: DeskEvent): DeskEffect[] {
    const todo = [...this.desk.step(event)];
    const done: DeskEffect[] = [];
    for (let effect = todo.shift(); effect !== undefined; effect = todo.shift()) {
      done.push(effect);
      if (effect.kind !== "append") continue;
      todo.push(...this.desk.step({ kind: "held", now: this.now, id: effect.id }));
    }
    return done;
  }

  /** As it comes over the wire. */
  report(from: number, value: Partial<LeaseReport>): DeskEffect[] {
    const none = { asks: [], beats: [], deliveries: [], orphans: [], shares: [] };
    const place = { job: JOB, round: 1, rank: 0, rttMs: 1 };
    const message = { kind: "report", value: { ...place, ...none, ...value } } as const;
    const read = decodeLeaseMessage(encodeLeaseMessage(message));
    if (read.kind !== "report") throw new Error("another message");
    this.now += 10;
    const facts = { tree: TREE, shares: this.shares, table: this.desk.table, now: this.now };
    return childEvents(read.value, from, facts).flatMap((event) => this.step(event));
  }

  /** A lease of a sub-manager. */
  lease(node: number): { readonly lease: number; readonly from: bigint; readonly to: bigint } {
    const asks = [{ lane: SUB_LANE, request: 1, holds: [], lanes: 8 }];
    const [given] = this.report(node, { asks }).filter(({ kind }) => kind === "lease");
    if (given?.kind !== "lease") throw new Error("no lease");
    return { lease: given.lease, from: BigInt(given.from), to: BigInt(given.to) };
  }

  owned(node: number): number {
    return this.desk.table.owned(node).first.reduce((sum, span) => sum + spanSize(span), 0);
  }
}

type Part = Omit<WireShare, "signature">;

function signed(share: Part, by = share.giver): WireShare {
  return sharesOf().sign(keysOf(by), share);
}

describe("attack: take units that were never given", () => {
  it("an orphan delivers what its parent signed that it gave, and nothing else", () => {
    const top = new Top();
    const { lease, from, to } = top.lease(0);
    const units = { from, to: from + 4n };
    const right: Part = { giver: 0, taker: 2, lease, level: 0, ...units };
    const wrong: readonly (readonly [string, readonly WireShare[]])[] = [
      ["without a share", []],
      ["signed by itself", [signed(right, 2)]],
      ["given to another", [signed({ ...right, taker: 3 })]],
      ["of other units", [signed({ ...right, from: from + 4n, to })]],
      ["of half of them", [signed({ ...right, to: from + 2n })]],
      ["of another lease", [signed({ ...right, lease: lease + 1 })]],
      ["by a node that does not hold the lease", [signed({ ...right, giver: 1, taker: 5 })]],
      ["of another round's making", [{ ...signed(right), signature: new Uint8Array(64) }]],
    ];
    const delivery = { lane: 0, lease, node: 2, searcher: 0, ...units };
    const orphan = { lane: 0, request: 1, holds: [], lease, ...units };
    for (const [what, shares] of wrong) {
      const effects = top.report(2, {
        deliveries: [delivery],
        orphans: [orphan],
        shares: [...shares],
      });
      expect(effects, what).deep.equal([]);
    }
    expect(top.owned(2)).equal(0);
    const shares = [signed(right)];
    const taken = top.report(2, { deliveries: [delivery], shares });
    expect(taken.map(({ kind }) => kind)).include("ack");
    expect(top.owned(2)).equal(4);
    process.stdout.write(`      ${wrong.length} false orphans get 0 units, a true one 4\n`);
  });

  it("a grandchild needs the whole chain down from the holder", () => {
    const top = new Top();
    const { lease, from } = top.lease(0);
    const units = { from, to: from + 4n };
    const upper = signed({ giver: 0, taker: 2, lease, level: 0, ...units });
    const lower = signed({ giver: 2, taker: 4, lease: 77, level: 0, ...units });
    const deliveries = [{ lane: 1, lease, node: 4, searcher: 1, ...units }];
    for (const shares of [[upper], [lower]]) {
      expect(top.report(4, { deliveries, shares })).deep.equal([]);
    }
    top.report(4, { deliveries, shares: [lower, upper] });
    expect(top.owned(4)).equal(4);
  });

  it("a sub-manager delivers for itself and those below it, of its own leases alone", () => {
    const top = new Top();
    const { lease, from } = top.lease(0);
    const units = { from, to: from + 4n };
    const of = (node: number) => [{ lane: SUB_LANE, lease, node, searcher: 0, ...units }];
    expect(top.report(1, { deliveries: of(5) }), "of another's lease").deep.equal([]);
    expect(top.report(0, { deliveries: of(5) }), "for a node elsewhere").deep.equal([]);
    expect(top.report(2, { deliveries: of(4) }), "of its parent's, without a share").deep.equal([]);
    expect(top.report(3, { deliveries: of(3) }), "a lane as a sub-manager").deep.equal([]);
    top.report(0, { deliveries: of(4) });
    expect(top.owned(4)).equal(4);
  });

  it("a lane does not speak for another lane, nor for another node", () => {
    const top = new Top();
    const { lease, from } = top.lease(0);
    const units = { from, to: from + 4n };
    const shares = [signed({ giver: 0, taker: 2, lease, level: 0, ...units })];
    const delivery = { lane: 0, lease, node: 2, searcher: 0, ...units };
    for (const other of [{ node: 3 }, { searcher: 1 }, { lane: 300 }, { from: units.to }]) {
      const deliveries = [{ ...delivery, ...other }];
      expect(top.report(2, { deliveries, shares })).deep.equal([]);
    }
    expect(top.owned(2) + top.owned(3)).equal(0);
  });

  it("shares out of thin air give nothing: the log knows what the liar holds", () => {
    const top = new Top();
    const { lease, from, to } = top.lease(0);
    const air = { from: to, to: to + 10n };
    const shares = [signed({ giver: 0, taker: 2, lease, level: 0, ...air })];
    const deliveries = [{ lane: 0, lease, node: 2, searcher: 0, ...air }];
    const orphans = [{ lane: 0, request: 1, holds: [], lease, ...air }];
    const effects = top.report(2, { deliveries, orphans, shares });
    expect(effects.filter(({ kind }) => kind !== "wait")).deep.equal([]);
    expect(top.owned(2)).equal(0);
    // The same units to two children: whoever delivers first has them, and nobody twice.
    const units = { from, to: from + 4n };
    for (const taker of [2, 3]) {
      const twice = [signed({ giver: 0, taker, lease, level: 0, ...units })];
      const own = [{ lane: 0, lease, node: taker, searcher: 0, ...units }];
      top.report(taker, { deliveries: own, shares: twice });
    }
    expect([top.owned(2), top.owned(3)]).deep.equal([4, 0]);
  });

  it("keeps a manager busy with signatures up to a rate, and with no more shares than a message has", () => {
    const shares = sharesOf();
    const part: Part = { giver: 0, taker: 2, lease: 1, level: 0, from: 0n, to: 1n };
    let right = 0;
    for (let i = 0; i < 400; i++) {
      right += shares.right([signed({ ...part, lease: i })], 2, 0).length;
    }
    expect(right).equal(256);
    // Another node has its own rate, and what was verified is not verified again.
    expect(shares.right([signed({ ...part, lease: 900 })], 3, 0)).lengthOf(1);
    expect(shares.right([signed({ ...part, lease: 0 })], 2, 0)).lengthOf(1);
    const many = Array.from({ length: MAX_SHARES + 1 }, () => signed(part));
    const place = { job: JOB, round: 1, rank: 0, rttMs: 1 };
    const none = { asks: [], beats: [], deliveries: [], orphans: [] };
    const full = { kind: "report", value: { ...place, ...none, shares: many } } as const;
    expectCode(() => decodeLeaseMessage(encodeLeaseMessage(full)), "DECODE");
  });

  it("a sub-manager that asks without end gets the first leases of its lanes, and then rests", () => {
    const top = new Top();
    const holds: number[] = [];
    let units = 0;
    for (let request = 1; request <= 60; request++) {
      const asks = [{ lane: SUB_LANE, request, holds: holds.slice(-16), lanes: 65_535 }];
      for (const effect of top.report(0, { asks })) {
        if (effect.kind !== "lease" || holds.includes(effect.lease)) continue;
        holds.push(effect.lease);
        units += spanSize(effect);
      }
    }
    process.stdout.write(`      ${holds.length} leases of ${units} units for 60 asks\n`);
    expect(units).at.most(3 * 4 * 16 * 4);
  });
});
