import { expect } from "chai";
import { P2pError } from "../../../p2p/errors.ts";
import { type Answer, answerRequests } from "../../../p2p/protocols/answer.ts";
import { frameHeader, TAG } from "../../../p2p/protocols/frames.ts";
import { admitted, badRequest, type Protocol } from "../../../p2p/protocols/protocol.ts";
import { requestOne, sendRequest } from "../../../p2p/protocols/request.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { collect, MemoryHost, until } from "../support.ts";

const ECHO: Protocol = {
  name: "echo",
  maxRequestBytes: 16,
  maxFrameBytes: 100,
  maxResponseBytes: 250,
  stepMs: 60,
  totalMs: 200,
  maxConcurrent: 2,
  rate: { burst: 4, perSecond: 1 },
};

const slow = (protocol: Protocol): Protocol => ({ ...protocol, stepMs: 10_000, totalMs: 20_000 });

const bytes = (size: number, fill = 1): Uint8Array => new Uint8Array(size).fill(fill);
const never = new Promise<never>(() => {});

async function serving(answer: Answer, protocol = ECHO): Promise<[MemoryHost, MemoryHost]> {
  const [alice, bob] = MemoryHost.pair();
  await answerRequests(bob, protocol, answer);
  return [alice, bob];
}

/** A server that speaks the wire itself, to break its rules. */
async function rogue(
  ...frames: [tag: 0 | 1 | 2, payload: Uint8Array, length?: number][]
): Promise<MemoryHost> {
  const [alice, bob] = MemoryHost.pair();
  await bob.onStream("echo", async (stream) => {
    for (const [tag, payload, length] of frames) {
      stream.send(frameHeader(tag, length ?? payload.length));
      stream.send(payload);
    }
    await stream.close(AbortSignal.timeout(1000));
  });
  return alice;
}

const ask = (host: MemoryHost, request = bytes(3)): Promise<Uint8Array[]> =>
  collect(sendRequest(host, "bob", ECHO, request));

/** As one that keeps to no limits asks. */
const GREEDY: Protocol = { ...ECHO, maxConcurrent: 100, rate: { burst: 1000, perSecond: 1000 } };
const rush = (host: MemoryHost): Promise<Uint8Array[]> =>
  collect(sendRequest(host, "bob", GREEDY, bytes(3)));
/** Where the number of requests over time is not what is tested. */
const ROOMY: Protocol = { ...ECHO, rate: GREEDY.rate };
const ADMITTED = admitted(ECHO);

