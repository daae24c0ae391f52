/**
 * The attack table of docs/rating.md, played against the rules: each test is named after its row and
 * shows that the attack is seen or gains nothing. Work is made-up hashes here; what a replay
 * would find is what the attacker did.
 */
import { expect } from "chai";
import { equalBytes, sha256, uint32Bytes } from "../../../chain/crypto/hash.ts";
import { drawChecks, drawCommittee } from "../../../chain/rating/draw-checks.ts";
import type { Place } from "../../../chain/rating/draw-segments.ts";
import { capacityOf, energyOf, flopsOf } from "../../../chain/rating/formula.ts";
import { MISMATCH } from "../../../chain/rating/verdict.ts";
import { laneSeed } from "../../../chain/rating/window.ts";
import type { Parameters } from "../../../chain/types/genesis.ts";
import { ZERO_HASH } from "../../../chain/types/primitive.ts";
import { type Check, ENERGY_SOURCES, WindowClaim } from "../../../chain/types/window.ts";
import { ClaimWatch } from "../../../node/consensus/claim-watch.ts";
import { type Person, TEST_PARAMETERS, TestChain } from "../../helpers/chain.ts";
import { doubleClaim } from "../../helpers/evidence.ts";
import { expectRefused } from "../../helpers/expect-transaction.ts";
import { type Play, playWindow, showAll, verifyHonestly } from "../../helpers/window-play.ts";
import {
  claim,
  claimBy,
  findingOn,
  firstWindow,
  sealedFindingOn,
  showing,
  verdictOf,
  verifiersOf,
} from "../../helpers/window-run.ts";

/** Each opens at the first end of an epoch after the one before. */
const INTERVAL = 16;
const PARAMETERS: Partial<Parameters> = { windowInterval: INTERVAL, ratingHalfLife: 3600 };
const HONEST_SEGMENTS = 40;
const honest: Play = { segments: HONEST_SEGMENTS };
const EMPTY_CLAIM = WindowClaim.defaultValue();

const chainOf = (founders = 8, parameters: Partial<Parameters> = {}): TestChain =>
  new TestChain({ founders, parameters: { ...PARAMETERS, ...parameters } });
const node = (chain: TestChain, index = 0) => chain.head.state.nodes.at(index);
const everyone = (chain: TestChain, attacker: Play): Play[] =>
  Array.from({ length: chain.head.state.nodes.length }, (_, i) => (i === 0 ? attacker : honest));

