/** The view of each kind of work. */
import type { JobKind } from "../../../chain/types/job.ts";
import { SEARCH_VIEW } from "./search-view.ts";
import { TRAIN_VIEW } from "./train-view.ts";
import type { JobView } from "./view.ts";

const VIEWS: { readonly [K in JobKind]: JobView<K> } = { train: TRAIN_VIEW, search: SEARCH_VIEW };

export function viewOf<K extends JobKind>({ kind }: { readonly kind: K }): JobView<K> {
  return VIEWS[kind];
}
