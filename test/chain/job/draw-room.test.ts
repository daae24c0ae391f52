import { expect } from "chai";
import {
  DrawRoom,
  JOB_COUNTS_AS,
  MAX_PLACES_ORDERED,
  MAX_UPDATES_SENT,
} from "../../../chain/job/draw-room.ts";
import { phaseCode, phaseOf } from "../../../chain/job/phase.ts";
import { jobPrice } from "../../../chain/job/price.ts";
import { Mempool } from "../../../chain/mempool/pool.ts";
import { State } from "../../../chain/state/state.ts";
import { Job, Participant } from "../../../chain/types/job.ts";
import { MAX_PARTICIPANTS, MAX_TEAM } from "../../../chain/types/primitive.ts";
import type { SignedTransaction } from "../../../chain/types/transaction.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectCode } from "../../helpers/expect-code.ts";
import { jobOf, jobSpec, withFields } from "../../helpers/job-run.ts";
import { partsOf } from "../../helpers/state.ts";

/** Orders of four participants and a team of three that a block has room for. */
const ORDERS = Math.floor(MAX_PLACES_ORDERED / (JOB_COUNTS_AS + 7));

function orders(chain: TestChain, count: number): SignedTransaction[] {
  const spec = jobSpec("order");
  const escrow = jobPrice(spec, chain.head.state.parameters) + 1000n;
  return Array.from({ length: count }, (_, nonce) =>
    chain.transaction(chain.client, "job-open", { spec, escrow }, { fee: 1000n, nonce }),
  );
}

/** A chain with jobs of the client in training, in each of which so many have committed. */
function chainWithCommits(counts: readonly number[]): TestChain {
  const chain = new TestChain();
  const { hash, state } = chain.head;
  const jobs = counts.map((count, i): Job => {
    const participants = Array.from({ length: count }, (_, shard) => {
      const updateHash = new Uint8Array(32).fill(1);
      return { ...Participant.defaultValue(), node: shard % 4, updateHash, units: 100 };
    });
    return {
      ...Job.defaultValue(),
      id: new Uint8Array(32).fill(i + 1),
      client: chain.client.address,
      spec: jobSpec("job", { phaseBlocks: 1000 }),
      phase: phaseCode("training"),
      round: 1,
      participants,
    };
  });
  chain.head = { hash, state: State.of({ ...partsOf(state), jobs }) };
  return chain;
}

const cancels = (chain: TestChain): SignedTransaction[] =>
  Array.from(chain.head.state.jobs.activeEntries(), ([, { id }], nonce) =>
    chain.transaction(chain.client, "job-cancel", { job: id }, { nonce }),
  );

describe("the room for draws in a block", () => {
  it("has a place for the largest order and the largest record", () => {
    const room = DrawRoom.ofBlock();
    const largest = jobSpec("largest", {
      teamSize: MAX_TEAM,
      participants: MAX_PARTICIPANTS,
      trainChunks: 65_535,
    });
    room.takeOrder(largest);
    room.takeUpdates(MAX_PARTICIPANTS);
    room.takeOrder(largest);
    const { facts } = expectCode(() => room.takeOrder(largest), "TOO_MANY_DRAWS");
    const left = MAX_PLACES_ORDERED - 2 * (JOB_COUNTS_AS + MAX_TEAM + MAX_PARTICIPANTS);
    expect(facts).to.include({ left, limit: MAX_PLACES_ORDERED });
    room.takeOrder(withFields(largest, { trainChunks: left - MAX_TEAM - JOB_COUNTS_AS }));
    expectCode(() => room.takeUpdates(MAX_PARTICIPANTS), "TOO_MANY_DRAWS");
    room.takeUpdates(MAX_UPDATES_SENT - MAX_PARTICIPANTS - 2 * JOB_COUNTS_AS);
    expectCode(() => room.takeUpdates(1), "TOO_MANY_DRAWS");
    room.takeUpdates(0);
  });

  it("leaves orders that are too many for a later block, and each is drawn at its own height", () => {
    const chain = new TestChain({ parameters: { drawDelay: 3 } });
    const pool = new Mempool();
    const opened = orders(chain, 2 * ORDERS + 1);
    for (const order of opened) pool.add(chain.head.state, order);
    for (const count of [ORDERS, ORDERS, 1]) {
      const block = chain.build(pool.select(chain.head.state, 1_000_000, 4096));
      expect(block.body.transactions).to.have.length(count);
      chain.take(block);
      pool.afterBlock(chain.head.state, block.body.transactions);
    }
    expect(pool.size).to.equal(0);
    while (opened.some((open) => phaseOf(jobOf(chain, open)) === "drawing")) chain.advance();
    for (const open of opened) {
      const { openedAt, phaseSince } = jobOf(chain, open);
      expect(phaseSince - openedAt).to.equal(3);
    }
  });

  it("lets so many updates go to their audits in one block", () => {
    const each = 100;
    const fit = Math.floor(MAX_UPDATES_SENT / (each + JOB_COUNTS_AS));
    const chain = chainWithCommits([each, each, each, each, each]);
    const first = chain.build(cancels(chain));
    expect(first.body.transactions).to.have.length(fit);
    const idle = chainWithCommits([each, each, each, 0, 0]);
    expect(idle.build(cancels(idle)).body.transactions, "without updates").to.have.length(5);
  });
});
