/** RFC 9457 problem details: the body of every answer that is not a success. */
import { z } from "zod";

export const PROBLEM_TYPE = "application/problem+json";

export const Problem = z.object({
  type: z.string().describe("a URI reference that names the kind of problem"),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string().describe("stable, for programs"),
  field: z.string().optional().describe("the part of the request at fault"),
  remedy: z.string().optional().describe("what the reader can do about it"),
  retryAfter: z.int().optional().describe("seconds, as in Retry-After, where waiting helps"),
});
export type Problem = z.infer<typeof Problem>;
