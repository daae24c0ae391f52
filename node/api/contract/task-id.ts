/** Ids of import tasks. A client may mistake one for the id of the imported dataset, which is twice as long. */
export const TASK_ID = /^[0-9a-f]{32}$/;

/** @param text a task's id */
export function isTask(text: string): string {
  return `${JSON.stringify(text)} is a task, not a dataset: ask /v1/tasks/${text}, which has the id of the dataset once it is done`;
}
