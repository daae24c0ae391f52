import { expect } from "chai";
import { sha256, uint32Bytes } from "../../../chain/crypto/hash.ts";
import { drawSegments, type Place } from "../../../chain/rating/draw-segments.ts";
import { ZERO_HASH } from "../../../chain/types/primitive.ts";

const RUNS = 100;
const lanesOf = (...counts: number[]) =>
  counts.map((segments) => ({ segments, checkpointRoot: ZERO_HASH }));
const nameOf = ({ lane, segment }: Place): string => `${lane}/${segment}`;
const follows = (a: Place, b: Place): boolean => a.lane === b.lane && a.segment === b.segment + 1;

function draws(counts: number[], wanted: { verifiers: number; each: number }): Place[][][] {
  return Array.from({ length: RUNS }, (_, run) =>
    drawSegments(sha256(uint32Bytes(run)), lanesOf(...counts), wanted),
  );
}

describe("segments to replay", () => {
  it("differ for all verifiers while there are enough", () => {
    for (const drawn of draws([5, 0, 7], { verifiers: 3, each: 4 })) {
      expect(drawn.map((places) => places.length)).to.deep.equal([4, 4, 4]);
      expect(new Set(drawn.flat().map(nameOf)).size).to.equal(12);
      for (const { lane, segment } of drawn.flat()) {
        expect(segment).to.be.within(0, [5, 0, 7][lane] === 5 ? 4 : 6);
        expect(lane).not.to.equal(1);
      }
    }
  });

  it("do not follow each other in a lane for one verifier", () => {
    for (const drawn of draws([40, 40], { verifiers: 4, each: 8 })) {
      for (const places of drawn) {
        expect(places.some((a) => places.some((b) => follows(a, b)))).to.equal(false);
      }
    }
  });

  it("may end one lane and start the next", () => {
    // Two lanes of one segment: the only two there are, and no state goes from one to the other.
    for (const [places = []] of draws([1, 1, 1], { verifiers: 1, each: 3 })) {
      expect(places.map(nameOf).sort()).to.deep.equal(["0/0", "1/0", "2/0"]);
    }
  });

  it("follow each other rather than be another's, and are another's when there are too few", () => {
    for (const drawn of draws([4], { verifiers: 2, each: 2 })) {
      expect(drawn.flat().map(nameOf).sort()).to.deep.equal(["0/0", "0/1", "0/2", "0/3"]);
    }
    for (const drawn of draws([3], { verifiers: 4, each: 3 })) {
      for (const places of drawn) expect(new Set(places.map(nameOf)).size).to.equal(3);
    }
  });

  it("fall on all segments alike", () => {
    const counts = new Map<string, number>();
    for (const place of draws([10, 10], { verifiers: 2, each: 3 }).flat(2)) {
      counts.set(nameOf(place), (counts.get(nameOf(place)) ?? 0) + 1);
    }
    expect(counts.size).to.equal(20);
    // 30 each on average.
    for (const count of counts.values()) expect(count).to.be.within(15, 48);
  });

  it("are found at once in the longest claim", () => {
    const lanes = Array.from({ length: 64 }, () => 1_000_000);
    const started = performance.now();
    const [drawn] = draws(lanes, { verifiers: 8, each: 16 });
    expect(drawn?.flat()).to.have.length(128);
    // A hundred such draws: were a search to walk the claim, this would take minutes.
    expect(performance.now() - started).to.be.below(10_000);
  });

  it("are refused if one verifier would need more than there are", () => {
    const tooMany = () => drawSegments(ZERO_HASH, lanesOf(2), { verifiers: 1, each: 3 });
    expect(tooMany).to.throw(RangeError);
  });
});
