/**
 * A client orders what nobody can carry out, to hold the drawn nodes for nothing; and drawn nodes say so of a good
 * order, to be rid of the work or to cost its client money. On the real rules of the chain, over every number of
 * liars and every reason.
 */
import { expect } from "chai";
import { endingPrice } from "../../chain/job/ending-price.ts";
import { drawnNodes, impossibleCharge } from "../../chain/job/objections.ts";
import { outcomeOf, phaseOf } from "../../chain/job/phase.ts";
import { jobPrice } from "../../chain/job/price.ts";
import { type Job, OBJECTIONS, type ObjectionReason } from "../../chain/types/job.ts";
import { type Person, TestChain } from "../helpers/chain.ts";
import { expectRefused } from "../helpers/expect-transaction.ts";
import type { TrainOrder } from "../helpers/job-run.ts";
import { commits, jobOf, jobSpec, nextStep, objection, openJob } from "../helpers/job-run.ts";

const FAULTS = OBJECTIONS.filter((reason) => reason !== "declined");

class Story {
  readonly chain: TestChain;
  readonly supply: bigint;
  readonly open;
  readonly paid: bigint;

  constructor(spec: Partial<TrainOrder> = {}, founders = 4) {
    this.chain = new TestChain({ founders });
    this.supply = this.chain.supply();
    const { chain } = this;
    const order = jobSpec("order", { rounds: 1, participants: 4, quorum: 3, ...spec });
    this.paid = chain.head.state.account(chain.client.address).balance;
    this.open = openJob(chain, chain.client, order);
    chain.advance(this.open);
    chain.advance();
  }

  get job(): Job {
    return jobOf(this.chain, this.open);
  }

  get drawn(): number[] {
    return [...drawnNodes(this.job)].sort((a, b) => a - b);
  }

  get end(): [string, string] {
    return [phaseOf(this.job), outcomeOf(this.job)];
  }

  balance(person: Person): bigint {
    return this.chain.head.state.account(person.address).balance;
  }

  /** What the order cost its client beside what every order costs: the fee for opening it and its place. */
  get cost(): bigint {
    const all = this.paid - this.balance(this.chain.client);
    return all - this.open.transaction.fee - this.job.opening;
  }

  get charged(): bigint {
    return this.job.settlement.burned - this.job.opening;
  }

  object(nodes: readonly number[], reason: ObjectionReason): this {
    for (const node of nodes) {
      if (phaseOf(this.job) !== "training") break;
      this.chain.advance(objection(this.chain, this.job, node, reason));
    }
    return this;
  }

  /** To the settlement, whatever happens on the way. @param working nodes that do what they are asked */
  finish(working: ReadonlySet<number> = new Set(this.drawn)): this {
    for (let blocks = 0; phaseOf(this.job) !== "settled" && blocks < 300; blocks++) {
      const isWorking = (node: number): boolean => working.has(node);
      const step =
        phaseOf(this.job) === "training"
          ? commits(this.chain, this.job).filter((_, i) => {
              const participant = this.job.participants[i];
              return (
                participant?.units === 0 &&
                isWorking(participant.node) &&
                !this.job.objections.some(({ node }) => node === participant.node)
              );
            })
          : nextStep(this.chain, this.job);
      this.chain.advance(...step);
    }
    expect(this.end[0]).to.equal("settled");
    const { escrow, settlement } = this.job;
    expect(Object.values(settlement).reduce((sum, part) => sum + part, 0n)).to.equal(escrow);
    expect(this.chain.supply()).to.equal(this.supply);
    return this;
  }
}

