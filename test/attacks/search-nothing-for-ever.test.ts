/**
 * Nodes that are drawn for a search claim no units, round after round. Gain sought: to hold up a client whose money is
 * bound, at no cost, or to earn as managers of rounds in which nothing happens. Must hold: nobody earns anything, the job
 * ends by itself, and its client has its money again.
 */
import { expect } from "chai";
import { outcomeOf } from "../../chain/job/phase.ts";
import { MAX_IDLE_ROUNDS } from "../../chain/workload/search/round.ts";
import { SearchStory } from "../helpers/search-run.ts";

describe("attack: search nothing for ever", () => {
  it("ends after eight rounds, pays nobody, and gives the client its money back", () => {
    const story = new SearchStory({ order: { findBonus: 1_000_000n } });
    const { chain } = story;
    const nodes = [...new Set([...story.job.team, ...story.job.participants.map((p) => p.node)])];
    const before = nodes.map((node) => story.balance(node));
    let rounds = 0;
    while (outcomeOf(story.job) === "open") {
      story.commitAll();
      story.advance(story.record());
      rounds++;
    }
    expect(rounds).equal(MAX_IDLE_ROUNDS);
    expect(story.job.audits).deep.equal([]);
    story.settled();
    const { escrow, opening, settlement } = story.job;
    const fees = chain.blocks.flatMap(({ body }) => body.transactions).length;
    const earned = nodes.map((node, i) => story.balance(node) - (before[i] ?? 0n));
    process.stdout.write(
      `      ${rounds} rounds; the nodes earn ${earned} (fees of ${fees} transactions), the client gets ${settlement.refund} of ${escrow}\n`,
    );
    expect(settlement).to.include({ participants: 0n, managers: 0n, auditors: 0n, bonus: 0n });
    expect(settlement.refund).equal(escrow - opening);
    for (const amount of earned) expect(amount).equal(0n);
  });

  it("one unit a round keeps it open, and is paid for: a job of n units has n such rounds at most", () => {
    const story = new SearchStory({ order: { to: 1000n + 10n * 64n } });
    let rounds = 0;
    while (outcomeOf(story.job) === "open") {
      story.commitAll(story.open.slice(0, 1));
      story.advance(story.record());
      rounds++;
    }
    expect(rounds).equal(10);
    story.settled();
    expect(story.job.settlement.participants).equal(10_000n);
  });
});
