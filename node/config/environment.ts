/** Environment variables as settings: one that is set to nothing counts as not set. */

export type Environment = Readonly<Record<string, string | undefined>>;

/** Compose files and CI systems set `POML_API=` where they mean to set nothing. */
export function withoutEmpty(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([, text]) => text !== ""));
}
