import { expect } from "chai";
import { nextTurn, patienceMs } from "../../../../../node/jobs/search/leases/takeover.ts";
import { simulateTeam } from "../../../../sim/search/team-faults.ts";

describe("team that keeps a lease log", function () {
  this.timeout(60_000);

  it("loses nothing that was safe, signs nothing twice, and goes on after any faults", () => {
    let takeovers = 0;
    for (let seed = 1; seed <= 8; seed++) {
      const outcome = simulateTeam(seed);
      expect(outcome.findings, `seed ${seed}`).deep.equal([]);
      takeovers += outcome.takeovers;
    }
    expect(takeovers).above(3);
  });

  it("finds the second log of a manager that writes two, and goes on with one", () => {
    let found = 0;
    for (let seed = 1; seed <= 8; seed++) {
      const outcome = simulateTeam(seed, true);
      expect(outcome.findings, `seed ${seed}`).deep.equal([]);
      found += Number(outcome.accusers > 0);
    }
    expect(found).above(2);
  });

  it("takes turns in drawn order, each member two beats later than the one before it", () => {
    const shape = { team: [7, 3, 9, 4], round: 1 };
    const turns = [0, 1, 2, 3].map((member) => nextTurn(shape, 0, member, () => false));
    expect(turns.map((turn) => turn?.view)).deep.equal([4, 1, 2, 3]);
    expect(turns.map((turn) => patienceMs(turn?.before ?? 0))).deep.equal([
      18_000, 6_000, 10_000, 14_000,
    ]);
    const passedOver = nextTurn(shape, 0, 2, (member) => member === 1);
    expect(passedOver).deep.equal({ view: 2, before: 0 });
    expect(nextTurn(shape, 0, 1, (member) => member === 1)).equal(undefined);
  });
});
