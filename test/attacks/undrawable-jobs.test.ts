/**
 * Jobs that can never be drawn, opened to make every block draw them again, or to stand open for nothing. Whatever
 * quorum is asked for, it is refused at the door or tried four times, and its place is paid for.
 */
import { expect } from "chai";
import { JOB_COUNTS_AS, MAX_PLACES_ORDERED } from "../../chain/job/draw-room.ts";
import { outcomeOf, phaseOf } from "../../chain/job/phase.ts";
import { jobPrice } from "../../chain/job/price.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import { type Person, TestChain } from "../helpers/chain.ts";
import { expectRefused } from "../helpers/expect-transaction.ts";
import type { TrainOrder } from "../helpers/job-run.ts";
import { jobOf, jobSpec, openJob } from "../helpers/job-run.ts";
import { withUnrated } from "../helpers/window-run.ts";

const FEE = 1000n;
const PLACE = 1000n;
/** Orders of five participants and a team of three, for which a block has room. */
const ROOM = Math.floor(MAX_PLACES_ORDERED / (JOB_COUNTS_AS + 8));
const UNDRAWABLE = { participants: 5, quorum: 5, phaseBlocks: 40 } as const;

/** Four rated nodes and one that nobody draws. */
function chainOfFive(): TestChain {
  const chain = new TestChain();
  withUnrated(chain, 1);
  return chain;
}

const balance = (chain: TestChain, { address }: Person): bigint =>
  chain.head.state.account(address).balance;

describe("attack: jobs that cannot be drawn", () => {
  const MOST = 6;

  it("asks for quorums that can never be met: each is refused by name, all others are taken", () => {
    const chain = chainOfFive();
    const nodes = 5;
    for (let participants = 1; participants <= MOST; participants++) {
      for (let trainChunks = 1; trainChunks <= MOST; trainChunks++) {
        for (let quorum = 1; quorum <= MOST; quorum++) {
          const spec: Partial<TrainOrder> = { participants, trainChunks, quorum };
          const open = openJob(chain, chain.client, jobSpec("impossible", spec));
          const most = Math.min(participants, trainChunks, nodes);
          if (quorum <= most) {
            expect(chain.build([open]).body.transactions).to.have.length(1);
            continue;
          }
          const { field } = expectRefused(chain, open, "BAD_FIELD");
          expect(field).to.equal("spec.quorum");
        }
      }
    }
  });

  it("says how many nodes there are when the quorum is above them", () => {
    const chain = chainOfFive();
    const spec = jobSpec("too many", { participants: 9, quorum: 9 });
    const { reason } = expectRefused(chain, openJob(chain, chain.client, spec), "BAD_FIELD");
    expect(reason).to.equal("it asks for 9 updates in each round, but there are only 5 nodes");
  });

  it("opens many that are never drawn: four tries each, no work in between, and each costs", () => {
    const chain = chainOfFive();
    const attacker = chain.client;
    const victims = chain.founders;
    const count = 120;
    const before = balance(chain, attacker);
    const others = victims.map((one) => balance(chain, one));
    const spec = jobSpec("never", UNDRAWABLE);
    const escrow = jobPrice(spec, chain.head.state.parameters) + PLACE;
    const start = chain.height;
    const opened: SignedTransaction[] = [];
    // As many as there is room for in a block.
    while (opened.length < count) {
      const { nonce } = chain.head.state.account(attacker.address);
      const wanted = Array.from({ length: count - opened.length }, (_, i) =>
        chain.transaction(attacker, "job-open", { spec, escrow }, { fee: FEE, nonce: nonce + i }),
      );
      const block = chain.build(wanted);
      chain.take(block);
      opened.push(...block.body.transactions);
    }
    const isOpen = (open: SignedTransaction): boolean => phaseOf(jobOf(chain, open)) === "drawing";
    expect(chain.height - start, "blocks to get them in").to.equal(Math.ceil(count / ROOM));
    while (opened.some(isOpen)) chain.advance();
    expect(chain.height - start, "four tries, one block apart").to.equal(
      Math.ceil(count / ROOM) + 4,
    );
    for (const open of opened) expect(outcomeOf(jobOf(chain, open))).to.equal("undrawn");
    // Nobody has to settle them.
    while (opened.some((open) => phaseOf(jobOf(chain, open)) !== "settled")) chain.advance();
    const lost = before - balance(chain, attacker);
    const gained = victims.map((one, i) => balance(chain, one) - (others[i] ?? 0n));
    process.stdout.write(
      `      attacker: ${before} -> ${balance(chain, attacker)}, burned ${chain.head.state.meta.burned}; ` +
        `founders earn ${gained.join(", ")} in fees; weights and ratings stay\n`,
    );
    expect(lost).to.equal(BigInt(count) * (FEE + PLACE));
    expect(chain.head.state.meta.burned).to.equal(BigInt(count) * PLACE);
  }).timeout(60_000);
});
