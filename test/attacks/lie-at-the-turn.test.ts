/**
 * When a round of a search turns, nodes of the tree tell the next manager what they searched of leases of the round
 * before. Liars name units that others held: without a share, with shares signed by the wrong node, of another round or
 * for other units; or they keep the manager busy. Gain sought: units of others, to be paid for, or to keep others from
 * them. Must hold: the manager takes from nobody what the holder of the carried lease did not sign for it, it takes each
 * unit from one node, and what nobody tells is free again after a second.
 */
import { expect } from "chai";
import { type KeyPair, keyPairFromSeed } from "../../chain/crypto/keys.ts";
import { LeaseShares } from "../../node/jobs/search/lease-shares.ts";
import {
  decodeLeaseMessage,
  encodeLeaseMessage,
  type LeaseReport,
  type WireShare,
} from "../../node/jobs/search/lease-wire.ts";
import { LeaseDesk } from "../../node/jobs/search/leases/desk.ts";
import type { DeskEffect, DeskEvent } from "../../node/jobs/search/leases/desk-messages.ts";
import { LeaseTable } from "../../node/jobs/search/leases/lease-table.ts";
import { spanSize } from "../../node/jobs/search/leases/span.ts";
import { SUB_LANE, TURNED_LANE } from "../../node/jobs/search/leases/step.ts";
import { LeaseTree } from "../../node/jobs/search/leases/tree.ts";
import { turnedEvents } from "../../node/jobs/search/turned-reports.ts";

const JOB = new Uint8Array(32).fill(7);
const GENESIS = new Uint8Array(32).fill(9);
/** 0 serves 2 and 3, 2 serves 4; 1 serves 5 and 6. */
const BEFORE = new LeaseTree(
  { participants: [0, 1, 2, 3, 4, 5, 6], round: 1 },
  { most: 2, least: 1 },
);
/** In the round that turned: units 0 to 40 of node 0 as a sub-manager, 40 to 50 of a lane of node 6. */
const SUB_LEASE = 3;
const CARRIED = [
  { was: SUB_LEASE, node: 0, lane: SUB_LANE, from: 0, to: 40, spans: [{ from: 0, to: 40 }] },
  { was: 4, node: 6, lane: 1, from: 40, to: 50, spans: [{ from: 40, to: 50 }] },
];

function keysOf(node: number): KeyPair {
  return keyPairFromSeed(new Uint8Array(32).fill(node + 1));
}

function sharesOf(round = 1): LeaseShares {
  const keyOf = (node: number): Uint8Array => keysOf(node).publicKey;
  return new LeaseShares({ job: JOB, round, genesisRoot: GENESIS, tree: BEFORE, keyOf });
}

type Part = Omit<WireShare, "signature">;

function signed(share: Part, by = share.giver, round = 1): WireShare {
  return sharesOf(round).sign(keysOf(by), share);
}

/** The manager of the round that goes on; its log holds everything at once. */
class NextManager {
  readonly table = new LeaseTable({ open: [{ from: 0, to: 100 }], held: CARRIED });
  readonly #desk = LeaseDesk.resume(
    {
      open: [],
      table: this.table,
      redundancy: 0,
      // In this round nobody has leases from the manager directly.
      isServed: () => false,
      random: () => 0,
    },
    [],
    0,
  );
  readonly #shares = sharesOf();
  now = 0;

  step(event: DeskEvent): DeskEffect[] {
    return this.#desk
      .step(event)
      .flatMap((effect) =>
        effect.kind === "append"
          ? [effect, ...this.step({ kind: "held", now: event.now, id: effect.id })]
          : [effect],
      );
  }

  /** As it comes over the wire. */
  tell(from: number, units: readonly [bigint, bigint], value: Partial<LeaseReport> = {}) {
    const delivery = { lane: TURNED_LANE, lease: 0, node: from, searcher: 0 };
    const deliveries = [{ ...delivery, from: units[0], to: units[1] }];
    const none = { asks: [], beats: [], deliveries, orphans: [], shares: [] };
    const place = { job: JOB, round: 2, rank: 0, rttMs: 1 };
    const message = { kind: "report", value: { ...place, ...none, ...value } } as const;
    const read = decodeLeaseMessage(encodeLeaseMessage(message));
    if (read.kind !== "report") throw new Error("another message");
    this.now += 10;
    const facts = { shares: this.#shares, table: this.table, now: this.now };
    return turnedEvents(read.value, from, facts).flatMap((event) => this.step(event));
  }

  owned(node: number): number {
    return this.table.owned(node).first.reduce((sum, span) => sum + spanSize(span), 0);
  }
}

