/** Starting a node on files it may refuse. */
import type { LocalNode } from "../../../helpers/local-network.ts";
import { until } from "../../../helpers/until.ts";

const START_MS = 120_000;

export interface Refusal {
  readonly code: string;
  readonly remedy: string;
  /** How the process ended, e.g. `exit status 7`. */
  readonly exit: string;
}

/** @returns what the node said when it ended by itself, or undefined when it serves */
export async function tryStart(node: LocalNode): Promise<Refusal | undefined> {
  const child = await node.launch("--json");
  const isServing = (): Promise<boolean> =>
    node.client.status().then(
      () => true,
      () => false,
    );
  let serves = false;
  const isDecided = async (): Promise<boolean> => {
    serves = await isServing();
    return serves || !child.isRunning;
  };
  await until(isDecided, START_MS, `start or end of ${node.name}`);
  if (serves) return undefined;
  const exit = await child.ended;
  const line = (await child.tail(20)).split("\n").findLast((text) => text.startsWith('{"error"'));
  const { code = "", remedy = "" } = JSON.parse(line ?? '{"error":{}}').error;
  return { code, remedy, exit };
}

/** A start that must be refused. */
export async function endedStart(node: LocalNode): Promise<Refusal> {
  const refusal = await tryStart(node);
  if (refusal === undefined) throw new Error(`${node.name} serves, though it should have refused`);
  return refusal;
}
