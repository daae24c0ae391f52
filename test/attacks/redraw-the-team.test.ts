/**
 * A client opens a job, looks at the team that is drawn, cancels and opens it again until its own nodes are the
 * majority. A team of its own saves it the managers' share; nothing else depends on a team's word. The inequality:
 * what one cancelled job burns >= all that the managers of the rounds that are left could earn.
 */
import { expect } from "chai";
import { phaseOf } from "../../chain/job/phase.ts";
import { managerPay } from "../../chain/job/price.ts";
import type { Job, JobSpec } from "../../chain/types/job.ts";
import { sampleSteps } from "../../chain/workload/train/price.ts";
import { trainSpec } from "../../chain/workload/train/train-of.ts";
import type { TrainOrder } from "../helpers/job-run.ts";
import { jobSpec } from "../helpers/job-run.ts";
import { BareChain } from "../sim/bare-chain.ts";

const NODES = 20;
const TRIES = 300;
/** What a place among the open jobs costs. */
const PLACE = 1000n;

class Hunt {
  readonly chain: BareChain;
  readonly #spec: JobSpec;
  readonly #own: number;
  tries = 0;

  /** @param own the first nodes are the client's */
  constructor(own: number, teamSize: number, rounds: number, changes: Partial<TrainOrder> = {}) {
    this.chain = new BareChain(NODES, { windowOffset: 100_000 }, 100 * own + teamSize);
    this.#spec = jobSpec("job", { rounds, teamSize, ...changes });
    this.#own = own;
  }

  get balance(): bigint {
    return this.chain.state.account(this.chain.base.client.address).balance;
  }

  get job(): Job {
    const { jobs } = this.chain.state;
    return jobs.at(jobs.length - 1);
  }

  /** What the managers of so many rounds earn. */
  gain(rounds: number): bigint {
    const samples = sampleSteps(trainSpec(this.#spec), rounds);
    return managerPay(samples * this.#spec.pricePerUnit, this.chain.state.parameters);
  }

  open(): void {
    this.tries += 1;
    const value = { spec: this.#spec, escrow: 10_000_000_000n };
    this.#send("job-open", value);
  }

  isWon(): boolean {
    const { team } = this.job;
    return 2 * team.filter((node) => node < this.#own).length > team.length;
  }

  cancel(): void {
    this.#send("job-cancel", { job: this.job.id });
    expect(phaseOf(this.job)).to.equal("cancelled");
    this.settle();
  }

  settle(): void {
    this.#send("job-settle", { job: this.job.id });
  }

  /** The client's nodes among the participants do no work. @returns how many they are */
  decline(): number {
    const own = this.job.participants.filter(({ node }) => node < this.#own);
    for (const { node } of own) {
      if (phaseOf(this.job) !== "training") break;
      this.chain.send(this.chain.person(node), "job-object", { job: this.job.id, reason: 0 });
    }
    return own.length;
  }

  #send(kind: "job-open" | "job-cancel" | "job-settle", value: never | object): void {
    const { client } = this.chain.base;
    if (!this.chain.send(client, kind, value as never)) throw new Error(`${kind} was refused`);
  }
}

describe("attack: redraw the team by cancelling", function () {
  this.timeout(120_000);

  for (const own of [1, 2, 4, 6]) {
    for (const teamSize of [3, 5, 16]) {
      it(`with ${own} of ${NODES} nodes and teams of ${teamSize}: every try costs more than the team can earn`, () => {
        const hunt = new Hunt(own, teamSize, 5);
        const before = hunt.balance;
        for (;;) {
          hunt.chain.step(() => hunt.open());
          hunt.chain.step(() => {});
          if (hunt.isWon() || hunt.tries === TRIES) break;
          hunt.chain.step(() => hunt.cancel());
        }
        const isWon = hunt.isWon();
        const lost = before - hunt.balance - hunt.job.escrow;
        const gain = hunt.gain(5);
        process.stdout.write(
          `      balance ${before} -> ${before - lost}, ${isWon ? "won" : "not won"} after ${hunt.tries} tries; the team could earn ${gain}\n`,
        );
        expect(lost >= BigInt(hunt.tries - 1) * gain).to.equal(true);
        expect(hunt.chain.state.meta.burned).to.equal(lost);
      });
    }
  }

  it("costs as much in the very block that draws, whose proposer knows the mix before", () => {
    const hunt = new Hunt(1, 3, 5);
    const before = hunt.balance;
    hunt.chain.step(() => hunt.open());
    hunt.chain.step(() => hunt.cancel());
    expect(hunt.job.team).to.deep.equal([]);
    expect(before - hunt.balance).to.equal(PLACE + hunt.gain(5));
  });

  it("costs only the price of its place in the block that opens it, where nobody can know the mix of the draw", () => {
    const hunt = new Hunt(1, 3, 5);
    const before = hunt.balance;
    hunt.chain.step(() => {
      hunt.open();
      hunt.cancel();
    });
    expect(before - hunt.balance).to.equal(PLACE);
  });

  for (const quorum of [2, 3, 5, 6, 10]) {
    it(`costs as much when own participants end a job of ten with a quorum of ${quorum}, unless they are half of them`, () => {
      for (let own = 1; own <= 8; own++) {
        const hunt = new Hunt(own, 3, 5, { participants: 10, quorum });
        const before = hunt.balance;
        hunt.chain.step(() => hunt.open());
        hunt.chain.step(() => {});
        let declined = 0;
        hunt.chain.step(() => {
          declined = hunt.decline();
        });
        if (phaseOf(hunt.job) !== "failed") {
          expect(10 - declined, "a quorum is left").to.be.at.least(quorum);
          continue;
        }
        hunt.chain.step(() => hunt.settle());
        const isHalf = 2 * declined >= 10;
        expect(before - hunt.balance).to.equal(PLACE + (isHalf ? 0n : hunt.gain(5)));
      }
    });
  }

  it("costs the share of the rounds that are left, which is all that a new team can earn of them", () => {
    for (let recorded = 0; recorded < 5; recorded++) {
      const hunt = new Hunt(1, 3, 5);
      hunt.chain.step(() => hunt.open());
      hunt.chain.step(() => {});
      const { state } = hunt.chain;
      state.jobs.set(state.jobs.length - 1, { ...hunt.job, round: recorded + 1 });
      hunt.chain.step(() => hunt.cancel());
      expect(state.meta.burned).to.equal(PLACE + hunt.gain(5 - recorded));
    }
  });
});
