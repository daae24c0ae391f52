import { getPriority, setPriority } from "node:os";

/**
 * Gives the calling thread (on Linux) or this process (elsewhere) a lower priority. A priority that is lower already
 * stays, since only a privileged process may raise it.
 * @param niceness 0 to 19
 */
export function lowerPriority(niceness: number): void {
  if (getPriority() < niceness) setPriority(niceness);
}
