/**
 * The manager that gives out the leases of a search is killed in the middle of it. The next in drawn order goes on at the
 * same log: the whole range is searched, no unit is paid twice, and the escrow is divided.
 */

import { expect } from "chai";
import { LiveSearch, openUnits, unitsOf } from "../../helpers/live-search.ts";
import { LocalNetwork } from "../../helpers/local-network.ts";
import { measured } from "./harness/measured.ts";
import { expectWhole, fruitlessOrder, SEARCH_MS } from "./harness/whole-search.ts";

/** Two cores take 15 s for it, twice what it takes to miss the manager. */
const NONCES = 96_000_000;

describe("the manager of a search, killed", function () {
  this.timeout(3 * SEARCH_MS);

  let net: LocalNetwork;

  before(async () => {
    net = await LocalNetwork.create({ nodes: 4 });
    await net.start();
  });
  after(() => net?.stop());

  it("costs no unit of the range, and none is counted twice", async function () {
    try {
      const search = await LiveSearch.order(net, fruitlessOrder("killed", NONCES), SEARCH_MS);
      const isUnderWay = "a manager with work that is done and leases that are out";
      const before = await search.untilSeen(
        isUnderWay,
        ({ live }) => live.manager !== undefined && live.searchedUnits > 0 && live.leasedUnits > 0,
      );
      const { round, live } = before;
      expect(live.manager?.view, "view of the first manager").equal(0);
      const victim = net.named(live.manager?.name ?? "");
      // Another member may have the last entries a beat later.
      const last = await search.seen(victim);
      await victim.kill();
      const begin = performance.now();
      const openAtKill = Math.min(...[before, last ?? before].map(openUnits));
      expect(openAtKill, "units that were open when the manager died").above(unitsOf(before) / 4);

      const taken = await search.untilSeen(
        "another manager",
        (job) => job.live.manager !== undefined && job.live.manager.node !== live.manager?.node,
        victim,
      );
      const takeoverMs = performance.now() - begin;
      // The round is the same, so it is not the turn of the next round's first manager.
      expect(taken.round).equal(round);
      expect(taken.live.manager?.view).above(0);
      const openAtTakeover = openUnits(taken);
      expect(openAtTakeover, "units that were open when another managed").above(0);

      const { units, rounds } = await expectWhole(search.id, net.witness(victim));
      const ms = performance.now() - begin;
      measured(this, { units, openAtKill, openAtTakeover, takeoverMs, rounds: rounds.length, ms });
    } catch (error) {
      throw net.explained(error);
    }
  });
});
