/** An API on a free loopback port over a fixture node, and raw requests to it. */
import { type Api, type ApiOptions, createApi } from "../../../node/api/server.ts";
import type { Clock } from "../../../node/clock.ts";
import { SILENT } from "../../../p2p/log.ts";
import { FixtureNode } from "../../helpers/fixture-node.ts";

export const TOKEN = "a-token-of-the-tests";

export interface TestApi {
  readonly api: Api;
  readonly node: FixtureNode;
  readonly url: string;
  readonly clock: { nowMs: number };
  stop(): Promise<void>;
}

export async function startApi(
  options: Partial<ApiOptions> = {},
  node = new FixtureNode(),
): Promise<TestApi> {
  const clock = { nowMs: 0 };
  const api = createApi(
    { host: "127.0.0.1", port: 0, token: TOKEN, ...options },
    { services: node, clock: clockOf(clock), log: SILENT },
  );
  await api.start();
  const stop = async (): Promise<void> => {
    await api.stop();
    await node.close();
  };
  return { api, node, clock, url: `http://127.0.0.1:${api.port}`, stop };
}

function clockOf(clock: { nowMs: number }): Clock {
  return {
    now: () => clock.nowMs,
    monotonic: () => clock.nowMs,
    sleep: async () => undefined,
    timeout: (ms) => AbortSignal.timeout(ms),
  };
}

export interface ProblemAnswer {
  readonly status: number;
  readonly type: string;
  readonly code: string;
  readonly detail: string;
  readonly field: string | undefined;
  readonly remedy: string | undefined;
}

/** Sends a request that is expected to be refused. */
export async function refusal(url: string, init: RequestInit = {}): Promise<ProblemAnswer> {
  const answer = await fetch(url, init);
  const { code, detail, field, remedy } = (await answer.json()) as ProblemAnswer;
  const type = answer.headers.get("content-type") ?? "";
  return { status: answer.status, type, code, detail, field, remedy };
}

export function post(
  body: string | Uint8Array<ArrayBuffer>,
  type = "application/json",
): RequestInit {
  return {
    method: "POST",
    body,
    headers: { "content-type": type, authorization: `Bearer ${TOKEN}` },
  };
}

export const CSV = `sepal,petal,label
${Array.from({ length: 60 }, (_, i) => `${(i % 3) + i / 100},${(i % 3) * 2 - i / 90},class${i % 3}`).join("\n")}
`;
