import type { NotificationView } from './contract.ts'
import type { Notification } from './tables.ts'

export function notificationView(row: Notification): NotificationView {
  return {
    id: row.id, kind: row.kind, title: row.title, body: row.body, data: row.data, createdAt: row.createdAt.toISOString(),
    ...(row.readAt ? { readAt: row.readAt.toISOString() } : {}),
  }
}
