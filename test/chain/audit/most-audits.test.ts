import { expect } from "chai";
import { takeUnrecorded } from "../../../chain/audit/open-audits.ts";
import { drawAuditors } from "../../../chain/audit/tick.ts";
import { sha256, uint32Bytes } from "../../../chain/crypto/hash.ts";
import { isBehind } from "../../../chain/job/phase.ts";
import { Job, MAX_AUDITS, Participant } from "../../../chain/types/job.ts";
import { MAX_PARTICIPANTS } from "../../../chain/types/primitive.ts";
import { TestChain } from "../../helpers/chain.ts";
import { jobSpec } from "../../helpers/job-run.ts";

/** Every participant has committed. */
function committed(job: Job): Job {
  const participants = Array.from({ length: MAX_PARTICIPANTS }, (_, node) => {
    return {
      ...Participant.defaultValue(),
      node,
      units: 3000,
      updateHash: sha256(uint32Bytes(node)),
    };
  });
  return { ...job, participants };
}

describe("the list of audits", () => {
  it("holds the most that a job can gather: rounds as fast as they may be, a cancelled one, second looks at all", () => {
    const chain = new TestChain({
      founders: 4,
      parameters: { newcomerAudits: 0, secondLook: 1_000_000, windowOffset: 100_000 },
    });
    const { state } = chain.head;
    for (let i = 4; i < MAX_PARTICIPANTS; i++) {
      state.nodes.push({ ...state.nodes.at(0), publicKey: sha256(uint32Bytes(i)) });
    }
    let job: Job = { ...Job.defaultValue(), spec: jobSpec("job"), phase: 1, round: 1 };
    let rounds = 0;
    for (; !isBehind(job); rounds++) {
      job = { ...takeUnrecorded(state, committed(job)), round: job.round + 1 };
    }
    expect(rounds).to.equal(3);
    job = takeUnrecorded(state, committed(job));
    const { drawDelay } = state.parameters;
    state.meta = { ...state.meta, height: state.height + drawDelay };
    const audits = job.audits.reduce(
      (drawn, audit) => drawAuditors(state, drawn, audit),
      job,
    ).audits;
    expect(audits).to.have.length(MAX_AUDITS);
    const stored = Job.deserialize(Job.serialize({ ...job, audits }));
    expect(stored.audits).to.have.length(MAX_AUDITS);
  }).timeout(30_000);
});
