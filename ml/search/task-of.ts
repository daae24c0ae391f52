/** Makes the task for an algorithm from an order. */
import { SEARCH_ENDIANS, type SearchSpec } from "../../chain/types/search.ts";
import type { SearchTask } from "./search-task.ts";

/** @throws RangeError for an order that the chain would not have taken */
export function taskOf({ prefix, suffix, nonceBytes, endian, target }: SearchSpec): SearchTask {
  const order = SEARCH_ENDIANS[endian];
  if (order === undefined || (nonceBytes !== 4 && nonceBytes !== 8)) {
    throw new RangeError(`nonces of ${nonceBytes} bytes in order ${endian}`);
  }
  return { prefix, suffix, nonceBytes, endian: order, target };
}