describe("attack: order what nobody can carry out", () => {
  for (const reason of FAULTS) {
    it(`${reason}: the job ends with the objection of most drawn nodes, and costs its client`, () => {
      const story = new Story();
      const { chain, drawn } = story;
      const before = drawn.map((node) => story.balance(chain.personOfNode(node)));
      const opened = chain.height;
      story.object(drawn, reason);
      expect(story.end).to.deep.equal(["failed", "impossible"]);
      expect(chain.height - opened, "one block an objection here").to.be.at.most(drawn.length);
      story.finish();
      const charge = impossibleCharge(story.job, chain.head.state.parameters);
      const price = jobPrice(story.job.spec, chain.head.state.parameters);
      process.stdout.write(
        `      client pays ${story.cost} of ${price} (balance ${story.paid} -> ${story.balance(chain.client)}); drawn nodes ${drawn.length}\n`,
      );
      expect(story.cost).to.equal(charge);
      expect(charge >= price / 10n).to.equal(true);
      expect(story.charged).to.equal(charge);
      expect(drawn.map((node) => story.balance(chain.personOfNode(node)))).to.deep.equal(before);
    });
  }

  it("a tiny order costs a fee for each node that looked, an escrow at most", () => {
    const story = new Story({ trainRows: 32, testRows: 32 });
    story.object(story.drawn, "model").finish();
    const { feeFloor } = story.chain.head.state.parameters;
    expect(story.cost).to.equal(BigInt(story.drawn.length) * feeFloor);
  });

  for (const size of [{}, { trainRows: 32, testRows: 32 }]) {
    for (let objections = 0; objections <= 2; objections++) {
      it(`withdrawn after ${objections} objections, ${JSON.stringify(size)}: costs no less than an order that was proven impossible`, () => {
        const story = new Story(size);
        const { chain } = story;
        const { parameters } = chain.head.state;
        const { drawn, job } = story;
        story.object(drawn.slice(0, objections), "model");
        chain.advance(chain.transaction(chain.client, "job-cancel", { job: job.id }));
        story.finish();
        expect(outcomeOf(story.job)).to.equal("cancelled");
        const place = job.opening;
        const ending = endingPrice(job, parameters);
        const charge = impossibleCharge(job, parameters);
        const burned = story.job.settlement.burned - place;
        process.stdout.write(`      burns ${burned}: an early end ${ending}, proven ${charge}\n`);
        expect(burned).to.equal(objections === 0 || ending > charge ? ending : charge);
        // What is left: withdrawn before anybody objects it costs a twelfth of the price and not a tenth.
        if (objections === 0)
          expect(charge - ending <= charge / 5n || size.trainRows === 32).to.equal(true);
      });
    }
  }

  it("nodes that say nothing cannot shield the client unless they are half of those drawn", () => {
    const story = new Story();
    const majority = Math.floor(story.drawn.length / 2) + 1;
    story.object(story.drawn.slice(0, majority - 1), "model");
    expect(outcomeOf(story.job)).to.equal("open");
    story.object(story.drawn.slice(majority - 1, majority), "model");
    expect(story.end).to.deep.equal(["failed", "impossible"]);
  });
});

describe("attack: say that a good order cannot be carried out", () => {
  for (let liars = 1; liars <= 4; liars++) {
    it(`${liars} liars: none gains, and with half of the drawn nodes or fewer the client loses nothing`, () => {
      const honest = new Story().finish();
      const story = new Story();
      const { chain, drawn } = story;
      const lying = drawn.slice(0, liars);
      const working = new Set(drawn.filter((node) => !lying.includes(node)));
      story.object(lying, "model").finish(working);
      const has = (of: Story): bigint =>
        lying.reduce((sum, node) => sum + of.balance(of.chain.personOfNode(node)), 0n);
      process.stdout.write(
        `      ${liars} of ${drawn.length} drawn: liars have ${has(story)}, working they had ${has(honest)}; client pays ${story.cost}, ${outcomeOf(story.job)}\n`,
      );
      expect(has(story) < has(honest)).to.equal(true);
      const price = jobPrice(story.job.spec, chain.head.state.parameters);
      if (2 * lying.length <= drawn.length) expect(story.charged).to.equal(0n);
      expect(story.charged <= price / 10n + BigInt(drawn.length) * 1000n).to.equal(true);
    });
  }

  it("different reasons do not add up, and two nodes decide nothing", () => {
    const story = new Story();
    story.drawn.forEach((node, i) => {
      if (phaseOf(story.job) === "training") story.object([node], FAULTS[i % 4] ?? "model");
    });
    // Nobody is left who could prove one of them, so there is nothing to wait for.
    expect(story.end).to.deep.equal(["failed", "too-few-left"]);
    story.finish();
    expect(outcomeOf(story.job)).to.equal("too-few-left");
    expect(story.cost).to.equal(0n);
    const few = new Story({ participants: 1, quorum: 1 });
    const only = few.job.participants.map(({ node }) => node);
    const other = few.drawn.filter((node) => !only.includes(node)).slice(0, 1);
    few.object([...only, ...other], "model").finish();
    expect(outcomeOf(few.job)).to.equal("too-few-left");
    expect(few.cost).to.equal(0n);
  });
});

