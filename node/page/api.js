/** Requests to the node that served this page, and its event stream with resuming. */

/**
 * @param {string} path
 * @returns {Promise<any>}
 * @throws Error with the HTTP `status`, where the node refused
 */
export async function get(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(15_000) });
  const body = await answer.json();
  if (!answer.ok) {
    const error = new Error(body.detail ?? `the node answered ${answer.status}`);
    throw Object.assign(error, { status: answer.status });
  }
  return body;
}

/**
 * All recorded rounds of a job, page by page.
 * @param {string} id
 * @returns {Promise<any[]>}
 */
export async function getRounds(id) {
  const all = [];
  for (let from = 1; ; ) {
    const { rounds, next } = await get(`/v1/jobs/${id}/rounds?from=${from}`);
    all.push(...rounds);
    if (next === undefined || next <= from) return all;
    from = next;
  }
}

const SILENCE_MS = 20_000;
const MAX_BACKOFF_MS = 8000;

/**
 * Follows the events for as long as the page is open.
 * @param {(event: { type: string, cursor: number, data: any }) => void} onEvent
 * @param {(state: "live" | "lost", missed: boolean) => void} onState `missed`: events were lost, read anew
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
    // A connection that never opens ends here; one that opened is watched by the server's pings.
    const opening = setTimeout(() => socket.close(), SILENCE_MS);
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(data);
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
