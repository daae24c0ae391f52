import { expect } from "chai";
import { Algorithm } from "../../../ml/search/algorithm.ts";
import { probeAlgorithm } from "../../../ml/search/check/probe.ts";
import { openShipped, SHIPPED } from "../../../ml/search/shipped-algorithms.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { FaultyToys, TOY_FAULTS, type ToyFault } from "../../helpers/toy-algorithm.ts";

/** Every look at it is a quarter of a second later: the measurement is short. */
function quickClock(): { now(): number } {
  let now = 0;
  return { now: () => (now += 250) };
}

describe("the trial of an algorithm", function () {
  this.timeout(120_000);
  let toys: FaultyToys;
  before(async () => {
    toys = await FaultyToys.compile();
  });

  it("passes modules that keep the rules", async () => {
    for (const { name } of SHIPPED) {
      const { hashes, hashesPerSecond } = probeAlgorithm(await openShipped(name), quickClock());
      expect(hashesPerSecond, name).equal(Math.round(hashes / 0.5));
    }
    probeAlgorithm(await Algorithm.open(toys.with()), quickClock());
  });

  const traps: readonly ToyFault[] = ["traps in search", "traps for long prefixes"];
  const unseen = /^never ends|far out$/;
  for (const fault of TOY_FAULTS.filter((one) => !unseen.test(one))) {
    const code = traps.includes(fault) ? "ALGORITHM_TRAPPED" : "ALGORITHM_RESULT";
    it(`refuses a module that ${fault}: ${code}`, async () => {
      const algorithm = await Algorithm.open(toys.with(fault));
      const error = await expectCodeAsync(
        async () => probeAlgorithm(algorithm, quickClock()),
        code,
      );
      expect(error.remedy).a("string");
    });
  }
});