describe("attacks on ratings", () => {
  it("claim a capacity that was never worked", () => {
    const chain = chainOf();
    playWindow(chain, 1, everyone(chain, { segments: 10_000, isFalse: () => true }));
    expect(node(chain)).to.include({ rating: 0n, capacity: 0n, probation: 3 });
    expect(node(chain).bond).to.equal(500_000_000n);
    expect(node(chain, 1).rating > 0n).to.equal(true);
  });

  it("precompute, or copy a neighbour", () => {
    const [a, b] = [sha256(Uint8Array.of(1)), sha256(Uint8Array.of(2))];
    const seeds = [laneSeed(a, a, 0), laneSeed(b, a, 0), laneSeed(a, b, 0), laneSeed(a, a, 1)];
    for (const [i, seed] of seeds.entries()) {
      for (const other of seeds.slice(i + 1)) expect(equalBytes(seed, other)).to.equal(false);
    }
    // A neighbour's whole claim copied: its segments replay to other bits under this key's seed.
    const chain = chainOf();
    playWindow(chain, 1, everyone(chain, { segments: HONEST_SEGMENTS, isFalse: () => true }));
    expect(node(chain).rating).to.equal(0n);
  });

  it("skip part of the segments and invent the states", () => {
    // q drawn segments see a skipped share x with 1 - (1 - x)^q, within sampling error.
    const [total, runs, q] = [100, 600, 6];
    const { state } = chainOf(8, { verifiers: 3, segmentsPerVerifier: 2 }).head;
    const made = { ...EMPTY_CLAIM, lanes: [{ segments: total, checkpointRoot: ZERO_HASH }] };
    for (const x of [0.02, 0.05, 0.25, 0.5]) {
      let caught = 0;
      for (let run = 0; run < runs; run++) {
        state.meta = { ...state.meta, mix: sha256(uint32Bytes(run), uint32Bytes(1000 * x)) };
        state.claims = [made];
        drawChecks(state);
        const [drawn] = state.claims;
        expect(drawn?.checks).to.have.length(q);
        if (drawn?.checks.some(({ segment }) => segment < x * total) === true) caught++;
      }
      const expected = 1 - (1 - x) ** q;
      const error = Math.sqrt((expected * (1 - expected)) / runs);
      expect(caught / runs).to.be.within(expected - 4 * error, expected + 4 * error);
    }
  });

  it("one machine behind k keys, one after the other", () => {
    // All lanes run between the same two blocks: half the window for each key gives half to each.
    const whole = capacityOf(flopsOf(40, TEST_PARAMETERS), 3000n);
    const halves = 2n * capacityOf(flopsOf(20, TEST_PARAMETERS), 3000n);
    expect(halves <= whole).to.equal(true);
    const chain = chainOf();
    chain.advanceTo(firstWindow(chain).opens - 1);
    expectRefused(chain, claim(chain, chain.personOfNode(0), 40), "NO_WINDOW");
    chain.advanceTo(firstWindow(chain).checksDrawn);
    expectRefused(chain, claim(chain, chain.personOfNode(0), 40), "NO_WINDOW");
  });

  it("k keys at once", () => {
    const rated = (split: number): bigint => {
      const chain = chainOf(8);
      const plays = Array.from({ length: 8 }, (_, i) =>
        i < split ? { segments: 80 / split } : { segments: 0 },
      );
      for (let i = 0; i < 8; i++) {
        chain.head.state.nodes.set(i, { ...node(chain, i), measured: [], capacity: 0n });
      }
      playWindow(chain, 1, plays);
      return plays.reduce(
        (sum, { segments }, i) => sum + (segments > 0 ? node(chain, i).rating : 0n),
        0n,
      );
    };
    const whole = Number(rated(1));
    for (const k of [2, 4]) expect(Number(rated(k)) / whole).to.be.within(0.99, 1.01);
  });

  it("a big machine rented for the window", () => {
    const chain = chainOf();
    const before = node(chain).capacity;
    playWindow(chain, 1, everyone(chain, honest));
    playWindow(chain, 2, everyone(chain, { segments: 100 * HONEST_SEGMENTS }));
    playWindow(chain, 3, everyone(chain, honest));
    const usual = node(chain, 1).capacity;
    expect(Number(node(chain).capacity) / Number(usual)).to.be.below(1.26);
    expect(node(chain).capacity <= (before * 125n * 125n) / 10_000n).to.equal(true);
  });

  it("verifiers that do not look", () => {
    const chain = chainOf();
    chain.advanceTo(firstWindow(chain).closes);
    chain.advance(claim(chain, chain.personOfNode(0), 30));
    chain.advanceTo(firstWindow(chain).checksDrawn);
    const [made] = chain.head.state.claims;
    const [check] = made?.checks ?? [];
    if (made === undefined || check === undefined) throw new Error("nothing drawn");
    // What a verifier can know without computing: the start state's hash and the served paths.
    const served = findingOn(chain, made, check, "match");
    const start = findingOn(chain, made, { lane: 0, segment: check.segment - 1 }, "match");
    for (const guess of [start.endHash, sha256(start.endHash), ...served.path]) {
      const value = { window: 1, node: 0, findings: [{ ...served, endHash: guess }] };
      const verdict = chain.transaction(
        chain.personOfNode(check.verifier),
        "window-verdict",
        value,
      );
      expectRefused(chain, verdict, "BAD_FIELD");
    }
  });

  it("repeat what another of the committee found", () => {
    const chain = chainOf();
    chain.advanceTo(firstWindow(chain).closes);
    chain.advance(claim(chain, chain.personOfNode(0), HONEST_SEGMENTS));
    chain.advanceTo(firstWindow(chain).checksDrawn);
    verifyHonestly(chain, 1, [{ ...honest, isFalse: () => true }]);
    const { members } = claimBy(chain, 0).appeal;
    const [first = -1, copier = -1, ...others] = members.map(({ verifier }) => verifier);
    const seal = sealedFindingOn(chain, claimBy(chain, 0), first, "match");
    const from = (member: number) =>
      chain.transaction(
        chain.personOfNode(member),
        "window-verdict",
        { window: 1, node: 0, findings: [seal] },
        { fee: 0n },
      );
    chain.advance(from(first));
    // Nothing on the chain tells the state yet, and who computed it cannot give it away there.
    for (const member of [0, first]) {
      expectRefused(chain, showing(chain, 0, member), "NO_WINDOW");
    }
    chain.advance(from(copier));
    for (const member of others) chain.advance(verdictOf(chain, member, 0, "match"));
    showAll(chain);
    chain.advanceTo(firstWindow(chain).appealsUntil);
    // Its own key makes another seal of the same state: what it sealed it cannot show, and is no better
    // than silence.
    expect(node(chain, copier).failed).to.equal(250);
    for (const member of [first, ...others]) expect(node(chain, member).failed).to.equal(0);
    expect(node(chain).bond).to.equal(1000_000_000n);
  });

  it("two segments in a row", () => {
    const { state } = chainOf(8, { verifiers: 5, segmentsPerVerifier: 4 }).head;
    const lanes = [30, 30].map((segments) => ({ segments, checkpointRoot: ZERO_HASH }));
    for (let run = 0; run < 200; run++) {
      state.meta = { ...state.meta, mix: sha256(uint32Bytes(run)) };
      state.claims = [{ ...EMPTY_CLAIM, lanes }];
      drawChecks(state);
      const checks = state.claims[0]?.checks ?? [];
      const nameOf = ({ lane, segment }: Place): string => `${lane}/${segment}`;
      expect(new Set(checks.map(nameOf)).size).to.equal(20);
      const hasNext = ({ verifier, lane, segment }: Check): boolean =>
        checks.some((c) => c.verifier === verifier && c.lane === lane && c.segment === segment + 1);
      expect(checks.some(hasNext)).to.equal(false);
    }
    // Nor does the end of a disputed segment reach its committee as the start of the next.
    const check = { lane: 0, segment: 4, verifier: 1, verdict: MISMATCH };
    const next = { lane: 0, segment: 5, verifier: 2, verdict: 0 };
    for (const checks of [[check, next], [check]]) {
      const { appeal } = drawCommittee(state, { ...EMPTY_CLAIM, lanes, checks });
      const members = appeal.members.map(({ verifier }) => verifier);
      expect(members).to.have.length(5);
      for (const { verifier } of checks) expect(members).not.to.include(verifier);
    }
  });

  it("verifiers that frame an honest node", () => {
    const chain = chainOf();
    chain.advanceTo(firstWindow(chain).closes);
    chain.advance(claim(chain, chain.personOfNode(0), HONEST_SEGMENTS));
    chain.advanceTo(firstWindow(chain).checksDrawn);
    const accusers = verifiersOf(chain.head.state.claims[0]);
    verifyHonestly(chain, 1, [{ ...honest, isFalse: () => true }]);
    verifyHonestly(chain, 1, [honest]);
    showAll(chain);
    expect(node(chain).bond).to.equal(1000_000_000n);
    expect(node(chain).capacity > 0n).to.equal(true);
    // One of them is heard, and refuted; nobody loses on what was not looked at.
    const failed = accusers.map((accuser) => node(chain, accuser).failed);
    expect(failed.toSorted()).to.deep.equal([0, 1000]);
  });

  it("hold back what was claimed", () => {
    // Some twenty seconds from window to window: each is an outage of its own.
    const chain = chainOf(8, { ratingHalfLife: 600 });
    const plays = everyone(chain, { ...honest, serves: false });
    playWindow(chain, 1, plays);
    expect(node(chain)).to.include({ failed: 125, ratedWindow: 0, withheld: 1 });
    playWindow(chain, 2, plays);
    expect(node(chain)).to.include({ withheld: 2 });
    playWindow(chain, 3, plays);
    expect(node(chain)).to.include({ ratedWindow: 0, probation: 3, withheld: 0 });
    expect(node(chain).capacity).to.equal(10_000_000n);
    expect(node(chain).bond).to.equal(1000_000_000n);
  });

  it("two different claims in one window", () => {
    const chain = chainOf();
    const [guilty] = chain.founders as [Person];
    const watch = new ClaimWatch();
    watch.see(claim(chain, guilty, 10));
    expect(watch.see(claim(chain, guilty, 20))?.kind).to.equal("duplicate-claim");
    chain.advanceTo(firstWindow(chain).checksDrawn);
    chain.take(chain.build([], 0, 1_000_000, [doubleClaim(chain, guilty)]));
    expect(node(chain)).to.include({ slashedAt: chain.height, rating: 0n });
  });

  it("lie about energy", () => {
    const flops = flopsOf(HONEST_SEGMENTS, TEST_PARAMETERS);
    const factor = (millijoules: bigint, source: (typeof ENERGY_SOURCES)[number]): number =>
      Number(
        energyOf(
          { energyMillijoules: millijoules, energySource: ENERGY_SOURCES.indexOf(source) },
          flops,
          TEST_PARAMETERS,
        ),
      );
    expect(factor(1n, "rapl")).to.equal(1_050_000);
    expect(factor(2n ** 63n, "rapl")).to.equal(950_000);
    expect(factor(1n, "estimate")).to.equal(1_000_000);
  });

  it("claim late to work longer", () => {
    const [early, late] = [chainOf(), chainOf()];
    for (const [chain, delay] of [
      [early, 0],
      [late, 3],
    ] as const) {
      chain.head.state.nodes.set(0, { ...node(chain), measured: [], capacity: 0n });
      const { closes, checksDrawn } = firstWindow(chain);
      chain.advanceTo(closes + delay);
      // Seven block times of work, or ten.
      chain.advance(claim(chain, chain.personOfNode(0), 4 * (7 + delay)));
      chain.advanceTo(checksDrawn);
      verifyHonestly(chain, 1, [honest]);
    }
    const ratio = Number(node(late).capacity) / Number(node(early).capacity);
    expect(ratio).to.be.closeTo(1, 0.001);
  });

  it("do without claims and keep the rating", () => {
    const chain = chainOf(4, { ratingHalfLife: 20 });
    let last = node(chain).rating;
    for (let window = 1; window <= 16; window++) {
      playWindow(chain, window, everyone(chain, { segments: 0 }));
      expect(node(chain).rating < last || last === 0n).to.equal(true);
      last = node(chain).rating;
    }
    expect(last).to.equal(0n);
    expect(node(chain, 1).rating > 0n).to.equal(true);
  });

  it("build trust, then cheat", () => {
    const chain = chainOf(8, { segmentsPerVerifier: 2 });
    for (let window = 1; window <= 5; window++) playWindow(chain, window, everyone(chain, honest));
    const trusted = node(chain).rating;
    playWindow(chain, 6, everyone(chain, { ...honest, isFalse: () => true }));
    expect(node(chain)).to.include({ rating: 0n, verified: 0, probation: 3 });
    // Back to honest work: one window on, a fraction of the old rating, under closer looks.
    chain.advanceTo(chain.height + 1);
    playWindow(chain, 7, everyone(chain, honest));
    expect(Number(node(chain).rating) / Number(trusted)).to.be.below(0.1);
    expect(node(chain).probation).to.equal(2);
  });
});
