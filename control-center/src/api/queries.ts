import { keepPreviousData, QueryClient, useInfiniteQuery, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { call, type Query } from './call.ts'
import { asProblem } from './problem.ts'

/** What a read is about: the first part of its key. When the server says that something of it changed, all of them are read again. */
export type About =
  | 'me' | 'board' | 'system' | 'settings' | 'staff' | 'mitras' | 'customers' | 'sessions' | 'payments' | 'refunds' | 'payouts' | 'approvals' | 'inbox' | 'suspense'
  | 'holds' | 'reconciliations' | 'ledger' | 'closings' | 'packages' | 'promo-codes' | 'alerts' | 'cases' | 'sanctions' | 'appeals' | 'ratings' | 'lexicon' | 'reports'
  | 'audit' | 'notices' | 'views' | 'search' | 'privacy' | 'jobs' | 'transcripts' | 'templates' | 'announcements'

export function createQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5000,
        // Whoever is not answered for a passing reason asks again, later each time, as long as the page is open and for a minute at least.
        retry: (failures, error) => asProblem(error).isPassing && failures < 8,
        retryDelay: (attempt, error) => Math.max(Math.min(1000 * 2 ** attempt, 15_000), (asProblem(error).retryAfterSeconds ?? 0) * 1000) * (0.75 + Math.random() / 2),
        refetchOnWindowFocus: true,
        networkMode: 'always',
      },
      mutations: { retry: false, networkMode: 'always' },
    },
  })
}

/** Reads one thing. `everyMs`: again and again while the page is seen. */
export function useGet<T>(about: About, path: string, options: { query?: Query; everyMs?: number; enabled?: boolean } = {}): UseQueryResult<T> {
  const { query, everyMs, enabled } = options
  return useQuery({
    queryKey: [about, path, query ?? {}],
    queryFn: async ({ signal }) => (await call<T>('GET', path, { signal, ...(query ? { query } : {}) })).body,
    ...(everyMs === undefined ? {} : { refetchInterval: everyMs }),
    ...(enabled === undefined ? {} : { enabled }),
    placeholderData: keepPreviousData,
  })
}

export type ListReply<T> = { items: T[]; nextCursor: string | number | null }
export type ListQuery<T> = {
  items: T[]
  /** The replies themselves, for what stands in them beside the items. */
  pages?: readonly unknown[]
  /** What went wrong with the newest read; the rows that were read before stay. */
  error: Error | null
  isLoading: boolean
  isFetching: boolean
  hasMore: boolean
  isFetchingMore: boolean
  more: () => void
  again: () => void
}

/** Reads a list page by page: `{items, nextCursor}`. */
export function useList<T>(about: About, path: string, query: Query = {}, options: { everyMs?: number; enabled?: boolean } = {}): ListQuery<T> {
  const result = useInfiniteQuery({
    queryKey: [about, path, query, 'list'],
    queryFn: async ({ signal, pageParam }) => (await call<ListReply<T>>('GET', path, { signal, query: { ...query, ...(pageParam === null ? {} : { cursor: pageParam }) } })).body,
    initialPageParam: null as string | number | null,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
    ...(options.everyMs === undefined ? {} : { refetchInterval: options.everyMs }),
    ...(options.enabled === undefined ? {} : { enabled: options.enabled }),
  })
  return {
    items: result.data?.pages.flatMap((page) => page.items) ?? [],
    pages: result.data?.pages ?? [],
    error: result.error, isLoading: result.isLoading, isFetching: result.isFetching, hasMore: result.hasNextPage, isFetchingMore: result.isFetchingNextPage,
    more: () => void result.fetchNextPage(),
    again: () => void result.refetch(),
  }
}
