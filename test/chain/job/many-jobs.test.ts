import { expect } from "chai";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { phaseCode } from "../../../chain/job/phase.ts";
import { State } from "../../../chain/state/state.ts";
import type { Job } from "../../../chain/types/job.ts";
import { TestChain } from "../../helpers/chain.ts";
import { jobOf, jobSpec, nextStep, openJob } from "../../helpers/job-run.ts";
import { partsOf } from "../../helpers/state.ts";

const SETTLED = 3_000;

/** A chain on which so many jobs were settled, of which any reading is told. */
function chainWithPast(read: () => void): TestChain {
  const chain = new TestChain();
  const sample = settledJob();
  const settled = Array.from({ length: SETTLED }, (_, i): Job => {
    const job = { ...sample, id: sha256(new TextEncoder().encode(`job ${i}`)) };
    return new Proxy(job, {
      get(target, field, receiver) {
        read();
        return Reflect.get(target, field, receiver);
      },
    });
  });
  const { hash, state } = chain.head;
  chain.head = { hash, state: State.of({ ...partsOf(state), jobs: settled }) };
  return chain;
}

function settledJob(): Job {
  const chain = new TestChain();
  const open = openJob(chain, chain.client, jobSpec("sample"));
  chain.advance(open);
  return { ...jobOf(chain, open), phase: phaseCode("settled"), escrow: 0n };
}

describe("a chain with a long past of jobs", () => {
  it("reads none of the settled ones in a block, whatever happens to those that run", () => {
    let reads = 0;
    const chain = chainWithPast(() => reads++);
    const open = openJob(chain, chain.client, jobSpec("job", { rounds: 2 }));
    reads = 0;
    const first = chain.build([open]);
    expect(reads, "reads for one block").to.equal(0);
    chain.take(first);
    while (jobOf(chain, open).phase !== phaseCode("settled")) {
      const steps = nextStep(chain, jobOf(chain, open));
      reads = 0;
      const block = chain.build(steps);
      expect(reads, `reads at height ${chain.height}`).to.equal(0);
      chain.take(block);
    }
    const { state } = chain.head;
    expect(toHex(State.of(partsOf(state)).root())).to.equal(toHex(state.root()));
    expect(state.jobs.length).to.equal(SETTLED + 1);
  });
});
