/**
 * A participant that is the sub-manager of two others is killed in the middle of a search. They go on under the manager
 * above: the whole range is searched, no unit is paid twice, and the escrow is divided.
 */
import { fileURLToPath } from "node:url";

import { expect } from "chai";
import {
  LiveSearch,
  openUnits,
  type SeenSearch,
  unitsBy,
  unitsOf,
} from "../../helpers/live-search.ts";
import { LocalNetwork } from "../../helpers/local-network.ts";
import { measured } from "./harness/measured.ts";
import { expectWhole, fruitlessOrder, SEARCH_MS } from "./harness/whole-search.ts";

/** Two cores take 15 s for it, twice what it takes to miss a sub-manager. */
const NONCES = 96_000_000;
const NODES = 5;
const NARROW = fileURLToPath(new URL("./mains/narrow-tree.ts", import.meta.url));

describe("a sub-manager of a search, killed", function () {
  this.timeout(3 * SEARCH_MS);

  let net: LocalNetwork;

  before(async () => {
    const mains = Object.fromEntries(Array.from({ length: NODES }, (_, i) => [i, NARROW]));
    net = await LocalNetwork.create({ nodes: NODES, mains });
    await net.start();
  });
  after(() => net?.stop());

  it("costs no unit of the range, and none is counted twice", async function () {
    try {
      const search = await LiveSearch.order(net, fruitlessOrder("narrow", NONCES), SEARCH_MS);
      // The first in drawn order serves the third and the fourth.
      const children = ({ participants }: SeenSearch): readonly string[] =>
        participants.slice(2).map(({ name }) => name ?? "");
      const before = await search.untilSeen("work by both of its children", (job) =>
        children(job).every((child) => unitsBy(job, child) > 0),
      );
      const victim = net.named(before.participants[0]?.name ?? "");
      const last = await search.seen(victim);
      await victim.kill();
      const begin = performance.now();
      const openAtKill = Math.min(...[before, last ?? before].map(openUnits));
      expect(openAtKill, "units that were open when it died").above(unitsOf(before) / 4);

      const hasGoneOn = (job: SeenSearch): boolean =>
        job.round === before.round &&
        children(job).every((child) => unitsBy(job, child) > unitsBy(last ?? before, child));
      const after = await search.untilSeen("more work by its children", hasGoneOn, victim);
      const orphansMs = performance.now() - begin;

      const { units, rounds } = await expectWhole(search.id, net.witness(victim));
      const ms = performance.now() - begin;
      const openThen = openUnits(after);
      measured(this, { units, openAtKill, openThen, orphansMs, rounds: rounds.length, ms });
    } catch (error) {
      throw net.explained(error);
    }
  });
});