describe("attack: keep a hopeless job open by one false objection", () => {
  it("lasts while the others might prove the liar right, and a phase at most", () => {
    for (let declining = 2; declining <= 4; declining++) {
      const story = new Story({ phaseBlocks: 30 }, 16);
      const participants = story.job.participants.map(({ node }) => node);
      const [liar = -1] = story.drawn.filter(
        (node) => !participants.slice(0, declining).includes(node),
      );
      const begin = story.chain.height;
      for (const node of [liar, ...participants.slice(0, declining)]) {
        if (phaseOf(story.job) !== "training") break;
        const reason = node === liar ? "model" : "declined";
        story.chain.advance(objection(story.chain, story.job, node, reason));
      }
      // The liar, and all that have said nothing.
      const witnesses = story.drawn.length - (story.job.objections.length - 1);
      const mayBeProven = 2 * witnesses > story.drawn.length;
      const isHeld = phaseOf(story.job) === "training";
      expect(isHeld, `${declining} of 4 decline`).to.equal(mayBeProven);
      while (phaseOf(story.job) === "training") story.chain.advance();
      expect(story.chain.height - begin).to.be.at.most(30);
      expect(outcomeOf(story.job)).to.equal("too-few-left");
      expect(story.finish().cost).to.equal(0n);
      process.stdout.write(
        `      ${declining} of 4 decline, one lies: open for ${isHeld ? "the phase" : "no longer"}, the client pays nothing\n`,
      );
    }
  });
});

describe("an objection", () => {
  it("of owners who want no such work ends the job at once, and costs nobody anything", () => {
    const story = new Story();
    const before = story.chain.height;
    story.object(
      story.job.participants.map(({ node }) => node),
      "declined",
    );
    expect(story.end).to.deep.equal(["failed", "too-few-left"]);
    expect(story.chain.height - before).to.equal(2);
    expect(story.finish().cost).to.equal(0n);
  });

  it("of one participant that declines does not hold the others up", () => {
    const story = new Story();
    const [first = -1, ...others] = story.job.participants.map(({ node }) => node);
    story.object([first], "declined");
    story.chain.advance(
      ...commits(story.chain, story.job).filter((_, i) =>
        others.includes(story.job.participants[i]?.node ?? -1),
      ),
    );
    expect(phaseOf(story.job)).to.equal("revealing");
    story.finish(new Set(others));
    expect(outcomeOf(story.job)).to.equal("complete");
  });

  it("comes from drawn nodes, once, instead of an update, and not once a round is recorded", () => {
    const story = new Story({ rounds: 3 });
    const { chain } = story;
    const [first = -1, second = -1] = story.job.participants.map(({ node }) => node);
    const stranger = [...chain.head.state.nodes.entries()]
      .map(([node]) => node)
      .find((node) => !story.drawn.includes(node));
    story.object([first], "declined");
    expectRefused(chain, objection(chain, story.job, first, "model"), "ALREADY_DONE");
    const [ownCommit] = commits(chain, story.job);
    if (ownCommit === undefined) throw new RangeError("no commit");
    expectRefused(chain, ownCommit, "ALREADY_DONE");
    if (stranger !== undefined) {
      expectRefused(chain, objection(chain, story.job, stranger, "model"), "NOT_ASSIGNED");
    }
    const outside = { job: story.job.id, reason: 1 };
    expectRefused(
      chain,
      chain.transaction(chain.client, "job-object", outside, { fee: 0n }),
      "NOT_ASSIGNED",
    );
    const unknown = { job: story.job.id, reason: OBJECTIONS.length };
    const sender = chain.personOfNode(second);
    expectRefused(
      chain,
      chain.transaction(sender, "job-object", unknown, { fee: 0n }),
      "BAD_FIELD",
    );
    chain.advance(...commits(chain, story.job).slice(1));
    expectRefused(chain, objection(chain, story.job, second, "model"), "ALREADY_DONE");
    chain.advance(...nextStep(chain, story.job));
    expect(story.job.round).to.equal(2);
    expectRefused(chain, objection(chain, story.job, second, "model"), "BAD_FIELD");
  });
});
