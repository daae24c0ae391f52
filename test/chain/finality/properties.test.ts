import { expect } from "chai";
import fc from "fast-check";
import type { Event } from "../../../chain/finality/messages.ts";
import type { RoundState } from "../../../chain/finality/round-state.ts";
import { Drive, HEIGHT, V, vote, W } from "./drive.ts";

/** Whatever comes in, in whatever order: a node never contradicts itself. */
describe("tendermint step, for any sequence of events", () => {
  const round = fc.integer({ min: 0, max: 3 });
  const type = fc.constantFrom("prevote", "precommit");
  const event: fc.Arbitrary<Event> = fc.oneof(
    fc.constant<Event>({ kind: "start", height: HEIGHT }),
    fc
      .record({ round, validRound: fc.integer({ min: -1, max: 2 }), value: fc.constantFrom(V, W) })
      .map(
        (proposal): Event => ({
          ...proposal,
          kind: "proposal",
          height: HEIGHT,
          seat: (proposal.round + 1) % 4,
          valid: true,
          timely: true,
        }),
      ),
    fc
      .record({
        type,
        seat: fc.integer({ min: 1, max: 3 }),
        round,
        value: fc.option(fc.constantFrom(V, W)),
      })
      .map(
        ({ seat: voter, ...rest }): Event => ({ kind: "vote", vote: vote(rest.type, voter, rest) }),
      ),
    fc
      .record({ step: fc.constantFrom("propose", "prevote", "precommit"), round })
      .map((timeout): Event => ({ ...timeout, kind: "timeout", height: HEIGHT })),
    fc
      .record({ round, value: fc.constantFrom(V, W) })
      .map((built): Event => ({ ...built, kind: "built", height: HEIGHT })),
  );

  it("votes at most once per round and type", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const drive = new Drive();
        for (const one of events) drive.run(one);
        const slots = drive.cast.map((line) => line.split(" ").slice(0, 2).join(" "));
        expect(new Set(slots).size, drive.cast.join(", ")).to.equal(slots.length);
      }),
      { numRuns: 400 },
    );
  });

  it("never goes back in rounds, never loses a lock, and locks only what is valid", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const drive = new Drive();
        for (const one of events) {
          const before = drive.state;
          drive.run(one);
          const { round: now, locked, valid } = drive.state;
          expect(now).to.be.at.least(before.round);
          expect(roundOf(drive.state.locked)).to.be.at.least(roundOf(before.locked));
          expect(roundOf(locked)).to.be.at.most(roundOf(valid));
          expect(roundOf(valid)).to.be.at.most(now);
        }
      }),
      { numRuns: 400 },
    );
  });

  it("is brought back by its own votes alone: never a second vote after a crash", () => {
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 50 }),
        fc.array(event, { maxLength: 50 }),
        (before, after) => {
          const first = new Drive();
          for (const one of before) first.run(one);
          const second = new Drive();
          for (const effect of first.effects) {
            if (effect.kind !== "vote") continue;
            second.feed({ kind: "vote", vote: vote(effect.type, 0, effect) });
          }
          expect(second.state.locked).to.deep.equal(first.state.locked);
          for (const one of after) second.run(one);
          const slots = [...first.cast, ...second.cast].map((l) =>
            l.split(" ").slice(0, 2).join(" "),
          );
          expect(new Set(slots).size).to.equal(slots.length);
        },
      ),
      { numRuns: 400 },
    );
  });

  function roundOf(polka: RoundState["locked"]): number {
    return polka?.round ?? -1;
  }
});
