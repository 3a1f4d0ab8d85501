import { useGet } from '../../api/queries.ts'

export type Assignee = { id: string; displayName: string; role: string; taken: number }

/** Members of staff who may have a case, whoever has least first. */
export function useAssignees(): Assignee[] {
  return useGet<{ items: Assignee[] }>('cases', '/cases/assignees').data?.items ?? []
}
