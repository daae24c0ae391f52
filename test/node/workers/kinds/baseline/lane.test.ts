/** What attempts on several workers come to: never a mixture that nobody computed. */
import { expect } from "chai";
import { sha256 } from "../../../../../chain/crypto/hash.ts";
import { BaselineLane } from "../../../../../node/workers/kinds/baseline/lane.ts";

const TASK = { task: 1, seed: new Uint8Array(32), stepsPerSegment: 1, maxSegments: 100 };
const stateAt = (index: number, worker = 0): Uint8Array => sha256(Uint8Array.of(worker, index));

function laneOf(): { lane: BaselineLane; kept: Map<number, Uint8Array> } {
  const kept = new Map<number, Uint8Array>();
  const lane = new BaselineLane(TASK, { onState: (index, state) => kept.set(index, state) });
  return { lane, kept };
}

function send(lane: BaselineLane, states: readonly Uint8Array[]): void {
  const attempt = lane.attempt();
  for (const [index, state] of states.entries()) attempt.onOutput("state", index, state);
}

describe("a lane that moves from worker to worker", () => {
  it("continues where the first one ended, and keeps what only the first one reached", () => {
    const { lane } = laneOf();
    send(
      lane,
      [0, 1, 2, 3].map((index) => stateAt(index)),
    );
    send(
      lane,
      [0, 1].map((index) => stateAt(index)),
    );
    const { segments, checkpoints } = lane.result();
    expect(segments).to.equal(3);
    expect(checkpoints).to.deep.equal([0, 1, 2, 3].map((index) => sha256(stateAt(index))));
  });

  it("ends where two workers come to different states: one of them is broken", () => {
    const { lane, kept } = laneOf();
    send(
      lane,
      [0, 1, 2, 3].map((index) => stateAt(index)),
    );
    send(lane, [stateAt(0), stateAt(1), stateAt(2, 9), stateAt(3, 9), stateAt(4, 9)]);
    // Nor does a third one bring it back.
    send(
      lane,
      [0, 1, 2, 3, 4].map((index) => stateAt(index)),
    );
    const { segments, checkpoints } = lane.result();
    expect(segments).to.equal(1);
    expect(checkpoints).to.deep.equal([0, 1].map((index) => sha256(stateAt(index))));
    expect(kept.get(2), "the first worker's").to.deep.equal(stateAt(2));
  });

  it("claims nothing when they part at the start", () => {
    const { lane } = laneOf();
    send(lane, [stateAt(0), stateAt(1)]);
    send(lane, [stateAt(0, 9), stateAt(1, 9)]);
    expect(lane.result()).to.deep.include({ segments: 0, checkpoints: [] });
  });

  it("takes no state out of order", () => {
    const { lane } = laneOf();
    const attempt = lane.attempt();
    attempt.onOutput("state", 0, stateAt(0));
    expect(() => attempt.onOutput("state", 2, stateAt(2))).to.throw();
    expect(() => attempt.onOutput("state", 0, stateAt(0))).to.throw();
  });
});
