import type { NotificationView } from './contract.ts'
import type { Notification } from './tables.ts'

export function notificationView(row: Pick<Notification, 'id' | 'kind' | 'title' | 'body' | 'data' | 'createdAt' | 'readAt'>): NotificationView {
  return {
    id: row.id, kind: row.kind, title: row.title, body: row.body, data: row.data, createdAt: row.createdAt.toISOString(),
    ...(row.readAt ? { readAt: row.readAt.toISOString() } : {}),
  }
}
