import { expect } from "chai";
import { ZERO_HASH } from "../../../chain/types/primitive.ts";
import { expectApplies, expectRefused } from "../../helpers/expect-transaction.ts";
import { entryOf, stagesOf, told, trackChain, trained, verdict } from "../../helpers/track-run.ts";

describe("track-verdict", () => {
  it("is taken from drawn judges, once each, until the last block for verdicts", () => {
    const chain = told(trackChain());
    const answer = trained(chain.personOfNode(0));
    const judges = entryOf(chain, 0).judges.map(({ node }) => node);
    const [first = 0, second = 0] = judges;
    const outsider = [1, 2, 3, 4, 5, 6, 7].find((node) => !judges.includes(node)) ?? 0;
    for (const other of [0, outsider]) {
      const refused = expectRefused(chain, verdict(chain, other, 0, answer), "NOT_ASSIGNED");
      expect(refused.duty).to.equal("track-verdict");
    }
    chain.advance(verdict(chain, first, 0, answer));
    expectRefused(chain, verdict(chain, first, 0, answer), "ALREADY_DONE");
    chain.advanceTo(stagesOf(chain).verdictsUntil - 1);
    expectApplies(chain, verdict(chain, second, 0, answer));
    chain.advance();
    expectRefused(chain, verdict(chain, second, 0, answer), "NO_TRACK");
  });

  it("must be a known verdict about a node that has an entry", () => {
    const chain = told(trackChain());
    const [{ node: first } = { node: 0 }] = entryOf(chain, 0).judges;
    const person = chain.personOfNode(first);
    const send = (node: number) => {
      const value = { track: 1, node, seal: ZERO_HASH };
      return chain.transaction(person, "track-verdict", value, { fee: 0n });
    };
    expect(expectRefused(chain, send(0), "BAD_FIELD").field).to.equal("seal");
    expectRefused(chain, send(first), "NOT_ASSIGNED");
  });
});
