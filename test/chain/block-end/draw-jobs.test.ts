import { expect } from "chai";
import { outcomeOf, phaseOf } from "../../../chain/job/phase.ts";
import { State } from "../../../chain/state/state.ts";
import { AuditStory } from "../../helpers/audit-story.ts";
import { TestChain } from "../../helpers/chain.ts";
import { jobOf, jobSpec, openJob } from "../../helpers/job-run.ts";
import { partsOf } from "../../helpers/state.ts";
import { withUnrated } from "../../helpers/window-run.ts";

const DELAY = 5;

/** The next block is the same for a node that was started anew, which knows no more than the state. */
function expectSameAfterRestart(chain: TestChain): void {
  const { hash, state } = chain.head;
  const next = chain.build();
  chain.head = { hash, state: State.of(partsOf(state)) };
  expect(chain.build().header.stateRoot).to.deep.equal(next.header.stateRoot);
  chain.head = { hash, state };
}

describe("draws", () => {
  it("of auditors and committees come at their height, which a restarted node finds as well", () => {
    const story = new AuditStory({ parameters: { drawDelay: DELAY } });
    const { chain } = story;
    const drawn: string[] = [];
    const advance = (during: () => void): void => {
      const before = story.job.audits;
      during();
      for (const audit of story.job.audits) {
        const old = before.find(({ node, look }) => node === audit.node && look === audit.look);
        if (old === undefined || old.stage === audit.stage) continue;
        const [from, to] = [old.stage, audit.stage];
        // Of the stages 0 and 2 are followed by a draw.
        if (from !== 0 && from !== 2) continue;
        drawn.push(`${from} to ${to} after ${audit.since - old.since}`);
      }
      expectSameAfterRestart(chain);
    };
    while (phaseOf(story.job) === "drawing") advance(() => story.advance());
    expect(story.job.phaseSince - story.job.openedAt).to.equal(DELAY);
    story.round();
    for (let i = 0; i < 4 * DELAY; i++) advance(() => story.answer("mismatch"));
    expect(new Set(drawn)).to.deep.equal(
      new Set([`0 to 1 after ${DELAY}`, `2 to 3 after ${DELAY}`]),
    );
  });

  it("of a job that cannot be drawn come four times, and a restarted node counts them as well", () => {
    const chain = new TestChain({ parameters: { drawDelay: DELAY } });
    withUnrated(chain, 1);
    const open = openJob(chain, chain.client, jobSpec("job", { participants: 5, quorum: 5 }));
    chain.advance(open);
    const tries: number[] = [];
    let since = chain.height;
    while (phaseOf(jobOf(chain, open)) === "drawing") {
      expectSameAfterRestart(chain);
      chain.advance();
      const { phaseSince } = jobOf(chain, open);
      if (phaseSince !== since) tries.push(phaseSince - since);
      since = phaseSince;
    }
    expect(tries).to.deep.equal([DELAY, DELAY, DELAY, DELAY]);
    expect([phaseOf(jobOf(chain, open)), outcomeOf(jobOf(chain, open))]).to.deep.equal([
      "settled",
      "undrawn",
    ]);
  });
});
