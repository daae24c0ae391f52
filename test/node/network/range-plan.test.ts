import { expect } from "chai";
import {
  type PlanOptions,
  RangePlan,
  type RangeRequest,
} from "../../../node/network/range-plan.ts";

const plan = (options: Partial<PlanOptions> = {}): RangePlan<number> =>
  new RangePlan({ from: 1, rangeBlocks: 10, requestGapMs: 0, ...options });

const claim = (height: number, lowest = 1) => ({ lowest, height });

/** The heights a request asks for. */
const heights = ({ from, count }: RangeRequest): number[] =>
  Array.from({ length: count }, (_, i) => from + i);

/** Answers everything that is asked, in the order of `pick`, until all heights were handed out. */
function drain(
  scheduler: RangePlan<number>,
  answer: (request: RangeRequest, now: number) => void,
  pick: (open: RangeRequest[]) => RangeRequest | undefined = (open) => open.shift(),
): number[] {
  const taken: number[] = [];
  const open: RangeRequest[] = [];
  for (let now = 0; now < 600_000 && !scheduler.isOver; now += 100) {
    for (const { id } of scheduler.overdue(now)) scheduler.failed(id, now);
    open.push(...scheduler.requests(now));
    const next = pick(open);
    if (next !== undefined) answer(next, now);
    for (let range = scheduler.take(); range !== undefined; range = scheduler.take()) {
      taken.push(...range.blocks);
    }
  }
  return taken;
}

const upTo = (height: number): number[] => Array.from({ length: height }, (_, i) => i + 1);

