/** What a node keeps of the newest final block besides the state. */
import type { Certificate, Header } from "../../chain/types/block.ts";
import type { Seat } from "../../chain/types/node.ts";

/** The last final block and who certified it. */
export interface ChainTip {
  readonly header: Header | undefined;
  readonly certificate: Certificate | undefined;
  readonly seats: readonly Seat[];
}
