import { expect } from "chai";
import { LeaseLinks } from "../../../../node/jobs/search/lease-links.ts";
import {
  decodeLeaseReply,
  encodeLeaseMessage,
  type LeaseMessage,
} from "../../../../node/jobs/search/lease-wire.ts";
import { encodeMemberMessages } from "../../../../node/jobs/search/member-wire.ts";
import type { MessageHandler } from "../../../../p2p/protocols/message.ts";

const JOB = new Uint8Array(32).fill(3);
const NOTHING = { asks: [], beats: [], deliveries: [], orphans: [], shares: [] };
const REPORT = { rank: 0, rttMs: 1, ...NOTHING };

describe("attack: messages about rounds of a search that the chain is far from", () => {
  it("find nobody, and are kept nowhere; those of this round and the next find the nodes that are there", async () => {
    const handlers = new Map<string, MessageHandler>();
    const { signal } = new AbortController();
    const links = new LeaseLinks({
      messages: {
        ask: () => Promise.reject(new Error("not in this test")),
        handle: (subject, handler) => void handlers.set(subject, handler),
      },
      ownNode: () => 0,
      peerOf: (node) => `peer-${node}`,
      nodesOf: () => [0, 1],
    });
    const seen: string[] = [];
    for (const round of [4, 5]) {
      const place = { job: JOB, round };
      links.receive(place, {
        take: (message: LeaseMessage) => {
          seen.push(`${message.kind} ${round}`);
          return { answer: "taken", view: 0 };
        },
      });
      links.receiveAsMember(place, {
        hasRoomFor: () => true,
        takeFromMember: () => void seen.push(`member ${round}`),
      });
    }
    const answers: string[] = [];
    for (const round of [1, 3, 4, 5, 6, 65_535]) {
      const message = { kind: "report", value: { job: JOB, round, ...REPORT } } as const;
      const reply = await handlers.get("lease")?.(encodeLeaseMessage(message), "peer-1", signal);
      answers.push(decodeLeaseReply(reply ?? expect.fail()).answer);
      const canvass = { kind: "canvass", view: 1 } as const;
      const body = encodeMemberMessages({ job: JOB, round }, [canvass]);
      await handlers.get("lease-log")?.(body, "peer-1", signal);
    }
    expect(answers).deep.equal([
      "elsewhere",
      "elsewhere",
      "taken",
      "taken",
      "elsewhere",
      "elsewhere",
    ]);
    expect(seen).deep.equal(["report 4", "member 4", "report 5", "member 5"]);
  });
});

describe("attack: large messages about the log of a search's round, by nodes that have no say in it", () => {
  it("are not decoded: of strangers to the job, of another round, and where the member has no room", async () => {
    const handlers = new Map<string, MessageHandler>();
    const { signal } = new AbortController();
    const links = new LeaseLinks({
      messages: {
        ask: () => Promise.reject(new Error("not in this test")),
        handle: (subject, handler) => void handlers.set(subject, handler),
      },
      ownNode: () => 0,
      peerOf: (node) => `peer-${node}`,
      nodesOf: () => [0, 1, 2],
    });
    links.receiveAsMember(
      { job: JOB, round: 4 },
      { hasRoomFor: (from) => from === 1, takeFromMember: () => expect.fail("nothing is right") },
    );
    // Whoever decodes it throws.
    const broken = (round: number): Uint8Array => {
      const body = encodeMemberMessages({ job: JOB, round }, [{ kind: "canvass", view: 1 }]);
      return body.slice(0, -1);
    };
    const say = async (peer: string, body: Uint8Array): Promise<string> =>
      handlers
        .get("lease-log")?.(body, peer, signal)
        .then(
          () => "passed over",
          () => "decoded",
        ) ?? "no handler";
    expect(await say("peer-1", broken(4))).equal("decoded");
    expect(await say("peer-1", broken(5))).equal("passed over");
    expect(await say("peer-2", broken(4))).equal("passed over");
    expect(await say("peer-9", broken(4))).equal("passed over");
    expect(await say("peer-9", new Uint8Array(33))).equal("decoded");
  });
});