describe("request/response", () => {
  it("carries a request and the frames of its answer", async () => {
    const [alice, bob] = await serving(async function* (request, { peer }) {
      yield request;
      yield new TextEncoder().encode(peer);
    });
    expect(await ask(alice, bytes(3, 7))).to.deep.equal([
      bytes(3, 7),
      new TextEncoder().encode("alice"),
    ]);
    expect(alice.reports.concat(bob.reports)).to.deep.equal([]);
  });

  it("carries empty requests, answers and frames", async () => {
    const [alice] = await serving(async function* (request) {
      if (request.length > 0) yield bytes(0);
    });
    expect(await ask(alice, bytes(0))).to.deep.equal([]);
    expect(await ask(alice, bytes(1))).to.deep.equal([bytes(0)]);
  });

  describe("the asking side", () => {
    it("refuses REQUEST_TOO_LARGE before sending, as its own fault", async () => {
      const [alice] = await serving(async function* () {});
      const error = await expectCodeAsync(() => ask(alice, bytes(17)), "REQUEST_TOO_LARGE");
      expect(error.action).to.equal("local");
    });

    it("reports FRAME_TOO_LARGE", async () => {
      const alice = await rogue([TAG.data, bytes(10), 101]);
      await expectCodeAsync(() => ask(alice), "FRAME_TOO_LARGE");
      expect(alice.reports).to.deep.equal([
        { peer: "bob", code: "FRAME_TOO_LARGE", action: "reject" },
      ]);
    });

    it("reports RESPONSE_TOO_LARGE", async () => {
      const hundred = bytes(100);
      const alice = await rogue(
        [TAG.data, hundred],
        [TAG.data, hundred],
        [TAG.data, hundred],
        [TAG.end, bytes(0)],
      );
      await expectCodeAsync(() => ask(alice), "RESPONSE_TOO_LARGE");
      expect(alice.reports[0]?.action).to.equal("reject");
    });

    it("does not take a cut-off answer for a whole one", async () => {
      const alice = await rogue([TAG.data, bytes(10)]);
      await expectCodeAsync(() => ask(alice), "STREAM_FAILED");
    });

    it("reports BAD_RESPONSE for a malformed error code", async () => {
      const alice = await rogue([TAG.error, new TextEncoder().encode("oh no\n")]);
      await expectCodeAsync(() => ask(alice), "BAD_RESPONSE");
    });

    it("reports BAD_RESPONSE unless there is exactly one frame where one is due", async () => {
      const two = await rogue([TAG.data, bytes(1)], [TAG.data, bytes(1)], [TAG.end, bytes(0)]);
      await expectCodeAsync(() => requestOne(two, "bob", ECHO, bytes(1)), "BAD_RESPONSE");
      const none = await rogue([TAG.end, bytes(0)]);
      await expectCodeAsync(() => requestOne(none, "bob", ECHO, bytes(1)), "BAD_RESPONSE");
    });

    it("gives up on a silent server with TIMEOUT", async () => {
      const [alice, bob] = MemoryHost.pair();
      await bob.onStream("echo", () => never);
      await expectCodeAsync(() => ask(alice), "TIMEOUT");
      expect(alice.reports).to.deep.equal([{ peer: "bob", code: "TIMEOUT", action: "ignore" }]);
    });

    it("gives up on one that dribbles, by the deadline of the whole", async () => {
      const [alice] = await serving(async function* () {
        while (true) {
          await new Promise((resolve) => setTimeout(resolve, 10));
          yield bytes(1);
        }
      });
      const error = await expectCodeAsync(() => ask(alice), "TIMEOUT");
      expect(error.facts).to.include({ timeoutMs: ECHO.totalMs });
    });

    it("can be cancelled, which blames nobody", async () => {
      const [alice, bob] = MemoryHost.pair();
      await bob.onStream("echo", () => never);
      const control = new AbortController();
      const answer = collect(sendRequest(alice, "bob", ECHO, bytes(1), { signal: control.signal }));
      control.abort();
      await expectCodeAsync(() => answer, "CANCELLED");
      expect(alice.reports.every(({ action }) => action === "local")).to.equal(true);
    });
  });

  describe("the answering side", () => {
    it("refuses an oversize request and reports it", async () => {
      const [alice, bob] = await serving(async function* () {});
      const large = { ...ECHO, maxRequestBytes: 1000 };
      await expectCodeAsync(
        () => collect(sendRequest(alice, "bob", large, bytes(17))),
        "REMOTE_ERROR",
      );
      expect(bob.reports).to.deep.equal([
        { peer: "alice", code: "FRAME_TOO_LARGE", action: "reject" },
      ]);
    });

    it("answers NOT_FOUND, BAD_REQUEST and INTERNAL, and blames only for the second", async () => {
      const errors = [
        new P2pError("no", { code: "NOT_FOUND", what: "x" }),
        badRequest("alice", "echo", "odd"),
        new Error("secret detail"),
      ];
      const [alice, bob] = await serving(async function* () {
        const error = errors.shift();
        if (error !== undefined) throw error;
        yield bytes(1);
      });
      await expectCodeAsync(() => ask(alice), "NOT_FOUND");
      const bad = await expectCodeAsync(() => ask(alice), "REMOTE_ERROR");
      expect(bad.facts).to.include({ remoteCode: "BAD_REQUEST" });
      const internal = await expectCodeAsync(() => ask(alice), "REMOTE_ERROR");
      expect(internal.facts).to.include({ remoteCode: "INTERNAL" });
      expect(internal.message).not.to.include("secret");
      expect(bob.reports.map(({ code }) => code)).to.deep.equal(["BAD_REQUEST"]);
    });

    it("does not blame a peer that gives up before it has asked", async () => {
      const [alice, bob] = await serving(async function* () {});
      const { signal } = new AbortController();
      const stream = await alice.openStream("bob", "echo");
      await stream.close(signal);
      for await (const _ of stream.chunks);
      expect(bob.reports).to.deep.equal([]);
    });

    it("says RATE_LIMITED past the rate and serves again later", async () => {
      const [alice, bob] = await serving(async function* () {});
      for (let i = 0; i < ADMITTED.rate.burst; i++) await rush(alice);
      const error = await expectCodeAsync(() => rush(alice), "RATE_LIMITED");
      expect(error.action).to.equal("local");
      expect(bob.reports).to.deep.equal([
        { peer: "alice", code: "RATE_LIMITED", action: "ignore" },
      ]);
      bob.timeMs += 1000;
      await rush(alice);
    });

    it("says RATE_LIMITED past the number of requests at once, without blame", async () => {
      let release = (): void => {};
      const gate = new Promise<void>((resolve) => {
        release = resolve;
      });
      const [alice, bob] = await serving(async function* () {
        await gate;
        yield bytes(1);
      }, ROOMY);
      const running = Array.from({ length: ADMITTED.places }, () => rush(alice));
      const refused = rush(alice);
      await expectCodeAsync(() => refused, "RATE_LIMITED");
      release();
      await Promise.all(running);
      await rush(alice);
      expect(bob.reports).to.deep.equal([]);
    });

    it("frees the place of an asker that gave up", async () => {
      let calls = 0;
      const [alice] = await serving(async function* () {
        calls += 1;
        if (calls <= ADMITTED.places) await never;
        yield bytes(1);
      }, slow(ROOMY));
      const control = new AbortController();
      const { signal } = control;
      const held = Array.from({ length: ADMITTED.places }, () =>
        collect(sendRequest(alice, "bob", slow(GREEDY), bytes(1), { signal })),
      );
      await until("all places to be taken", () => calls === ADMITTED.places);
      control.abort();
      await Promise.allSettled(held);
      expect(await rush(alice)).to.have.length(1);
    });

    it("frees the place of an answer that never comes", async () => {
      const stuck = { ...ECHO, stepMs: 20, totalMs: 40, maxConcurrent: 1 };
      let calls = 0;
      const [alice, bob] = await serving(async function* () {
        calls += 1;
        if (calls === 1) await never;
        yield bytes(1);
      }, stuck);
      await expectCodeAsync(() => collect(sendRequest(alice, "bob", stuck, bytes(1))), "TIMEOUT");
      await until("the place to be free again", async () => {
        bob.timeMs += 1000;
        const answer = collect(sendRequest(alice, "bob", stuck, bytes(1)));
        return answer.then(
          (frames) => frames.length === 1,
          () => false,
        );
      });
    });
  });
});