describe("attack: lie when a round of a search turns", () => {
  it("a node is given what the holder of the lease signed for it, and nothing else", () => {
    const manager = new NextManager();
    const right: Part = {
      giver: 0,
      taker: 2,
      lease: SUB_LEASE,
      level: 0,
      from: 0n,
      to: 4n,
    };
    const wrong: readonly (readonly [string, readonly WireShare[]])[] = [
      ["without a share", []],
      ["signed by itself", [signed(right, 2)]],
      ["given to another", [signed({ ...right, taker: 3 })]],
      ["of other units", [signed({ ...right, from: 4n, to: 8n })]],
      ["of half of them", [signed({ ...right, to: 2n })]],
      ["of another lease", [signed({ ...right, lease: SUB_LEASE + 1 })]],
      ["of another round", [signed(right, 0, 2)]],
      ["by a node that does not hold the lease", [signed({ ...right, giver: 1, taker: 5 })]],
    ];
    for (const [what, shares] of wrong) {
      expect(manager.tell(2, [0n, 4n], { shares: [...shares] }), what).deep.equal([]);
    }
    expect(manager.owned(2)).equal(0);
    const taken = manager.tell(2, [0n, 4n], { shares: [signed(right)] });
    expect(taken.map(({ kind }) => kind)).include("ack");
    expect(manager.owned(2)).equal(4);
    process.stdout.write(`      ${wrong.length} lies get 0 units, the truth 4\n`);
  });

  it("nobody speaks for another node, nor for leases of lanes that are not its own", () => {
    const manager = new NextManager();
    const delivery = { lane: TURNED_LANE, lease: 0, searcher: 0, from: 40n, to: 50n };
    for (const other of [{ node: 6 }, { node: 5 }, { node: 5, searcher: SUB_LANE }]) {
      const deliveries = [{ ...delivery, ...other }];
      expect(manager.tell(5, [40n, 50n], { deliveries })).deep.equal([]);
    }
    expect(manager.owned(5) + manager.owned(6)).equal(0);
    manager.tell(6, [40n, 50n]);
    expect(manager.owned(6)).equal(10);
  });

  it("each unit goes to one node, and never to a second that has a share of it as well", () => {
    const manager = new NextManager();
    const part = { giver: 0, lease: SUB_LEASE, level: 0, from: 0n, to: 4n };
    for (const taker of [2, 3]) {
      manager.tell(taker, [0n, 4n], { shares: [signed({ ...part, taker })] });
    }
    expect([manager.owned(2), manager.owned(3)]).deep.equal([4, 0]);
  });

  it("a node that claims units beyond those that were carried over gets none of them", () => {
    const manager = new NextManager();
    expect(manager.tell(6, [50n, 100n])).deep.equal([]);
    manager.tell(6, [0n, 100n]);
    expect(manager.owned(6)).equal(10);
  });

  it("a holder that says nothing keeps its units from the others for a second", () => {
    const manager = new NextManager();
    expect(manager.table.open.free).equal(50);
    manager.step({ kind: "tick", now: 900 });
    expect(manager.table.open.free).equal(50);
    manager.step({ kind: "tick", now: 1_500 });
    expect(manager.table.open.free).equal(100);
    // Too late for a lease of its own: it is given what is free still, as for any late result.
    manager.now = 1_600;
    manager.tell(6, [40n, 45n]);
    expect(manager.owned(6)).equal(5);
  });
});
