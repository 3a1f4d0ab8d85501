import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { TemplatePreview, TemplateView } from '../../../../backend/modules/notifications/template-contract.ts'
import { call } from '../../api/call.ts'
import type { Parts } from './draft.ts'

/** How an unsaved text would read, asked of the server: it alone knows the rules. Nothing is stored. An empty value is one that nobody gave. */
export function usePreview({ key, variables }: TemplateView, language: string, parts: Parts, values: Readonly<Record<string, string>>): UseQueryResult<TemplatePreview> {
  const given = Object.fromEntries(variables.map(({ name, type }) => [name, valueOf(type, values[name] ?? '')]))
  const body = { parts, variables: given }
  return useQuery({
    queryKey: ['templates', 'preview', key, language, body],
    queryFn: async ({ signal }) => (await call<TemplatePreview>('POST', `/notice-templates/${encodeURIComponent(key)}/${language}/preview`, { body, signal })).body,
    placeholderData: keepPreviousData,
  })
}

function valueOf(type: TemplateView['variables'][number]['type'], typed: string): string | number | null {
  if (typed.trim() === '') return null
  return (type === 'count' || type === 'money') && Number.isFinite(Number(typed)) ? Number(typed) : typed
}
