/**
 * A participant of a search does not ask for leases. It claims units that others were leased, which it has searched
 * itself, or the searched units of another node of its owner, copied. Gain sought: to be paid for work of its own choice,
 * or twice for the same. Must hold: a team records no claim that its log of leases does not give, and what a record
 * leaves out is not paid; a copy is found false, since every leaf has the key of its node in it.
 */
import { expect } from "chai";
import { isOut } from "../../chain/job/phase.ts";
import { SearchStory } from "../helpers/search-run.ts";

const PRICE = 1000n;

describe("attack: claim the units of others", () => {
  it("units that were leased to another node are not paid, and cost the other nodes nothing", () => {
    const story = new SearchStory({ order: { pricePerUnit: PRICE } });
    const [own, a, b, c] = story.job.participants.map(({ node }) => node) as [
      number,
      number,
      number,
      number,
    ];
    const { open } = story;
    const before = [own, a, b, c].map((node) => story.balance(node));
    // It searches all of them, and claims all of them.
    story.advance(
      story.commit(own, open),
      story.commit(a, open.slice(0, 8)),
      story.commit(b, open.slice(8, 16)),
      story.commit(c, open.slice(16)),
    );
    story.advance(story.record({}, { leaveOut: [own] }));
    story.settled();
    const earned = [own, a, b, c].map((node, i) => story.balance(node) - (before[i] ?? 0n));
    process.stdout.write(`      the claimer earns ${earned[0]}, the others ${earned.slice(1)}\n`);
    expect(story.job.participants.map(({ paidUnits }) => paidUnits)).deep.equal([0n, 8n, 8n, 8n]);
    for (const amount of earned.slice(1)) expect(amount >= 8n * PRICE).equal(true);
  });

  it("a record cannot pay them as well: a round has no more claims than were open and ordered", () => {
    const story = new SearchStory({ order: { redundancy: 25, pricePerUnit: PRICE } });
    const [own, a] = story.job.participants.map(({ node }) => node) as [number, number];
    const { open } = story;
    // Together 24 + 6 units are ordered. A team that helps its own node to more is refused.
    const others = story.job.participants.slice(2).map(({ node }) => story.commit(node, []));
    story.advance(story.commit(own, open), story.commit(a, open.slice(0, 7)), ...others);
    const block = story.chain.build([story.record()]);
    expect(block.body.transactions).has.length(0);
    story.advance(story.record({}, { leaveOut: [a] }));
    story.settled();
    expect(story.job.settlement.participants).equal(24n * PRICE);
  });

  it("a copy of another node's claim is found false by the first replay", () => {
    const story = new SearchStory({ order: { redundancy: 100, pricePerUnit: PRICE } });
    const [own, copy] = story.job.participants.map(({ node }) => node) as [number, number];
    const { open, chain } = story;
    const bonds = (): bigint[] => [own, copy].map((node) => chain.head.state.nodes.at(node).bond);
    const before = bonds();
    const right = story.commit(own, open);
    const copied = story.commitAs(copy, own, open);
    const others = story.job.participants.slice(2).map(({ node }) => story.commit(node, []));
    story.advance(right, copied, ...others);
    story.advance(story.record());
    story.settled();
    const { rating } = chain.head.state.nodes.at(copy);
    process.stdout.write(
      `      bonds ${before} before, ${bonds()} after; the copier is rated ${rating}\n`,
    );
    expect(story.job.participants.map(isOut)).deep.equal([false, true, false, false]);
    expect(story.job.settlement.participants).equal(24n * PRICE);
    expect((bonds()[1] ?? 0n) < (before[1] ?? 0n)).equal(true);
  });
});
