import { once } from "node:events";
import { expect } from "chai";
import { WebSocket } from "ws";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { decodeFrame, encodeFrame, MAX_FRAME_BYTES } from "../../../node/workers/frame.ts";
import { replayAssignment } from "../../../node/workers/kinds/replay/assignment.ts";
import { LinkServer } from "../../../node/workers/link-server.ts";
import { machineToken } from "../../../node/workers/machine-token.ts";
import { PROTOCOL_VERSION } from "../../../node/workers/protocol.ts";
import { LINK_TIMINGS, type WorkerLink } from "../../../node/workers/worker-link.ts";
import { SILENT } from "../../../p2p/log.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { until } from "../../helpers/until.ts";
import { ManualClock } from "./manual-clock.ts";

const TOKEN = "a-worker-token";
const engineHash = "ab".repeat(32);
const HELLO = {
  type: "hello",
  version: PROTOCOL_VERSION,
  engine: engineHash,
  threads: 2,
  platform: "test",
};
const startState = new Uint8Array(32).fill(7);
const REPLAY = {
  task: 1,
  seed: new Uint8Array(32),
  index: 0,
  stepsPerSegment: 1,
  startState,
};

describe("LinkServer", () => {
  let clock: ManualClock;
  let server: LinkServer;
  let url: string;
  let links: WorkerLink[];
  let gone: string[];
  let token: { current: string | undefined; refresh(): Promise<void> };

  async function open(options: { maxLinks?: number; helloMs?: number } = {}): Promise<void> {
    clock = new ManualClock();
    links = [];
    gone = [];
    token = { current: TOKEN, refresh: async () => {} };
    server = new LinkServer(
      {
        engineHash,
        remoteToken: token,
        maxLinks: options.maxLinks ?? 4,
        timings: { ...LINK_TIMINGS, helloMs: options.helloMs ?? LINK_TIMINGS.helloMs },
      },
      {
        clock,
        log: SILENT,
        onLink: (link) => links.push(link),
        onGone: (_, reason) => gone.push(reason),
      },
    );
    url = await server.start();
  }

  beforeEach(() => open());
  afterEach(() => server.stop());

  /** A hand-driven worker. */
  async function connect(): Promise<{ socket: WebSocket; heard: Record<string, unknown>[] }> {
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${TOKEN}` } });
    const heard: Record<string, unknown>[] = [];
    socket.on("message", (data) => {
      if (data instanceof Uint8Array) heard.push({ ...decodeFrame(data).header });
    });
    await once(socket, "open");
    return { socket, heard };
  }

  async function link(): Promise<{ socket: WebSocket; heard: Record<string, unknown>[] }> {
    const worker = await connect();
    worker.socket.send(encodeFrame(HELLO));
    await until(() => worker.heard.length > 0, 2_000, "welcome");
    return worker;
  }

  /** @returns status and body of a refused connection */
  function refusal(target: string, authorization: string): Promise<[number, string]> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(target, { headers: { authorization } });
      socket.on("open", () => reject(new Error("was let in")));
      socket.on("error", reject);
      socket.on("unexpected-response", (_, response) => {
        let body = "";
        response.on("data", (chunk) => {
          body += String(chunk);
        });
        response.on("end", () => resolve([response.statusCode ?? 0, body]));
      });
    });
  }

  it("refuses a wrong, an empty and a missing token", async () => {
    for (const authorization of ["Bearer wrong", "Bearer ", "Basic abc", ""]) {
      const [status, body] = await refusal(url, authorization);
      expect(status).to.equal(401);
      expect(body).to.contain("wrong worker token");
      expect(body).not.to.contain(TOKEN);
    }
    expect(links).to.have.length(0);
  });

  it("refuses another path and a link too many", async () => {
    await server.stop();
    await open({ maxLinks: 1 });
    expect((await refusal(url.replace("workers", "else"), `Bearer ${TOKEN}`))[0]).to.equal(404);
    await link();
    expect((await refusal(url, `Bearer ${TOKEN}`))[0]).to.equal(503);
  });

  it("leaves places to other machines and to local workers, whatever one machine holds", async () => {
    const open = async (given: string): Promise<void> => {
      await once(new WebSocket(url, { headers: { authorization: `Bearer ${given}` } }), "open");
    };
    const greedy = machineToken(TOKEN, "greedy");
    await open(greedy);
    await open(greedy);
    expect((await refusal(url, `Bearer ${greedy}`))[0]).to.equal(503);
    await open(machineToken(TOKEN, "other"));
    server.expectLocal("local-1", "child-1");
    server.expectLocal("local-2", "child-2");
    await open("child-1");
    await open("child-2");
  });

  it("ends the links of a token that was replaced, and takes the new one at once", async () => {
    const { socket } = await connect();
    socket.send(encodeFrame(HELLO));
    await until(() => links.length === 1, 5_000, "the link");
    token.refresh = async () => {
      token.current = "a-newer-token";
    };
    clock.advance(LINK_TIMINGS.heartbeatMs);
    await until(() => gone.length === 1, 5_000, "its end");
    expect(gone).to.deep.equal(["its token was replaced"]);
    expect((await refusal(url, `Bearer ${TOKEN}`))[0]).to.equal(401);
    const newer = new WebSocket(url, { headers: { authorization: "Bearer a-newer-token" } });
    await once(newer, "open");
    newer.terminate();
  });

  it("takes the token of a local worker once", async () => {
    server.expectLocal("local-1", "child-token");
    const headers = { authorization: "Bearer child-token" };
    const socket = new WebSocket(url, { headers });
    await once(socket, "open");
    socket.send(encodeFrame(HELLO));
    await until(() => links.length === 1, 2_000, "link");
    expect(links[0]?.status()).to.include({ id: "local-1", kind: "local", state: "idle" });
    expect((await refusal(url, headers.authorization))[0]).to.equal(401);
  });

  it("tells an accepted worker its name and the heartbeat interval", async () => {
    const { heard } = await link();
    expect(heard[0]).to.include({ type: "welcome", worker: "remote-1", heartbeatMs: 10_000 });
    expect(links[0]?.identity).to.include({ kind: "remote", threads: 2, platform: "test" });
  });

  for (const [what, change, refused] of [
    ["engine", { engine: "cd".repeat(32) }, "engine"],
    ["protocol version", { version: 1 }, "version"],
  ] as const) {
    it(`refuses another ${what} and says what to do`, async () => {
      const { socket, heard } = await connect();
      const closed = once(socket, "close");
      socket.send(encodeFrame({ ...HELLO, ...change }));
      await closed;
      expect(heard[0]).to.include({ type: "refused", refusal: refused });
      expect(heard[0]?.message).to.contain("install the same release");
      expect(links).to.have.length(0);
    });
  }

  it("does not wait for a hello forever", async () => {
    await server.stop();
    await open({ helloMs: 50 });
    const { socket, heard } = await connect();
    await once(socket, "close");
    expect(heard[0]).to.include({ type: "refused", refusal: "no-hello" });
  });

  it("closes a link that sends an oversize frame", async () => {
    const { socket } = await link();
    socket.on("error", () => {});
    const closed = once(socket, "close");
    socket.send(new Uint8Array(MAX_FRAME_BYTES + 1));
    expect((await closed)[0]).to.equal(1009);
    await until(() => gone.length === 1, 2_000, "news of it");
  });

  const progress = { type: "progress", task: 1, step: 1, steps: 1, loss: 0 };
  const output = {
    type: "output",
    task: 1,
    name: "state",
    index: 0,
    hash: engineHash,
    size: 2 ** 31,
  };
  for (const [what, message] of [
    ["text", "hello"],
    ["random bytes", new Uint8Array(100).fill(9)],
    ["a second hello", encodeFrame(HELLO)],
    ["an unknown message", encodeFrame({ type: "shutdown" })],
    ["a payload where none belongs", encodeFrame(progress, new Uint8Array(3))],
    ["an output it was not asked for", encodeFrame(output)],
    ["a part of nothing", encodeFrame({ type: "part", task: 1, offset: 0 }, new Uint8Array(3))],
    [
      "a result of another kind",
      encodeFrame({
        type: "done",
        task: 1,
        result: { kind: "baseline", segments: 0, coreShare: 0.5 },
      }),
    ],
    [
      "a list of inputs that do not exist",
      encodeFrame({ type: "lacks", task: 1 }, new Uint8Array([9, 0, 0, 0])),
    ],
  ] as const) {
    it(`closes a link that sends ${what}; its task is lost, not the node`, async () => {
      const { socket } = await link();
      const lost = expectCodeAsync(
        () => linkOf().run(replayAssignment(REPLAY), { signal: new AbortController().signal }),
        "LINK_LOST",
      );
      const closed = once(socket, "close");
      socket.send(message);
      expect((await closed)[0]).to.equal(1002);
      await lost;
      expect(linkOf().status().state).to.equal("failed");
    });
  }

  it("sends an input only when it is lacking, and takes the result", async () => {
    const { socket, heard } = await link();
    const result = linkOf().run(replayAssignment(REPLAY), { signal: new AbortController().signal });
    await until(() => heard.length === 2, 2_000, "order");
    expect(heard[1]).to.deep.include({ type: "order", task: 1 });
    expect(linkOf().status()).to.include({ state: "busy", task: "replay" });
    socket.send(encodeFrame({ type: "lacks", task: 1 }, new Uint8Array(4)));
    await until(() => heard.length === 3, 2_000, "input");
    expect(heard[2]).to.deep.equal({ type: "part", task: 1, offset: 0 });
    const hash = toHex(sha256(startState));
    socket.send(encodeFrame({ type: "done", task: 1, result: { kind: "replay", hash } }));
    expect(toHex(await result)).to.equal(hash);
    expect(linkOf().idle).to.equal(true);
  });

  it("calls a silent worker suspect, then fails it", async () => {
    const { socket } = await link();
    // Stops reading, so pings stay unanswered.
    socket.pause();
    const lost = expectCodeAsync(
      () => linkOf().run(replayAssignment(REPLAY), { signal: new AbortController().signal }),
      "LINK_LOST",
    );
    clock.advance(29_999);
    expect(linkOf().status().state).to.equal("busy");
    clock.advance(1);
    expect(linkOf().status().state).to.equal("suspect");
    await passUntil(() => gone.length === 1, "end of the link");
    await lost;
    expect(linkOf().status().state).to.equal("failed");
    expect(gone[0]).to.contain("silent");
  });

  it("keeps a worker that answers pings", async () => {
    const { socket } = await link();
    let pings = 0;
    socket.on("ping", () => {
      pings += 1;
    });
    await passUntil(() => pings === 10, "tenth ping");
    expect(gone).to.have.length(0);
  });

  it("gives up a worker that does not stop when told", async () => {
    const { heard } = await link();
    const abort = new AbortController();
    const result = linkOf().run(replayAssignment(REPLAY), { signal: abort.signal });
    await until(() => heard.length === 2, 2_000, "order");
    abort.abort(new Error("not wanted"));
    const reason = await result.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(reason).to.have.property("message", "not wanted");
    await until(() => heard.length === 3, 2_000, "stop");
    expect(heard[2]).to.deep.equal({ type: "stop", task: 1, how: "abandon" });
    expect(linkOf().idle).to.equal(false);
    await passUntil(() => gone.length === 1, "end of the link");
    expect(gone[0]).to.contain("did not stop");
  });

  /** Lets time pass, five seconds of the clock at a time. */
  function passUntil(condition: () => boolean, what: string): Promise<void> {
    const pass = (): boolean => {
      if (!condition()) clock.advance(5_000);
      return condition();
    };
    return until(pass, 10_000, what);
  }

  function linkOf(): WorkerLink {
    const [first] = links;
    if (first === undefined) throw new Error("no worker is linked");
    return first;
  }
});
