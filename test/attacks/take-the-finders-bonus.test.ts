/**
 * A search promises a bonus for its find. A manager that hears of the find names its own node as the finder; a team
 * records a find that is none; the client cancels as soon as it has heard the nonce; a participant that leaves work out
 * is lucky. Must hold: none of them has more by it than by doing its part.
 */
import { expect } from "chai";
import { fromHex } from "../../chain/crypto/hash.ts";
import { endingPrice } from "../../chain/job/ending-price.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import { searchProgress } from "../../chain/workload/search/search-of.ts";
import { ALGORITHM_HASHES } from "../../ml/search/algorithm-hashes.ts";
import { expectRefused } from "../helpers/expect-transaction.ts";
import { EVERYTHING, SearchStory, searchOrder, targetFor } from "../helpers/search-run.ts";

const BONUS = 10_000_000n;

function begun(): SearchStory {
  const target = targetFor(searchOrder("search"), 1);
  const story = new SearchStory({ order: { target, findBonus: BONUS, teamSize: 5 } });
  story.commitAll(...story.dealt());
  return story;
}

describe("attack: take the finder's bonus", () => {
  it("a manager alone, or with fewer than half of its team, records nothing", () => {
    const story = begun();
    const manager = story.job.team[0] ?? -1;
    const [find] = story.result().finds;
    if (find === undefined) throw new Error("no find");
    const stolen = { finds: [{ ...find, node: manager }] };
    for (const members of [[0], [0, 1]]) {
      expectRefused(story.chain, story.record(stolen, { members }), "BAD_FIELD");
    }
    const isParticipant = story.job.participants.some(({ node }) => node === manager);
    if (!isParticipant) expectRefused(story.chain, story.record(stolen), "RECORD_MISMATCH");
    // The next one in the team records what is true, and the finder is paid.
    const next = story.job.team[1] ?? -1;
    const before = story.balance(find.node);
    story.advance(story.record({}, { manager: next, members: [1, 2, 3] }));
    story.settled();
    const earned = story.balance(find.node) - before;
    process.stdout.write(`      the finder earns ${earned}, the manager that lied no credit\n`);
    expect(earned >= BONUS).equal(true);
    expect(story.job.credits[0]).equal(0);
  });

  it("a whole team cannot record a false find if the chain knows the algorithm", () => {
    for (const name of ["sha256", "sha256d"] as const) {
      const algorithm = fromHex(ALGORITHM_HASHES[name]);
      const story = new SearchStory({ order: { algorithm, target: EVERYTHING, findBonus: BONUS } });
      story.commitAll([0n], [], [], []);
      const { node } = story.participant(0);
      const invented = { nonce: 1001n, digest: new Uint8Array(32), node };
      expectRefused(story.chain, story.record({ finds: [invented] }), "RECORD_MISMATCH");
    }
  });

  it("a client that cancels once it knows the nonce still pays the bonus, and nobody gets it", () => {
    const target = targetFor(searchOrder("search"), 1);
    const story = new SearchStory({ order: { target, findBonus: BONUS } });
    const { chain, job } = story;
    const before = chain.head.state.account(chain.client.address).balance;
    const ending = endingPrice(job, chain.head.state.parameters);
    chain.advance(chain.transaction(chain.client, "job-cancel", { job: job.id }));
    story.settled();
    const back = chain.head.state.account(chain.client.address).balance - before;
    process.stdout.write(
      `      of ${job.escrow} it gets ${back} back; the find would have cost ${BONUS}\n`,
    );
    expect(story.job.settlement.burned).equal(job.opening + ending + BONUS);
    expect(back <= job.escrow - BONUS - ending).equal(true);
  });

  it("a client that cancels after a recorded find pays it to those who found", () => {
    const order = { mode: 1, findBonus: BONUS, target: targetFor(searchOrder("search"), 24) };
    const story = new SearchStory({ order });
    while (searchProgress(story.job).finds.length === 0) story.round(1);
    expect(phaseOf(story.job)).equal("training");
    const { chain, job } = story;
    chain.advance(chain.transaction(chain.client, "job-cancel", { job: job.id }));
    story.settled();
    const shares = BigInt(searchProgress(story.job).finds.length);
    expect(story.job.settlement.bonus).equal((BONUS / shares) * shares);
  });
});
