import { expect } from "chai";
import type { NodeJson } from "../../../../node/api/contract/network.ts";
import { type RatingSource, unratedText, untilRated } from "../../../../node/cli/devnet/ratings.ts";
import { expectCodeAsync } from "../../../helpers/expect-code.ts";

type Seen = Pick<NodeJson, "name" | "weight" | "lastWindow" | "drawable">;

const node = (name: string, weight: number, lastWindow = 0, drawable = weight > 0): Seen => {
  return { name, weight: String(weight), lastWindow, drawable };
};

/** What a node answers, one after the other; the last again and again. */
function answers(...seen: readonly (readonly Seen[])[]): RatingSource {
  const left = [...seen];
  return {
    nodes: async () => ({ nodes: (left.length > 1 ? left.shift() : left[0]) as NodeJson[] }),
  };
}

const { signal } = new AbortController();

describe("waiting for the demo's ratings", () => {
  it("ends when all nodes are rated", async () => {
    const source = answers([node("a", 5)], [node("a", 5), node("b", 1, 1)]);
    const { rated, unrated } = await untilRated(source, ["a", "b"], { signal });
    expect(rated.map(({ name }) => name)).to.deep.equal(["a", "b"]);
    expect(unrated).to.deep.equal([]);
  });

  it("waits until a node that was rated can be drawn", async () => {
    const source = answers(
      [node("a", 5), node("b", 1, 1, false)],
      [node("a", 5), node("b", 2, 1, true)],
    );
    const { rated } = await untilRated(source, ["a", "b"], { signal });
    expect(rated.map(({ weight }) => weight)).to.deep.equal(["5", "2"]);
  });

  it("ends with the first window, and names the nodes that it left without a rating", async () => {
    const source = answers([node("a", 5), node("b", 0)], [node("a", 5, 1), node("b", 0, 1)]);
    const { rated, unrated } = await untilRated(source, ["a", "b", "c"], { signal });
    expect(rated.map(({ name }) => name)).to.deep.equal(["a"]);
    expect(unrated).to.deep.equal(["b", "c"]);
  });

  it("fails when nobody has a rating in the end", async () => {
    const waiting = untilRated(answers([node("a", 0)]), ["a"], { signal, deadlineMs: 0 });
    const error = await expectCodeAsync(() => waiting, "NOT_RATED");
    expect(error.remedy).to.contain("busy");
  });

  it("says why a node has none", () => {
    const work = { window: 1, lanes: 1, segments: 0, coreShare: 0.01 };
    const disturbed = "other programs took 99 % of each core it worked on";
    expect(unratedText("b", { lastWindow: { ...work, disturbed } })).to.contain(disturbed);
    expect(unratedText("b", { lastWindow: work })).to.contain("finished 0 segments");
    expect(unratedText("b", {})).to.contain("not part of a benchmark window");
  });
});
