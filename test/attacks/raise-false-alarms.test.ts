/**
 * A team says in every record that the smallest digests of honest participants are as large as can be, so that each
 * record raises alarms for them. Gain sought: to harm them, or to keep auditors at work. Must hold: whoever is named is paid and rated as
 * without it; the replays are paid out of the auditors' share, which is the same; and a record names eight at most.
 */
import { expect } from "chai";
import { isOut } from "../../chain/job/phase.ts";
import { MAX_ALARMS } from "../../chain/types/search.ts";
import { MOST_SHARE } from "../../chain/workload/search/statistics.ts";
import { tallied } from "../../chain/workload/search/tallies.ts";
import { SearchStory } from "../helpers/search-run.ts";

function played(isAlarmed: boolean) {
  const story = new SearchStory();
  const nodes = story.job.participants.map(({ node }) => node).sort((a, b) => a - b);
  for (let round = 0; round < 3; round++) {
    story.commitAll(...story.dealt(2));
    story.advance(story.record({}, { doubted: isAlarmed ? nodes : [] }));
    story.audited();
  }
  story.settled();
  const { settlement, participants } = story.job;
  const { state } = story.chain.head;
  return {
    paid: participants.map(({ paidUnits }) => paidUnits),
    faults: participants.filter(isOut).length,
    ratings: participants.map(({ node }) => state.nodes.at(node).rating),
    bonds: participants.map(({ node }) => state.nodes.at(node).bond),
    auditors: settlement.auditors,
    client: settlement.refund,
    segments: story.job.auditors.reduce((sum, { segments }) => sum + segments, 0),
  };
}

describe("attack: raise false alarms", () => {
  it("costs neither the named nodes nor the client anything", () => {
    const calm = played(false);
    const alarmed = played(true);
    process.stdout.write(
      `      without: paid ${calm.paid}, auditors ${calm.auditors} for ${calm.segments} parts; with: paid ${alarmed.paid}, auditors ${alarmed.auditors} for ${alarmed.segments}\n`,
    );
    expect(alarmed.segments).above(calm.segments);
    const { segments: _, ...kept } = alarmed;
    const { segments: __, ...usual } = calm;
    expect(kept).deep.equal(usual);
  });

  it("names eight at most", () => {
    const contributions = Array.from({ length: 20 }, (_, node) => ({ node, units: 1 }));
    const shares = contributions.map(() => MOST_SHARE);
    expect(tallied([], contributions, shares).alarms).length(8);
    expect(MAX_ALARMS).equal(8);
  });
});
