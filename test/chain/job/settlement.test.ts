import { expect } from "chai";
import fc from "fast-check";
import { jobPrice } from "../../../chain/job/price.ts";
import { divideEscrow } from "../../../chain/job/settlement.ts";
import { Job } from "../../../chain/types/job.ts";
import { workloadOf } from "../../../chain/workload/workloads.ts";
import { TEST_PARAMETERS } from "../../helpers/chain.ts";
import { jobSpec } from "../../helpers/job-run.ts";

describe("divideEscrow", () => {
  const count = { min: 0, max: 20_000 };
  const cases = fc
    .record({
      rounds: fc.integer({ min: 1, max: 10_000 }),
      trainRows: fc.integer({ min: 1, max: 1_000_000 }),
      pricePerUnit: fc.bigInt({ min: 1n, max: 1000n }),
      spare: fc.bigInt({ min: 0n, max: 10n ** 12n }),
      shares: fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 9 }),
      credits: fc.array(fc.integer(count), { minLength: 1, maxLength: 16 }),
      managerShare: fc.integer({ min: 0, max: 1_000_000 }),
      auditShare: fc.integer({ min: 0, max: 1_000_000 }),
      raise: fc.integer({ min: 0, max: 500_000 }),
      segments: fc.array(fc.integer(count), { maxLength: 9 }),
    })
    .map(({ rounds, trainRows, pricePerUnit, spare, shares, credits, ...rest }) => {
      const { managerShare, auditShare, raise, segments } = rest;
      const opened = { ...TEST_PARAMETERS, managerShare, auditShare };
      // A vote may have raised shares since the job was opened.
      const parameters = { ...opened, managerShare: managerShare + raise };
      const spec = jobSpec("job", { rounds, trainRows, pricePerUnit });
      const samples = workloadOf(spec).units(spec);
      const all = shares.reduce((sum, share) => sum + share, 1000);
      const participants = shares.map((share, node) => ({
        ...Job.fields.participants.elementType.defaultValue(),
        node,
        paidUnits: (samples * BigInt(share)) / BigInt(all),
      }));
      const team = credits.map((_, node) => node);
      const auditors = segments.map((done, node) => ({ node, segments: done }));
      const escrow = jobPrice(spec, opened) + spare;
      return {
        job: { ...Job.defaultValue(), spec, escrow, participants, team, credits, auditors },
        parameters,
      };
    });

  it("gives out the escrow to the micro-unit, and never more", () => {
    fc.assert(
      fc.property(cases, ({ job, parameters }) => {
        const { settlement, participants, managers, auditors } = divideEscrow(job, parameters);
        const total = Object.values(settlement).reduce((sum, amount) => sum + amount, 0n);
        expect(total).to.equal(job.escrow);
        const paid = [...participants, ...managers, ...auditors].reduce(
          (sum, { amount }) => sum + amount,
          0n,
        );
        expect(paid).to.equal(settlement.participants + settlement.managers + settlement.auditors);
        for (const amount of Object.values(settlement)) expect(amount >= 0n).to.equal(true);
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it("gives all of it back when nothing was delivered", () => {
    const parameters = TEST_PARAMETERS;
    const { settlement } = divideEscrow({ ...Job.defaultValue(), escrow: 99n }, parameters);
    expect(settlement).to.deep.equal({
      participants: 0n,
      managers: 0n,
      auditors: 0n,
      fee: 0n,
      refund: 99n,
      burned: 0n,
      bonus: 0n,
    });
  });
});
