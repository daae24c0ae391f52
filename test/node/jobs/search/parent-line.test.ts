import { expect } from "chai";
import type { LeaseReply } from "../../../../node/jobs/search/lease-wire.ts";
import { ParentLine } from "../../../../node/jobs/search/parent-line.ts";
import { until } from "../../../helpers/until.ts";

const TEAM = [10, 11, 12, 13, 14];

/** A node that asks a team; members without a view never answer. */
function askingOf(views: ReadonlyMap<number, number | undefined>) {
  const over = new AbortController();
  let turns = 0;
  const line = new ParentLine(
    {
      job: new Uint8Array(32),
      round: 1,
      team: TEAM,
      node: 7,
      above: [],
      signal: over.signal,
    },
    {
      links: {
        send: async (node): Promise<LeaseReply> => {
          if (!views.has(node)) return new Promise(() => {});
          return { answer: "taken", view: views.get(node) };
        },
      },
      clock: { monotonic: () => 0, sleep: async () => {} },
      shares: { about: () => [] },
      onHeard: () => {},
      onParent: () => turns++,
    },
  );
  return { line, turns: () => turns };
}

describe("the way to whoever manages", () => {
  it("believes what more than half of the team says, and waits for no member that is dead", async () => {
    const { line, turns } = askingOf(new Map(TEAM.slice(2).map((node) => [node, 3])));
    line.seekManager();
    await until(() => line.view === 3, 5_000, "another view");
    expect(line.manager).equal(13);
    expect(turns()).equal(1);
  });

  it("does not believe a minority that answers first", async () => {
    const said = new Map<number, number | undefined>([
      [10, 9],
      [11, 9],
      [12, 2],
      [13, 2],
      [14, 2],
    ]);
    const { line } = askingOf(said);
    line.seekManager();
    await until(() => line.view !== 0, 5_000, "another view");
    expect(line.view).equal(2);
  });

  it("believes most of those that answer where there is no more than half, once all have answered", async () => {
    const said = new Map<number, number | undefined>([
      [10, undefined],
      [11, undefined],
      [12, 4],
      [13, 4],
      [14, 1],
    ]);
    const { line } = askingOf(said);
    line.seekManager();
    await until(() => line.view !== 0, 5_000, "another view");
    expect(line.view).equal(4);
  });
});
