/**
 * The rows of the attack table of docs/rating.md that concern the open track, played against the
 * rules. Trainings are made-up hashes here; what a repetition would find is what the attacker did.
 */
import { expect } from "chai";
import { equalBytes, sha256 } from "../../../chain/crypto/hash.ts";
import {
  answerHash,
  commitmentOf,
  outputsDigest,
  runSeed,
  trackSeal,
} from "../../../chain/track/proof.ts";
import { ZERO_HASH } from "../../../chain/types/primitive.ts";
import type { TestChain } from "../../helpers/chain.ts";
import { expectRefused } from "../../helpers/expect-transaction.ts";
import {
  commit,
  countsOf,
  entryOf,
  judged,
  RECIPE,
  result,
  show,
  stagesOf,
  told,
  trackChain,
  trained,
  verdict,
} from "../../helpers/track-run.ts";

const node = (chain: TestChain, index = 0) => chain.head.state.nodes.at(index);

describe("attacks on the open track", () => {
  it("copy another's commitment", () => {
    const chain = trackChain();
    const { opens, revealed } = stagesOf(chain);
    const [honest, thief] = [chain.personOfNode(0), chain.personOfNode(1)];
    chain.advanceTo(opens);
    const original = commit(chain, honest);
    const { value } = original.transaction.payload as {
      value: { track: number; commitment: Uint8Array };
    };
    chain.advance(original, chain.transaction(thief, "track-commit", value, { fee: 0n }));
    chain.advanceTo(revealed);
    chain.advance(result(chain, honest));
    // The recipe and weights are public now, and open nothing under another key.
    const copied = result(chain, thief, { weights: trained(honest).weights });
    expect(expectRefused(chain, copied, "BAD_FIELD").field).to.equal("recipe");
    const [a, b] = [honest, thief].map(({ keys }) => runSeed(chain.genesisRoot, keys.publicKey));
    expect(equalBytes(a as Uint8Array, b as Uint8Array)).to.equal(false);
  });

  it("copy another's result with a commitment of one's own", () => {
    const chain = trackChain();
    const { opens, revealed, judgesDrawn, verdictsUntil, shownUntil } = stagesOf(chain);
    const [honest, thief] = [chain.personOfNode(1), chain.personOfNode(0)];
    const stolen = trained(honest);
    const commitment = commitmentOf(thief.keys.publicKey, RECIPE, stolen.weights);
    chain.advanceTo(opens);
    chain.advance(chain.transaction(thief, "track-commit", { track: 1, commitment }, { fee: 0n }));
    chain.advanceTo(revealed);
    const told = { weights: stolen.weights, counts: [...stolen.counts] };
    chain.advance(result(chain, thief, { ...told, outputsDigest: outputsDigest(stolen.outputs) }));
    chain.advanceTo(judgesDrawn);
    for (const judge of entryOf(chain, 0).judges) {
      // A repetition with the thief's seed comes to other bits.
      chain.advance(verdict(chain, judge.node, 0, trained(thief)));
    }
    chain.advanceTo(verdictsUntil);
    const shown = { track: 1, node: 0, outputs: stolen.outputs, reached: ZERO_HASH };
    chain.advance(
      chain.transaction(thief, "track-show", shown, { fee: 0n }),
      ...entryOf(chain, 0).judges.map((judge) =>
        show(chain, judge.node, 0, { outputs: ZERO_HASH, reached: answerHash(trained(thief)) }),
      ),
    );
    chain.advanceTo(shownUntil);
    expect(node(chain)).to.include({ rating: 0n, bond: 500_000_000n });
  });

  it("lie about the confusion matrix", () => {
    const chain = told(trackChain(), 180);
    judged(chain, () => ({ ...trained(chain.personOfNode(0)), counts: countsOf(124) }));
    expect(node(chain)).to.include({ rating: 0n, capacity: 0n, probation: 3 });
    expect(node(chain).bond).to.equal(500_000_000n);
  });

  it("count more rows of a class than there are", () => {
    const chain = trackChain();
    const { opens, revealed } = stagesOf(chain);
    const who = chain.personOfNode(0);
    chain.advanceTo(opens);
    chain.advance(commit(chain, who));
    chain.advanceTo(revealed);
    const tooMany = [201, ...countsOf(200).slice(1)];
    for (const counts of [tooMany, countsOf(200).slice(1), []]) {
      expect(expectRefused(chain, result(chain, who, { counts }), "BAD_FIELD").field).to.equal(
        "counts",
      );
    }
  });

  it("choose the recipe after seeing the test rows", () => {
    const chain = trackChain();
    const { opens, revealed } = stagesOf(chain);
    const who = chain.personOfNode(0);
    chain.advanceTo(opens);
    chain.advance(commit(chain, who));
    expectRefused(chain, commit(chain, who, { recipe: { ...RECIPE, width: 64 } }), "ALREADY_DONE");
    chain.advanceTo(stagesOf(chain).commitsUntil);
    expectRefused(chain, commit(chain, chain.personOfNode(1)), "NO_TRACK");
    chain.advanceTo(revealed);
    const better = result(chain, who, { recipe: { ...RECIPE, width: 192 } });
    expect(expectRefused(chain, better, "BAD_FIELD").field).to.equal("recipe");
  });

  it("train beyond the budget", () => {
    const chain = trackChain();
    const { opens, revealed } = stagesOf(chain);
    const who = chain.personOfNode(0);
    const recipe = { ...RECIPE, epochs: 100 };
    chain.advanceTo(opens);
    chain.advance(commit(chain, who, { recipe }));
    chain.advanceTo(revealed);
    const facts = expectRefused(chain, result(chain, who, { recipe }), "BAD_FIELD");
    expect(facts.reason).to.contain("operations");
  });

  it("judges that repeat what another sealed, or what was told", () => {
    const chain = told(trackChain());
    const [first, second] = entryOf(chain, 0).judges.map((judge) => judge.node);
    const answer = trained(chain.personOfNode(0));
    const { publicKey } = chain.personOfNode(first ?? 0).keys;
    const seal = trackSeal(answer, publicKey);
    // What a judge that did not compute can send: another's seal, or one of what is public.
    const guesses = [seal, trackSeal({ ...answer, outputs: answer.weights }, publicKey)];
    const { judges } = entryOf(chain, 0);
    chain.advance(verdict(chain, first ?? 0, 0, answer));
    const lazy = chain.personOfNode(second ?? 0);
    for (const guess of guesses) {
      expect(equalBytes(guess, trackSeal(answer, lazy.keys.publicKey))).to.equal(false);
    }
    const value = { track: 1, node: 0, seal: guesses[0] ?? sha256(seal) };
    chain.advance(chain.transaction(lazy, "track-verdict", value, { fee: 0n }));
    for (const judge of judges.slice(2)) chain.advance(verdict(chain, judge.node, 0, answer));
    const { verdictsUntil, shownUntil } = stagesOf(chain);
    chain.advanceTo(verdictsUntil);
    chain.advance(
      chain.transaction(chain.personOfNode(0), "track-show", {
        track: 1,
        node: 0,
        outputs: answer.outputs,
        reached: ZERO_HASH,
      }),
    );
    chain.advanceTo(shownUntil);
    expect(node(chain).score.track).to.equal(1);
    // What it sealed it cannot show: no better than silence.
    expect(node(chain, second).failed).to.equal(250);
    expect(node(chain, first).failed).to.equal(0);
  });

  it("hide what the seals were made of", () => {
    const chain = told(trackChain(), 180);
    judged(chain, () => ({ ...trained(chain.personOfNode(0)), counts: countsOf(124) }), {
      shows: false,
    });
    expect(node(chain)).to.include({ rating: 0n, bond: 500_000_000n });
  });

  it("judges that frame an honest node", () => {
    const chain = told(trackChain());
    const answer = trained(chain.personOfNode(0));
    const framing = { ...answer, counts: countsOf(0) };
    const accusers = entryOf(chain, 0).judges.slice(0, 2);
    judged(chain, (position) => (position < 2 ? framing : answer));
    expect(node(chain)).to.include({ bond: 1000_000_000n });
    expect(node(chain).score.track).to.equal(1);
    for (const { node: accuser } of accusers) expect(node(chain, accuser).failed).to.equal(1000);
  });

  it("flood the judges with more entries than they can repeat", () => {
    const chain = trackChain();
    const { opens, revealed, judgesDrawn, verdictsUntil, shownUntil } = stagesOf(chain);
    const all = Array.from({ length: 8 }, (_, index) => chain.personOfNode(index));
    chain.advanceTo(opens);
    chain.advance(...all.map((who) => commit(chain, who)));
    chain.advanceTo(revealed);
    chain.advance(...all.map((who) => result(chain, who)));
    chain.advanceTo(judgesDrawn);
    const drawnFor = all.flatMap((_, entry) => {
      const isDrawn = entryOf(chain, entry).judges.some((judge) => judge.node === 3);
      return isDrawn ? [entry] : [];
    });
    // One of them judges the first it was drawn for, the others nothing.
    chain.advance(
      verdict(chain, 3, drawnFor[0] ?? 0, trained(chain.personOfNode(drawnFor[0] ?? 0))),
    );
    chain.advanceTo(verdictsUntil);
    chain.advance(show(chain, drawnFor[0] ?? 0, drawnFor[0] ?? 0));
    chain.advanceTo(shownUntil);
    // No entry was repeated by three: nobody is charged for what may have been too much for everybody.
    expect(drawnFor.length).to.be.above(2);
    expect(all.map((_, index) => node(chain, index).failed)).to.deep.equal(all.map(() => 0));
    expect(all.map((_, index) => node(chain, index).score.track)).to.deep.equal(all.map(() => 0));
  });

  it("show a hash of nothing, block after block, for no fee", () => {
    const chain = trackChain();
    const { opens, revealed, verdictsUntil } = stagesOf(chain);
    const who = chain.personOfNode(0);
    chain.advanceTo(opens);
    chain.advance(commit(chain, who));
    chain.advanceTo(revealed);
    chain.advance(result(chain, who, { outputsDigest: outputsDigest(ZERO_HASH) }));
    chain.advanceTo(verdictsUntil);
    const shown = show(chain, 0, 0, { outputs: ZERO_HASH });
    expect(expectRefused(chain, shown, "BAD_FIELD").field).to.equal("outputs");
  });

  it("register a key that happens to start well", () => {
    const chain = trackChain();
    const { opens } = stagesOf(chain);
    chain.advanceTo(opens);
    const { state } = chain.head;
    state.nodes.set(0, { ...node(chain), registeredAt: opens });
    expectRefused(chain, commit(chain, chain.personOfNode(0)), "NOT_ASSIGNED");
  });
});
