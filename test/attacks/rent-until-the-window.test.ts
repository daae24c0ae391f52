/**
 * Somebody rents a machine for benchmark windows only, and gives it back after each. It knows when the last one was and
 * what waits in the pot, and rents when the next seems near or the pot is full. The draws and the pay are the chain's
 * own. Strategies: rent from so long after the last window on, give up after so long, with the pot at least so full.
 * Inequality: pay for the windows it meets <= rent at the price that honest nodes break even at, within the error of
 * the sample.
 */
import { expect } from "chai";
import { sha256, uint32Bytes } from "../../chain/crypto/hash.ts";
import { standardParameters } from "../../chain/genesis.ts";
import { openWindow } from "../../chain/rating/window.ts";
import { endsEpoch } from "../../chain/schedule/epoch-of.ts";
import { meanSpacing } from "../../chain/schedule/window-stages.ts";
import { accrueWorkReward, payWorkReward, workPay } from "../../chain/supply/emission.ts";
import { TestChain } from "../helpers/chain.ts";

const STANDARD = standardParameters(new Uint8Array(32));
const { epochBlocks, windowInterval, surpriseChance, workReward } = STANDARD;
const EPOCHS = 400_000;
/** From the opening of a window to its settlement; a renter has to serve what it claimed. */
const UNDER_WAY = 5;

interface Opened {
  /** Epochs since the one before was settled. */
  readonly gap: number;
  /** What waited when that one was settled, and what this one pays, micro-POML. */
  readonly left: number;
  readonly pay: number;
}

function windows(): Opened[] {
  const parameters = { ...STANDARD, exactEngine: new Uint8Array(32) };
  const state = new TestChain({ parameters }).head.state.fork();
  const opened: Opened[] = [];
  let [settled, left] = [-1, 0];
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    const height = (epoch + 3) * epochBlocks - 1;
    state.meta = { ...state.meta, height, mix: sha256(uint32Bytes(epoch)) };
    accrueWorkReward(state);
    openWindow(state, endsEpoch(height, state.parameters));
    if (state.window.opens !== height) continue;
    for (let i = 1; i < UNDER_WAY; i++) accrueWorkReward(state);
    const pay = workPay(state);
    opened.push({ gap: epoch - settled, left, pay: Number(pay) });
    payWorkReward(state, 1n, [{ node: 0, share: 1n }]);
    state.window = { ...state.window, settledAt: height };
    epoch += UNDER_WAY - 1;
    [settled, left] = [epoch, Number(state.meta.workPot)];
  }
  return opened;
}

describe("attack: rent a machine until the window only", function () {
  this.timeout(120_000);

  const all = windows();
  const sum = (of: (window: Opened) => number): number =>
    all.reduce((total, window) => total + of(window), 0);
  const mean = sum(({ gap }) => gap) / all.length;
  const paid = sum(({ pay }) => pay);
  /** An honest node runs all the time: its price of an epoch is what it earns in one. */
  const price = paid / sum(({ gap }) => gap + UNDER_WAY - 1);

  it("windows open as often as the parameters say, after any wait with the same chance", () => {
    const chance = epochBlocks / windowInterval + surpriseChance / 1e6;
    process.stdout.write(
      `      ${all.length} windows, ${mean.toFixed(1)} epochs apart, expected ${(1 / chance).toFixed(1)}\n`,
    );
    const error = 4 / Math.sqrt(all.length);
    expect(mean * chance).to.be.within(1 - error, 1 + error);
    for (const waited of [1, 2, 3]) {
      const after = all.filter(({ gap }) => gap > waited * mean);
      const soon = after.filter(({ gap }) => gap <= (waited + 0.5) * mean).length / after.length;
      const expected = 1 - Math.exp(-0.5);
      const sampling = Math.sqrt((expected * (1 - expected)) / after.length);
      expect(soon).to.be.within(expected - 4 * sampling - 0.01, expected + 4 * sampling + 0.01);
    }
  });

  it("windows pay out all new money, and none pays more than what is made between two windows on average", () => {
    const most = (Number(workReward) * Number(meanSpacing(STANDARD))) / epochBlocks;
    for (const { pay } of all) expect(pay).to.be.at.most(most);
    const made = Number(workReward) * EPOCHS;
    process.stdout.write(`      paid ${((100 * paid) / made).toFixed(1)} % of what was made\n`);
    expect(paid / made).to.be.within(0.9, 1);
  });

  it("whenever the machine is rented, rent is at least what the windows pay", () => {
    for (const full of [0, 0.5, 1, 2, 5]) {
      for (const from of [0, 0.5, 1, 2]) {
        for (const lasting of [0.25, 1, 4]) {
          const [start, end] = [Math.floor(from * mean), Math.floor((from + lasting) * mean)];
          let [met, pay, rented] = [0, 0, 0];
          for (const { gap, left, pay: one } of all) {
            const waits = left / Number(workReward) + start;
            if (gap <= start || waits < full * mean) continue;
            rented += Math.min(gap, end) - start;
            if (gap > end) continue;
            met++;
            pay += one;
            rented += UNDER_WAY - 1;
          }
          const cost = rented * price;
          const told = `pot ${full}, from ${from} for ${lasting} mean gaps`;
          if (full % 2 === 0) {
            process.stdout.write(
              `      ${told}: ${met} windows, pay ${Math.round(pay / 1e6)} POML, rent ${Math.round(cost / 1e6)} POML\n`,
            );
          }
          const error = 4 / Math.sqrt(Math.max(met, 1));
          expect(pay, `cost >= gain, ${told}`).to.be.at.most(cost * (1 + error) + 1);
        }
      }
    }
  });
});
