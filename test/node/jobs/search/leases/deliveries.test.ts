import { expect } from "chai";
import { Deliveries, MOST_PIECES } from "../../../../../node/jobs/search/leases/deliveries.ts";

const CHILD = { node: 4, lane: 0 };
const OTHER = { node: 5, lane: 0 };

function delivered(from: number, to: number, { holder = CHILD, lease = 1 } = {}) {
  return { by: holder, holder, lease, from, to };
}

describe("what children of a sub-manager deliver", () => {
  it("goes up once, and is answered by what the log above says", () => {
    const deliveries = new Deliveries();
    expect(deliveries.add(delivered(0, 4), 0).news).deep.equal([{ from: 0, to: 4 }]);
    expect(deliveries.add(delivered(0, 6), 1).news).deep.equal([{ from: 4, to: 6 }]);
    const acked = { kind: "ack", searcher: CHILD, from: 0, to: 3, now: 2 } as const;
    const told = { by: CHILD, holder: CHILD, lease: 1 };
    expect(deliveries.settle(acked)).deep.equal([{ ...told, kind: "ack", from: 0, to: 3 }]);
    expect(deliveries.settle({ ...acked, kind: "stale", from: 3, to: 4 })).deep.equal([
      { ...told, kind: "stale", from: 3, to: 4 },
    ]);
    expect(deliveries.add(delivered(0, 6), 3)).deep.equal({
      answers: [
        { ...told, kind: "ack", from: 0, to: 3 },
        { ...told, kind: "stale", from: 3, to: 4 },
      ],
      news: [],
    });
    expect(deliveries.all.map(({ from, to }) => ({ from, to }))).deep.equal([{ from: 4, to: 6 }]);
  });

  it("is one piece as long as it touches, and waits since the last answer", () => {
    const deliveries = new Deliveries();
    for (let unit = 0; unit < 100; unit++) deliveries.add(delivered(unit, unit + 1), unit);
    expect(deliveries.all).to.have.lengthOf(1);
    expect(deliveries.oldest).equal(0);
    deliveries.settle({ kind: "ack", searcher: CHILD, from: 0, to: 50, now: 100 });
    expect(deliveries.oldest).equal(100);
    deliveries.restart(200);
    expect(deliveries.oldest).equal(200);
  });

  it("is bounded by node: a child that delivers every second unit loses nothing but the rest", () => {
    const deliveries = new Deliveries();
    const passed: number[] = [];
    for (let index = 0; index < 2 * MOST_PIECES; index++) {
      const { news } = deliveries.add(delivered(2 * index, 2 * index + 1), 0);
      if (news.length === 0) passed.push(index);
    }
    expect(deliveries.all).to.have.lengthOf(MOST_PIECES);
    expect(passed[0]).equal(MOST_PIECES);
    expect(deliveries.add(delivered(1, 2, { holder: OTHER }), 0).news).to.have.lengthOf(1);
    deliveries.settle({ kind: "ack", searcher: CHILD, from: 0, to: 100, now: 1 });
    const late = 2 * MOST_PIECES;
    expect(deliveries.add(delivered(late, late + 1), 2).news).to.have.lengthOf(1);
  });
});
