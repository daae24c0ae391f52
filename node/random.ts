/** Random bytes as the node's services take them; tests and simulations pass their own. */
import { randomBytes } from "node:crypto";

export type RandomBytes = (count: number) => Uint8Array;

export const systemRandom: RandomBytes = (count) => new Uint8Array(randomBytes(count));
