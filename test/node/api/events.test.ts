/** The event stream: live events, resuming after a cursor, lost events, slow readers, reconnecting. */
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import { WebSocket } from "ws";
import { PomlClient } from "../../../node/api/client.ts";
import {
  CLOSE_SLOW_READER,
  CLOSE_TOO_MANY,
  EVENT_DATA,
  type EventJson,
} from "../../../node/api/contract/event.ts";
import { EventLog, FixtureNode } from "../../helpers/fixture-node.ts";
import { jobSpec, openJob } from "../../helpers/job-run.ts";
import { until } from "../../helpers/until.ts";
import { startApi, type TestApi } from "./support.ts";

interface Message {
  readonly type: string;
  readonly cursor: number;
  readonly resumed?: boolean;
}

describe("event stream", () => {
  const open: { stop(): unknown }[] = [];

  afterEach(async () => {
    for (const thing of open.splice(0).reverse()) await thing.stop();
  });

  async function start(
    options: Parameters<typeof startApi>[0] = {},
    node = new FixtureNode(),
  ): Promise<TestApi> {
    const test = await startApi(options, node);
    open.push(test);
    return test;
  }

  /** A reader that collects; its first message is the greeting. */
  async function read(test: TestApi, query = ""): Promise<Message[]> {
    const socket = new WebSocket(`${test.url.replace("http", "ws")}/v1/events${query}`);
    open.push({ stop: () => socket.terminate() });
    const messages: Message[] = [];
    socket.on("message", (data) => messages.push(JSON.parse(String(data)) as Message));
    await until(() => messages.length > 0, 5000, "greeting");
    return messages;
  }

  const cursors = (messages: readonly Message[]) => messages.slice(1).map(({ cursor }) => cursor);
  const emit = (test: TestApi, count: number): void => {
    for (let i = 0; i < count; i++)
      test.node.events.emit("log", { level: "info", message: `${i}` });
  };

  it("sends new events only, to begin with", async () => {
    const test = await start();
    emit(test, 3);
    const messages = await read(test);
    expect(messages[0]).to.deep.equal({ type: "hello", cursor: 3, resumed: true });
    emit(test, 2);
    await until(() => messages.length === 3, 5000, "two events");
    expect(cursors(messages)).to.deep.equal([4, 5]);
  });

  it("resumes after a cursor without a gap or a repetition", async () => {
    const test = await start();
    emit(test, 5);
    const messages = await read(test, "?since=2");
    emit(test, 1);
    await until(() => messages.length === 5, 5000, "four events");
    expect(messages[0]?.resumed).to.equal(true);
    expect(cursors(messages)).to.deep.equal([3, 4, 5, 6]);
  });

  it("says when events are lost, and replays what is kept", async () => {
    const test = await start({}, new FixtureNode(new EventLog(3)));
    emit(test, 10);
    const late = await read(test, "?since=2");
    await until(() => late.length === 4, 5000, "kept events");
    expect(late[0]?.resumed).to.equal(false);
    expect(cursors(late)).to.deep.equal([8, 9, 10]);
    const earlierRun = await read(test, "?since=500");
    await until(() => earlierRun.length === 4, 5000, "kept events");
    expect(earlierRun[0]).to.include({ resumed: false, cursor: 10 });
  });

  it("disconnects a reader that does not read, and gives it the cursor to resume from", async () => {
    const test = await start({ limits: { eventQueue: 20 } });
    const quick = await read(test);
    const slow = await pausedReader(test);
    open.push({ stop: () => slow.destroy() });
    await until(() => test.node.events.listeners === 2, 5000, "two readers");
    const message = "x".repeat(512 * 1024);
    let sent = 0;
    while (test.node.events.listeners === 2 && sent < 200) {
      test.node.events.emit("log", { level: "info", message });
      sent++;
      await until(() => quick.length === sent + 1, 5000, "the quick reader");
    }
    let tail = Buffer.alloc(0);
    slow.on("data", (part) => {
      tail = Buffer.concat([tail, part]).subarray(-100);
    });
    slow.resume();
    await until(() => tail.includes("resume with since="), 5000, "the close frame");
    const [, since = ""] = /resume with since=(\d+)$/.exec(tail.toString("latin1")) ?? [];
    const code = tail.readUInt16BE(tail.indexOf("too slow") - 2);
    expect(code).to.equal(CLOSE_SLOW_READER);
    expect(Number(since)).to.be.within(1, sent - 20);
  });

  it("takes no more readers than its limit", async () => {
    const test = await start({ limits: { eventClients: 1 } });
    await read(test);
    const second = new WebSocket(`${test.url.replace("http", "ws")}/v1/events`);
    const code = await new Promise((resolve) => second.once("close", resolve));
    expect(code).to.equal(CLOSE_TOO_MANY);
  });

  it("sends events in the form of the contract, from the chain's own blocks", async () => {
    const test = await start();
    const events: EventJson[] = [];
    const stop = new AbortController();
    const reading = new PomlClient(test.url).events(0, (e) => events.push(e), stop.signal);
    const { chain } = test.node;
    await test.node.submit(openJob(chain, chain.client, jobSpec("events", { rounds: 1 })));
    test.node.runJobs();
    await until(() => events.length === test.node.events.cursor, 5000, "all events");
    stop.abort();
    await reading;
    expect(new Set(events.map(({ type }) => type))).to.include.members(["block", "job", "round"]);
    for (const { type, data } of events) EVENT_DATA[type].parse(data);
  });

  it("is resumed by the client when the node comes back", async () => {
    const node = new FixtureNode();
    const first = await startApi({}, node);
    const seen: number[] = [];
    const stop = new AbortController();
    const reading = new PomlClient(first.url).events(0, (e) => seen.push(e.cursor), stop.signal);
    emit(first, 2);
    await until(() => seen.length === 2, 5000, "first events");
    await first.stop();
    emit(first, 2);
    const second = await start({ port: Number(new URL(first.url).port) }, node);
    await until(() => seen.length === 4, 10_000, "events of the gap");
    emit(second, 1);
    await until(() => seen.length === 5, 5000, "a live event");
    stop.abort();
    await reading;
    expect(seen).to.deep.equal([1, 2, 3, 4, 5]);
  });
});

/** A handshake by hand, and then silence: what a reader looks like that never reads. */
async function pausedReader(test: TestApi): Promise<Socket> {
  const socket = connect(test.api.port, "127.0.0.1");
  const lines = [
    "GET /v1/events HTTP/1.1",
    "host: localhost",
    "upgrade: websocket",
    "connection: upgrade",
    "sec-websocket-version: 13",
    "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
  ];
  socket.on("error", () => undefined);
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  await new Promise((resolve) => socket.once("data", resolve));
  return socket.pause();
}
