/** The first fault of a value according to its schema, in words. */
import type { z } from "zod";

export interface Fault {
  /** Path of the field, or `where` for the whole. */
  readonly field: string;
  readonly reason: string;
}

/** @param where the name of the value as a whole */
export function firstFault({ issues: [issue] }: z.ZodError, where: string): Fault {
  return { field: fieldOf(issue, where), reason: reasonOf(issue) };
}

function reasonOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return "is not valid";
  return issue.message.endsWith("received undefined") ? "is missing" : issue.message;
}

function fieldOf(issue: z.core.$ZodIssue | undefined, where: string): string {
  if (issue === undefined) return where;
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") path.push(...issue.keys.slice(0, 1));
  return path.length === 0 ? where : path.join(".");
}
