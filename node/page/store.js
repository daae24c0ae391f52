/**
 * The data that the page shows, kept up to date by the event stream. Views read it and listen; nothing polls while the
 * stream is live, and bursts of events become one refresh.
 */
import { follow, get } from "./api.js";

/** @import { BlockSummary } from "../api/contract/block.ts" */
/** @import { EventData } from "../api/contract/event.ts" */
/** @import { JobSummary } from "../api/contract/jobs/job.ts" */
/** @import { NodeList, Status } from "../api/contract/network.ts" */
/** @import { PageEvent } from "./api.js" */

const KEPT_BLOCKS = 40;
const REFRESH_MS = 1500;
/** If no event comes for so long, the page asks the node for its status. */
const QUIET_MS = 4000;

/**
 * What changed: a whole topic, or only the job or step of work that is given.
 * @typedef {{ topic: "status" | "nodes" | "blocks" | "live" }
 *   | { topic: "jobs", id?: string }
 *   | { topic: "training", data: EventData["training"] }} Change
 */

export const store = {
  /** Undefined until it was read. @type {Status | undefined} */
  status: undefined,
  /** @type {NodeList} */
  nodes: { nodes: [], totalWeight: "0" },
  /** Newest first. @type {JobSummary[]} */
  jobs: [],
  /** Newest first. @type {BlockSummary[]} */
  blocks: [],
  /** Steps of shards that this node trains: `job node` -> event data. @type {Map<string, EventData["training"]>} */
  training: new Map(),
  /** @type {"connecting" | "live" | "lost"} */
  live: "connecting",
};

/** The status, for views that are shown only after it was read. */
export function readStatus() {
  if (store.status === undefined) throw new TypeError("the status was not read yet");
  return store.status;
}

/** @type {Set<(change: Change) => void>} */
const listeners = new Set();

/**
 * @param {(change: Change) => void} listener
 * @returns {() => void} unsubscribe
 */
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @param {Change} change */
function tell(change) {
  for (const listener of listeners) listener(change);
}

/** Reads everything once, then follows. */
export async function start() {
  await reload();
  setInterval(() => {
    if (Date.now() - heardAt > QUIET_MS) refresh("status");
  }, QUIET_MS / 2);
  follow(take, (state, missed) => {
    store.live = state;
    tell({ topic: "live" });
    if (missed) reload().catch(lost);
  });
}

async function reload() {
  const [status, nodes, jobs, blocks] = await Promise.all([
    get("/v1/status"),
    get("/v1/nodes"),
    get("/v1/jobs"),
    get("/v1/blocks", { limit: KEPT_BLOCKS }),
  ]);
  Object.assign(store, { status, nodes, jobs: jobs.jobs, blocks: blocks.blocks });
  for (const topic of /** @type {const} */ (["status", "nodes", "jobs", "blocks"])) {
    tell({ topic });
  }
}

let heardAt = Date.now();

/** @param {PageEvent} event */
function take({ type, data }) {
  heardAt = Date.now();
  switch (type) {
    case "block":
      store.blocks = [data, ...store.blocks.filter(({ height }) => height < data.height)];
      store.blocks.length = Math.min(store.blocks.length, KEPT_BLOCKS);
      store.status = {
        ...readStatus(),
        height: data.height,
        headHash: data.hash,
        headTime: data.time,
      };
      tell({ topic: "blocks" });
      refresh("status");
      if (data.transactions > 0 || data.ratingChanges > 0) refresh("nodes");
      break;
    case "job":
      store.jobs = [data, ...store.jobs.filter(({ id }) => id !== data.id)].sort(
        (a, b) => b.openedAt - a.openedAt,
      );
      tell({ topic: "jobs", id: data.id });
      break;
    case "round":
      tell({ topic: "jobs", id: data.job });
      break;
    case "training":
      store.training.set(`${data.job} ${data.node}`, data);
      tell({ topic: "training", data });
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
    window.setTimeout(async () => {
      try {
        if (what === "status") store.status = await get("/v1/status");
        else store.nodes = await get("/v1/nodes");
        tell({ topic: what });
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
  tell({ topic: "live" });
}
