/**
 * What the page knows, kept fresh by the event stream. Views read it and listen; nothing polls while
 * the stream is live, and bursts of events become one refresh.
 */
import { follow, get } from "./api.js";

const KEPT_BLOCKS = 40;
const REFRESH_MS = 1500;
/** Without an event for so long the node is asked how it is: silence is news, too. */
const QUIET_MS = 4000;

/** @typedef {"status" | "nodes" | "jobs" | "blocks" | "training" | "live"} Topic */

export const store = {
  /** @type {any} */
  status: undefined,
  /** @type {any} */
  nodes: { nodes: [], totalWeight: "0" },
  /** @type {any[]} newest first */
  jobs: [],
  /** @type {any[]} newest first */
  blocks: [],
  /** Steps of shards this node trains: `job node` -> event data. @type {Map<string, any>} */
  training: new Map(),
  /** @type {"connecting" | "live" | "lost"} */
  live: "connecting",
};

/** @type {Set<(topic: Topic, data: any) => void>} */
const listeners = new Set();

/**
 * @param {(topic: Topic, data: any) => void} listener
 * @returns {() => void} unsubscribe
 */
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @param {Topic} topic @param {any} [data] */
function tell(topic, data) {
  for (const listener of listeners) listener(topic, data);
}

/** Reads everything once, then follows. */
export async function start() {
  await reload();
  setInterval(() => {
    if (Date.now() - heardAt > QUIET_MS) refresh("status");
  }, QUIET_MS / 2);
  follow(take, (state, missed) => {
    store.live = state;
    tell("live");
    if (missed) reload().catch(lost);
  });
}

async function reload() {
  const [status, nodes, jobs, blocks] = await Promise.all([
    get("/v1/status"),
    get("/v1/nodes"),
    get("/v1/jobs"),
    get(`/v1/blocks?limit=${KEPT_BLOCKS}`),
  ]);
  Object.assign(store, { status, nodes, jobs: jobs.jobs, blocks: blocks.blocks });
  for (const topic of /** @type {const} */ (["status", "nodes", "jobs", "blocks"])) tell(topic);
}

let heardAt = Date.now();

/** @param {{ type: string, data: any }} event */
function take({ type, data }) {
  heardAt = Date.now();
  switch (type) {
    case "block":
      store.blocks = [data, ...store.blocks.filter(({ height }) => height < data.height)];
      store.blocks.length = Math.min(store.blocks.length, KEPT_BLOCKS);
      store.status = {
        ...store.status,
        height: data.height,
        headHash: data.hash,
        headTime: data.time,
      };
      tell("blocks");
      refresh("status");
      if (data.transactions > 0 || data.ratingChanges > 0) refresh("nodes");
      break;
    case "job":
      store.jobs = [data, ...store.jobs.filter(({ id }) => id !== data.id)].sort(
        (a, b) => b.openedAt - a.openedAt,
      );
      tell("jobs", data);
      break;
    case "round":
      tell("jobs", { id: data.job });
      break;
    case "training":
      store.training.set(`${data.job} ${data.node}`, data);
      tell("training", data);
      break;
    case "rating":
      refresh("nodes");
      break;
    case "peer":
      refresh("status");
      break;
  }
}

/** @type {Map<string, number>} */
const waiting = new Map();

/** @param {"status" | "nodes"} what */
function refresh(what) {
  if (waiting.has(what)) return;
  waiting.set(
    what,
    setTimeout(async () => {
      try {
        store[what] = await get(`/v1/${what}`);
        tell(what);
      } catch {
        lost();
      } finally {
        waiting.delete(what);
      }
    }, REFRESH_MS),
  );
}

function lost() {
  store.live = "lost";
  tell("live");
}