describe("RangePlan", () => {
  it("asks several peers at once and hands ranges out in order, however answers come", () => {
    const scheduler = plan();
    for (const peer of ["a", "b", "c"]) scheduler.offer(peer, claim(95));
    const asked = scheduler.requests(0);
    expect(asked.map(({ peer }) => peer)).to.have.members(["a", "a", "b", "b", "c", "c"]);
    expect(asked.flatMap(heights)).to.deep.equal(upTo(60));
    for (const request of asked.toReversed()) {
      expect(scheduler.take()).to.equal(undefined);
      scheduler.answered(request.id, heights(request), 100, 1);
    }
    const taken = drain(scheduler, (request, now) =>
      scheduler.answered(request.id, heights(request), 100, now),
    );
    expect(taken).to.deep.equal(upTo(95));
  });

  it("asks no peer for heights that it does not claim to have", () => {
    const scheduler = plan();
    scheduler.offer("short", claim(4));
    scheduler.offer("pruned", claim(30, 5));
    const asked = scheduler.requests(0);
    for (const request of asked) {
      const [first = 0, last = 0] = [heights(request).at(0), heights(request).at(-1)];
      if (request.peer === "short") expect(last).to.be.at.most(4);
      else expect(first).to.be.at.least(5);
    }
    const all = drain(
      scheduler,
      () => {},
      () => undefined,
    );
    expect(all).to.deep.equal([]);
  });

  it("goes on from where an answer stopped", () => {
    const scheduler = plan();
    scheduler.offer("a", claim(25));
    const taken = drain(scheduler, (request, now) =>
      scheduler.answered(request.id, heights(request).slice(0, 3), 300, now),
    );
    expect(taken).to.deep.equal(upTo(25));
  });

  it("lowers the assumed height of a peer that has nothing of what it claims, and ends", () => {
    const scheduler = plan();
    scheduler.offer("boaster", claim(2 ** 40));
    scheduler.offer("honest", claim(30));
    const taken = drain(scheduler, (request, now) =>
      scheduler.answered(request.id, request.peer === "honest" ? heights(request) : [], 100, now),
    );
    expect(taken).to.deep.equal(upTo(30));
    expect(scheduler.target).to.equal(30);
  });

  it("makes no endless ranges for endless claims", () => {
    const scheduler = plan();
    scheduler.offer("boaster", claim(Number.MAX_SAFE_INTEGER));
    expect(scheduler.requests(0)).to.have.length(2);
    expect(scheduler.requests(1)).to.have.length(0);
  });

  it("gives a failed range to a peer that was not tried yet", () => {
    const scheduler = plan({ requestsPerPeer: 1 });
    scheduler.offer("a", claim(10));
    scheduler.offer("b", claim(10));
    const [first] = scheduler.requests(0);
    if (first === undefined) throw new Error("nothing asked");
    scheduler.failed(first.id, 1);
    const [second] = scheduler.requests(60_000);
    expect(second).to.include({ from: first.from, count: first.count });
    expect(second?.peer).not.to.equal(first.peer);
  });

  it("takes the range everybody waits for from a slow peer when another is idle", () => {
    const scheduler = plan({ requestsPerPeer: 1, patienceMs: 50, deadlineMs: 1_000 });
    scheduler.offer("slow", claim(10));
    const [slow] = scheduler.requests(0);
    expect(scheduler.overdue(500)).to.deep.equal([]);
    scheduler.offer("fast", claim(10));
    expect(scheduler.overdue(501)).to.deep.equal([slow]);
    expect(scheduler.overdue(502)).to.deep.equal([], "told once");
    scheduler.failed(slow?.id ?? 0, 502);
    expect(scheduler.requests(502).map(({ peer }) => peer)).to.deep.equal(["fast"]);
  });

  it("cuts off every peer that passes the deadline, alone or not", () => {
    const scheduler = plan({ requestsPerPeer: 1, deadlineMs: 1_000 });
    scheduler.offer("silent", claim(10));
    const [request] = scheduler.requests(0);
    expect(scheduler.overdue(999)).to.deep.equal([]);
    expect(scheduler.overdue(1_000)).to.deep.equal([request]);
  });

  it("lets a failing peer rest longer each time, and forgets it after a success", () => {
    const scheduler = plan({ requestsPerPeer: 1 });
    scheduler.offer("a", claim(1_000));
    const restOf = (now: number): number => {
      const [request] = scheduler.requests(now);
      if (request === undefined) throw new Error("nothing asked");
      scheduler.failed(request.id, now);
      return scheduler.waitMs(now) ?? 0;
    };
    const rests = [restOf(0), restOf(10_000), restOf(20_000)];
    expect(rests).to.deep.equal([1_000, 2_000, 4_000]);
    const [request] = scheduler.requests(30_000);
    scheduler.answered(
      request?.id ?? 0,
      heights(request ?? { id: 0, peer: "", from: 1, count: 1 }),
      9,
      30_000,
    );
    expect(restOf(40_000)).to.equal(1_000);
  });

  it("drops the blocks of a liar and never asks it again", () => {
    const scheduler = plan();
    scheduler.offer("liar", claim(20));
    const lies = scheduler.requests(0);
    for (const request of lies) scheduler.answered(request.id, heights(request), 100, 0);
    const first = scheduler.take();
    if (first === undefined) throw new Error("nothing came");
    scheduler.exclude("liar");
    scheduler.putBack(first);
    scheduler.offer("liar", claim(20));
    expect(scheduler.requests(1)).to.deep.equal([]);
    scheduler.offer("honest", claim(20));
    const askedOf = new Set<string>();
    const taken = drain(scheduler, (request, now) => {
      askedOf.add(request.peer);
      scheduler.answered(request.id, heights(request), 100, now);
    });
    expect(taken).to.deep.equal(upTo(20));
    expect([...askedOf]).to.deep.equal(["honest"]);
  });

  it("drops the answer of a peer that was excluded while it was asked", () => {
    const scheduler = plan({ requestsPerPeer: 1 });
    scheduler.offer("liar", claim(10));
    const [request] = scheduler.requests(0);
    scheduler.exclude("liar");
    scheduler.answered(request?.id ?? 0, upTo(10), 100, 1);
    expect(scheduler.take()).to.equal(undefined);
  });

  it("holds no more bytes than its limit, but always asks for the range for which everything waits", () => {
    const scheduler = plan({ rangeBytes: 1_000, maxBytes: 4_000, rangeBlocks: 1 });
    for (const peer of ["a", "b", "c"]) scheduler.offer(peer, claim(50));
    const asked = scheduler.requests(0);
    expect(asked).to.have.length(4);
    const [first, ...rest] = asked;
    for (const request of rest) scheduler.answered(request.id, heights(request), 1_000, 1);
    expect(scheduler.heldBytes).to.equal(3_000);
    expect(scheduler.requests(2)).to.deep.equal([]);
    scheduler.failed(first?.id ?? 0, 2);
    expect(scheduler.requests(2)).to.have.length(1);
  });

  it("asks for fewer blocks when they are large", () => {
    const scheduler = plan({
      rangeBytes: 1_000,
      maxBytes: 1e6,
      rangeBlocks: 100,
      requestsPerPeer: 1,
    });
    scheduler.offer("a", claim(500));
    for (let now = 0; now < 5; now++) {
      const [request] = scheduler.requests(now);
      if (request === undefined) throw new Error("nothing asked");
      scheduler.answered(request.id, heights(request), 500 * request.count, now);
    }
    expect(scheduler.requests(9)[0]?.count).to.be.within(1, 3);
  });

  it("asks another when a peer does not keep old blocks, and holds that against nobody", () => {
    const scheduler = plan({ requestsPerPeer: 1 });
    scheduler.offer("pruned", claim(20));
    const [request] = scheduler.requests(0);
    scheduler.notKept(request?.id ?? 0);
    expect(scheduler.isOver).to.equal(true);
    scheduler.offer("archive", claim(20));
    expect(scheduler.requests(1)[0]).to.include({ peer: "archive", from: 1 });
  });

  it("asks a busy peer again soon, and holds nothing against it", () => {
    const scheduler = plan({ requestsPerPeer: 1 });
    scheduler.offer("a", claim(10));
    for (const now of [0, 500, 1_000]) {
      const [request] = scheduler.requests(now);
      expect(request).to.include({ peer: "a", from: 1 });
      scheduler.busy(request?.id ?? 0, now);
      expect(scheduler.waitMs(now)).to.equal(500);
    }
  });

  it("does not ask one peer more often than it grants", () => {
    const scheduler = plan({ requestGapMs: 100 });
    scheduler.offer("a", claim(100));
    expect(scheduler.requests(0)).to.have.length(1);
    expect(scheduler.requests(99)).to.have.length(0);
    expect(scheduler.requests(100)).to.have.length(1);
  });
});
