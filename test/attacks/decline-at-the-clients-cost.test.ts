/**
 * A job whose quorum is above half of its participants costs its client something when so few deliver that no quorum is
 * left, since they may be the client's own and it wants another team. So a few who decline can make an honest client pay.
 * Over all participants, quorums and numbers of those that decline, on the real rules: nobody gains by it; it costs the
 * client the managers' share at most, and nothing at all if its quorum is at most half of its participants and one more;
 * and those that decline give up the part of the pay that was theirs.
 */
import { expect } from "chai";
import { endingPrice } from "../../chain/job/ending-price.ts";
import { outcomeOf, phaseOf } from "../../chain/job/phase.ts";
import { fullPay, jobPrice } from "../../chain/job/price.ts";
import type { Job } from "../../chain/types/job.ts";
import { jobSpec } from "../helpers/job-run.ts";
import { BareChain } from "../sim/bare-chain.ts";

const NODES = 12;

class Order {
  readonly chain = new BareChain(NODES, { windowOffset: 100_000 }, 1);
  readonly before: bigint;
  readonly #held: readonly bigint[];

  constructor(participants: number, quorum: number) {
    const { chain } = this;
    this.before = this.balance;
    this.#held = this.#balances();
    const spec = jobSpec("job", { participants, quorum, rounds: 2 });
    const escrow = 2n * jobPrice(spec, chain.state.parameters);
    chain.step(() => {
      expect(chain.send(chain.base.client, "job-open", { spec, escrow })).to.equal(true);
    });
    chain.step(() => {});
  }

  get job(): Job {
    return this.chain.state.jobs.at(0);
  }

  get balance(): bigint {
    return this.chain.state.account(this.chain.base.client.address).balance;
  }

  /** What nodes have more than at first. */
  gained(): bigint {
    return this.#balances().reduce((sum, held, i) => sum + held - (this.#held[i] ?? 0n), 0n);
  }

  decline(count: number): void {
    for (const { node } of this.job.participants.slice(0, count)) {
      this.chain.step(() => {
        if (phaseOf(this.job) !== "training") return;
        this.chain.send(this.chain.person(node), "job-object", { job: this.job.id, reason: 0 });
      });
    }
  }

  settle(): void {
    const { chain } = this;
    chain.step(() => chain.send(chain.base.client, "job-settle", { job: this.job.id }));
    expect(phaseOf(this.job)).to.equal("settled");
  }

  #balances(): bigint[] {
    return Array.from({ length: NODES }, (_, node) => {
      return this.chain.state.account(this.chain.person(node).address).balance;
    });
  }
}

describe("attack: decline at the client's cost", () => {
  it("nobody gains, and a quorum of half and one more costs the client nothing", () => {
    let dearest = 0n;
    for (let participants = 1; participants <= NODES; participants++) {
      for (let quorum = 1; quorum <= participants; quorum++) {
        const few = participants - quorum + 1;
        for (const declining of new Set([few - 1, few, participants])) {
          const order = new Order(participants, quorum);
          const { opening, spec } = order.job;
          order.decline(declining);
          const name = `${declining} of ${participants} decline, quorum ${quorum}`;
          if (declining < few) {
            expect(phaseOf(order.job), name).to.equal("training");
            continue;
          }
          order.settle();
          expect(outcomeOf(order.job), name).to.equal("too-few-left");
          const loss = order.before - order.balance - opening;
          expect(order.gained(), name).to.equal(0n);
          // With the last one that counts the job is over, so no more can decline.
          const most = endingPrice({ ...order.job, round: 1 }, order.chain.state.parameters);
          const isFew = 2 * few < participants;
          expect(loss, name).to.equal(isFew ? most : 0n);
          if (2 * (quorum - 1) <= participants) expect(loss, name).to.equal(0n);
          const pay = fullPay(spec);
          const givenUp = (pay * BigInt(few)) / BigInt(participants);
          expect(loss <= pay / 10n, name).to.equal(true);
          // From a tenth of the participants on those that decline give up more than they make the client pay.
          if (10 * few >= participants) expect(givenUp >= loss, name).to.equal(true);
          if (loss > dearest) dearest = loss;
        }
      }
    }
    process.stdout.write(`      the client pays ${dearest} at most, all nodes together gain 0\n`);
  }).timeout(120_000);
});
