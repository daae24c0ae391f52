import { expect } from "chai";
import type { MemberMessage } from "../../../../node/jobs/search/leases/member-messages.ts";
import type { Looked } from "../../../../node/jobs/search/signed-messages.ts";
import { TeamInbox } from "../../../../node/jobs/search/team-inbox.ts";
import { SILENT } from "../../../../p2p/log.ts";
import { until } from "../../../helpers/until.ts";

const TEAM = [7, 3, 9];

function message(view: number): MemberMessage {
  return { kind: "canvass", view };
}

/** An inbox whose messages are looked at as the test says. */
function inboxOf(look: (message: MemberMessage) => Promise<Looked>) {
  const taken: { readonly view: number; readonly position: number }[] = [];
  const over = new AbortController();
  const inbox = new TeamInbox(
    {
      team: TEAM,
      signal: over.signal,
      onMessage: (one, position) => {
        if (one.kind === "canvass") taken.push({ view: one.view, position });
      },
    },
    { signed: { look }, clock: { monotonic: () => 0 }, log: SILENT },
  );
  return { inbox, taken, over };
}

const right = async (): Promise<Looked> => ({ isRight: true, cost: 1 });

describe("inbox of a team", () => {
  it("takes the messages of a member in the order in which they came, and none of others", async () => {
    const { inbox, taken } = inboxOf(right);
    inbox.take([message(1), message(2)], 3);
    inbox.take([message(3)], 3);
    inbox.take([message(4)], 5);
    await until(() => taken.length === 3, 5_000, "messages");
    expect(taken).deep.equal([1, 2, 3].map((view) => ({ view, position: 1 })));
    expect(inbox.hasRoomFor(5)).equal(false);
  });

  it("passes over messages without right signatures", async () => {
    const { inbox, taken } = inboxOf(async (one) => ({
      isRight: one.kind === "canvass" && one.view !== 1,
      cost: 1,
    }));
    inbox.take([message(1), message(2)], 3);
    await until(() => taken.length === 1, 5_000, "message");
    expect(taken).deep.equal([{ view: 2, position: 1 }]);
  });

  it("gives other work of the thread its turn between two messages that cost something", async () => {
    const { inbox, taken } = inboxOf(right);
    const seen: number[] = [];
    const watch = (): void => {
      seen.push(taken.length);
      if (taken.length < 3) setImmediate(watch);
    };
    inbox.take([message(1), message(2), message(3)], 3);
    setImmediate(watch);
    await until(() => seen.at(-1) === 3, 5_000, "messages");
    expect(seen).to.include(1).and.include(2);
  });

  it("keeps sixteen bundles of a member that waits, and hears the others meanwhile", async () => {
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { inbox, taken } = inboxOf(async (one) => {
      if (one.kind === "canvass" && one.view < 100) await gate;
      return { isRight: true, cost: 0 };
    });
    for (let view = 0; view < 40; view++) inbox.take([message(view)], 3);
    expect(inbox.hasRoomFor(3)).equal(false);
    inbox.take([message(100)], 9);
    await until(() => taken.length === 1, 5_000, "message of another member");
    open();
    await until(() => taken.length === 17, 5_000, "messages that waited");
    expect(inbox.hasRoomFor(3)).equal(true);
  });

  it("does not hear a member whose messages have cost too many signatures", async () => {
    const { inbox, taken } = inboxOf(async () => ({ isRight: true, cost: 4_096 }));
    inbox.take([message(1), message(2)], 3);
    await until(() => taken.length === 1, 5_000, "message");
    await until(() => !inbox.hasRoomFor(3), 5_000, "charge");
    inbox.take([message(3)], 9);
    await until(() => taken.length === 2, 5_000, "message of another member");
    expect(taken.map(({ view }) => view)).deep.equal([1, 3]);
  });

  it("takes nothing once the round is over", async () => {
    const { inbox, taken, over } = inboxOf(async () => {
      over.abort();
      return { isRight: true, cost: 0 };
    });
    inbox.take([message(1), message(2)], 3);
    await until(() => over.signal.aborted, 5_000, "end");
    await new Promise((resolve) => setImmediate(resolve));
    expect(taken).deep.equal([]);
  });
});
