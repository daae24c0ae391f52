import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../../chain/crypto/hash.ts";
import { State } from "../../chain/state/state.ts";
import { TestChain } from "../helpers/chain.ts";
import { doubleVote } from "../helpers/evidence.ts";
import { anyAction, strangers, transactionsOf } from "../helpers/random-history.ts";
import { partsOf } from "../helpers/state.ts";

describe("any sequence of blocks", () => {
  it("conserves the supply, and every replay reaches the same roots", () => {
    const blocks = fc.array(fc.array(anyAction, { maxLength: 5 }), {
      minLength: 20,
      maxLength: 60,
    });
    const applied = new Map<string, number>();
    fc.assert(
      fc.property(blocks, (sequence) => {
        const parameters = { blockReward: 1000n, workReward: 16_000n, trackInterval: 30 };
        const chain = new TestChain({ parameters });
        for (const stranger of strangers) chain.know(stranger);
        chain.know(chain.client);
        const supply = chain.supply();
        for (const actions of sequence) {
          const wanted = actions.flatMap((step) => {
            const transactions = transactionsOf(chain, step);
            return transactions.map((transaction) => ({ step, transaction }));
          });
          const evidence = actions.flatMap((step) => {
            const guilty = step.kind === "fault" ? chain.founders[step.from] : undefined;
            return guilty === undefined ? [] : [doubleVote(chain, guilty)];
          });
          const skip = actions.find((step) => step.kind === "skip");
          const block = chain.build(
            wanted.map(({ transaction }) => transaction),
            skip?.round,
            1_000_000,
            evidence,
          );
          const count = (kind: string, by: number) => {
            if (by > 0) applied.set(kind, (applied.get(kind) ?? 0) + by);
          };
          count("fault", block.body.evidence.length);
          count("skip", block.header.round);
          const taken = new Set(block.body.transactions);
          for (const { step, transaction } of wanted) {
            if (taken.has(transaction)) count(step.kind, 1);
          }
          chain.take(block);
          expect(chain.supply()).to.equal(supply);
        }
        const root = toHex(chain.head.state.root());
        expect(toHex(State.of(partsOf(chain.head.state)).root())).to.equal(root);
        const replay = new TestChain({ parameters });
        for (const block of chain.blocks) replay.take(block);
        expect(toHex(replay.head.state.root())).to.equal(root);
      }),
      { seed: 5, numRuns: 12 },
    );
    // The sequences really contain everything.
    const kinds = ["transfer", "bond", "register", "open", "step", "cancel", "claim", "judge"];
    kinds.push("unbond", "vote", "fault", "skip", "audit", "track");
    expect([...applied.keys()]).to.have.members(kinds);
  });
});
