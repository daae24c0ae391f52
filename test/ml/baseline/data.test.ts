import { expect } from "chai";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { segmentRows, testRows } from "../../../ml/baseline/data.ts";
import { bytesOfFloats } from "../../../ml/bytes.ts";
import type { Shard } from "../../../ml/dataset/shard.ts";

const SEED = new Uint8Array(32).fill(1);
const START = new Uint8Array(32).fill(2);

function read(rows: Shard): { inputs: Float32Array; labels: Int32Array } {
  const inputs = new Float32Array(rows.rows * rows.rowSize);
  const labels = new Int32Array(rows.rows);
  rows.batch(
    Uint32Array.from({ length: rows.rows }, (_, row) => row),
    inputs,
    labels,
  );
  return { inputs, labels };
}

function hashOf(rows: Shard): string {
  const { inputs, labels } = read(rows);
  return toHex(sha256(bytesOfFloats(inputs), Uint8Array.from(labels)));
}

/** Mean of the inputs of one class: its pattern, as the noise averages out. */
function meanOf(rows: Shard, label: number): number[] {
  const { inputs, labels } = read(rows);
  const members = Array.from(labels.keys()).filter((row) => labels[row] === label);
  return Array.from({ length: rows.rowSize }, (_, k) => {
    const sum = members.reduce((total, row) => total + (inputs[row * rows.rowSize + k] ?? 0), 0);
    return sum / members.length;
  });
}

describe("baseline data", () => {
  it("is the same on every machine", () => {
    expect(hashOf(segmentRows(SEED, 0, START))).to.equal(
      "f201dbe5e9fdc5dfafc70ec941c04c021f2fe130048fc4ca98e40ca55f9c52e0",
    );
    expect(hashOf(testRows(SEED, 0))).to.equal(
      "99430a7042a14c960ed954fa45929f4f8a3503d0e86808c0dce4157121f7899f",
    );
  });

  it("differs for every segment, start state and lane", () => {
    const other = new Uint8Array(32);
    const all = [
      segmentRows(SEED, 0, START),
      segmentRows(SEED, 1, START),
      segmentRows(SEED, 0, other),
      segmentRows(other, 0, START),
      testRows(SEED, 0),
      testRows(SEED, 10),
    ];
    expect(new Set(all.map(hashOf)).size).to.equal(all.length);
  });

  it("tests a round on the patterns it was trained on", () => {
    const distance = (a: number[], b: number[]): number =>
      Math.sqrt(a.reduce((sum, value, k) => sum + (value - (b[k] ?? 0)) ** 2, 0));
    const trained = meanOf(segmentRows(SEED, 3, START), 4);
    const same = distance(trained, meanOf(testRows(SEED, 3), 4));
    const otherClass = distance(trained, meanOf(testRows(SEED, 3), 5));
    const otherRound = distance(trained, meanOf(testRows(SEED, 13), 4));
    expect(same).to.be.below(otherClass);
    expect(same).to.be.below(otherRound);
  });
});
