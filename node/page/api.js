/** Requests to the node that served this page, and its event stream with resuming. */

/** @import { AnswerOf, AnswerPath } from "../api/contract/answers.ts" */
/** @import { EventData, HelloJson } from "../api/contract/event.ts" */
/** @import { RoundJson } from "../api/contract/jobs/job.ts" */

/**
 * An event with the data of its type. @typedef {{ [T in keyof EventData]: { type: T, cursor: number, data: EventData[T]
 * } }[keyof EventData]} PageEvent
 */

/** A refusal of the node, with its HTTP status. */
export class Refused extends Error {
  /** @param {string} message @param {number} status */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/**
 * The answer of a route, in the type that the table of the contract gives.
 * @template {AnswerPath} P
 * @param {P} path as the table writes it, e.g. `/v1/jobs/{id}`
 * @param {Readonly<Record<string, string | number>>} [values] for the parts in braces; the others become the query
 * @returns {Promise<AnswerOf<P>>}
 * @throws {Refused}
 */
export async function get(path, values = {}) {
  const rest = new URLSearchParams();
  /** @type {string} */
  let filled = path;
  for (const [name, value] of Object.entries(values)) {
    if (path.includes(`{${name}}`)) {
      filled = filled.replace(`{${name}}`, encodeURIComponent(value));
    } else rest.set(name, String(value));
  }
  return /** @type {AnswerOf<P>} */ (await ask(rest.size === 0 ? filled : `${filled}?${rest}`));
}

/**
 * @param {string} path
 * @returns {Promise<unknown>}
 * @throws {Refused}
 */
export async function ask(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(15_000) });
  const body = /** @type {unknown} */ (await answer.json());
  if (answer.ok) return body;
  const detail = /** @type {{ detail?: string }} */ (body).detail;
  throw new Refused(detail ?? `the node answered ${answer.status}`, answer.status);
}

/** The reason of a failure, in words. @param {unknown} error */
export function reasonOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/** Whether the node answered that it does not know the requested object. @param {unknown} error */
export function isUnknown(error) {
  return error instanceof Refused && error.status === 404;
}

/**
 * All recorded rounds of a job, page by page.
 * @param {string} id
 */
export async function getRounds(id) {
  /** @type {RoundJson[]} */
  const all = [];
  for (let from = 1; ; ) {
    const { rounds, next } = await get("/v1/jobs/{id}/rounds", { id, from });
    all.push(...rounds);
    if (next === undefined || next <= from) return all;
    from = next;
  }
}

const SILENCE_MS = 20_000;
const MAX_BACKOFF_MS = 8000;

/**
 * Follows the events for as long as the page is open.
 * @param {(event: PageEvent) => void} onEvent
 * @param {(state: "live" | "lost", missed: boolean) => void} onState `missed`: events were lost, so the page must read
 *   everything anew
 */
export function follow(onEvent, onState) {
  /** @type {number | undefined} */
  let since;
  let backoffMs = 250;
  connect();

  function connect() {
    const url = new URL("/v1/events", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    if (since !== undefined) url.searchParams.set("since", String(since));
    const socket = new WebSocket(url);
    // This ends a connection that never opens; the server's pings watch one that has opened.
    const opening = setTimeout(() => socket.close(), SILENCE_MS);
    socket.addEventListener("message", ({ data }) => {
      const message = /** @type {HelloJson | PageEvent} */ (JSON.parse(data));
      if (message.type === "hello") {
        clearTimeout(opening);
        backoffMs = 250;
        const first = since === undefined;
        since = first || message.resumed ? (since ?? message.cursor) : 0;
        onState("live", !first && !message.resumed);
        return;
      }
      since = message.cursor;
      onEvent(message);
    });
    socket.addEventListener("close", () => {
      clearTimeout(opening);
      onState("lost", false);
      setTimeout(connect, backoffMs);
      backoffMs = Math.min(2 * backoffMs, MAX_BACKOFF_MS);
    });
  }
}
