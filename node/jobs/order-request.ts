/** An order as a client states it, of any kind of work. */
import type { SearchRequest } from "./search/search-request.ts";
import type { JobRequest } from "./train/job-request.ts";

export type OrderRequest =
  | { readonly kind: "train"; readonly order: JobRequest }
  | { readonly kind: "search"; readonly order: SearchRequest };
