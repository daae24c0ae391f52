import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { TrackJudge } from "../../../node/rating/track-judge.ts";
import { commit, entryOf, result, stagesOf, trackChain } from "../../helpers/track-run.ts";

const FOUNDERS = 8;

describe("TrackJudge", () => {
  it("repeats its entries in an order of its own, so that no entry is last for all judges", () => {
    const chain = trackChain(FOUNDERS);
    const { opens, revealed, judgesDrawn } = stagesOf(chain);
    const all = Array.from({ length: FOUNDERS }, (_, index) => chain.personOfNode(index));
    const indexOf = new Map(all.map(({ keys }, index) => [toHex(keys.publicKey), index]));
    chain.advanceTo(opens);
    chain.advance(...all.map((who) => commit(chain, who)));
    chain.advanceTo(revealed);
    chain.advance(...all.map((who) => result(chain, who)));
    chain.advanceTo(judgesDrawn);
    const last = all.map(({ keys: { publicKey } }, node) => {
      const begun: number[] = [];
      const judge = new TrackJudge(
        { publicKey },
        {
          chain: { state: chain.head.state },
          duties: { send: async () => publicKey },
          workers: {
            track(run) {
              begun.push(indexOf.get(toHex(run.publicKey)) ?? -1);
              return new Promise(() => {});
            },
          },
          log: { info() {}, warn() {} },
        },
      );
      judge.onBlock();
      judge.onBlock();
      const drawnFor = [...indexOf.values()].filter((entry) =>
        entryOf(chain, entry).judges.some((one) => one.node === node),
      );
      expect(begun).to.have.members(drawnFor);
      expect(begun).to.have.length(drawnFor.length);
      return begun.at(-1);
    });
    expect(new Set(last).size).to.be.above(2);
    expect(last.filter((entry) => entry === FOUNDERS - 1).length).to.be.below(4);
  });
});
