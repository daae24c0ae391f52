/** Ids of tasks, which clients take for those of the datasets that come of them: theirs are twice as long. */
export const TASK_ID = /^[0-9a-f]{32}$/;

/** @param text a task's id */
export function isTask(text: string): string {
  return `${JSON.stringify(text)} is a task, not a dataset: ask /v1/tasks/${text}, which has the id of the dataset once it is done`;
}
