import { expect } from "chai";
import { TURN_MS, TurnUse } from "../../../node/workers/turn-use.ts";
import type { WorkerLink } from "../../../node/workers/worker-link.ts";
import { WorkerQueue } from "../../../node/workers/worker-queue.ts";
import { Turns } from "../../../node/workers/worker-turns.ts";
import { ManualClock } from "./manual-clock.ts";

const SIGNAL = new AbortController().signal;
const SEARCH = { isForUrgent: true, after: "units" };
const REPLAY = { isForUrgent: false, after: "units" };

/** One worker; what it does is seen by when its task is ended. */
class OneWorker {
  readonly clock = new ManualClock();
  readonly link = { idle: false } as unknown as WorkerLink;
  readonly queue = new WorkerQueue();
  readonly turns: Turns;

  constructor() {
    this.queue.add(this.link);
    this.turns = new Turns(this.queue, this.clock);
  }

  begin(givesWay: typeof SEARCH, use = new TurnUse()): Running {
    const over = new AbortController();
    let send: (name: string) => void = () => {};
    const run = async (end: AbortSignal, onOutput: (name: string) => void): Promise<boolean> => {
      send = onOutput;
      await new Promise<void>((resolve) => {
        end.addEventListener("abort", () => resolve());
        over.signal.addEventListener("abort", () => resolve());
      });
      return end.aborted;
    };
    let isEnded = false;
    const done = this.turns.during(this.link, { givesWay, use, run }).then((ended) => {
      isEnded = ended;
    });
    return {
      send: (name) => send(name),
      isEnded: () => isEnded,
      finish: async () => {
        over.abort();
        await done;
      },
    };
  }

  /** A search waits for the worker. */
  wait(givesWay: boolean, urgent = false): AbortController {
    const over = new AbortController();
    const waiting = { signal: over.signal, urgent, givesWay };
    this.queue.use(waiting, async () => {}).catch(() => {});
    return over;
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settled();
  }
}

interface Running {
  send(name: string): void;
  isEnded(): boolean;
  finish(): Promise<void>;
}

/** Promises that can go on have gone on. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

describe("turns of replays and searches on one worker", () => {
  let worker: OneWorker;

  beforeEach(() => {
    worker = new OneWorker();
  });

  it("a search is ended at once for an urgent task", async () => {
    const search = worker.begin(SEARCH);
    void worker.turns.makeWay(() => true, new TurnUse(), SIGNAL);
    await settled();
    expect(search.isEnded()).equal(true);
  });

  it("a replay goes on while no search waits, and to the end when other work is first in line", async () => {
    const replay = worker.begin(REPLAY);
    await worker.pass(10 * TURN_MS);
    worker.wait(false);
    worker.wait(true);
    await worker.pass(10 * TURN_MS);
    replay.send("units");
    await settled();
    expect(replay.isEnded()).equal(false);
    await replay.finish();
  });

  it("a replay is ended after its turn for a search that waits, but only with units that it has done", async () => {
    const use = new TurnUse();
    const replay = worker.begin(REPLAY, use);
    worker.wait(true);
    await worker.pass(TURN_MS - 1);
    replay.send("units");
    await settled();
    expect(replay.isEnded(), "within its turn").equal(false);
    await worker.pass(1);
    replay.send("find");
    await worker.pass(60 * TURN_MS);
    expect(replay.isEnded(), "in the middle of a unit").equal(false);
    replay.send("units");
    await settled();
    expect(replay.isEnded()).equal(true);
    expect(use.isOver).equal(true);
  });

  it("a search that has got its worker back keeps it for a turn, until it has done units", async () => {
    const use = new TurnUse();
    use.ms = TURN_MS;
    const search = worker.begin(SEARCH);
    void worker.turns.makeWay(() => true, use, SIGNAL);
    search.send("units");
    await worker.pass(TURN_MS - 1);
    search.send("units");
    await settled();
    expect(search.isEnded(), "within its turn").equal(false);
    await worker.pass(1);
    expect(search.isEnded(), "in the middle of a unit").equal(false);
    search.send("units");
    await settled();
    expect(search.isEnded()).equal(true);
  });

  it("the parts of a claim share a turn: a hundred short ones do not put a search off for longer than one", async () => {
    const use = new TurnUse();
    for (let part = 0; part < 100 && !use.isOver; part++) {
      const replay = worker.begin(REPLAY, use);
      await worker.pass(TURN_MS / 10);
      await replay.finish();
      expect(use.ms).equal(((part + 1) * TURN_MS) / 10);
    }
    const search = worker.begin(SEARCH);
    void worker.turns.makeWay(() => true, use, SIGNAL);
    search.send("units");
    await worker.pass(TURN_MS / 2);
    search.send("units");
    expect(search.isEnded()).equal(false);
    await search.finish();
    await worker.begin(REPLAY, use).finish();
    expect(use.ms, "a new turn").equal(0);
  });

  it("a task that has got a worker meanwhile takes none from a search", async () => {
    const use = new TurnUse();
    use.ms = TURN_MS;
    const got = new AbortController();
    const search = worker.begin(SEARCH);
    void worker.turns.makeWay(() => true, use, got.signal);
    got.abort();
    await worker.pass(2 * TURN_MS);
    search.send("units");
    await settled();
    expect(search.isEnded()).equal(false);
    await search.finish();
  });
});
